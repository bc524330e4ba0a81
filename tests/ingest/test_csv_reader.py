"""CSV: rows of any width, delimiters, quotes and encodings as files have them."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from lib.errors import FileError
from lib.ingest.mapping import FileOptions
from lib.ingest.open_reader import open_source
from lib.ingest.reader import FileReader, MalformedRow
from lib.store import schema
from lib.store.enums import State
from lib.workspace import Workspace
from tests.conftest import Load

Rows = dict[int, tuple[str | None, ...]]


def opened(folder: Path, content: str | bytes, options: FileOptions | None = None, name: str = "a.csv") -> FileReader:
    path = folder / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_source(path, name, options or FileOptions(), lambda _: None)


def rows_of(reader: FileReader) -> tuple[Rows, list[MalformedRow], tuple[int, int]]:
    """Return the rows by their numbers, the malformed ones, and how many were shorter and longer."""
    rows: Rows = {}
    malformed: list[MalformedRow] = []
    short = long = 0
    for batch, odd in reader.batches:
        cells = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        rows.update(zip(batch.numbers.tolist(), cells, strict=True))
        malformed += odd
        short += batch.short_rows
        long += batch.long_rows
    assert list(rows) == sorted(rows)
    return rows, malformed, (short, long)


def test_rows_of_any_width(tmp_path: Path) -> None:
    reader = opened(tmp_path, "id,audioDate,note\na,1,7\nb,2\nc\nd,3,8,,\n,,,,\n\ne,4,9,more\nf,5,6\n")
    rows, malformed, counts = rows_of(reader)
    assert rows == {
        2: ("a", "1", "7"),
        3: ("b", "2", ""),
        4: ("c", "", ""),
        5: ("d", "3", "8"),
        7: ("", "", ""),
        9: ("f", "5", "6"),
    }
    assert counts == (2, 1)
    assert [(row.number, row.cells, row.problem is None) for row in malformed] == [
        (6, (), True),
        (8, ("e", "4", "9", "more"), False),
    ]


@pytest.mark.parametrize(
    ("header", "row", "counts"),
    [
        ("id,audioDate,executiveName,", "{id},2024-01-31,Ana", (0, 0)),  # a comma that begins no column
        ("id,audioDate,executiveName,", "{id},2024-01-31,Ana,", (0, 0)),
        ("id,audioDate,executiveName", "{id},2024-01-31,Ana,", (0, 3_000)),
        ("id,audioDate,executiveName,state", "{id},2024-01-31,Ana", (3_000, 0)),
    ],
)
def test_rows_that_all_differ_from_the_header(header: str, row: str, counts: tuple[int, int], tmp_path: Path) -> None:
    lines = [header, *(row.format(id=number) for number in range(3_000))]
    rows, malformed, found = rows_of(opened(tmp_path, "\n".join(lines)))
    assert (len(rows), malformed, found) == (3_000, [], counts)
    assert rows[2][:3] == ("0", "2024-01-31", "Ana") and rows[3_001][:3] == ("2999", "2024-01-31", "Ana")


def test_where_most_rows_are_longer_those_that_hold_more_are_bad(tmp_path: Path) -> None:
    lines = ["id,audioDate", "a,1,", "b,2,x", "c,3,", "d,4", ",,", "e,5, "]
    rows, malformed, counts = rows_of(opened(tmp_path, "\n".join(lines)))
    assert rows == {2: ("a", "1"), 4: ("c", "3"), 5: ("d", "4"), 6: ("", ""), 7: ("e", "5")}
    assert [(row.number, row.cells) for row in malformed] == [(3, ("b", "2", "x"))]
    assert counts == (0, 3)


def test_odd_rows_keep_their_places_and_numbers_over_many_blocks(tmp_path: Path) -> None:
    text = "x" * 40
    lines = ["id,audioDate,note"]
    for number in range(2, 120_001):  # five megabytes: more than two blocks
        odd = {0: f"{number},{text}", 1: "", 2: f"{number},{text},7,beyond"}
        lines.append(odd.get(number % 10_000, f"{number},{text},7"))
    rows, malformed, counts = rows_of(opened(tmp_path, "\n".join(lines)))
    assert all(cells[0] == str(number) for number, cells in rows.items() if number % 10_000 != 1)
    assert {number for number, cells in rows.items() if cells[0] and not cells[2]} == set(
        range(10_000, 120_001, 10_000)
    )
    assert all(cells == ("", "", "") for number, cells in rows.items() if number % 10_000 == 1)
    bad = {row.number for row in malformed if row.problem is not None}
    assert bad == {2, *range(10_002, 120_000, 10_000)}
    assert counts == (12, 0) and len(rows) == 119_999 - len(malformed)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_rows_that_lack_cells_keep_their_order_among_those_of_one_id(load: Load, workspace: Workspace) -> None:
    report = load("id,audioDate,state\na,2024-01-31,Failed\na,2024-02-01\nb,2024-01-31\nb,2024-02-01,Failed\n")
    assert (report.loaded.added, report.loaded.duplicates, report.short_rows) == (2, 2, 2)
    with workspace.facts.read() as connection:
        facts = schema.evaluations
        states = connection.execute(sa.select(facts.c.id, facts.c.state).order_by(facts.c.id)).all()
    assert [tuple(row) for row in states] == [("a", State.Completed.value), ("b", State.Failed.value)]


@pytest.mark.parametrize(
    ("content", "header", "first"),
    [
        ("sep=;\nid;audioDate\na;7,5\n", ("id", "audioDate"), {3: ("a", "7,5")}),
        ("\ufeffSEP=\t\r\nid\taudioDate\r\na\t1\r\n", ("id", "audioDate"), {3: ("a", "1")}),
        ('"sep=^"\nid^audioDate\na^1\n', ("id", "audioDate"), {3: ("a", "1")}),
        ("sep=,\nid,a;b;c\na,1;2;3\n", ("id", "a;b;c"), {3: ("a", "1;2;3")}),
    ],
)
def test_a_first_line_that_says_the_delimiter_is_no_row(
    content: str, header: tuple[str, ...], first: Rows, tmp_path: Path
) -> None:
    reader = opened(tmp_path, content)
    assert (reader.header, reader.header_row) == (header, 2)
    assert rows_of(reader)[0] == first


def test_the_row_of_the_header_counts_the_line_that_says_the_delimiter(tmp_path: Path) -> None:
    content = "sep=;\nReport;\nid;audioDate\na;1\n"
    reader = opened(tmp_path, content, FileOptions(header_row=3))
    assert reader.header == ("id", "audioDate") and rows_of(reader)[0] == {4: ("a", "1")}


@pytest.mark.parametrize(
    ("content", "delimiter", "header"),
    [
        ("Name, first;Date, of call\nAna;2024\nLuis;2025\n", ";", ("Name, first", "Date, of call")),
        ("id|text\n1|a, b, c\n2|d, e\n", "|", ("id", "text")),
        ("id\ttext;note\n1\ta;b\n2\tc\n", "\t", ("id", "text;note")),
        ("id;score\n1;7,5\n2;8,5\n", ";", ("id", "score")),
        ("id,date,note,more\na\nb,1\nc,2,3\n", ",", ("id", "date", "note", "more")),
        ("date\n2024-01-31, 09:00\n2024-01-31, 10:00\n", ";", ("date",)),
        ('id,text\n1,"a;b;c"\n2,"d;\ne"\n', ",", ("id", "text")),
        ("id,date\n", ",", ("id", "date")),
        ("id,date\n\x0b;\x0b;,2\n", ",", ("id", "date")),
    ],
)
def test_the_delimiter_is_the_one_that_fits_the_rows(
    content: str, delimiter: str, header: tuple[str, ...], tmp_path: Path
) -> None:
    reader = opened(tmp_path, content)
    assert (reader.delimiter, reader.header) == (delimiter, header)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"Ana \\"La Jefa\\" Ruiz"', 'Ana "La Jefa" Ruiz'),
        ('"\\"La Jefa\\""', '"La Jefa"'),
        ('"a, \\"b\\", c"', 'a, "b", c'),
        ('Ana \\"La Jefa\\" Ruiz', 'Ana "La Jefa" Ruiz'),
        ('"C:\\\\dir \\"x\\" \\y"', 'C:\\dir "x" \\y'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("before", [0, 60_000])  # rows: the first megabytes may have none
def test_quotes_that_a_backslash_escapes(text: str, value: str, encoding: str, before: int, tmp_path: Path) -> None:
    plain = "".join(f'{number},2024-01-31,"Luis the {number % 10}th"\n' for number in range(before))
    content = f"id,audioDate,executiveName\n{plain}a1,2024-01-31,{text}\na2,2024-01-31,last\n"
    rows, malformed, _ = rows_of(opened(tmp_path, content.encode(encoding)))
    assert rows[before + 2] == ("a1", "2024-01-31", value) and rows[before + 3] == ("a2", "2024-01-31", "last")
    assert (len(rows), malformed) == (before + 2, [])


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ('a,"C:\\",x', ("a", "C:\\", "x")),
        ('a,"C:\\","say ""x"""', ("a", "C:\\", 'say "x"')),
        ('a,"{""k"": ""v\\""w""}",x', ("a", '{"k": "v\\"w"}', "x")),
        ("a,C:\\dir,\\\\x", ("a", "C:\\dir", "\\\\x")),
    ],
)
def test_a_backslash_is_itself_where_quotes_are_doubled(row: str, cells: tuple[str, ...], tmp_path: Path) -> None:
    rows, malformed, _ = rows_of(opened(tmp_path, f"id,audioDate,executiveName\n{row}\n"))
    assert (rows, malformed) == ({2: cells}, [])


