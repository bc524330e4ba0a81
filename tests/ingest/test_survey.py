"""Surveys of whole files: what all the rows hold, not the first ones alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.catalog.catalog import BUILT_IN
from lib.errors import FileError
from lib.ingest.file_reading import InputFile, survey
from lib.ingest.survey import MAX_VALUES, ColumnSurvey, Form, Survey
from lib.settings import Settings


def survey_of(folder: Path, text: str, mapping: str | None = None) -> Survey:
    path = folder / "calls.csv"
    path.write_text(text, "utf-8")
    return survey(InputFile(path, path.name), mapping, Settings(data_dir=folder), BUILT_IN)


def test_values_of_all_rows_are_counted(tmp_path: Path) -> None:
    late = "".join(f"c{row},{'Dropped' if row >= 1_600 else 'Closed'}\n" for row in range(2_000))
    taken = survey_of(tmp_path, "id,Status\n" + late)
    status = taken.column("status")
    assert status is not None
    assert status.values == (("Closed", 1_600), ("Dropped", 400))
    assert (status.filled, status.is_complete, status.distinct) == (2_000, True, 2)
    assert (taken.file, taken.header, taken.rows) == ("calls.csv", ("id", "Status"), 2_000)


def test_a_file_that_cant_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="the file is empty"):
        survey_of(tmp_path, "")


def column_of(folder: Path, values: list[str]) -> ColumnSurvey:
    column = survey_of(folder, "value,other\n" + "".join(f'"{value}",x\n' for value in values)).column("value")
    assert column is not None
    return column


def test_a_form_that_begins_late_is_seen(tmp_path: Path) -> None:
    column = column_of(tmp_path, [*["8"] * 70_000, "8,5", "N/A"])
    assert column.forms == {Form.WHOLE: 70_000, Form.COMMA: 1, Form.NULL_WORD: 1}
    assert (column.smallest, column.largest, column.null_words) == (8, 8.5, ("N/A",))
    assert [example.text for example in column.examples] == ["8", "8,5", "N/A"]
    assert column.has_only(Form.WHOLE, Form.COMMA) and not column.has_only(Form.WHOLE)


def test_more_values_than_can_be_listed_are_counted(tmp_path: Path) -> None:
    column = column_of(tmp_path, [*(f"c{number}" for number in range(120_000)), "c7", "c119999"])
    assert (column.is_complete, column.values) == (False, ())
    assert (column.filled, column.distinct) == (120_002, 120_000)
    assert column.repeated == ("c119999", "c7") or column.repeated == ("c7", "c119999")
    assert len(column.examples) == 3


def test_values_come_trimmed_and_without_empty_ones(tmp_path: Path) -> None:
    column = column_of(tmp_path, ["Ana ", " Ana", "", "  ", "Luis"])
    assert (column.filled, column.values) == (3, (("Ana", 2), ("Luis", 1)))


def test_a_thousand_values_are_listed_and_no_more(tmp_path: Path) -> None:
    column = column_of(tmp_path, [f"v{number}" for number in range(MAX_VALUES)])
    assert len(column.values) == MAX_VALUES and column.is_complete
    column = column_of(tmp_path, [f"v{number}" for number in range(MAX_VALUES + 1)])
    assert column.values == () and not column.is_complete and column.distinct == MAX_VALUES + 1


def test_long_texts_are_not_listed(tmp_path: Path) -> None:
    column = column_of(tmp_path, [f"{number} " + "x" * 900 for number in range(500)])
    assert column.values == () and column.distinct == 500
    assert all(len(example.text) == 201 for example in column.examples)


def test_clocks_tell_their_largest_parts(tmp_path: Path) -> None:
    column = column_of(tmp_path, ["05:12", "62:05", "00:10:00", "36:00:00"])
    assert (column.longest_first, column.most_hours, column.times) == (62, 36, ())
    assert column_of(tmp_path, ["23:59:00", "05:12"]).times == ("%H:%M:%S", "%H:%M")


def test_dates_tell_whether_they_have_a_time(tmp_path: Path) -> None:
    assert not column_of(tmp_path, ["2024-01-31", "2024-01-31 00:00:00"]).has_times
    assert column_of(tmp_path, ["2024-01-31", "2024-01-31T00:00:01"]).has_times
    assert not column_of(tmp_path, ["31/01/2024"]).has_times
    assert column_of(tmp_path, ["31/01/2024 10:00"]).has_times


def test_blank_and_malformed_rows_are_counted(tmp_path: Path) -> None:
    taken = survey_of(tmp_path, 'id,date\na,2024-01-31\n,\n"  ",\nb,2024-01-31,surplus\nc,2024-02-01\n')
    assert (taken.rows, taken.blank, taken.malformed) == (5, 2, 1)
    assert [(row.number, [cell.text for cell in row.cells]) for row in taken.sample] == [
        (2, ["a", "2024-01-31"]),
        (6, ["c", "2024-02-01"]),
    ]


def test_the_sample_passes_blank_rows_over(tmp_path: Path) -> None:
    taken = survey_of(tmp_path, "id,date\n" + ",\n" * 500 + "a,2024-01-31\n")
    assert [row.number for row in taken.sample] == [502]


TITLED = """Quality report;;
January 2024;;
;;
Call ID;Fecha;Nota
c1;31/01/2024;8,5
c2;01/02/2024;7
"""


def test_the_header_is_found_below_titles(tmp_path: Path) -> None:
    taken = survey_of(tmp_path, TITLED)
    assert (taken.header, taken.header_row, taken.delimiter) == (("Call ID", "Fecha", "Nota"), 4, ";")
    assert taken.detected == ("encoding", "delimiter", "header_row")
    assert taken.first_rows[0].cells == ("Quality report", "", "")
    assert [row.number for row in taken.first_rows] == [1, 2, 3, 4, 5, 6]
    assert taken.rows == 2


def test_a_mapping_says_where_the_header_is(tmp_path: Path) -> None:
    taken = survey_of(tmp_path, TITLED, '[file]\nheader_row = 5\ndelimiter = ";"\nencoding = "utf-8"')
    assert (taken.header, taken.header_row, taken.detected) == (("c1", "31/01/2024", "8,5"), 5, ())
    assert len(taken.first_rows) == 6


def test_an_encoding_that_is_not_utf8_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes("id,Campaña\n".encode("cp1252") + b"a,x\n" * 30_000 + "b,Atención".encode("cp1252"))
    taken = survey(InputFile(path, path.name), None, Settings(data_dir=tmp_path), BUILT_IN)
    assert taken.encoding == "cp1252" and taken.header == ("id", "Campaña")
    campaign = taken.column("Campaña")
    assert campaign is not None and campaign.values == (("x", 30_000), ("Atención", 1))


def test_json_lines_that_are_not_utf8_are_read_as_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes('{"id": "a", "Campaña": "Atención"}\n'.encode("cp1252"))
    taken = survey(InputFile(path, path.name), None, Settings(data_dir=tmp_path), BUILT_IN)
    assert taken.header == ("id", "Campaña") and taken.layout.encoding == "cp1252"


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,other\n" + "".join(f"c{row},{'x' * 80}\n" for row in range(100_000)))
    told: list[tuple[float, int]] = []
    survey(
        InputFile(path, path.name),
        None,
        Settings(data_dir=tmp_path),
        BUILT_IN,
        lambda share, rows: told.append((share, rows)),
    )
    assert told == sorted(told) and len({rows for _, rows in told}) > 2 and told[-1][0] == 1.0


def test_a_file_without_columns_has_nothing_to_tell(tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    pq.write_table(pa.table({}), path)
    taken = survey(InputFile(path, path.name), None, Settings(data_dir=tmp_path), BUILT_IN)
    assert (taken.header, taken.columns, taken.rows) == ((), (), 0)
