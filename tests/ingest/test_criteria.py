"""Criteria with columns of their own: what a mapping says of them, and what becomes of their cells."""

from __future__ import annotations

import csv
import io
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.analytics.timezones import Zones
from lib.catalog.catalog import BUILT_IN
from lib.errors import MappingError
from lib.ingest.cells import CellKind
from lib.ingest.converter import Batch, Converter, RowProblem
from lib.ingest.criteria_mapping import read_criteria
from lib.ingest.file_reading import InputFile, ReadResult, read_files
from lib.ingest.mapping import CriterionSource, Scoring
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.settings import Settings

CRITERIA = """
[criteria]
"Greeting" = { column = "Q1", max = 10, section = "Opening" }
"Identity checked" = { column = "Q7", section = "Compliance", critical = true, values = { "Yes" = 1, "No" = 0, "N/A" = "" }, max = 1 }
"""


def read(
    folder: Path, content: bytes | str, toml: str | None, name: str = "calls.csv"
) -> tuple[list[dict[str, Any]], ReadResult]:
    """Read a file as an import does; return its good rows, and what was found."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    settings = Settings(data_dir=folder)
    with read_files(
        [InputFile(path, name)], toml, folder / "bad-rows.csv", settings, BUILT_IN, lambda *_: None
    ) as reading:
        rows = [row for batch in reading.batches for row in batch.to_pylist()]
        reading.finish()
    return rows, reading.outcome


def answers(row: dict[str, Any]) -> dict[str, int | None] | None:
    """Return the points of a row's answers by criterion."""
    found = row["results"]
    return None if found is None else {each["criterion"]: each["points"] for each in found}


def words(problem: RowProblem) -> tuple[int, str, str, str, str]:
    return problem.row, str(problem.column), problem.value, str(problem.problem), str(problem.right)


def test_a_column_a_criterion(tmp_path: Path) -> None:
    rows, outcome = read(
        tmp_path,
        "id,audioDate,form,Q1,Q7\na,2024-01-01,Support v3,7.5,yes\nb,2024-01-01,(none),,n/a\nc,2024-01-01,,,\n",
        CRITERIA,
    )
    assert rows[0]["results"] == [
        {
            "criterion": "Greeting",
            "section": "Opening",
            "form": "Support v3",
            "points": 75_000,
            "max_points": 100_000,
            "critical": False,
            "comment": None,
        },
        {
            "criterion": "Identity checked",
            "section": "Compliance",
            "form": "Support v3",
            "points": 10_000,
            "max_points": 10_000,
            "critical": True,
            "comment": None,
        },
    ]
    assert answers(rows[1]) == {"Identity checked": None} and rows[1]["results"][0]["form"] is None
    assert rows[1]["results"][0]["max_points"] == 10_000
    assert rows[2]["results"] is None
    assert [row["score"] for row in rows] == [None, None, None]
    assert outcome.warnings == []  # the columns of criteria are kept


def test_bad_cells_are_bad_rows(tmp_path: Path) -> None:
    _, outcome = read(
        tmp_path,
        "id,audioDate,Q1,Q7\na,2024-01-01,11,\nb,2024-01-01,-1,\nc,2024-01-01,1.00001,maybe\nd,2024-01-01,#N/A,2\n",
        CRITERIA,
    )
    ten = "points from 0 to 10, with four decimals at most"
    one = "points from 0 to 1, with four decimals at most"
    word = ", or a word that values of the criterion's entry in the mapping turns into them"
    assert [words(each) for each in outcome.problems] == [
        (2, "Q1 (Greeting)", "11", "is more than 10, the most points that there are", ten + word),
        (3, "Q1 (Greeting)", "-1", "is negative", ten + word),
        (4, "Q1 (Greeting)", "1.00001", "has more than four decimals", ten + word),
        (4, "Q7 (Identity checked)", "maybe", "is not a number", one + word),
        (
            *(5, "Q1 (Greeting)", "#N/A", "is the error #N/A of a spreadsheet"),
            'the value itself, or null_values = ["#N/A"] in the mapping where it means nothing',
        ),
        (5, "Q7 (Identity checked)", "2", "is more than 1, the most points that there are", one + word),
    ]
    kept = list(csv.DictReader(io.StringIO((tmp_path / "bad-rows.csv").read_text("utf-8-sig"))))
    assert [row["Q1"] for row in kept] == ["11", "-1", "1.00001", "#N/A"]


