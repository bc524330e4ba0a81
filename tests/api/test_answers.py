"""What the API answers, on six rows that one can add up by hand, over real HTTP, on both engines."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lib.analytics.grants import Grant
from tests.api.conftest import App
from tests.api_client import Client
from tests.conftest import SHARED

SUMMARY_FIELDS = [
    "dateFrom", "dateTo", "totalEvaluations", "completedEvaluations", "averageScore", "sentimentBreakdown",
    "averageDurationSeconds", "topCampaign", "topCallCenter", "completionRate", "failureRate", "netSentiment",
    "scoredEvaluations", "averageScoreInterval", "stateBreakdown",
]  # fmt: skip


def test_summary(client: Client) -> None:
    found = client.get("/v1/analytics/summary")
    assert list(found) == SUMMARY_FIELDS
    assert found == {
        "dateFrom": "2024-01-01",
        "dateTo": "2024-01-09",
        "totalEvaluations": 6,
        "completedEvaluations": 4,
        "averageScore": 7.13,  # 28.5 / 4 = 7.125, half away from zero
        "sentimentBreakdown": {"positive": 2, "neutral": 1, "negative": 1},
        "averageDurationSeconds": 120,
        "topCampaign": "Beta",
        "topCallCenter": "South",
        "completionRate": 0.6667,
        "failureRate": 0.2,
        "netSentiment": 0.25,
        "scoredEvaluations": 4,
        "averageScoreInterval": [4.05, 10.2],  # 7.125 ± 3.18245 · 1.9311 / 2
        "stateBreakdown": {"pending": 1, "processing": 0, "completed": 4, "failed": 1},
    }


def test_the_figures_of_the_reference_in_its_order(client: Client) -> None:
    example = (SHARED / "reference" / "analytics-api.txt").read_text() if SHARED.exists() else None
    if example is None:
        pytest.skip("the reference lies beside the repository, not in it")
    start = example.index("{", example.index("Summary endpoint response"))
    reference, _ = json.JSONDecoder().raw_decode(example[start:])
    assert list(client.get("/v1/analytics/summary"))[: len(reference)] == list(reference)


def test_nothing_found_is_an_answer(client: Client) -> None:
    found = client.get("/v1/analytics/summary", campaignId="nobody")
    assert (found["totalEvaluations"], found["averageScore"], found["topCampaign"]) == (0, None, None)
    assert client.get("/v1/analytics/campaigns", campaignId="nobody")["data"] == []


def test_breakdowns(client: Client) -> None:
    found = client.get("/v1/analytics/campaigns")
    assert {name: found[name] for name in ("page", "pageSize", "totalCount")} == {
        "page": 1,
        "pageSize": 100,
        "totalCount": 3,
    }
    assert [(row["campaignId"], row["campaignName"], row["totalEvaluations"]) for row in found["data"]] == [
        ("b", "Beta", 3), ("a", "Alpha", 2), (None, "(none)", 1),
    ]  # fmt: skip
    assert list(found["data"][0]) == [
        "campaignId",
        "campaignName",
        *(name for name in SUMMARY_FIELDS[2:] if not name.startswith("top")),
        "rank",
    ]
    assert [row["rank"] for row in found["data"]] == [None] * 3  # too few scores
    centers = client.get("/v1/analytics/call-centers", sort="callCenterName")
    assert [row["callCenterName"] for row in centers["data"]] == ["(none)", "North", "South"]
    people = client.get("/v1/analytics/executives", sort="-averageScore", pageSize=2, page=1)
    assert [(row["executiveId"], row["callCenterId"]) for row in people["data"]] == [(None, None), ("x", None)]
    assert people["totalCount"] == 3


def test_repeated_ids_mean_any(client: Client) -> None:
    assert client.get("/v1/analytics/summary", campaignId=["a", "b"])["totalEvaluations"] == 5
    assert client.get("/v1/analytics/summary", campaignId=["a", "b"], callCenterId="n")["totalEvaluations"] == 3


def test_trends(client: Client) -> None:
    found = client.get("/v1/analytics/trends")
    assert (found["granularity"], len(found["data"])) == ("daily", 9)
    assert [point["totalEvaluations"] for point in found["data"]] == [2, 0, 2, 0, 0, 0, 0, 0, 2]
    weeks = client.get("/v1/analytics/trends", granularity="weekly", dateTo="2024-01-14")
    assert [(point["date"], point["partial"]) for point in weeks["data"]] == [
        ("2024-01-01", False),
        ("2024-01-08", False),
    ]
    months = client.get("/v1/analytics/trends", granularity="monthly")
    assert [(point["date"], point["partial"], point["totalEvaluations"]) for point in months["data"]] == [
        ("2024-01-01", True, 6)
    ]


def test_instants_and_zones(client: Client) -> None:
    found = client.get("/v1/analytics/summary", dateFrom="2024-01-01T08:00:01Z", dateTo="2024-01-03T12:00:00+00:00")
    assert (found["totalEvaluations"], found["dateTo"]) == (3, "2024-01-03T12:00:00+00:00")
    cut = client.get(
        "/v1/analytics/trends", granularity="monthly", dateFrom="2024-01-01T06:00:00Z", dateTo="2024-01-31"
    )
    assert [point["partial"] for point in cut["data"]] == [True]
    tokyo = client.get("/v1/analytics/summary", dateFrom="2024-01-02", dateTo="2024-01-02", timezone="Asia/Tokyo")
    assert tokyo["totalEvaluations"] == 1


def test_an_instant_is_echoed_as_it_was_asked_for(client: Client) -> None:
    """Whatever was asked before: the same instant with another offset is the same question but for that."""
    starts = ("2024-01-01T00:00:00+00:00", "2024-01-01T01:00:00+01:00", "2023-12-31T21:00:00-03:00")
    for path in ("analytics/summary", "analytics/campaigns", "analytics/trends", "evaluations"):
        answers = [client.get(f"/v1/{path}", dateFrom=start, dateTo="2024-01-09") for start in starts]
        assert [answer.pop("dateFrom") for answer in answers] == list(starts)
        assert answers[0] == answers[1] == answers[2] or path == "analytics/trends"


def test_evaluations(client: Client) -> None:
    found = client.get("/v1/evaluations", state=["Pending", "failed"])
    assert [row["id"] for row in found["data"]] == ["5", "4"]
    assert found["data"][1] == {
        "id": "4", "audioDate": "2024-01-03T12:00:00+00:00", "state": "Pending", "sentiment": None, "averageNote": None,
        "durationInSeconds": None, "isAICall": False, "campaignId": "b", "campaignName": "Beta", "callCenterId": "s",
        "callCenterName": "South", "engagementId": None, "engagementName": "(none)", "executiveId": "y",
        "executiveName": "=Bob", "evaluatorId": None, "evaluatorName": "(none)", "form": None, "audioFileName": None,
        "createdAt": None, "evaluatedAt": None, "recordingUrl": None, "fields": {},
    }  # fmt: skip
    assert client.get("/v1/evaluations", sentiment="positive", pageSize=1)["totalCount"] == 2


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"state": "completed"}, "1236"),
        ({"state": ["Failed", "PENDING"]}, "45"),
        ({"sentiment": ["Neutral", "(none)"]}, "345"),
        ({"state": "Completed", "sentiment": "positive", "campaignId": "a"}, "1"),
        ({"sentiment": "Positive", "dateFrom": "2024-01-02T00:00:00Z"}, "6"),
    ],
)
def test_states_and_sentiments_are_filters_everywhere(client: Client, asked: dict[str, Any], ids: str) -> None:
    assert {row["id"] for row in client.get("/v1/evaluations", **asked)["data"]} == set(ids)
    assert client.get("/v1/analytics/summary", **asked)["totalEvaluations"] == len(ids)
    for path in ("campaigns", "call-centers", "executives", "trends"):
        rows = client.get(f"/v1/analytics/{path}", **asked)["data"]
        assert sum(row["totalEvaluations"] for row in rows) == len(ids)


@pytest.mark.parametrize(
    "path", ["/analytics/summary", "/analytics/campaigns", "/analytics/executives", "/analytics/trends", "/evaluations"]
)
def test_the_description_names_the_parameters_that_a_path_takes(client: Client, path: str) -> None:
    document = client.ask("GET", "/v1/openapi.json").json()
    described = [each["name"] for each in document["paths"][path]["get"]["parameters"]]
    told = client.refused(400, "INVALID_PARAMETER", "GET", f"/v1{path}?qqqq=1")["message"]
    assert sorted(described) == sorted(told.rpartition("known: ")[2].rstrip(".").split(", "))
    assert {"state", "sentiment", "isAICall", "engagementId", "timezone"} <= set(described)


def test_the_body_of_an_export_takes_every_filter(client: Client) -> None:
    document = client.ask("GET", "/v1/openapi.json").json()
    order = document["paths"]["/analytics/export"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    summary = document["paths"]["/analytics/summary"]["get"]["parameters"]
    assert {each["name"] for each in summary} == set(order["properties"]) - {
        "format",
        "report",
        "granularity",
    }


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("campaign", {("b", "Beta"): 3, ("a", "Alpha"): 2, (None, "(none)"): 1}),
        ("callCenter", {("n", "North"): 3, ("s", "South"): 2, (None, "(none)"): 1}),
        ("engagement", {(None, "(none)"): 6}),
        ("executive", {("x", "Ann"): 3, ("y", "=Bob"): 2, (None, "(none)"): 1}),
        ("evaluator", {(None, "(none)"): 3, ("Eva", "Eva"): 2, ("Max", "Max"): 1}),
        ("form", {(None, "(none)"): 3, ("Support v3", "Support v3"): 2, ("Sales v1", "Sales v1"): 1}),
        ("isAICall", {("false", "No"): 4, ("true", "Yes"): 2}),
        ("state", {("Completed", "Completed"): 4, ("Failed", "Failed"): 1, ("Pending", "Pending"): 1}),
        (
            "sentiment",
            {("Positive", "Positive"): 2, (None, "(none)"): 2, ("Negative", "Negative"): 1, ("Neutral", "Neutral"): 1},
        ),
    ],
)
def test_a_breakdown_by_anything(client: Client, by: str, groups: dict[tuple[str | None, str], int]) -> None:
    found = client.get("/v1/analytics/breakdown", by=by)
    assert {(row["id"], row["name"]): row["totalEvaluations"] for row in found["data"]} == groups
    assert found["totalCount"] == len(groups) and (found["page"], found["pageSize"]) == (1, 100)
    figures = [name for name in SUMMARY_FIELDS[2:] if not name.startswith("top")]
    assert list(found["data"][0]) == ["id", "name", *figures, "rank"]
    counts = [row["totalEvaluations"] for row in found["data"]]
    assert counts == sorted(counts, reverse=True)
    by_name = client.get("/v1/analytics/breakdown", by=by, sort="name")["data"]
    assert [row["name"] for row in by_name] == sorted(row["name"] for row in by_name)
    for sort in ("id", "-id"):  # what belongs to none comes last in both
        ids = [row["id"] for row in client.get("/v1/analytics/breakdown", by=by, sort=sort)["data"]]
        named = sorted((each for each in ids if each is not None), reverse=sort == "-id")
        assert ids == [*named, *([None] if None in ids else [])]
    series = client.get("/v1/analytics/trends", by=by, granularity="monthly")["series"]
    assert {(each["id"], each["name"]): each["data"][0]["totalEvaluations"] for each in series} == groups


def test_evaluators_and_forms_are_filters(client: Client) -> None:
    for asked, ids in (
        ({"evaluatorId": "Eva"}, "12"),
        ({"form": ["Support v3", "(none)"]}, "13456"),
        ({"evaluatorId": "(none)"}, "456"),
        ({"evaluatorId": "Eva", "form": "Support v3"}, "1"),
    ):
        assert {row["id"] for row in client.get("/v1/evaluations", **asked)["data"]} == set(ids)
        assert client.get("/v1/analytics/summary", **asked)["totalEvaluations"] == len(ids)


def test_one_evaluation(client: Client, small_app: App) -> None:
    listed = {row["id"]: row for row in client.get("/v1/evaluations")["data"]}
    for number, row in listed.items():
        assert client.get(f"/v1/evaluations/{number}") == {**row, "results": []}
    there = client.get("/v1/evaluations/1", timezone="Asia/Tokyo")
    assert there["audioDate"].endswith("+09:00") and there["id"] == "1"
    for unknown in ("7", "1/2", "'", "x" * 200):
        assert "no evaluation" in client.refused(404, "NOT_FOUND", "GET", f"/v1/evaluations/{unknown}")["message"]
    client.refused(400, "INVALID_PARAMETER", "GET", "/v1/evaluations/1?campaignId=a")
    client.refused(400, "INVALID_PARAMETER", "GET", "/v1/evaluations/a%00b")
    campaigns = {row["id"]: row["campaignId"] for row in listed.values()}
    with small_app.client(grant=Grant.of({"campaign": [str(campaigns["1"])]})) as mine:
        for number, campaign in campaigns.items():
            if campaign == campaigns["1"]:
                assert mine.get(f"/v1/evaluations/{number}")["campaignId"] == campaign
            else:
                mine.refused(404, "NOT_FOUND", "GET", f"/v1/evaluations/{number}")


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("", "by", "by is missing"),
        ("?by=campain", "by", "did you mean 'campaign'?"),
        ("?by=campaign&by=form", "by", "2 times"),
        ("?by=form&sort=-averageScores", "sort", "did you mean 'averageScore'?"),
        ("?by=form&sort=form", "sort", "'form' is not a field"),
    ],
)
def test_a_breakdown_by_nothing_that_is(client: Client, query: str, parameter: str, words: str) -> None:
    error = client.refused(400, "INVALID_PARAMETER", "GET", f"/v1/analytics/breakdown{query}")
    assert error["parameter"] == parameter and words in error["message"]


def test_more_groups_than_a_trend_tells_apart(sample_app: App) -> None:
    asked = {"dateFrom": "2024-03-01", "dateTo": "2024-03-31"}
    with sample_app.client() as client:
        found = client.get("/v1/analytics/trends", by="executive", **asked)
        whole = client.get("/v1/analytics/trends", **asked)["data"]
    assert len(found["series"]) == 9 and (found["series"][-1]["id"], found["series"][-1]["name"]) == (None, "(other)")
    for place, point in enumerate(whole):
        counts = [each["data"][place]["totalEvaluations"] for each in found["series"]]
        assert sum(counts) == point["totalEvaluations"]


def test_etags(client: Client) -> None:
    paths = ["/v1/analytics/summary", "/v1/analytics/campaigns", "/v1/analytics/trends", "/v1/evaluations"]
    tags = {}
    for path in paths:
        tags[path] = client.ask("GET", path).headers["etag"]
        again = client.ask("GET", path, headers={"If-None-Match": tags[path]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tags[path])
    new = [{"id": "etag", "audioDate": "2024-01-09", "campaignId": "a", "campaignName": "Alpha", "callCenterId": "n"}]
    assert client.ask("POST", "/v1/evaluations", json=new).json()["added"] == 1
    for path in paths:
        changed = client.ask("GET", path, headers={"If-None-Match": tags[path]})
        assert changed.status_code == 200 and changed.headers["etag"] != tags[path]


def test_the_description_has_a_tag_too(client: Client) -> None:
    assert "/analytics/summary" in client.ask("GET", "/v1/openapi.json").json()["paths"]
    assert "swagger" in client.ask("GET", "/v1/docs").text
    for path in ("/v1/openapi.json", "/v1/docs"):
        tag = client.ask("GET", path).headers["etag"]
        again = client.ask("GET", path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_only_a_program_that_unpacks_gzip_gets_it(client: Client) -> None:
    for accepted, coding in (("gzip", "gzip"), ("*", "gzip"), ("gzip;q=0", None), ("xgzipx", None), ("br", None)):
        found = client.ask("GET", "/v1/openapi.json", headers={"Accept-Encoding": accepted})
        assert (found.headers.get("content-encoding"), found.headers["vary"]) == (coding, "Accept-Encoding")
        assert "/analytics/summary" in found.json()["paths"]


def test_head_is_get_without_a_body(client: Client) -> None:
    for path in ("/v1/analytics/summary", "/v1/evaluations", "/v1/openapi.json"):
        full, head = client.ask("GET", path), client.ask("HEAD", path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", full.headers["etag"])
    assert client.ask("HEAD", "/v1/nothing").status_code == 404


def test_what_a_path_takes(client: Client) -> None:
    assert client.ask("DELETE", "/v1/evaluations").headers["allow"] == "GET, POST, HEAD"
    assert client.ask("POST", "/v1/analytics/summary").headers["allow"] == "GET, HEAD"
    assert client.ask("GET", "/v1/analytics/export").headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["%00", "..%2f..%2fx", "analytics/export/%00", "%5c%5chost", "/etc", "analytics//summary"]
)
def test_paths_that_can_not_be(client: Client, path: str) -> None:
    client.refused(404, "NOT_FOUND", "GET", f"/v1/{path}")


def test_today_is_of_the_zone_asked_for(client: Client) -> None:
    """What is not over where the asker means it is partial; at any time one of these zones is a day ahead."""
    for name in ("Pacific/Kiritimati", "Etc/GMT+12"):
        today = datetime.now(ZoneInfo(name)).date()
        asked = {"dateFrom": (today - timedelta(days=1)).isoformat(), "dateTo": today.isoformat(), "timezone": name}
        yesterday_and_today = client.get("/v1/analytics/trends", **asked)["data"]
        assert [point["partial"] for point in yesterday_and_today] == [False, True]
        this_month = today.replace(day=1)
        last_month = (this_month - timedelta(days=1)).replace(day=1)
        for first, partial in ((this_month, True), (last_month, False)):
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
            asked = {"dateFrom": first.isoformat(), "dateTo": last.isoformat(), "granularity": "Monthly"}
            found = client.get("/v1/analytics/trends", **asked, timezone=name)["data"]
            assert [(point["date"], point["partial"]) for point in found] == [(first.isoformat(), partial)]


@pytest.mark.parametrize(
    ("path", "parameter", "told"),
    [
        ("/v1/analytics/summary?dateFrom=2024-13-01", "dateFrom", "is not a date"),
        ("/v1/analytics/summary?dateFrom=2024-02-01&dateTo=2024-01-01", "dateFrom", "after dateTo"),
        ("/v1/analytics/summary?datefrom=2024-01-01", "datefrom", "did you mean 'dateFrom'"),
        ("/v1/analytics/summary?granularity=daily", "granularity", "not a parameter of this path"),
        ("/v1/analytics/trends?granularity=hourly", "granularity", "daily"),
        ("/v1/analytics/trends?dateFrom=1970-01-01&dateTo=2099-12-31", "granularity", "points"),
        ("/v1/analytics/summary?qqqq=1", "qqqq", "(nearest: '"),
        ("/v1/analytics/campaigns?page=0", "page", "from 1"),
        ("/v1/analytics/campaigns?pageSize=1001", "pageSize", "1 to 1000"),
        ("/v1/analytics/campaigns?sort=-averageScor", "sort", "did you mean 'averageScore'"),
        ("/v1/analytics/campaigns?campaignId=%00", "campaignId", "no text"),
        ("/v1/analytics/campaigns?sort=campaignId&sort=campaignName", "sort", "given 2 times"),
        ("/v1/analytics/summary?isAICall=maybe", "isAICall", "true nor false"),
        ("/v1/analytics/summary?timezone=Mars", "timezone", "IANA"),
        ("/v1/analytics/summary?dateFrom=1900-01-01&dateTo=1900-01-02", "dateTo", "'1900-01-02' is out of reach"),
        ("/v1/analytics/trends?dateFrom=2100-01-01&dateTo=2100-02-01", "dateFrom", "from 1970-01-01 to 2099-12-31"),
        ("/v1/analytics/campaigns?page=1&page=2", "page", "page is given 2 times; it may be given once."),
        *(
            (f"/v1/analytics/{path}sort={sort}", "sort", f"sort '{sort}' is not a field")
            for path in ("campaigns?", "executives?", "criteria?", "breakdown?by=campaign&")
            for sort in ("", "-", "-averageScor")
        ),
        ("/v1/evaluations?state=Finished", "state", "right would be Pending, Processing, Completed, Failed."),
        ("/v1/analytics/trends?sentiment=Postive", "sentiment", "did you mean 'Positive'"),
    ],
)
def test_values_that_can_not_be(client: Client, path: str, parameter: str, told: str) -> None:
    body = client.refused(400, "INVALID_PARAMETER", "GET", path)
    assert body["parameter"] == parameter and told in body["message"]


def test_other_errors(client: Client) -> None:
    client.refused(404, "NOT_FOUND", "GET", "/v1/analytics/nothing")
    client.refused(404, "NOT_FOUND", "GET", "/v1/")
    client.refused(404, "NOT_FOUND", "GET", "/v1")
    client.refused(
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        "POST",
        "/v1/analytics/export",
        content=b"{}",
        headers={"Content-Type": "text/plain"},
    )
    client.refused(404, "NOT_FOUND", "GET", "/v1/analytics/export/job_nothing")
    client.refused(405, "METHOD_NOT_ALLOWED", "DELETE", "/v1/analytics/summary")
    client.refused(
        415, "UNSUPPORTED_MEDIA_TYPE", "POST", "/v1/evaluations", content=b"x", headers={"Content-Type": "text/plain"}
    )
    client.refused(
        413,
        "PAYLOAD_TOO_LARGE",
        "POST",
        "/v1/evaluations",
        content=b"x" * (33 * 2**20),
        headers={"Content-Type": "application/json"},
    )
    client.refused(
        413,
        "PAYLOAD_TOO_LARGE",
        "POST",
        "/v1/evaluations",
        content=(b"x" * 2**20 for _ in range(33)),  # whose length is told nowhere
        headers={"Content-Type": "application/json"},
    )
    client.refused(
        400, "INVALID_PARAMETER", "POST", "/v1/evaluations", content=b"{", headers={"Content-Type": "application/json"}
    )
    client.refused(
        400,
        "INVALID_PARAMETER",
        "POST",
        "/v1/evaluations",
        content=b"[" * 200_000,
        headers={"Content-Type": "application/json"},
    )


def test_writing(small_app: App) -> None:
    client = small_app.client("evaluations:write", "evaluations:read")
    bad = [
        {"id": "w1", "audioDate": "2024-01-05", "averageNote": 5},
        {"id": "w2", "audioDate": "never", "averageNote": 11},
        7,
    ]
    told = client.refused(400, "INVALID_PARAMETER", "POST", "/v1/evaluations", json=bad)["message"]
    assert "row 2, audioDate: 'never'" in told and "row 2, averageNote: '11'" in told and "row 3" in told
    told = client.refused(
        400, "INVALID_PARAMETER", "POST", "/v1/evaluations", json=[{"id": "w1", "audiDate": "2024-01-05"}]
    )["message"]
    assert "did you mean 'audioDate'" in told
    good = [
        {"id": "w1", "audioDate": "2024-02-05", "averageNote": 5.5},
        {"id": "w2", "audioDate": "2024-02-06T10:00:00+02:00", "isAICall": True},
    ]
    done = client.ask("POST", "/v1/evaluations", json=good)
    assert done.status_code == 200, done.text
    assert {name: done.json()[name] for name in ("read", "added", "changed", "unchanged", "bad")} == {
        "read": 2, "added": 2, "changed": 0, "unchanged": 0, "bad": 0,
    }  # fmt: skip
    lines = b'{"id": "w1", "audioDate": "2024-02-05", "averageNote": 6}\n\n{"id": "w2", "audioDate": "2024-02-06T08:00:00Z", "isAICall": true}\n'
    done = client.ask("POST", "/v1/evaluations", content=lines, headers={"Content-Type": "application/x-ndjson"})
    counts = done.json()
    assert [counts[name] for name in ("read", "blank", "changed", "unchanged")] == [3, 1, 1, 1]
    repeated = [{"id": "w3", "audioDate": "2024-02-01", "averageNote": score} for score in (7.335, 7.335, 2.675)]
    counts = client.ask("POST", "/v1/evaluations", json=repeated).json()
    assert [counts[name] for name in ("read", "added", "duplicates", "exactDuplicates")] == [3, 1, 2, 1]
    nothing = client.ask("POST", "/v1/evaluations", content=b"", headers={"Content-Type": "application/json"})
    assert nothing.status_code == 400
    (record,) = client.get("/v1/evaluations", dateFrom="2024-02-01", dateTo="2024-02-01")["data"]
    assert record["averageNote"] == 2.68  # as it is written, though the nearest float is below
    found = client.get("/v1/evaluations", dateFrom="2024-02-01")
    assert [(row["id"], row["averageNote"]) for row in found["data"]] == [("w2", None), ("w1", 6.0), ("w3", 2.68)]
    client.close()


def test_the_service(small_app: App) -> None:
    bare = Client(small_app.address, None)
    for path, told in (("/healthz", "ok"), ("/readyz", "ready")):
        found = bare.ask("GET", path)
        bare.refused(405, "METHOD_NOT_ALLOWED", "POST", path)
        assert (found.status_code, found.json()["status"]) == (200, told)
    metrics = bare._http.get("/metrics").text
    assert 'callboard_http_requests_total{method="GET",path="/analytics/summary",status="200"}' in metrics
    assert "callboard_evaluations " in metrics
    document = bare.ask("GET", "/v1/openapi.json").json()
    assert set(document["paths"]) >= {
        "/analytics/summary", "/analytics/campaigns", "/analytics/call-centers", "/analytics/executives",
        "/analytics/trends", "/analytics/export", "/analytics/export/{jobId}", "/evaluations",
    }  # fmt: skip
    assert "https://" not in bare.ask("GET", "/v1/docs").text
    bare.close()


def test_the_curls_of_the_reference(sample_app: App) -> None:
    """As written there, with the host and the key put in, run by curl itself."""
    if not SHARED.exists():
        pytest.skip("the reference lies beside the repository, not in it")
    text = (SHARED / "reference" / "analytics-api.txt").read_text().replace("\\ -H", "-H").replace("\\\n", "")
    key = sample_app.key()
    commands = []
    for start in [place for place in range(len(text)) if text.startswith("curl ", place)]:
        body = text[start:]
        end = (
            body.index("}'") + 2
            if "-d '" in body.split("Get ")[0][:400] and "POST" in body[:20]
            else body.index('KEY"') + 4
        )
        commands.append(
            body[:end].replace("https://api.auralytik.com", sample_app.address).replace("YOUR_API_KEY", key)
        )
    assert len(commands) == 3
    answers = []
    for command in commands:
        quoted = (
            command.replace("curl http", "curl 'http", 1).replace(" -H", "' -H", 1)
            if "POST" not in command
            else command
        )
        done = subprocess.run(["bash", "-c", f"{quoted} -sS"], capture_output=True, text=True, timeout=30)
        answers.append(json.loads(done.stdout))
    assert answers[0]["dateFrom"] == "2024-01-01" and answers[0]["totalEvaluations"] > 1000
    assert answers[0]["topCampaign"] == "Q1 Outbound Sales"
    assert (
        answers[1]["granularity"] == "weekly" and sum(point["totalEvaluations"] for point in answers[1]["data"]) > 100
    )
    assert answers[2]["status"] == "queued" and answers[2]["statusUrl"].startswith(sample_app.address)