TEXT = "id\taudioDate\texecutiveName\na1\t2024-01-31\tÁngela Núñez\na2\t2024-01-31\t李\n"
ROWS = {2: ("a1", "2024-01-31", "Ángela Núñez"), 3: ("a2", "2024-01-31", "李")}


@pytest.mark.parametrize("named", [None, "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_says_the_encoding_and_is_no_text(named: str | None, encoding: str, tmp_path: Path) -> None:
    for marks in ("\ufeff", "\ufeff\ufeff"):
        reader = opened(tmp_path, (marks + TEXT).encode(encoding), FileOptions(encoding=named))
        assert (reader.header[0], reader.encoding) == ("id", encoding)
        assert rows_of(reader)[0] == ROWS


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", None),
        ("utf-8", "utf-8-sig"),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32-le", "utf-32"),
    ],
)
def test_texts_without_a_mark(encoding: str, named: str | None, tmp_path: Path) -> None:
    assert rows_of(opened(tmp_path, TEXT.encode(encoding), FileOptions(encoding=named)))[0] == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_lines_that_end_with_carriage_returns_alone(encoding: str, tmp_path: Path) -> None:
    content = "id,audioDate,executiveName\ra,2024-01-31,Ñandú\rb,2024-01-31,Luis\r"
    reader = opened(tmp_path, content.encode(encoding), FileOptions(encoding=encoding))
    assert rows_of(reader)[0] == {2: ("a", "2024-01-31", "Ñandú"), 3: ("b", "2024-01-31", "Luis")}


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_what_is_not_utf8_is_refused_with_the_encoding_that_it_seems_to_have(encoding: str, tmp_path: Path) -> None:
    content = (
        "id,audioDate,executiveName\na,2024-01-31,Luis\nb,2024-01-31,Íñigo Muñoz Dueñas\nc,2024-01-31,José Peñón\n"
    )
    reader = opened(tmp_path, content.encode(encoding))
    with pytest.raises(FileError, match=f'row 3, column 3: .* encoding = "{encoding}"'):
        rows_of(reader)
    assert rows_of(opened(tmp_path, content.encode(encoding), FileOptions(encoding=encoding)))[0][4][2] == "José Peñón"


@pytest.mark.parametrize(
    "row", ["a1,2024-01-31,8\ra2,2024-01-31,7\n", "a1,2024-01-31,8,x\ry\n", 'a1,2024-01-31,"8\r9"\n']
)
def test_a_carriage_return_among_other_line_ends_ends_no_reading(row: str, tmp_path: Path) -> None:
    rows, _, _ = rows_of(opened(tmp_path, f"id,audioDate,averageNote\n{row}b,2024-01-31,6\n"))
    assert ("b", "2024-01-31", "6") in rows.values()