def test_numbers_are_read_as_in_other_columns(tmp_path: Path) -> None:
    toml = """
[file]
decimal = ","
null_values = ["-"]
[criteria]
A = { column = "A", max = 2500.5 }
"""
    rows, outcome = read(
        tmp_path,
        "id;audioDate;A\na;2024-01-01;1.234,5\nb;2024-01-01;2,5 %\nc;2024-01-01;-\nd;2024-01-01;2.500,5\n",
        toml,
    )
    assert [answers(row) for row in rows] == [{"A": 12_345_000}, {"A": 25_000}, None, {"A": 25_005_000}]
    assert outcome.bad == 0


def test_typed_cells(tmp_path: Path) -> None:
    workbook, out = openpyxl.Workbook(), io.BytesIO()
    sheet = workbook.active
    for row in (
        ["id", "audioDate", "Q1", "Q7"],
        ["a", "2024-01-01", 8.1 + 0.2, 1],
        ["b", "2024-01-01", "9", True],
        ["c", "2024-01-01", None, "No"],
        ["d", "2024-01-01", "#N/A", "Yes"],
    ):
        sheet.append(row)
    sheet["C5"].data_type = "e"
    workbook.save(out)
    toml = '[file]\ndecimal = ","\n' + CRITERIA.replace('"Yes" = 1', '"Yes" = 1, "true" = 1')
    rows, outcome = read(tmp_path, out.getvalue(), toml, "calls.xlsx")
    assert [answers(row) for row in rows] == [
        {"Greeting": 83_000, "Identity checked": 10_000},
        {"Greeting": 90_000, "Identity checked": 10_000},
        {"Identity checked": 0},
    ]
    assert [(each.row, str(each.problem)) for each in outcome.problems] == [(5, "is the error #N/A of a spreadsheet")]


@pytest.mark.parametrize(
    ("values", "cell", "points"),
    [
        ('{ "" = "" }', "", None),
        ('{ "" = 0 }', "", 0),
        ('{ " all good" = 2.5 }', "All good", 25_000),
        ('{ "*" = "" }', "whatever", None),
        ('{ "*" = 1, "3" = 2 }', "3", 20_000),
        ('{ "#N/A" = "" }', "#n/a", None),
    ],
)
def test_words(tmp_path: Path, values: str, cell: str, points: int | None) -> None:
    toml = f'[criteria]\nA = {{ column = "A", max = 5, values = {values} }}'
    rows, _ = read(tmp_path, f"id,audioDate,A\na,2024-01-01,{cell}\n", toml)
    assert answers(rows[0]) == {"A": points}


def test_the_form_of_a_criterion_is_its_own_or_that_of_the_evaluation(tmp_path: Path) -> None:
    toml = """
[criteria]
A = { column = "A", max = 5, form = "Sales" }
B = { column = "B", max = 5 }
C = { column = "A", max = 5, form = "(none)" }
"""
    rows, _ = read(tmp_path, "id,audioDate,form,A,B\na,2024-01-01,Support,1,2\nb,2024-01-01,,1,2\n", toml)
    forms = [{each["criterion"]: each["form"] for each in row["results"]} for row in rows]
    assert forms == [{"A": "Sales", "B": "Support", "C": None}, {"A": "Sales", "B": None, "C": None}]


