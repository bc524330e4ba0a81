"""Every format gives the same evaluations; every kind of broken file a message that says what and where."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from lib.analytics.grants import EVERYTHING
from lib.errors import BadRowsError, CallboardError
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load

CSV = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,isAICall,campaignName
1,2024-01-31T10:00:00,Completed,Positive,7.25,312,true,"Ventas, ""Q1"" sur"
2,2024-01-31T10:00:00,Completed,Negative,10,60,false,Línea 1
3,2024-02-01,Pending,,,,,
"""
RECORDS: list[dict[str, Any]] = [
    {
        "id": "1",
        "audioDate": "2024-01-31T10:00:00",
        "state": "Completed",
        "sentiment": "Positive",
        "averageNote": 7.25,
        "durationInSeconds": 312,
        "isAICall": True,
        "campaignName": 'Ventas, "Q1" sur',
    },
    {
        "id": "2",
        "audioDate": "2024-01-31T10:00:00",
        "state": "Completed",
        "sentiment": "Negative",
        "averageNote": 10,
        "durationInSeconds": 60,
        "isAICall": False,
        "campaignName": "Línea 1",
    },
    {"id": "3", "audioDate": "2024-02-01", "state": "Pending"},
]


def as_xlsx() -> bytes:
    book = Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Calls")
    sheet.append([])
    sheet.append(list(RECORDS[0]))
    for record in RECORDS:
        when = dt.datetime.fromisoformat(str(record["audioDate"]))
        seconds = record.get("durationInSeconds")
        row = {
            **record,
            "audioDate": when,
            "durationInSeconds": dt.timedelta(seconds=int(seconds)) if seconds else None,
        }
        sheet.append([row.get(name) for name in RECORDS[0]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_parquet() -> bytes:
    frame = pd.DataFrame(RECORDS)
    frame["audioDate"] = pd.to_datetime(frame["audioDate"], format="ISO8601")
    frame["state"] = frame["state"].astype("category")
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame), out)
    return out.getvalue()


def lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


