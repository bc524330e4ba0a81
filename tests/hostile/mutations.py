"""Files made from good ones by breaking them, each by its number alone: the same format and number, the same file.

A mutation knows as much of its format as it takes to come past the first check: a sheet's XML is broken within a whole
zip, a gzip's content before it is packed, a Parquet file's footer at its own length.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.hostile import binary, text
from tests.hostile.breaking import packed

FORMATS = ("csv", "jsonl", "xlsx", "parquet")

MAPPINGS = (
    '[file]\nencoding = "cp1252"',
    '[file]\nencoding = "utf-16"',
    '[file]\nencoding = "utf-32"',
    '[file]\nencoding = "utf-7"',
    '[file]\nencoding = "shift_jis"',
    '[file]\nencoding = "idna"',
    '[file]\nencoding = "unicode_escape"',
    '[file]\ndelimiter = ";"\ndecimal = ","',
    '[file]\ndelimiter = "\\u0000"',
    '[file]\ndelimiter = "ñ"',
    "[file]\nheader_row = 3",
    '[file]\nsheet = 2',
    '[file]\ndate_format = ["%d/%m/%Y", "%Y-%m-%dT%H:%M:%S%z"]\ntimezone = "America/Santiago"',
    '[columns]\nid = { row = true }\naudioDate = { value = "2024-01-01" }',
    '[columns]\nid = { columns = ["id", "campaignName"], join = "-" }\naverageNote = { column = "averageNote", scale = 1e30 }',
    '[columns]\ndurationInSeconds = { column = "durationInSeconds", scale = 0.3, offset = -5 }\n[values.state]\n"*" = "Failed"\n"" = "Pending"',
    '[values.averageNote]\n"*" = "5"\n[values.audioDate]\n"" = "2024-01-01"',
)  # fmt: skip
"""Mappings that go with a file: most files have none."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file that was broken, its name, and the mapping that it comes with."""

    name: str
    content: bytes
    mapping: str | None


def made(form: str, number: int) -> Hostile:
    """Return the broken file of a format and a number."""
    chance = random.Random(f"{form}-{number}")
    maker: Callable[[random.Random], tuple[str, bytes]] = {
        "csv": text.csv, "jsonl": text.jsonl, "xlsx": binary.xlsx, "parquet": binary.parquet
    }[form]  # fmt: skip
    ending, content = maker(chance)
    mapping = chance.choice(MAPPINGS) if chance.random() < 0.3 else None
    if ending in ("csv", "jsonl"):
        if mapping and "utf-" in mapping and chance.random() < 0.7:
            found = re.search(r'"(utf-\d+)"', mapping)
            content = content.decode("utf-8", "replace").encode(found[1] if found else "utf-8", "replace")
        if chance.random() < 0.25:
            ending, content = f"{ending}.gz", packed(chance, content)
    return Hostile(f"{form}-{number}.{ending}", content, mapping)


def sample(form: str, numbers: Sequence[int]) -> list[Hostile]:
    """Return the broken files of some numbers."""
    return [made(form, number) for number in numbers]
