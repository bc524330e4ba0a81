"""Criteria over HTTP: answers that are sent, their figures, filters, exports, and what is refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from lib.analytics.grants import Grant
from tests.api.conftest import App
from tests.api.test_exports import exported
from tests.api_client import Client

CALLS: list[dict[str, Any]] = [
    {
        "id": "q1",
        "audioDate": "2024-03-01",
        "form": "Support v3",
        "campaignId": "a",
        "results": [
            {"criterion": "Greeting", "section": "Opening", "points": 8, "maxPoints": 10, "comment": "=warm"},
            {"criterion": "Identity", "section": "Compliance", "points": 0, "maxPoints": 1, "critical": True},
        ],
    },
    {
        "id": "q2/results",
        "audioDate": "2024-03-02",
        "form": "Support v3",
        "campaignId": "b",
        "results": [
            {"criterion": "Greeting", "section": "Opening", "points": 2.5, "maxPoints": 10},
            {"criterion": "Identity", "section": "Compliance", "notApplicable": True, "critical": True},
        ],
    },
    {"id": "q3", "audioDate": "2024-03-03", "campaignId": "a", "results": []},
]
MARCH = {"dateFrom": "2024-03-01", "dateTo": "2024-03-31"}
GREETING = {
    "criterion": "Greeting",
    "section": "Opening",
    "form": "Support v3",
    "answered": 2,
    "notApplicable": 0,
    "averageShare": 0.525,
    "fullMarks": 0.0,
    "failed": 0.0,
    "criticalFails": 0,
}
IDENTITY = {
    "criterion": "Identity",
    "section": "Compliance",
    "form": "Support v3",
    "answered": 1,
    "notApplicable": 1,
    "averageShare": 0.0,
    "averageShareInterval": None,
    "fullMarks": 0.0,
    "failed": 1.0,
    "criticalFails": 1,
}


@pytest.fixture
def client(small_app: App) -> Any:
    """Ask with a key that may do everything, on an app that has the answers above."""
    with small_app.client() as client:
        client.ask("POST", "/v1/evaluations", json=CALLS)
        yield client


def test_figures_of_criteria(client: Client) -> None:
    found = client.get("/v1/analytics/criteria", **MARCH)
    assert list(found) == ["dateFrom", "dateTo", "data", "page", "pageSize", "totalCount", "criticalFailRate"]
    greeting, identity = found["data"]
    low, high = greeting.pop("averageShareInterval")
    assert (greeting, identity) == (GREETING, IDENTITY)
    assert 0 < low < 0.525 < high < 1  # of two answers
    assert (found["totalCount"], found["criticalFailRate"]) == (2, 0.5)
    ordered = client.get("/v1/analytics/criteria", **MARCH, sort="averageShare", pageSize=1, page=2)
    assert [row["criterion"] for row in ordered["data"]] == ["Greeting"]
    refused = client.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/criteria?sort=avgShare")
    assert "averageShare" in refused["message"]


def test_answers_of_an_evaluation(client: Client) -> None:
    sent = CALLS[0]["results"]
    expected = [
        {**sent[0], "notApplicable": False, "critical": False},
        {**sent[1], "notApplicable": False, "comment": None},
    ]
    assert client.get("/v1/evaluations/q1/results") == {"data": expected}
    assert client.get("/v1/evaluations/q1")["results"] == expected
    assert client.get("/v1/evaluations/q3/results") == {"data": []}
    ends_so = client.get("/v1/evaluations/q2/results")
    assert (ends_so["id"], len(ends_so["results"])) == ("q2/results", 2)
    assert len(client.get("/v1/evaluations/q2/results/results")["data"]) == 2
    client.refused(404, "NOT_FOUND", "GET", "/v1/evaluations/q9/results")
    again = client.ask("POST", "/v1/evaluations", json=[client.get("/v1/evaluations/q1")]).json()
    assert (again["changed"], again["unchanged"]) == (0, 1)  # what is read can be sent


def test_evaluations_that_failed_a_criterion(client: Client) -> None:
    failed = client.get("/v1/evaluations", **MARCH, failedCriterion="Identity")["data"]
    assert [row["id"] for row in failed] == ["q1"]
    assert client.get("/v1/analytics/summary", **MARCH, failedCriterion="Identity")["totalEvaluations"] == 1
    assert client.get("/v1/analytics/summary", **MARCH, failedCriterion="Greeting")["totalEvaluations"] == 0
    client.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/breakdown?by=failedCriterion")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_answers_are_exported(client: Client, form: str) -> None:
    _, content = exported(client, report="answers", format=form, **MARCH)
    if form == "xlsx":
        assert content[:2] == b"PK"
        return
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert rows[0] == {
        "evaluationId": "q1",
        "criterion": "Greeting",
        "section": "Opening",
        "form": "Support v3",
        "points": "8",
        "maxPoints": "10",
        "notApplicable": "false",
        "critical": "false",
        "comment": "'=warm",
    }
    assert [row["points"] for row in rows] == ["8", "0", "2.5", ""]


@pytest.mark.usefixtures("client")
def test_answers_take_the_right_to_read_evaluations(small_app: App) -> None:
    with small_app.client("analytics:read", "analytics:export") as reader:
        reader.refused(403, "INSUFFICIENT_SCOPE", "GET", "/v1/evaluations/q1/results")
        reader.refused(
            403, "INSUFFICIENT_SCOPE", "POST", "/v1/analytics/export", json={"report": "answers", "format": "csv"}
        )
        assert reader.get("/v1/analytics/criteria", **MARCH)["totalCount"] == 2
    with small_app.client(grant=Grant.of({"campaign": ["b"]})) as mine:
        rows = mine.get("/v1/analytics/criteria", **MARCH)["data"]
        assert [(row["criterion"], row["answered"], row["criticalFails"]) for row in rows] == [
            ("Greeting", 1, 0),
            ("Identity", 0, 0),
        ]
        mine.refused(404, "NOT_FOUND", "GET", "/v1/evaluations/q1/results")


@pytest.mark.parametrize(
    "wrong",
    [
        {"criterion": "Greeting", "points": 11, "maxPoints": 10},
        {"criterion": "Greeting", "points": 1, "maxPoints": 0},
        {"criterion": "Greeting", "points": -1, "maxPoints": 10},
        {"criterion": "Greeting", "points": 1},
        {"points": 1, "maxPoints": 10},
        {"criterion": "Greeting", "points": 1, "maxPoints": 10, "notApplicable": True},
        {"criterion": "Greeting", "points": "many", "maxPoints": 10},
        {"criterion": "Greeting", "point": 1, "maxPoints": 10},
    ],
    ids=str,
)
def test_answers_that_are_wrong_load_nothing(client: Client, wrong: dict[str, Any]) -> None:
    call = {"id": "new", "audioDate": "2024-03-09", "results": [wrong]}
    answer = client.ask("POST", "/v1/evaluations", json=[call])
    assert answer.status_code == 400 and "results" in answer.json()["error"]["message"]
    client.refused(404, "NOT_FOUND", "GET", "/v1/evaluations/new")
