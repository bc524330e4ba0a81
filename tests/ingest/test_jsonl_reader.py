"""JSON Lines: nested objects, numbers as they are written, and texts in any encoding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.errors import FileError
from lib.ingest.cells import CellKind
from lib.ingest.mapping import FileOptions
from lib.ingest.open_reader import open_source
from lib.ingest.reader import MAX_COLUMNS, FileReader
from tests.conftest import Load

Cell = tuple[str | None, CellKind]


def opened(folder: Path, content: str | bytes, options: FileOptions | None = None, name: str = "a.jsonl") -> FileReader:
    path = folder / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_source(path, name, options or FileOptions(), lambda _: None)


def cells_of(reader: FileReader) -> list[dict[str, Cell]]:
    """Return the cells of each row that hold anything, by their columns."""
    rows: list[dict[str, Cell]] = []
    for batch, malformed in reader.batches:
        assert not malformed
        columns = [column.to_pylist() for column in batch.columns]
        kinds = [[0] * len(batch.numbers) if each is None else each.tolist() for each in batch.kinds]
        for place in range(len(batch.numbers)):
            row = {
                name: (texts[place], CellKind(codes[place]))
                for name, texts, codes in zip(reader.header, columns, kinds, strict=True)
            }
            rows.append({name: cell for name, cell in row.items() if cell[0] is not None})
    return rows


def text(value: str) -> Cell:
    return value, CellKind.TEXT


def number(value: str) -> Cell:
    return value, CellKind.NUMBER


def nested(value: str) -> Cell:
    return value, CellKind.NESTED


def test_values_within_objects_have_columns_of_their_own(tmp_path: Path) -> None:
    lines = [
        '{"id": "c-1", "Agent": {"Username": "ana", "Group": {"Level": 2}}, "Tags": ["x", {"y": 1.50}], "A": {}}',
        '{"id": "c-2", "Agent": {"Username": null, "Site": true}, "Queue": {"Name": "Ventas"}}',
        '{"id": "c-3", "Agent": "none"}',
    ]
    reader = opened(tmp_path, "\n".join(lines))
    assert reader.header == (
        "id", "Agent", "Agent.Username", "Agent.Group", "Agent.Group.Level", "Agent.Site", "Tags", "A",
        "Queue", "Queue.Name",
    )  # fmt: skip
    assert cells_of(reader) == [
        {
            "id": text("c-1"),
            "Agent": nested('{"Username": "ana", "Group": {"Level": 2}}'),
            "Agent.Username": text("ana"),
            "Agent.Group": nested('{"Level": 2}'),
            "Agent.Group.Level": number("2"),
            "Tags": nested('["x", {"y": 1.50}]'),
            "A": nested("{}"),
        },
        {
            "id": text("c-2"),
            "Agent": nested('{"Username": null, "Site": true}'),
            "Agent.Site": text("true"),
            "Queue": nested('{"Name": "Ventas"}'),
            "Queue.Name": text("Ventas"),
        },
        # A text where others have an object is no value of what lies within, and no blank.
        {
            "id": text("c-3"),
            "Agent": text("none"),
            **{f"Agent.{name}": nested("none") for name in ("Username", "Group", "Group.Level", "Site")},
        },
    ]


def test_a_name_that_has_a_dot_itself(tmp_path: Path) -> None:
    reader = opened(tmp_path, '{"id": "1", "Agent.Username": "ana", "Agent": {"Login.Name": "luis"}}')
    (row,) = cells_of(reader)
    assert row["Agent.Username"] == text("ana") and row["Agent.Login.Name"] == text("luis")


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("312", number("312")),
        ("312.000", number("312")),
        ("8.50", number("8.5")),
        ("312.00000000004", number("312")),
        ("8.600000000000001", number("8.6")),
        ("1234567890123450", number("1234567890123450")),
        ("1234567890123450.0", number("1234567890123450")),
        ("12345678901234567890123", number("12345678901234567890123")),
        ("1.23456789012345e15", number("1234567890123450")),
        ("1e3", number("1000")),
        ("5e-7", number("0.0000005")),
        ("-0.5", number("-0.5")),
        ("1e999", number("1e999")),
        ("NaN", number("NaN")),
        ('"007"', text("007")),
        ('"8,5"', text("8,5")),
        ("false", text("false")),
    ],
)
def test_numbers_are_what_they_are(written: str, cell: Cell, tmp_path: Path) -> None:
    reader = opened(tmp_path, f'{{"id": {written}}}', FileOptions(decimal=","))
    assert cells_of(reader) == [{"id": cell}]


def test_objects_with_more_values_than_a_table_has_columns(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, "A": {f"key {n} {m}": m for m in range(100)}, f"b{n}": n}) for n in range(50)]
    reader = opened(tmp_path, "\n".join(lines))
    assert len(reader.header) == MAX_COLUMNS and {"id", "A", *(f"b{n}" for n in range(50))} <= {*reader.header}
    rows = cells_of(reader)
    assert len(rows) == 50 and rows[49]["A"][1] is CellKind.NESTED and rows[49]["A"][0].endswith("…")


def test_objects_within_objects_without_end(tmp_path: Path) -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"in": deep}
    reader = opened(tmp_path, json.dumps({"id": 1, "a": deep}))
    assert reader.header[-1] == "a" + ".in" * 7
    assert cells_of(reader)[0]["id"] == number("1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_texts_in_any_encoding(encoding: str, end: str, tmp_path: Path) -> None:
    lines = ['{"id": "1", "executiveName": "Ángela Núñez"}', '{"id": "2"}', ""]
    named = None if encoding in ("utf-8-sig", "utf-16") else encoding
    reader = opened(tmp_path, end.join(lines).encode(encoding), FileOptions(encoding=named))
    assert cells_of(reader) == [{"id": text("1"), "executiveName": text("Ángela Núñez")}, {"id": text("2")}]


DOCUMENTS = [
    '[{"id": 1}, {"id": 2}]',
    '[\n{"id": 1},\n{"id": 2}\n]\n',
    '\n[\n  {\n    "id": 1\n  },\n  {"id": 2}]',
    '{\n  "id": 1\n}\n{\n  "id": 2\n}\n',
    '{ "a": {\n "b": 1 }, "id": 1\n}\r\n\r\n{"id": 2}',
    '[{"id":\t1},{"id":2}]' + " " * 200_000,
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("content", DOCUMENTS)
def test_objects_that_do_not_each_have_a_line(content: str, encoding: str, tmp_path: Path) -> None:
    named = FileOptions(encoding=encoding if encoding == "cp1252" else None)
    ((batch, malformed),) = opened(tmp_path, content.encode(encoding), named).batches
    assert (batch.numbers.tolist(), malformed) == ([1, 2], [])
    assert batch.columns[-1 if "b" in content else 0].to_pylist() == ["1", "2"]


def test_long_documents_are_read_in_parts(tmp_path: Path) -> None:
    rows = [{"id": f"é-{n}", "text": "x" * (n % 50_000)} for n in range(300)]
    reader = opened(tmp_path, json.dumps(rows, ensure_ascii=False, indent=1))
    assert [row["id"] for row in cells_of(reader)] == [text(row["id"]) for row in rows]


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ('[{"id": 1}, {"id": 2', 2),
        ('[{"id": 1} {"id": 2}]', 2),
        ('[{"id": 1}]\n{"id": 2}', 2),
        ('{\n"id": 1\n}\n{\n"id": nothing\n}', 2),
        ('[{"id": 1},', 2),
        ("[{" * 50_000, 1),
    ],
)
def test_a_document_that_is_cut_off_says_where(content: str, row: int, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=rf"object {row} is no JSON, or is cut off\. Right would be one object a line"):
        list(opened(tmp_path, content).batches)


def test_what_is_no_object_in_an_array_is_a_bad_row(tmp_path: Path) -> None:
    ((batch, malformed),) = opened(tmp_path, '[{"id": 1}, 7, [8], {"id": 2}]').batches
    assert [(row.number, row.cells) for row in malformed] == [(2, ("7",)), (3, ("[8]",))]
    assert batch.numbers.tolist() == [1, 4]


def test_an_array_of_another_encoding_says_which(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r'object 1 is not utf-8 text\. .* encoding = "cp1252"'):
        opened(tmp_path, '[{"name": "Núñez"}]'.encode("cp1252"))


@pytest.mark.parametrize("content", ["[]", " [ ] "])
def test_an_empty_array_has_no_objects(content: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no row is a JSON object"):
        opened(tmp_path, content)


def test_a_list_among_objects_is_a_bad_row(tmp_path: Path) -> None:
    ((batch, malformed),) = opened(tmp_path, '[1, 2]\n{"id": 1}\n').batches
    assert [row.number for row in malformed] == [1] and batch.numbers.tolist() == [2]


def test_half_a_surrogate_pair_is_no_text(tmp_path: Path) -> None:
    reader = opened(tmp_path, '{"id": "a\\ud800", "b": {"c\\ud800": "\\udfff"}}')
    assert cells_of(reader)[0]["id"] == text("a\x00") and reader.header[-1] == "b.c?"


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_nested_values_are_mapped_by_their_names(load: Load) -> None:
    content = (
        '{"ContactId": "c-1", "At": "2024-01-31T01:00:00Z", "Agent": {"Username": "ana", "Duration": 301}, "X": []}\n'
        '{"ContactId": "c-2", "At": "2024-01-31T02:00:00Z", "Agent": {"Username": "luis", "Duration": 302}}\n'
    )
    mapping = """
    [columns]
    id = "ContactId"
    audioDate = "At"
    executiveName = "agent.username"
    durationInSeconds = "Agent.Duration"
    """
    report = load(content, mapping, "ctr.jsonl")
    assert (report.loaded.added, report.bad) == (2, 0)


@pytest.mark.parametrize(
    ("named", "right"),
    [(None, 'such as encoding = "cp850"'), ("ascii", "right would be ascii text, as the mapping says")],
)
def test_what_is_no_text_in_the_encoding_is_refused_with_what_would_be(
    named: str | None, right: str, tmp_path: Path
) -> None:
    content = '{"id": "1"}\n{"id": "2", "executiveName": "Muñoz Peñón"}\n'.encode("cp850")
    with pytest.raises(FileError, match=rf"(?i)row 2 is not .* \(byte 33 of the row\)\. .*{right}"):
        opened(tmp_path, content, FileOptions(encoding=named))
