"""Answers in lists that other programs make: found by the paths of a mapping, guessed by what keys are called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.catalog.catalog import BUILT_IN
from lib.errors import MappingError
from lib.ingest.answer_paths import AnswerPaths
from lib.ingest.column_guess import guess
from lib.ingest.file_reading import ReadResult
from lib.ingest.listed_answers import AnswerLists
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.ingest.survey_taker import take_survey
from lib.store.enums import OWN_SCALE
from tests.ingest.test_criteria import read, words

NESTED = """
[results]
criterion = "sections.questions.title"
points = "sections.questions.score.points"
maxPoints = "sections.questions.score.max"
section = "sections.name"
notApplicable = "sections.questions.na"
critical = "sections.questions.critical"
comment = "sections.questions.notes"
"""
FLAT = """
[results]
criterion = "questions.text"
points = "questions.percentage"
maxPoints = 100
section = { path = "sections.title", by = "sectionId" }
"""


def question(title: object, points: object, most: object = 5, **more: object) -> dict[str, object]:
    return {"title": title, "score": {"points": points, "max": most}, **more}


def nested(*sections: tuple[str, list[Any]]) -> str:
    listed = [{"name": name, "questions": questions} for name, questions in sections]
    return json.dumps({"id": "a", "audioDate": "2024-01-31", "sections": listed})


def told(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    keys = ("criterion", "section", "points", "max_points", "critical", "comment")
    return [tuple(answer[key] for key in keys) for answer in rows[0]["results"]]


def test_sections_that_hold_questions(tmp_path: Path) -> None:
    content = nested(
        ("Opening", [question("Greeting", 4, critical=False, notes="late"), question("Name", 0, na=True)]),
        ("Empty", []),
        ("Compliance", [question("Identity", 0, 1, critical=True, na=False), question("Consent", None)]),
    )
    rows, _ = read(tmp_path, content, NESTED, "calls.json")
    assert told(rows) == [
        ("Greeting", "Opening", 4 * OWN_SCALE, 5 * OWN_SCALE, False, "late"),
        ("Name", "Opening", None, None, False, None),
        ("Identity", "Compliance", 0, OWN_SCALE, True, None),
        ("Consent", "Compliance", None, None, False, None),
    ]


def test_sections_in_a_list_beside(tmp_path: Path) -> None:
    sections = [{"sectionId": 1, "title": "Opening"}, {"sectionId": "2", "title": "Closing"}]
    questions = [
        {"text": "Greeting", "percentage": 50, "sectionId": 1},
        {"text": "Farewell", "percentage": "100 %", "sectionId": "2"},
        {"text": "Loose", "percentage": 0, "sectionId": 3},
        {"text": "Looser", "percentage": 0},
    ]
    content = json.dumps({"id": "a", "audioDate": "2024-01-31", "questions": questions, "sections": sections})
    rows, _ = read(tmp_path, f"[{content}]", FLAT, "calls.json")
    assert [each[:3] for each in told(rows)] == [
        ("Greeting", "Opening", 50 * OWN_SCALE),
        ("Farewell", "Closing", 100 * OWN_SCALE),
        ("Loose", None, 0),
        ("Looser", None, 0),
    ]


def test_lists_within_objects_of_parquet_and_as_texts(tmp_path: Path) -> None:
    toml = '[results]\ncriterion = "card.items.name"\npoints = "card.items.points"\nmaxPoints = 5\n'
    items = [{"name": "Greeting", "points": 4}]
    table = pa.table({"id": ["a", "b"], "audioDate": ["2024-01-31"] * 2, "card": [{"items": items}, {"items": []}]})
    pq.write_table(table, tmp_path / "made.parquet")
    rows, _ = read(tmp_path, (tmp_path / "made.parquet").read_bytes(), toml, "calls.parquet")
    assert [row["results"] is None for row in rows] == [False, True] and told(rows)[0][0] == "Greeting"
    written = json.dumps(items).replace('"', '""')
    rows, _ = read(tmp_path, f'id,audioDate,card\na,2024-01-31,"{written}"\n', toml.replace(".items", ""), "calls.csv")
    assert told(rows)[0][:3] == ("Greeting", None, 4 * OWN_SCALE)


@pytest.mark.parametrize(
    ("content", "place", "value"),
    [
        (nested(("S", [question("A", 1), question("A", 2)])), "sections[0].questions[1].title", "A"),
        (nested(("S", []), ("T", [question("A", 6)])), "sections[1].questions[0].score.points", "6"),
        (nested(("S", [question(None, 1)])), "sections[0].questions[0].title", ""),
        (nested(("S", [{"score": {"points": 1, "max": 5}}])), "sections[0].questions[0].title", ""),
        (nested(("S", [question("A", 1, 0)])), "sections[0].questions[0].score.max", "0"),
        (nested(("S", [question("A", "one")])), "sections[0].questions[0].score.points", "one"),
        (nested(("S", [question("A", [1, 2])])), "sections[0].questions[0].score.points", "[1, 2]"),
        (nested(("S", [question("A", 1, na="perhaps")])), "sections[0].questions[0].na", "perhaps"),
        (nested(("S", [1])), "sections[0].questions[0]", "1"),
        (nested(("S", [[question("A", 6)]])), "sections[0].questions[0][0].score.points", "6"),
        ('{"id": "a", "audioDate": "2024-01-31", "sections": 5}', "sections", "5"),
        ('{"id": "a", "audioDate": "2024-01-31", "sections": "[{"}', "sections", "[{"),
        (
            '{"id": "a", "audioDate": "2024-01-31", "sections": [{"questions": "none"}]}',
            "sections[0].questions",
            "none",
        ),
    ],
)
def test_what_is_wrong_says_where_it_is(content: str, place: str, value: str, tmp_path: Path) -> None:
    rows, found = read(tmp_path, content, NESTED, "calls.json")
    assert rows == []
    assert [words(problem)[1:3] for problem in _problems(found)] == [(place, value)]


def test_a_list_within_a_list_and_a_question_without_one(tmp_path: Path) -> None:
    within = json.dumps(
        {"id": "a", "audioDate": "2024-01-31", "sections": [[{"name": "S", "questions": question("A", 1)}]]}
    )
    rows, _ = read(tmp_path, within, NESTED, "calls.json")
    assert told(rows)[0][:3] == ("A", "S", OWN_SCALE)
    alone = json.dumps({"id": "a", "audioDate": "2024-01-31", "sections": {"name": "S", "questions": question("A", 1)}})
    rows, _ = read(tmp_path, alone, NESTED, "calls.json")
    assert told(rows)[0][:3] == ("A", "S", OWN_SCALE)


def test_paths_that_no_answer_has(tmp_path: Path) -> None:
    content = nested(("S", [question("A", 1)]))
    with pytest.raises(MappingError, match=r"\[results\] points should come from 'sections\.questions\.pts'"):
        read(tmp_path, content, NESTED.replace("score.points", "pts"), "calls.json")
    rows, found = read(tmp_path, content, NESTED, "calls.json")
    assert len(told(rows)) == 1
    assert [str(each) for each in found.warnings] == [
        f"calls.json: {part} of the mapping's [results] should come from 'sections.questions.{key}', which no answer has."
        for part, key in (("notApplicable", "na"), ("critical", "critical"), ("comment", "notes"))
    ]
    _, found = read(tmp_path, nested(("S", [])), NESTED, "calls.json")
    assert [str(each) for each in found.warnings] == [
        "calls.json: the mapping says where answers to criteria are, and no row has any."
    ]


def _problems(found: ReadResult) -> list[Any]:
    return list(found.problems)


titles = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)
made_sections = st.lists(
    st.tuples(titles, st.lists(st.tuples(st.none() | st.integers(0, 9), st.integers(9, 20)), max_size=4)), max_size=4
)


@given(made_sections)
def test_answers_are_what_a_plain_walk_finds(sections: list[tuple[str, list[tuple[int | None, int]]]]) -> None:
    number = 0
    listed, expected = [], []
    for title, answers in sections:
        questions = []
        for points, most in answers:
            number += 1
            questions.append({"title": f"Q{number}", "score": {"points": points, "max": most}})
            answer: dict[str, object] = {"criterion": f"Q{number}", "section": title}
            answer |= {"notApplicable": True} if points is None else {"points": points, "maxPoints": most}
            expected.append(answer)
        listed.append({"name": title, "questions": questions})
    paths = read_mapping(NESTED, BUILT_IN).lists
    assert paths is not None
    found = AnswerLists(paths, ("id", "sections"))
    assert [entry for _, entry in found.answers((listed,))] == expected


@pytest.mark.parametrize("toml", [NESTED, FLAT])
def test_written_and_read_again(toml: str) -> None:
    mapping = read_mapping(toml, BUILT_IN)
    assert read_mapping(write_mapping(mapping), BUILT_IN) == mapping and mapping.lists is not None


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ('[results]\ncriterion = "a.b"\npoints = "a.c"', r"\[results\] needs maxPoints: where it is in the lists"),
        ('[results]\ncriterion = "a.b"\npoints = 3\nmaxPoints = 5', r"points should be the place in the lists"),
        ('[results]\ncriterion = "a..b"\npoints = "a.c"\nmaxPoints = 5', r"criterion should be the place"),
        ('[results]\ncriterion = "a.b"\npoints = "a.c"\nmaxPoints = 0', r"maxPoints should be above 0"),
        ('[results]\nquestion = "a.b"', r"question"),
        (NESTED + '[criteria]\nA = { column = "a", max = 1 }', r"has \[results\] and \[criteria\]"),
        (FLAT.replace(', by = "sectionId"', ""), r"section: by should be the place"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(toml: str, problem: str) -> None:
    with pytest.raises(MappingError, match=problem):
        read_mapping(toml, BUILT_IN)


def test_a_path_that_the_file_lacks(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"'sections\.questions\.title'"):
        read(tmp_path, '{"id": 1, "audioDate": "2024-01-31", "section": []}', NESTED, "calls.json")


GUESSED = AnswerPaths(
    "sections.questions.questionText",
    "sections.questions.score.percentage",
    100 * OWN_SCALE,
    "sections.sectionTitle",
    None,
    "sections.questions.score.notApplicable",
    "sections.questions.score.automaticFail",
    "sections.questions.answer.notes",
)


def _guess(tmp_path: Path, content: object) -> AnswerPaths | None:
    path = tmp_path / "file.json"
    path.write_text(json.dumps(content))
    survey = take_survey(path, path.name, None, BUILT_IN, lambda *_: None)
    return guess(survey, survey.layout, BUILT_IN).mapping.lists


def test_guessed_by_what_keys_are_called(tmp_path: Path) -> None:
    score = {"percentage": 50, "notApplicable": False, "automaticFail": False}
    asked = {"questionText": "Greeting", "answer": {"notes": "late"}, "score": score, "sectionRefId": "s1"}
    with_sections = {"id": 1, "sections": [{"sectionTitle": "Opening", "sectionRefId": "s1", "questions": [asked]}]}
    assert _guess(tmp_path, [with_sections]) == GUESSED
    flat = {"id": 1, "sections": [{"sectionTitle": "Opening", "sectionRefId": "s1"}], "questions": [asked]}
    found = _guess(tmp_path, [flat])
    assert found is not None
    assert (found.criterion, found.section, found.section_by) == (
        "questions.questionText",
        "sections.sectionTitle",
        "sectionRefId",
    )
    scored = {"id": 1, "answers": [{"name": "Greeting", "score": 3, "maxScore": 5}, {"name": "B", "score": 4}]}
    found = _guess(tmp_path, [scored])
    assert found is not None and (found.points, found.max_points) == ("answers.score", "answers.maxScore")


@pytest.mark.parametrize(
    "content",
    [
        {"id": 1, "tags": [{"name": "vip", "value": 3}]},
        {"id": 1, "results": [{"criterion": "Greeting", "points": 1, "maxPoints": 5}]},
        {"id": 1, "sections": [{"title": "Opening"}], "scores": [1, 2]},
        {"id": 1},
    ],
)
def test_what_is_no_list_of_answers_is_left_alone(content: object, tmp_path: Path) -> None:
    assert _guess(tmp_path, [content]) is None
