"""The first rows of a delimited text as they came, above the header too, for a person to point at the header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from contextlib import suppress
from pathlib import Path

from lib.ingest.mapping import FileOptions, shortened
from lib.ingest.reader import Truncated, open_bytes
from lib.ingest.survey import FIRST_ROWS, RawRow

_SAMPLED = 2**18
_LOOKED_AT = 100
_DELIMITERS = ",;\t|"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OTHER_STARTS = (b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_OTHER_ENDINGS = re.compile(r"\.(xlsx|xlsm|parquet|(jsonl|ndjson|json)(\.gz)?)$", re.IGNORECASE)
LONGEST, WIDEST = 200, 200
"""Characters of a cell, and cells of a row, that are kept."""


def first_rows_of_text(path: Path, name: str, options: FileOptions) -> tuple[RawRow, ...]:
    """Return the first rows of a delimited text with their numbers; none of what has another format.

    Raises FileError where it can't be unpacked.
    """
    if not _is_delimited(path, name):
        return ()
    with Truncated(name), open_bytes(path, name) as file:
        start = file.read(_SAMPLED)
    text = _decoded(start, options.encoding)
    lines = text.splitlines(keepends=True) if "\n" not in text else [*io.StringIO(text, newline="\n")]
    if len(start) == _SAMPLED and len(lines) > 1:
        lines.pop()  # it may be cut
    delimiter = options.delimiter or _delimiter_of(lines)
    return tuple(
        RawRow(number, tuple(shortened(cell.strip(), LONGEST) for cell in cells[:WIDEST]))
        for number, cells in enumerate(_read(lines, delimiter)[:FIRST_ROWS], 1)
    )


def _is_delimited(path: Path, name: str) -> bool:
    """Return whether a file is read as delimited text; what can't be opened is not."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError:
        return False
    return bool(start) and start not in _OTHER_STARTS and not _OTHER_ENDINGS.search(name)


def _decoded(start: bytes, named: str | None) -> str:
    encoding = next((known for mark, known in _MARKS if start.startswith(mark)), named or "utf-8")
    return start.decode(encoding, "replace").lstrip("\ufeff")


def _delimiter_of(lines: list[str]) -> str:
    """Return the delimiter by which most rows have the same number of cells, and more than one."""
    return max(_DELIMITERS, key=lambda sign: _regularity(_read(lines, sign)))


def _regularity(rows: list[list[str]]) -> tuple[int, int]:
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width, count = max(widths.items(), key=lambda each: (each[1], each[0]), default=(0, 0))
    return count, width


def _read(lines: list[str], delimiter: str) -> list[list[str]]:
    """Return the first rows, up to one that is none."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        for row in csv.reader(lines, delimiter=delimiter):
            rows.append(row)
            if len(rows) == _LOOKED_AT:
                break
    return rows
