"""The first rows of a text as they came, for a person to point at the header."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.ingest.mapping import FileOptions
from lib.ingest.raw_rows import first_rows_of_text
from lib.ingest.survey import FIRST_ROWS, RawRow


def rows_of(folder: Path, content: bytes, name: str = "calls.csv", delimiter: str | None = None) -> tuple[RawRow, ...]:
    path = folder / "upload"
    path.write_bytes(content)
    return first_rows_of_text(path, name, FileOptions(delimiter=delimiter))


def test_rows_come_with_their_numbers_and_those_above_the_header(tmp_path: Path) -> None:
    text = "\ufeffReport of calls\n\nid; score \na;8,5\nb;7,0\n"
    assert rows_of(tmp_path, text.encode()) == (
        RawRow(1, ("Report of calls",)),
        RawRow(2, ()),
        RawRow(3, ("id", "score")),
        RawRow(4, ("a", "8,5")),
        RawRow(5, ("b", "7,0")),
    )
    assert rows_of(tmp_path, b"a;b,c\n", delimiter=",") == (RawRow(1, ("a;b", "c")),)
    assert len(rows_of(tmp_path, b"a,b\n" * 200)) == FIRST_ROWS


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "calls.csv"),
        (b"PK\x03\x04 a workbook, whatever it is called", "calls.csv"),
        (b"PAR1 columns", "calls.csv"),
        (b'{"id": 1}\n', "calls.jsonl.gz"),
        (b"id,score\n", "calls.XLSX"),
    ],
    ids=repr,
)
def test_other_formats_have_none(tmp_path: Path, content: bytes, name: str) -> None:
    assert rows_of(tmp_path, content, name) == ()


def test_what_is_not_there_has_none(tmp_path: Path) -> None:
    assert first_rows_of_text(tmp_path / "gone", "calls.csv", FileOptions()) == ()
