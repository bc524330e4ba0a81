"""Typed cells, words that mean nothing, errors and joins: what a batch with cells of several kinds becomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from lib.analytics.timezones import Zones
from lib.catalog.catalog import BUILT_IN
from lib.ingest.cells import CellKind
from lib.ingest.converter import REPEATED, Batch, ConvertedBatch, Converter
from lib.ingest.mapping_toml import read_mapping

T, N, P, M = CellKind.TEXT, CellKind.NUMBER, CellKind.PERCENT, CellKind.MOMENT
ERROR, FORMULA, NESTED = CellKind.ERROR, CellKind.FORMULA, CellKind.NESTED
ZONES = Zones(ZoneInfo("America/Lima"), ZoneInfo("America/Lima"))

Cell = str | tuple[str, CellKind] | None


def convert(mapping: str, repeated: bool = False, /, **columns: list[Cell]) -> ConvertedBatch:
    """Convert columns whose cells are texts, or texts with what they were in the file."""
    texts = [[cell[0] if isinstance(cell, tuple) else cell for cell in cells] for cells in columns.values()]
    kinds = [[cell[1] if isinstance(cell, tuple) else T for cell in cells] for cells in columns.values()]
    arrays = tuple(
        pa.array(cells, pa.string()).cast(REPEATED) if repeated else pa.array(cells, pa.string()) for cells in texts
    )
    typed = tuple(np.array(each, dtype=np.uint8) if any(each) else None for each in kinds)
    header = tuple(columns)
    resolved = read_mapping(mapping, BUILT_IN).resolve(BUILT_IN, header, "f", lambda _: ())
    numbers = np.arange(2, 2 + len(texts[0]))
    return Converter(resolved, header, ZONES, BUILT_IN).convert(Batch("f", numbers, arrays, typed), 0)


def rows(found: ConvertedBatch, column: str) -> list[Any]:
    assert [f"{each.row} {each.value} {each.problem}" for each in found.problems] == []
    return list(found.rows.column(column).to_pylist())


def refused(found: ConvertedBatch) -> list[tuple[int, str, str, str]]:
    return [(each.row, str(each.column), each.value, str(each.problem)) for each in found.problems]


def ids(count: int) -> list[Cell]:
    return [f"a{number}" for number in range(count)]


DAY = "2024-01-31"


def test_typed_numbers_know_no_decimal_sign() -> None:
    found = convert(
        '[file]\ndecimal = ","',
        id=ids(4),
        audioDate=[DAY] * 4,
        averageNote=["8,5", ("8.5", N), ("85%", P), "85,5 %"],
        durationInSeconds=["1.234", ("312", N), ("00:05:12.900", T), ("00:05:12", T)],
    )
    assert rows(found, "score") == [85_000, 85_000, 85_000, 85_500]
    assert rows(found, "duration_seconds") == [1234, 312, 313, 312]


def test_a_percentage_is_the_number_that_it_is_where_the_mapping_scales_it() -> None:
    found = convert(
        "[columns]\naverageNote = { column = 'rating', scale = 5, offset = 5 }",
        id=ids(3),
        audioDate=[DAY] * 3,
        rating=[("85%", P), ("0.85", N), ("85.43%", P)],
    )
    assert rows(found, "score") == [92_500, 92_500, 92_715]


def test_typed_dates_are_read_by_no_format() -> None:
    found = convert(
        '[file]\ndate_format = ["%Y-%d-%m", "excel"]',
        id=ids(4),
        audioDate=[("2024-01-02", M), "2024-02-01", ("45293.5", N), ("2024-01-02 09:15:00", M)],
    )
    expected = [datetime(2024, 1, 2, hour, minute) for hour, minute in ((5, 0), (5, 0), (17, 0), (14, 15))]
    assert rows(found, "audio_at") == expected


def test_typed_dates_at_once_whatever_the_format() -> None:
    found = convert(
        '[file]\ndate_format = "%Y-%d-%m"', id=ids(2), audioDate=[("2024-01-02", M), ("2024-03-04 10:00:00", M)]
    )
    assert rows(found, "audio_at") == [datetime(2024, 1, 2, 5), datetime(2024, 3, 4, 15)]


@pytest.mark.parametrize("repeated", [False, True])
def test_errors_and_formulas_are_no_blanks(repeated: bool) -> None:
    found = convert(
        "",
        repeated,
        id=["a1", ("#N/A", ERROR), "#REF!", "a4", "a5", "a6", "a7", "a8"],
        audioDate=[DAY, DAY, DAY, ("#VALUE!", ERROR), DAY, DAY, DAY, DAY],
        averageNote=["8", "8", "8", "8", ("=A1*2", FORMULA), ("#DIV/0!", ERROR), "#¡DIV/0!", "8"],
        campaignName=["x", "x", "x", "x", "x", "x", "x", "#N/D"],
        audioFileName=[('["a"]', NESTED), None, None, None, None, None, None, None],
    )
    assert refused(found) == [
        (2, "audioFileName", '["a"]', "holds a list or an object"),
        (3, "id", "#N/A", "is the error #N/A of a spreadsheet"),
        (4, "id", "#REF!", "is the error #REF! of a spreadsheet"),
        (5, "audioDate", "#VALUE!", "is the error #VALUE! of a spreadsheet"),
        (6, "averageNote", "=A1*2", "is a formula whose value is not in the file"),
        (7, "averageNote", "#DIV/0!", "is the error #DIV/0! of a spreadsheet"),
        (8, "averageNote", "#¡DIV/0!", "is the error #¡DIV/0! of a spreadsheet"),
        (9, "campaignName", "#N/D", "is the error #N/D of a spreadsheet"),
    ]
    assert "open and save it in the spreadsheet first" in str(found.problems[4].right)
    assert 'null_values = ["#N/A"]' in str(found.problems[1].right)


def test_what_nobody_mapped_is_passed_over() -> None:
    found = convert(
        "", id=["a1"], audioDate=[DAY], other=[("[1, 2]", NESTED)], more=[("#N/A", ERROR)], last=[("=A1", FORMULA)]
    )
    assert rows(found, "id") == ["a1"]


@pytest.mark.parametrize("word", ["####", "Err:502", "#n/a", "#NV", "#¿NOMBRE?", "#GETTING_DATA", "#SPILL!"])
def test_words_of_errors(word: str) -> None:
    for repeated in (False, True):
        found = convert("", repeated, id=["a1", "a2"], audioDate=[DAY, DAY], executiveName=["Ana", word])
        assert refused(found) == [(3, "executiveName", word, f"is the error {word} of a spreadsheet")]


def test_words_that_only_look_like_errors() -> None:
    words = ["#1", "#ventas", "##", "# N/A", "N/A", "#N/A.", "Error", "Err: 502", "n/d"]
    found = convert("", id=ids(len(words)), audioDate=[DAY] * len(words), executiveName=list(words))
    assert rows(found, "executive_name") == words


def test_ids_that_a_spreadsheet_cut() -> None:
    cut = ["1.23457E+14", "1,23457E+14", "1.2e+05", "-1.5E+100", "1E+14"]
    kept = ["1E5", "007", "1E05", "1.5E5", "12.5E+14", "E+14", "1.23457E+14x", "+56 9 1234", "1234567890123450"]
    for column in ("id", "campaignId"):
        values: dict[str, list[Cell]] = {"id": ids(len(cut + kept)), "audioDate": [DAY] * len(cut + kept)}
        values[column] = [*cut, *kept]
        found = convert("", **values)
        assert [each[2:] for each in refused(found)] == [(text, "is a number that a spreadsheet cut") for text in cut]
        assert "all its digits" in str(found.problems[0].right)
        assert found.rows.column("id" if column == "id" else "campaign_id").to_pylist() == kept


def test_a_part_of_a_joined_id_that_a_spreadsheet_cut() -> None:
    found = convert(
        "[columns]\nid = { columns = ['line', 'call'], join = '-' }",
        line=["AA", "AA", ("#REF!", ERROR)],
        call=["1.23457E+14", ("77", N), "78"],
        audioDate=[DAY] * 3,
    )
    assert refused(found) == [
        (2, "line + call (id)", "1.23457E+14", "is a number that a spreadsheet cut"),
        (4, "line + call (id)", "#REF!", "is the error #REF! of a spreadsheet"),
    ]
    assert found.rows.column("id").to_pylist() == ["AA-77"]


def test_typed_cells_are_joined_as_their_texts() -> None:
    found = convert(
        '[file]\ndate_format = "%d/%m/%Y %H:%M"\n[columns]\naudioDate = { columns = ["Date", "Time"], join = " " }',
        id=ids(3),
        Date=[(DAY, M), "31/01/2024", (DAY, M)],
        Time=["09:15:00", "09:15", None],
    )
    assert rows(found, "audio_at") == [
        datetime(2024, 1, 31, 14, 15),
        datetime(2024, 1, 31, 14, 15),
        datetime(2024, 1, 31, 5),
    ]


@pytest.mark.parametrize("repeated", [False, True])
def test_words_that_mean_nothing(repeated: bool) -> None:
    """In every column and before anything else; a row of nothing else is blank."""
    found = convert(
        '[file]\nnull_values = ["N/A", "-", " (vacío) ", "0", "#REF!", "nan%"]',
        repeated,
        id=["a1", "a2", "-", "a4"],
        audioDate=[DAY, DAY, "n/a", DAY],
        averageNote=["n/a", ("0", N), "-", ("#REF!", ERROR)],
        executiveName=["-", "(VACÍO)", None, "\u200b - \ufeff"],
        state=["N/A", "Failed", "", "NaN%"],
        whatever=["x", "y", "N/A", "z"],
    )
    assert found.blank == 1 and not found.problems
    assert found.rows.column("id").to_pylist() == ["a1", "a2", "a4"]
    for column in ("score", "executive_name"):
        assert found.rows.column(column).null_count == 3
    assert found.rows.column("state").to_pylist() == [3, 4, 3]


def test_a_required_column_without_a_meaning_is_missing() -> None:
    found = convert('[file]\nnull_values = ["-"]', id=["-", "a2"], audioDate=[DAY, "-"])
    assert refused(found) == [(2, "id", "", "is missing"), (3, "audioDate", "", "is missing")]


def test_values_of_the_mapping_for_columns_of_every_kind() -> None:
    found = convert(
        """
        [file]
        decimal = ","
        [columns]
        averageNote = { column = "averageNote", scale = 2 }
        durationInSeconds = { column = "durationInSeconds", unit = "min" }
        [values.id]
        first = "a1"
        [values.audioDate]
        "the last" = "2024-01-31T10:00:00Z"
        [values.averageNote]
        good = "8.5"
        "5" = "9"
        "#N/A" = ""
        [values.durationInSeconds]
        short = "30"
        "-1" = ""
        [values.isAICall]
        bot = "true"
        "*" = "false"
        [values.sentiment]
        "" = "Neutral"
        """,
        id=["FIRST", ("2", N), "a3"],
        audioDate=["The last", (DAY, M), DAY],
        averageNote=["good", ("5", N), ("#N/A", ERROR)],
        durationInSeconds=["short", ("-1", N), ("2.5", N)],
        isAICall=[" BOT\u00a0", ("7", N), "person"],
        sentiment=[None, "Positive", ""],
    )
    assert rows(found, "id") == ["a1", "2", "a3"]
    assert rows(found, "audio_at")[0] == datetime(2024, 1, 31, 10)
    assert rows(found, "score") == [85_000, 90_000, None]
    assert rows(found, "duration_seconds") == [30, None, 150]
    assert rows(found, "is_ai") == [True, False, False]
    assert rows(found, "sentiment") == [2, 1, 2]


def test_everything_else_means_no_error() -> None:
    found = convert(
        '[values.sentiment]\n"*" = "Neutral"',
        id=ids(3),
        audioDate=[DAY] * 3,
        sentiment=["so so", ("#N/A", ERROR), "#REF!"],
    )
    assert [each[2] for each in refused(found)] == ["#N/A", "#REF!"]


def test_constants() -> None:
    """A number of the mapping has a point, whatever the file's numbers have."""
    found = convert(
        '[file]\ndecimal = ","\n[columns]\naverageNote = { value = 8.5 }\ndurationInSeconds = { value = "5 min" }\ncampaignName = { value = " Ventas\u00a0" }',
        id=["a1"],
        audioDate=[DAY],
    )
    assert (rows(found, "score"), rows(found, "duration_seconds"), rows(found, "campaign_name")) == (
        [85_000],
        [300],
        ["Ventas"],
    )


def test_names_are_one_however_they_are_written() -> None:
    names: list[Cell] = [
        "José Pérez",
        "Jose\u0301 Pérez",
        "José\u00a0Pérez",
        " José\tPérez ",
        "\u200bJosé Pérez\ufeff",
        "'+x",
    ]
    found = convert("", id=ids(6), audioDate=[DAY] * 6, executiveName=names)
    assert rows(found, "executive_name") == ["José Pérez"] * 5 + ["+x"]


def test_a_date_that_is_not_held_keeps_its_digits() -> None:
    found = convert("", id=["a1"], audioDate=[("2608-07-22 01:47:16.290", M)])
    assert refused(found) == [
        (2, "audioDate", "2608-07-22 01:47:16.290", "means 2608-07-22, outside 1970-01-03 to 2099-12-29")
    ]


def test_the_utc_of_times_since_1970() -> None:
    """Whatever the zone of the file is."""
    found = convert('[file]\ndate_format = "epoch"', id=ids(2), audioDate=["1706693400", ("1706693400", N)])
    assert rows(found, "audio_at") == [datetime.fromtimestamp(1706693400, UTC).replace(tzinfo=None)] * 2
