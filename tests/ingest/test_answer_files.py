"""Files of answers, a row an answer: read in every format, and what is wrong with a row."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.catalog.catalog import BUILT_IN
from lib.errors import FileError
from lib.ingest.answer_rows import ANSWER_ROW
from lib.ingest.file_reading import InputFile, ReadResult, read_answers
from lib.settings import Settings

ROWS = [
    {"evaluationId": "a", "criterion": "Greeting", "section": "Opening", "form": "Support v3", "points": 7.5, "maxPoints": 10, "notApplicable": False, "critical": False, "comment": "warm"},
    {"evaluationId": "a", "criterion": "Identity", "section": None, "form": "(none)", "points": 0, "maxPoints": 1, "notApplicable": None, "critical": True, "comment": None},
    {"evaluationId": "b", "criterion": "Greeting", "section": "Opening", "form": "Support v3", "points": None, "maxPoints": 10, "notApplicable": True, "critical": None, "comment": None},
]  # fmt: skip
NAMES = tuple(ROWS[0])
STORED = [
    (0, "a", "Greeting", "Opening", "Support v3", 75_000, 100_000, False, "warm"),
    (1, "a", "Identity", None, None, 0, 10_000, True, None),
    (2, "b", "Greeting", "Opening", "Support v3", None, 100_000, False, None),
]


def read(
    folder: Path, *files: tuple[str, bytes | str], toml: str | None = None
) -> tuple[list[dict[str, Any]], ReadResult]:
    inputs = []
    for name, content in files:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        inputs.append(InputFile(folder / name, name))
    settings = Settings(data_dir=folder)
    with read_answers(inputs, toml, folder / "bad-rows.csv", settings, BUILT_IN, lambda *_: None) as reading:
        assert reading.batches.schema.names == ANSWER_ROW.names
        assert reading.batches.schema.types == ANSWER_ROW.types
        rows = [row for batch in reading.batches for row in batch.to_pylist()]
        reading.finish()
    return rows, reading.outcome


def as_csv() -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, NAMES)
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue().encode()


def as_json_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def as_workbook() -> bytes:
    workbook, out = openpyxl.Workbook(), io.BytesIO()
    workbook.active.append(NAMES)
    for row in ROWS:
        workbook.active.append([*row.values()])
    workbook.save(out)
    return out.getvalue()


def as_parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("answers.csv", as_csv),
        ("answers.csv.gz", lambda: gzip.compress(as_csv())),
        ("answers.jsonl", as_json_lines),
        ("answers.xlsx", as_workbook),
        ("answers.parquet", as_parquet),
    ],
)
def test_every_format(tmp_path: Path, name: str, made: Callable[[], bytes]) -> None:
    rows, outcome = read(tmp_path, (name, made()))
    assert [tuple(row.values()) for row in rows] == STORED
    assert (outcome.read, outcome.bad, outcome.blank, outcome.warnings) == (3, 0, 0, [])


def test_several_files_and_other_spellings(tmp_path: Path) -> None:
    first = "Evaluation ID;CRITERION;Points;max_points;Note\na;\u00adA\u0301b;1;2;x\n;;;;\n"
    rows, outcome = read(
        tmp_path, ("1.csv", first), ("2.jsonl", '{"evaluationid": 7, "criterion": "C", "NOTAPPLICABLE": "yes"}')
    )
    assert [(row["seq"], row["evaluation_id"], row["criterion"], row["points"], row["max_points"]) for row in rows] == [
        (0, "a", "Áb", 10_000, 20_000),
        (2, "7", "C", None, None),
    ]
    assert (outcome.read, outcome.blank) == (3, 1)
    assert [str(each) for each in outcome.warnings] == ["1.csv: columns that are not kept: 'Note'."]


def test_options_of_the_file_come_from_a_mapping(tmp_path: Path) -> None:
    content = 'Export of today\nevaluationId,criterion,points,maxPoints\na,A,"1,5","1.000,25"\nb,B,-,1\n'
    toml = '[file]\nheader_row = 2\ndecimal = ","\nnull_values = ["-"]\n[columns]\nid = "Call"\n'
    rows, outcome = read(tmp_path, ("1.csv", content), toml=toml)
    assert [(row["points"], row["max_points"]) for row in rows] == [(15_000, 10_002_500)]
    assert [(each.row, str(each.problem)) for each in outcome.problems] == [(4, "is missing")]


HEADER = "evaluationId,criterion,section,form,Points,maxPoints,notApplicable,critical,comment"


@pytest.mark.parametrize(
    ("row", "column", "value", "problem", "right"),
    [
        (",A,,,1,2,,,", "evaluationId", "", "is missing", "the id of an evaluation"),
        ("1.2E+15,A,,,1,2,,,", "evaluationId", "1.2E+15", "is a number that a spreadsheet cut", None),
        ("a,,,,1,2,,,", "criterion", "", "is missing", "the name of a criterion"),
        (f"a,{'x' * 201},,,1,2,,,", "criterion", "x" * 60 + "…", "has 201 characters", "at most 200"),
        (f"a,A,{'x' * 201},,1,2,,,", "section", "x" * 60 + "…", "has 201 characters", "at most 200"),
        (f"a,A,,{'x' * 1001},1,2,,,", "form", "x" * 60 + "…", "has 1001 characters", "at most 1000"),
        (f"a,A,,,1,2,,,{'x' * 1001}", "comment", "x" * 60 + "…", "has 1001 characters", "at most 1000"),
        ("a,A,,,,2,,,", "Points", "", "is missing", "points, or notApplicable where the question does not apply"),
        ("a,A,,,1,,,,", "maxPoints", "", "is missing", "the points that a full answer has"),
        ("a,A,,,,2,no,,", "Points", "", "is missing", None),
        ("a,A,,,3,2,,,", "Points", "3", "is more than 2, the most points that there are", "points from 0 to 2, with four decimals at most"),
        ("a,A,,,-1,2,,,", "Points", "-1", "is negative", "points from 0 to 100,000, with four decimals at most"),
        ("a,A,,,1.00001,2,,,", "Points", "1.00001", "has more than four decimals", None),
        ("a,A,,,one,2,,,", "Points", "one", "is not a number", None),
        ("a,A,,,#N/A,2,,,", "Points", "#N/A", "is the error #N/A of a spreadsheet", None),
        ("a,A,,,0,0,,,", "maxPoints", "0", "is not above 0", "a number above 0, up to 100,000, with four decimals at most"),
        ("a,A,,,0,100001,,,", "maxPoints", "100001", "is too large", None),
        ("a,A,,,1,2,yes,,", "Points", "1", "is there, though the question does not apply", "nothing where notApplicable is true"),
        ("a,A,,,,2,perhaps,,", "notApplicable", "perhaps", "is neither true nor false", "true or false"),
        ("a,A,,,1,2,,2,", "critical", "2", "is neither true nor false", "true or false"),
    ],
)  # fmt: skip
def test_bad_rows(tmp_path: Path, row: str, column: str, value: str, problem: str, right: str | None) -> None:
    rows, outcome = read(tmp_path, ("1.csv", f"{HEADER}\n{row}\nb,B,,,1,2,,,\n"))
    assert [each["evaluation_id"] for each in rows] == ["b"] and rows[0]["seq"] == 1
    (told,) = outcome.problems
    assert (told.row, str(told.column), told.value, str(told.problem)) == (2, column, value, problem)
    assert right is None or str(told.right) == right
    assert "1.csv, row 2" in (tmp_path / "bad-rows.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id,criterion,points,maxPoints", "no column for evaluationId of answers"),
        ("evaluationId,criterion", "no column for points and maxPoints of answers"),
        ("evaluationId,criterion,points", "no column for maxPoints of answers. Row 1 was read as the header: 'evaluationId', "),
        ("evaluationId,criterion,points,maxPoints,Max Points", "has the column 'maxPoints' 2 times (columns 4, 5)"),
    ],
)  # fmt: skip
def test_headers_that_lack_something(tmp_path: Path, header: str, told: str) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, ("1.csv", f"{header}\n1,2,3,4,5\n"))
    assert told in caught.value.message and caught.value.message.startswith("1.csv")