@pytest.mark.parametrize(
    ("scoring", "scores"),
    [
        ("", [None, 60_000, 60_000, None, None]),
        ('from = "criteria"', [72_727, 60_000, 60_000, None, None]),  # 10 × 8 ÷ 11
        ('critical = "zero"', [None, 60_000, 0, None, 0]),
        ('from = "criteria"\ncritical = "zero"', [72_727, 60_000, 0, None, 0]),
    ],
)
def test_scores(tmp_path: Path, scoring: str, scores: list[int | None]) -> None:
    content = """\
id,audioDate,averageNote,Q1,Q7
a,2024-01-01,,7,Yes
b,2024-01-01,6,7,N/A
c,2024-01-01,6,10,No
d,2024-01-01,,,N/A
e,2024-01-01,,,No
"""
    rows, _ = read(tmp_path, content, f"{CRITERIA}\n[scoring]\n{scoring}\n")
    if "from" in scoring:
        scores = [*scores[:4], 0]
    assert [row["score"] for row in rows] == scores


def test_a_score_is_made_where_no_column_has_any(tmp_path: Path) -> None:
    toml = '[criteria]\nA = { column = "A", max = 20000 }\n[scoring]\nfrom = "criteria"\n'
    rows, _ = read(tmp_path, "id,audioDate,A\na,2024-01-01,0.1\nb,2024-01-01,0.0999\nc,2024-01-01,20000\n", toml)
    assert [row["score"] for row in rows] == [1, 0, 100_000]  # 0.5 of 1/10,000 of a point goes up, 0.4995 down


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[criteria]\nA = "Q1"', '[criteria] A: should be a table that says the most points, too: column = "Q1" and max'),
        ('[criteria]\nA = { column = "Q1" }', "A: needs max"),
        ('[criteria]\nA = { column = "Q1", max = 0 }', "max should be above 0, 100,000 at most"),
        ('[criteria]\nA = { column = "Q1", max = -1 }', "max should be above 0"),
        ('[criteria]\nA = { column = "Q1", max = 100001 }', "100,000 at most"),
        ('[criteria]\nA = { column = "Q1", max = 1.00001 }', "four decimals"),
        ('[criteria]\nA = { column = "Q1", max = 1.000000000000000000000000000000001 }', "four decimals"),
        ('[criteria]\nA = { column = "Q1", max = "10" }', "A: max should be a number"),
        ('[criteria]\nA = { column = "Q1", max = inf }', "A: max should be a finite number"),
        ('[criteria]\nA = { columns = ["Q1"], max = 1 }', "'columns' is not an option (did you mean 'column'?)"),
        ('[criteria]\nA = { column = 1, max = 1 }', "needs column, the name of one column"),
        ('[criteria]\nA = { max = 1 }', "needs column"),
        ('[criteria]\nA = { column = "Q1", max = 1, critical = "yes" }', "critical should be true or false"),
        ('[criteria]\nA = { column = "Q1", max = 1, section = 3 }', "section should be a text in quotes, of 1 to 200"),
        ('[criteria]\nA = { column = "Q1", max = 1, section = "" }', "section should be a text in quotes"),
        ('[criteria]\nA = { column = "Q1", max = 1, form = true }', "form should be a text in quotes, of 1 to 1000"),
        ('[criteria]\nA = { column = "Q1", max = 1, values = 3 }', "A: values should be a table"),
        ('[criteria]\nA = { column = "Q1", max = 1, values = { Yes = 2 } }', "'Yes' should stand for points from 0 to 1,"),
        ('[criteria]\nA = { column = "Q1", max = 1, values = { Yes = "1" } }', 'or for "" where the question'),
        ('[criteria]\nA = { column = "Q1", max = 1, values = { Yes = true } }', "'Yes' should stand for points"),
        ('[criteria]\nA = { column = "Q1", max = 1, values = { Yes = nan } }', "'Yes' should stand for points"),
        ('[criteria]\nA = { column = "Q1", max = 1, values = { Yes = 1, yes = 0 } }', "'yes' is there twice"),
        ('[criteria]\n" " = { column = "Q1", max = 1 }', "can't be the name of a criterion; it should have 1 to 200"),
        (f'[criteria]\n"{"x" * 201}" = {{ column = "Q1", max = 1 }}', "1 to 200 characters"),
        ('[criteria]\n"a\\u0000" = { column = "Q1", max = 1 }', "can't be the name of a criterion"),
        (
            '[criteria]\n"Is it" = { column = "Q1", max = 1 }\n"is_IT" = { column = "Q2", max = 1 }',
            "'is_IT' and 'Is it' differ only in capitals, spaces or _",
        ),
        ("[criteria]\n" + "".join(f'"C{n}" = {{ column = "Q", max = 1 }}\n' for n in range(501)), "names 501 criteria"),
        ("[criterias]", "did you mean 'criteria'"),
        ('[scoring]\nfrm = "file"', "did you mean 'from'"),
        ('[scoring]\nfrom = "criterion"', "from should be one of: file, criteria (did you mean 'criteria'?)"),
        ("[scoring]\ncritical = true", "critical should be one of: keep, zero."),
        ("criteria = 3", "[criteria] should be a table"),
    ],
)  # fmt: skip
def test_wrong_mappings(toml: str, told: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(toml, BUILT_IN, "m.toml")
    assert caught.value.message.startswith("m.toml: [" if "criterias" not in toml else "m.toml")
    assert told in caught.value.message


def test_a_column_that_the_header_lacks(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        read(tmp_path, "id,audioDate,Q1,Q 8\na,2024-01-01,1,1\n", CRITERIA)
    assert "Identity checked should come from the column 'Q7', which the file does not have" in caught.value.message


def test_there_and_back() -> None:
    toml = f"""{CRITERIA}
"  Closing " = {{ column = "Q9", max = 2.5, form = "(none)", values = {{ "" = "", "half" = 1.25 }} }}
[scoring]
from = "criteria"
critical = "zero"
"""
    mapping = read_mapping(toml, BUILT_IN)
    assert mapping.criteria["Closing"] == CriterionSource(
        "Q9", 25_000, values={"": None, "half": 12_500}, form="(none)"
    )
    assert mapping.scoring == Scoring(True, True)
    assert list(mapping.criteria) == ["Greeting", "Identity checked", "Closing"]
    assert read_mapping(write_mapping(mapping), BUILT_IN) == mapping
    plain = read_mapping('[scoring]\nfrom = "file"\ncritical = "keep"', BUILT_IN)
    assert plain.scoring == Scoring() and write_mapping(plain) == ""


def test_five_hundred_are_not_too_many() -> None:
    assert len(read_criteria({f"C{n}": {"column": "Q", "max": 1} for n in range(500)}, "[criteria]")) == 500


# Against a computation one cell at a time.

WORDS = {"Yes": 4, "no": 0, "n/a": None}
cells = st.sampled_from(["", "0", "1", "2.5", "4", "0.0001", "yes", "No", "N/A", "5", "-1", "x", "1.23456", " 3 "])


def by_hand(cell: str) -> tuple[str, int | None]:
    """Return what a cell is, and its points; the most are 4."""
    word = cell.strip().casefold()
    if word in ("yes", "no", "n/a"):
        points = {"yes": 40_000, "no": 0, "n/a": None}[word]
        return ("none" if points is None else "points"), points
    if not word:
        return "blank", None
    try:
        number = Decimal(word)
    except ArithmeticError:
        return "bad", None
    scaled = number * 10_000
    is_good = 0 <= number <= 4 and scaled == int(scaled)
    return ("points", int(scaled)) if is_good else ("bad", None)


@given(
    rows=st.lists(st.tuples(cells, cells, cells, st.sampled_from(["", "0", "10", "7.3"])), min_size=1, max_size=30),
    from_criteria=st.booleans(),
    is_zero=st.booleans(),
    is_typed=st.booleans(),
)
def test_whole_columns_give_what_one_cell_at_a_time_gives(
    rows: list[tuple[str, str, str, str]], from_criteria: bool, is_zero: bool, is_typed: bool
) -> None:
    values = json.dumps({word: "" if points is None else points for word, points in WORDS.items()})
    values = values.replace('":', '" =')
    toml = "[criteria]\n" + "".join(
        f'"{name}" = {{ column = "{name}", max = 4, critical = {str(name == "C").lower()}, values = {values} }}\n'
        for name in "ABC"
    )
    toml += f'[scoring]\nfrom = "{"criteria" if from_criteria else "file"}"\n'
    toml += f'critical = "{"zero" if is_zero else "keep"}"\n'
    header = ("A", "B", "C", "averageNote", "id", "audioDate")
    mapping = read_mapping(toml, BUILT_IN).resolve(BUILT_IN, header, "f", lambda _: ())
    zones = Zones(ZoneInfo("UTC"), ZoneInfo("UTC"))
    texts = [[row[place] for row in rows] for place in range(4)]
    texts += [[f"r{number}" for number in range(len(rows))], ["2024-01-01"] * len(rows)]
    kinds = tuple(
        np.array(
            [CellKind.NUMBER if is_typed and text[:1].isdigit() else CellKind.TEXT for text in column], dtype=np.uint8
        )
        if place < 3
        else None
        for place, column in enumerate(texts)
    )
    batch = Batch("f", np.arange(len(rows)), tuple(pa.array(column, pa.string()) for column in texts), kinds)
    found = Converter(mapping, header, zones, BUILT_IN).convert(batch, 0)
    expected = {}
    for number, row in enumerate(rows):
        read_cells = dict(zip("ABC", map(by_hand, row[:3]), strict=True))
        if any(kind == "bad" for kind, _ in read_cells.values()):
            continue
        answered = {name: points for name, (kind, points) in read_cells.items() if kind != "blank"}
        score = int(Decimal(row[3]) * 10_000) if row[3] else None
        applicable = [points for points in answered.values() if points is not None]
        if score is None and from_criteria and applicable:
            share = Decimal(sum(applicable)) * 100_000 / (40_000 * len(applicable))
            score = int(share.to_integral_value(ROUND_HALF_UP))
        if is_zero and read_cells["C"] == ("points", 0):
            score = 0
        expected[f"r{number}"] = (answered or None, score)
    assert {row["id"]: (answers(row), row["score"]) for row in found.rows.to_pylist()} == expected


def test_rows_of_many_criteria_come_in_parts(tmp_path: Path) -> None:
    """In parts as large as one likes, a file's rows, bad rows and warnings are the same."""
    numbers = np.arange(2, 9)
    texts = tuple(pa.array([f"{name}{number}" for number in numbers.tolist()]) for name in "ab")
    kinds = (None, np.arange(7, dtype=np.uint8))
    batch = Batch("f", numbers, texts, kinds, 3, 2, {1: lambda at: f"whole {at}"}, {1: lambda: range(7)})
    assert list(batch.parts(7)) == [batch]
    parts = list(batch.parts(3))
    assert [part.numbers.tolist() for part in parts] == [[2, 3, 4], [5, 6, 7], [8]]
    assert [part.row(len(part.numbers) - 1) for part in parts] == [
        ["a4", "whole 2"],
        ["a7", "whole 5"],
        ["a8", "whole 6"],
    ]
    assert [list(part.nested[1]()) for part in parts] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [part.kinds[1].tolist() for part in parts] == [[0, 1, 2], [3, 4, 5], [6]]
    assert [(part.short_rows, part.long_rows) for part in parts] == [(3, 2), (0, 0), (0, 0)]
    out = io.BytesIO()
    count = 65_000
    pq.write_table(
        pa.table({"id": [str(n) for n in range(count)], "audioDate": ["2024-01-01"] * count, "A": [1] * count}), out
    )
    toml = "[criteria]\n" + "".join(f'C{n} = {{ column = "A", max = 5 }}\n' for n in range(50))
    path = tmp_path / "calls.parquet"
    path.write_bytes(out.getvalue())
    with read_files(
        [InputFile(path, path.name)], toml, tmp_path / "bad.csv", Settings(data_dir=tmp_path), BUILT_IN, lambda *_: None
    ) as reading:
        sizes = [
            (len(each), len(each.column("results").flatten()), each.column("seq")[0].as_py())
            for each in reading.batches
        ]
        reading.finish()
    assert sizes == [
        (n, 50 * n, start) for start, n in ((0, 20_000), (20_000, 20_000), (40_000, 20_000), (60_000, 5_000))
    ]
