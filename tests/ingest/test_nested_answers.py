"""Lists of answers within evaluations: of JSON Lines, of texts of JSON, and of what programs send."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.ingest import api_records, jsonl_reader
from lib.ingest.api_records import convert_objects
from lib.ingest.json_values import DECODER
from tests.ingest.test_criteria import answers, read, words

GREETING = {"criterion": "Greeting", "section": "Opening", "points": 7.5, "maxPoints": 10, "comment": " warm\n"}
IDENTITY = {"criterion": "Identity", "points": 0, "maxPoints": 1, "critical": True}
CLOSING = {"criterion": "Closing", "notApplicable": True}
STORED = [
    {"criterion": "Greeting", "section": "Opening", "form": "F", "points": 75_000, "max_points": 100_000, "critical": False, "comment": "warm"},
    {"criterion": "Identity", "section": None, "form": "F", "points": 0, "max_points": 10_000, "critical": True, "comment": None},
    {"criterion": "Closing", "section": None, "form": "F", "points": None, "max_points": None, "critical": False, "comment": None},
]  # fmt: skip


def evaluation(results: object, **more: object) -> dict[str, Any]:
    return {"id": "a", "audioDate": "2024-01-01", "form": "F", "results": results, **more}


def lines(*entries: dict[str, Any]) -> str:
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def sent(*entries: dict[str, Any]) -> api_records.ValidationResult:
    objects = [DECODER.decode(json.dumps(entry)) for entry in entries]
    return convert_objects(objects, ZoneInfo("UTC"), EVERYTHING, BUILT_IN)


def test_json_lines(tmp_path: Path) -> None:
    rows, outcome = read(
        tmp_path,
        lines(
            evaluation([GREETING, IDENTITY, CLOSING]),
            evaluation([], id="b"),
            evaluation(None, id="c"),
            {"id": "d", "audioDate": "2024-01-01"},
            evaluation(json.dumps([CLOSING]), id="e", form=None),
        ),
        None,
        "calls.jsonl",
    )
    assert rows[0]["results"] == STORED
    assert [row["results"] for row in rows[1:4]] == [None, None, None]
    assert rows[4]["results"] == [{**STORED[2], "form": None}]
    assert outcome.warnings == []


def test_csv_and_parquet_hold_the_json_as_a_text(tmp_path: Path) -> None:
    entry = evaluation(json.dumps([GREETING, IDENTITY, CLOSING]))
    out = io.StringIO()
    writer = csv.DictWriter(out, [*entry])
    writer.writeheader()
    writer.writerows([entry, evaluation("", id="b"), evaluation("[]", id="c"), evaluation("Passed", id="d")])
    rows, outcome = read(tmp_path, out.getvalue(), None)
    assert [row["results"] for row in rows] == [STORED, None, None]
    assert [words(each) for each in outcome.problems] == [
        (5, "results", "Passed", "is not a list of answers", "a list of objects with criterion, points and maxPoints")
    ]
    packed = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([entry]), packed)
    rows, _ = read(tmp_path, packed.getvalue(), None, "calls.parquet")
    assert rows[0]["results"] == STORED


def test_lists_of_parquet(tmp_path: Path) -> None:
    packed = io.BytesIO()
    long = [{"criterion": f"C{n}", "points": n / 4, "maxPoints": 100} for n in range(80)]
    table = [evaluation([GREETING, IDENTITY, CLOSING]), evaluation([], id="b"), evaluation(None, id="c")]
    table += [evaluation(long, id="d"), evaluation([{**GREETING, "points": 11}], id="e")]
    pq.write_table(pa.Table.from_pylist(table), packed)
    rows, outcome = read(tmp_path, packed.getvalue(), None, "calls.parquet")
    assert [row["results"] for row in rows[:3]] == [STORED, None, None]
    assert answers(rows[3]) == {f"C{n}": n * 2_500 for n in range(80)}
    assert [words(each)[:4] for each in outcome.problems] == [
        (5, "results[0].points", "11.0", "is more than 10, the most points that there are")
    ]
    (kept,) = csv.DictReader(io.StringIO((tmp_path / "bad-rows.csv").read_text("utf-8-sig")))
    assert json.loads(kept["results"])[0]["points"] == 11


def test_a_column_of_that_name_may_be_something_else(tmp_path: Path) -> None:
    rows, outcome = read(tmp_path, "id,audioDate,Results\na,2024-01-01,Passed\nb,2024-01-01,Failed\n", None)
    assert [row["results"] for row in rows] == [None, None]
    assert [str(each) for each in outcome.warnings] == ["calls.csv: columns that are not kept: 'Results'."]
    toml = '[columns]\nid = "call"\naudioDate = "when"\n'
    other = lines({"call": "a", "when": "2024-01-01", "results": [{"question": "Greeting", "score": 1}]})
    rows, _ = read(tmp_path, other, toml, "calls.jsonl")
    assert rows[0]["results"] is None
    ours = lines({"call": "a", "when": "2024-01-01", "results": [CLOSING]})
    assert answers(read(tmp_path, ours, toml, "calls.jsonl")[0][0]) == {"Closing": None}
    mapped = toml + '[criteria]\nA = { column = "A", max = 5 }\n'
    both = lines({"call": "a", "when": "2024-01-01", "A": 4, "results": [CLOSING]})
    assert answers(read(tmp_path, both, mapped, "calls.jsonl")[0][0]) == {"A": 40_000}


def test_scores_are_made_of_lists_too(tmp_path: Path) -> None:
    toml = '[scoring]\nfrom = "criteria"\ncritical = "zero"\n'
    rows, _ = read(
        tmp_path,
        lines(
            evaluation([GREETING, CLOSING]),
            evaluation([GREETING, IDENTITY], id="b", averageNote=9),
            evaluation([GREETING], id="c", averageNote=9),
            evaluation([CLOSING], id="d"),
            evaluation([], id="e"),
        ),
        toml,
        "calls.jsonl",
    )
    assert [row["score"] for row in rows] == [75_000, 0, 90_000, None, None]


WRONG: list[tuple[object, str, str, str, str | None]] = [
    (5, "results", "5", "is not a list of answers", "a list of objects with criterion, points and maxPoints"),
    ({"criterion": "A"}, "results", '{"criterion": "A"}', "is not a list of answers", None),
    (["A"], "results[0]", "A", "is not an object", None),
    ([GREETING, {"points": 1, "maxPoints": 2}], "results[1].criterion", "", "is missing", "the name of a criterion"),
    ([{"criterion": " ", "points": 1, "maxPoints": 2}], "results[0].criterion", "", "is missing", None),
    ([{"criterion": {"a": 1}}], "results[0].criterion", '{"a": 1}', "holds a list or an object", "a single value"),
    ([{"criterion": "x" * 201}], "results[0].criterion", "x" * 60 + "…", "has 201 characters", "at most 200"),
    ([{**GREETING, "section": "x" * 201}], "results[0].section", "x" * 60 + "…", "has 201 characters", "at most 200"),
    ([{**GREETING, "comment": "x" * 1001}], "results[0].comment", "x" * 60 + "…", "has 1001 characters", "at most 1000"),
    ([{"criterion": "A", "maxPoints": 1}], "results[0].points", "", "is missing", "points, or notApplicable where the question does not apply"),
    ([{"criterion": "A", "points": 1}], "results[0].maxPoints", "", "is missing", "the points that a full answer has"),
    ([{**IDENTITY, "notApplicable": True}], "results[0].points", "0", "is there, though the question does not apply", "nothing where notApplicable is true"),
    ([{**GREETING, "points": 10.5}], "results[0].points", "10.5", "is more than 10, the most points that there are", "points from 0 to 10, with four decimals at most"),
    ([{**GREETING, "points": -1}], "results[0].points", "-1", "is negative", None),
    ([{**GREETING, "points": True}], "results[0].points", "true", "is not a number", None),
    ([{**GREETING, "points": 0.12345}], "results[0].points", "0.12345", "has more than four decimals", None),
    ([{**GREETING, "maxPoints": 0}], "results[0].maxPoints", "0", "is not above 0", None),
    ([{**GREETING, "maxPoints": 100_001}], "results[0].maxPoints", "100001", "is too large", None),
    ([{**GREETING, "critical": "perhaps"}], "results[0].critical", "perhaps", "is neither true nor false", "true or false"),
    ([{**GREETING, "maxPoint": 1}], "results[0].maxPoint", "1", "is not part of an answer (did you mean 'maxPoints'?)", "criterion, section, points, maxPoints, notApplicable, critical, comment"),
    ([{**GREETING, "max_points": 1}], "results[0].maxPoints", "", "is there twice", "one value"),
    ([GREETING, IDENTITY, {**GREETING, "criterion": " Greeting"}], "results[2].criterion", "Greeting", "is there twice", "one answer to each criterion"),
    ([{"criterion": f"C{n}", "notApplicable": True} for n in range(501)], "results", "", "has 501 answers", "at most 500"),
]  # fmt: skip


@pytest.mark.parametrize(("results", "column", "value", "problem", "right"), WRONG)
def test_wrong_lists(tmp_path: Path, results: object, column: str, value: str, problem: str, right: str | None) -> None:
    """In a file, where the list comes whole into the file of bad rows, and in what a program sends."""
    first = evaluation([CLOSING], id="b")  # else a column without any list would be something else
    rows, outcome = read(tmp_path, lines(first, evaluation(results)), None, "calls.jsonl")
    assert [row["id"] for row in rows] == ["b"]
    (told,) = outcome.problems
    assert words(told)[:4] == (2, column, value, problem)
    assert right is None or str(told.right) == right
    kept = list(csv.DictReader(io.StringIO((tmp_path / "bad-rows.csv").read_text("utf-8-sig"))))
    assert json.loads(kept[0]["results"]) == json.loads(json.dumps(results))
    result = sent(first, evaluation(results))
    assert [words(each) for each in result.problems] == [words(told)]
    assert (result.read, result.bad) == (2, 1)


def test_spellings_and_texts_are_read_as_elsewhere(tmp_path: Path) -> None:
    entry = {"Criterion": 5, "POINTS": "1", "max_points": "2.5", "Critical": "yes", "not applicable": 0}
    rows, outcome = read(tmp_path, lines(evaluation([entry])), None, "calls.jsonl")
    assert outcome.problems == []
    assert rows[0]["results"] == [
        {**STORED[0], "criterion": "5", "section": None, "points": 10_000, "max_points": 25_000, "critical": True, "comment": None}
    ]  # fmt: skip


def test_what_programs_send() -> None:
    result = sent(evaluation([GREETING, IDENTITY, CLOSING]), evaluation([], id="b"), evaluation(None, id="c"))
    assert [row["results"] for batch in result.batches for row in batch.to_pylist()] == [STORED, None, None]
    assert result.problems == ()


def test_long_lists_make_short_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl_reader, "_CHARACTERS_WITH_LISTS", 1_000)
    monkeypatch.setattr(api_records, "_BATCH_CHARACTERS", 1_000)
    entries = [evaluation([{**GREETING, "points": n % 10}, CLOSING], id=str(n)) for n in range(50)]
    expected = {str(n): {"Greeting": n % 10 * 10_000, "Closing": None} for n in range(50)}
    rows, _ = read(tmp_path, lines(*entries), None, "calls.jsonl")
    assert {row["id"]: answers(row) for row in rows} == expected
    batches = sent(*entries).batches
    assert len(batches) > 5
    assert {row["id"]: answers(row) for batch in batches for row in batch.to_pylist()} == expected


def test_answers_that_come_again(tmp_path: Path) -> None:
    """The same but for a comment, or for what a number is written as; a wrong one is wrong each time."""
    wrong, text = {**GREETING, "points": 11}, {**GREETING, "points": "7,5"}
    entries = [
        evaluation([GREETING], id="a"),
        evaluation([wrong], id="b"),
        evaluation([{**GREETING, "comment": "cold"}], id="c"),
        evaluation([wrong], id="d"),
        evaluation([{**GREETING, "comment": None}], id="e"),
        evaluation([text], id="f"),
        evaluation([{**GREETING, "points": "7.5"}], id="g"),
        evaluation([{**GREETING, "Comment": "twice"}], id="h"),
        evaluation([{**IDENTITY, "Comment": "other spelling"}], id="i"),
        evaluation([{**GREETING, "comment": ["x"]}], id="j"),
    ]
    rows, outcome = read(tmp_path, lines(*entries), '[file]\ndecimal = ","\n', "calls.jsonl")
    found = {row["id"]: (row["results"][0]["points"], row["results"][0]["comment"]) for row in rows}
    assert found == {
        "a": (75_000, "warm"),
        "c": (75_000, "cold"),
        "e": (75_000, None),
        "f": (75_000, "warm"),
        "i": (0, "other spelling"),
    }
    assert [words(each)[:4] for each in outcome.problems] == [
        (2, "results[0].points", "11", "is more than 10, the most points that there are"),
        (4, "results[0].points", "11", "is more than 10, the most points that there are"),
        (7, "results[0].points", "7.5", "is not a number"),
        (8, "results[0].comment", "", "is there twice"),
        (10, "results[0].comment", '["x"]', "holds a list or an object"),
    ]


def test_a_list_that_is_nested_deep_is_a_bad_row(tmp_path: Path) -> None:
    deep = '{"id": "a", "audioDate": "2024-01-01", "results": [' + "[" * 900 + "]" * 900 + "]}\n"
    rows, outcome = read(tmp_path, lines(evaluation([CLOSING], id="b")) + deep, None, "calls.jsonl")
    assert [row["id"] for row in rows] == ["b"] and outcome.bad == 1