FORMATS: dict[str, tuple[str, Callable[[], bytes], str | None]] = {
    "csv": ("a.csv", CSV.encode, None),
    "csv with a mark": ("a.csv", lambda: CSV.encode("utf-8-sig"), None),
    "csv, CRLF": ("a.csv", lambda: CSV.replace("\n", "\r\n").encode(), None),
    "csv, CR": ("a.csv", lambda: CSV.replace("\n", "\r").encode(), None),
    "csv, utf-16": ("a.csv", lambda: CSV.encode("utf-16"), None),
    "csv, cp1252": ("a.csv", lambda: CSV.encode("cp1252"), '[file]\nencoding = "cp1252"'),
    "csv, tabs": (
        "a.tsv",
        lambda: pd.read_csv(io.StringIO(CSV), dtype=str).to_csv(sep="\t", index=False).encode(),
        None,
    ),
    "csv, pipes": (
        "a.txt",
        lambda: pd.read_csv(io.StringIO(CSV), dtype=str).to_csv(sep="|", index=False).encode(),
        None,
    ),
    "csv, semicolons and commas": (
        "a.csv",
        lambda: pd.read_csv(io.StringIO(CSV)).to_csv(sep=";", decimal=",", index=False).encode(),
        '[file]\ndecimal = ","',
    ),
    "csv, lower rows": ("a.csv", lambda: b"Report\n\n" + CSV.encode(), "[file]\nheader_row = 3"),
    "csv.gz": ("a.csv.gz", lambda: gzip.compress(CSV.encode()), None),
    "jsonl": ("a.jsonl", lambda: lines(RECORDS), None),
    "jsonl, blank lines": ("a.ndjson", lambda: lines(RECORDS).replace(b"\n", b"\r\n\n"), None),
    "jsonl.gz": ("a.jsonl.gz", lambda: gzip.compress(lines(RECORDS)), None),
    "parquet": ("a.parquet", as_parquet, None),
    "xlsx": ("a.xlsx", as_xlsx, '[file]\nsheet = "Calls"\nheader_row = 2'),
    "xlsx by number": ("a.xlsx", as_xlsx, "[file]\nsheet = 2\nheader_row = 2"),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_every_format(form: str, workspace: Workspace, load: Load) -> None:
    name, make, mapping = FORMATS[form]
    report = load(make(), mapping, name)
    assert (report.result, report.loaded.added, report.problems) == ("loaded", 3, ())
    with workspace.facts.read() as connection:
        facts = schema.evaluations
        names = sa.select(schema.campaigns.c.name).where(schema.campaigns.c.key == facts.c.campaign_key)
        rows = connection.execute(
            sa.select(
                facts.c.id,
                facts.c.audio_at,
                facts.c.state,
                facts.c.sentiment,
                facts.c.score,
                facts.c.duration_seconds,
                facts.c.is_ai,
                names.scalar_subquery(),
            ).order_by(facts.c.id)
        ).all()
    at = dt.datetime(2024, 1, 31, 10, tzinfo=dt.UTC)
    assert [tuple(row) for row in rows] == [
        ("1", at, 3, 1, 72_500, 312, True, 'Ventas, "Q1" sur'),
        ("2", at, 3, 3, 100_000, 60, False, "Línea 1"),
        ("3", dt.datetime(2024, 2, 1, tzinfo=dt.UTC), 1, None, None, None, False, "(none)"),
    ]


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


HEAD = "id,audioDate,averageNote\n"
UNUSABLE: dict[str, tuple[str, bytes, str | None, list[str]]] = {
    "empty": ("a.csv", b"", None, ["a.csv", "empty"]),
    "only blank lines": ("a.csv", b"\n\n\n", None, ["a.csv", "row 1", "blank"]),
    "no header": ("a.csv", b"1,2024-01-01,7\n2,2024-01-01,7\n", None, ["no column for id and audioDate", "header"]),
    "header twice": ("a.csv", b"id,audioDate,averageNote,averageNote\n1,2024-01-01,7,8\n", None, ["columns 3, 4"]),
    "not utf-8": (
        "a.csv",
        (HEAD + "1,2024-01-01,7\n2,Ñ,7\n").encode("cp1252"),
        None,
        ["row 3, column 2", "0xd1", "cp1252"],
    ),
    "not what the mapping says": (
        "a.csv",
        HEAD.encode() + b"1,\x81,7\n",
        '[file]\nencoding = "cp1252"',
        ["row 2, column 2", "as the mapping says"],
    ),
    "open quote": (
        "a.csv",
        (HEAD + '1,2024-01-01,7\n2,2024-01-01,"7\n3,2024-01-01,8\n').encode(),
        None,
        ["row 3", "never closed"],
    ),
    "a huge cell": (
        "a.csv",
        (HEAD + "1,2024-01-01,7\n2," + "x" * 10_000_000 + ",7\n").encode(),
        None,
        ["row 3", "'audioDate'", "10000000 characters"],
    ),
    "NUL bytes": ("a.csv", b"id,audioDate\n\x00\x00\x00", None, ["NUL"]),
    "header row beyond the end": ("a.csv", HEAD.encode(), "[file]\nheader_row = 9", ["ends before row 9"]),
    "cut gzip": ("a.csv.gz", gzip.compress((HEAD * 1000).encode())[:-30], None, ["cut short"]),
    "no gzip": ("a.csv.gz", HEAD.encode(), None, ["not a gzip file"]),
    "no workbook": ("a.xlsx", b"id,audioDate\n1,2024-01-01\n", None, ["not a XLSX file"]),
    "a zip, no workbook": ("a.xlsx", zipped(a=b"b"), None, ["not an XLSX file"]),
    "cut workbook": ("a.xlsx", as_xlsx()[:3000], None, ["not an XLSX file"]),
    "old workbook": ("a.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, None, ["old or an encrypted Excel"]),
    "no such sheet": ("a.xlsx", as_xlsx(), '[file]\nsheet = "Cals"', ["did you mean 'Calls'"]),
    "sheet out of range": ("a.xlsx", as_xlsx(), "[file]\nsheet = 7", ["has 2"]),
    "wrong sheet": ("a.xlsx", as_xlsx(), None, ["sheet 'Notes' is empty", "Notes, Calls"]),
    "cut parquet": ("a.parquet", as_parquet()[:-20], None, ["not a whole Parquet"]),
    "no objects": ("a.jsonl", b"1\n2\n", None, ["no row is a JSON object"]),
    "deep json": ("a.jsonl", b"[" * 100_000, None, ["no row is a JSON object"]),
    "unknown column": (
        "a.csv",
        HEAD.encode() + b"1,2024-01-01,7\n",
        '[columns]\ncampaignName = "reson"',
        ["'reson'", "does not have"],
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_unusable_files(kind: str, workspace: Workspace, load: Load) -> None:
    name, content, mapping, told = UNUSABLE[kind]
    load("id,audioDate\nkept,2024-01-01\n")
    with pytest.raises(CallboardError) as caught:
        load(content, mapping, name)
    for part in (name, *told):
        assert part in caught.value.message
    with workspace.facts.read() as connection:
        assert connection.execute(sa.select(schema.evaluations.c.id)).scalars().all() == ["kept"]
        results = connection.execute(sa.select(schema.imports.c.result).order_by(schema.imports.c.id)).scalars().all()
    assert results == ["loaded", "failed"]


BAD_ROWS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,isAICall,campaignName
1,2024-01-01,Completed,,7,,,good
2,2024-02-30,Completed,,7,,,x
3,2024-01-01,Finished,,7,,,x
4,2024-01-01,,Glad,7,,,x
5,2024-01-01,,,10.5,,,x
6,2024-01-01,,,NaN,,,x
7,2024-01-01,,,Infinity,,,x
8,2024-01-01,,,,-5,,x
9,2024-01-01,,,,,maybe,x
,2024-01-01,,,,,,x
11,,,,,,,x
12,2024-01-01,,,11,-1,,x
13,2024-01-01
14,2024-01-01,,,,,,x,y,z
"""


def test_bad_rows_are_named_and_nothing_is_loaded(workspace: Workspace, load: Load) -> None:
    report = load(BAD_ROWS.encode())
    assert (report.result, report.read, report.bad, report.short_rows) == ("nothing_loaded", 14, 12, 1)
    named = [(problem.row, str(problem.column), problem.value) for problem in report.problems]
    assert named == [
        (3, "audioDate", "2024-02-30"),
        (4, "state", "Finished"),
        (5, "sentiment", "Glad"),
        (6, "averageNote", "10.5"),
        (7, "averageNote", "NaN"),
        (8, "averageNote", "Infinity"),
        (9, "durationInSeconds", "-5"),
        (10, "isAICall", "maybe"),
        (11, "id", ""),
        (12, "audioDate", ""),
        (13, "averageNote", "11"),
        (13, "durationInSeconds", "-1"),
        (15, "the row", "14 | 2024-01-01 |  |  |  |  |  | x | y | z"),
    ]
    assert all(problem.problem and problem.right for problem in report.problems)
    with workspace.facts.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.evaluations)).scalar_one() == 0


def test_the_good_rows_are_loaded_when_asked_for(workspace: Workspace, load: Load) -> None:
    report = load(BAD_ROWS.encode(), skip_bad_rows=True)
    assert (report.result, report.loaded.added, report.bad) == ("loaded_without_bad_rows", 2, 12)
    assert report.bad_rows_file is not None
    kept = pd.read_csv(
        workspace.settings.data_dir / "bad-rows" / report.bad_rows_file, dtype=str, keep_default_na=False
    )
    assert list(kept.columns) == [*BAD_ROWS.splitlines()[0].split(","), "reason"]
    assert kept["id"].tolist() == ["2", "3", "4", "5", "6", "7", "8", "9", "", "11", "12", "14"]
    assert "row 6: averageNote is outside 0 to 10; right would be a score from 0 to 10" in kept["reason"][3]
    assert kept["durationInSeconds"][6] == "-5"


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_bad_rows_of_other_formats(load: Load) -> None:
    report = load(
        b'{"id":1,"audioDate":"2024-01-01"}\nnonsense\n{"id":3,"audioDate":["x"]}\n{"id":4,"averageNote":NaN,"audioDate":"2024-01-01"}\n',
        name="a.jsonl",
    )
    assert [(problem.row, problem.value) for problem in report.problems] == [
        (2, "nonsense"),
        (3, '["x"]'),
        (4, "NaN"),
    ]
    frame = pd.DataFrame(
        {"id": ["1", "2"], "audioDate": ["2024-01-01", "2024-01-01"], "averageNote": [7.0, float("inf")]}
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame), out)
    report = load(out.getvalue(), name="a.parquet")
    assert [(problem.row, problem.column, problem.value) for problem in report.problems] == [(2, "averageNote", "inf")]


LONGEST = 2**31 - 1


def durations_as_xlsx(durations: list[int], *, as_spans: bool) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append(["id", "audioDate", "durationInSeconds"])
    for number, seconds in enumerate(durations):
        sheet.append([str(number), "2024-01-01", dt.timedelta(seconds=seconds) if as_spans else seconds])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def durations_as_parquet(durations: list[int], kind: pa.DataType) -> bytes:
    columns = {
        "id": [str(number) for number in range(len(durations))],
        "audioDate": ["2024-01-01"] * len(durations),
        "durationInSeconds": pa.array(durations, pa.int64()).cast(kind),
    }
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


DURATIONS: dict[str, tuple[str, Callable[[list[int]], bytes]]] = {
    "csv": (
        "a.csv",
        lambda durations: "".join(
            ["id,audioDate,durationInSeconds\n", *(f"{n},2024-01-01,{each}\n" for n, each in enumerate(durations))]
        ).encode(),
    ),
    "jsonl": (
        "a.jsonl",
        lambda durations: lines(
            [{"id": n, "audioDate": "2024-01-01", "durationInSeconds": each} for n, each in enumerate(durations)]
        ),
    ),
    "parquet": ("a.parquet", lambda durations: durations_as_parquet(durations, pa.int64())),
    "parquet, fractions": ("a.parquet", lambda durations: durations_as_parquet(durations, pa.float64())),
    "parquet, spans": ("a.parquet", lambda durations: durations_as_parquet(durations, pa.duration("s"))),
    "xlsx": ("a.xlsx", lambda durations: durations_as_xlsx(durations, as_spans=False)),
    "xlsx, spans": ("a.xlsx", lambda durations: durations_as_xlsx(durations, as_spans=True)),
}


@pytest.mark.parametrize("form", DURATIONS)
def test_a_duration_that_no_store_holds_is_a_bad_row(form: str, workspace: Workspace, load: Load) -> None:
    name, make = DURATIONS[form]
    report = load(make([LONGEST, LONGEST + 1]), name=name, skip_bad_rows=True)
    assert (report.loaded.added, report.bad) == (1, 1)
    (problem,) = report.problems
    assert (problem.column, str(problem.problem)) == ("durationInSeconds", "is longer than any conversation")
    assert str(problem.right) == "whole seconds such as 312, HH:MM:SS, 5m 12s or PT5M12S"
    with workspace.facts.read() as connection:
        assert connection.execute(sa.select(schema.evaluations.c.duration_seconds)).scalars().all() == [LONGEST]


def test_a_program_is_told_of_a_duration_that_no_store_holds(workspace: Workspace) -> None:
    def send(*durations: object) -> None:
        rows = [
            {"id": str(number), "audioDate": "2024-01-01", "durationInSeconds": each}
            for number, each in enumerate(durations)
        ]
        workspace.write_evaluations(rows, "test", EVERYTHING)

    for duration in (str(LONGEST + 1), f"{LONGEST + 1}.0", "596523:14:08"):
        with pytest.raises(BadRowsError, match=f"row 2, durationInSeconds: '{duration}' is longer than any conversati"):
            send("312", duration)
    send(str(LONGEST))
    with workspace.facts.read() as connection:
        assert connection.execute(sa.select(schema.evaluations.c.duration_seconds)).scalars().all() == [LONGEST]


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_quoted_newlines_do_not_move_the_rows(load: Load) -> None:
    report = load(b'id,audioDate,campaignName\n1,2024-01-01,"two\nlines"\n\n3,never,"x\ny"\n')
    assert [(problem.row, problem.column) for problem in report.problems] == [(4, "audioDate")]
    assert report.blank == 1


def test_joined_columns(workspace: Workspace, load: Load) -> None:
    mapping = """
    [columns]
    id = { columns = ["a", "b"], join = "-" }
    audioDate = { columns = ["day", "hour"], join = " " }
    campaignName = { columns = ["x", "y"], join = "/" }
    """
    report = load(
        "a,b,day,hour,x,y\nA,1,2024-01-01,10:00,p,q\n\nA,,2024-01-01,,,\n,,2024-01-01,11:00,p,\n",
        mapping,
        skip_bad_rows=True,
    )
    assert (report.blank, report.bad, report.loaded.added) == (1, 1, 2)
    assert [(problem.row, problem.column) for problem in report.problems] == [(5, "a + b (id)")]
    with workspace.facts.read() as connection:
        rows = connection.execute(
            sa.select(schema.evaluations.c.id, schema.campaigns.c.name).join(
                schema.campaigns, schema.campaigns.c.key == schema.evaluations.c.campaign_key
            )
        ).all()
    assert sorted(tuple(row) for row in rows) == [("A", "(none)"), ("A-1", "p/q")]


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_blank_rows_of_any_width(load: Load) -> None:
    report = load(b"id,audioDate\n1,2024-01-01\n,,,\n,\n2,2024-01-01\n")
    assert (report.read, report.blank, report.bad, report.loaded.added) == (4, 2, 0, 2)


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_date_format_that_can_not_be(load: Load) -> None:
    with pytest.raises(CallboardError, match="%Q stands for no part of a date"):
        load(b"id,audioDate\n1,2024-01-01\n", '[file]\ndate_format = "%d/%m/%Q"')
