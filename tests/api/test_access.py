"""Who gets an answer: every route with every kind of key, and no row outside a key's limits."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lib.access import api_keys
from lib.analytics.calendar import Granularity
from lib.analytics.grants import Grant
from lib.exports.service import ExportRequest
from lib.jobs.queue import JobKind, Queue
from lib.settings import Settings
from lib.store.state import StateStore
from tests.api.conftest import App
from tests.api_client import Client
from tests.filters import make_filters
from tests.waiting import until

ROUTES = {
    ("GET", "/v1/analytics/summary"): "analytics:read",
    ("GET", "/v1/analytics/campaigns"): "analytics:read",
    ("GET", "/v1/analytics/call-centers"): "analytics:read",
    ("GET", "/v1/analytics/executives"): "analytics:read",
    ("GET", "/v1/analytics/breakdown?by=form"): "analytics:read",
    ("GET", "/v1/analytics/trends"): "analytics:read",
    ("POST", "/v1/analytics/export"): "analytics:export",
    ("GET", "/v1/analytics/export/job_none"): "analytics:read",
    ("GET", "/v1/evaluations"): "evaluations:read",
    ("GET", "/v1/evaluations/3"): "evaluations:read",
    ("POST", "/v1/evaluations"): "evaluations:write",
    ("PUT", "/v1/evaluations/none"): "evaluations:write",
}
FINE = {
    ("GET", "/v1/analytics/export/job_none"): 404,
    ("POST", "/v1/analytics/export"): 202,
    ("PUT", "/v1/evaluations/none"): 415,  # as no body comes
}


def settings(app: App) -> Settings:
    return Settings(data_dir=app.data_dir, database_url=app.variables.get("CALLBOARD_DATABASE_URL", ""))


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_every_route_with_every_key(small_app: App, route: tuple[str, str]) -> None:
    revoked, expired = small_app.key(), small_app.key(expires_in=timedelta(milliseconds=1))
    state = StateStore(settings(small_app))
    api_keys.revoke(state, revoked, "test")
    state.close()
    time.sleep(0.01)
    good = small_app.key()
    bodies: dict[str, Any] = {"/v1/analytics/export": {"format": "csv", "report": "summary"}, "/v1/evaluations": []}
    more = {"json": bodies[route[1]]} if route[0] == "POST" else {}

    said = set()
    for key in (
        None,
        "garbage",
        "cb_live_aaaaaaaa_" + "a" * 38,
        good[:-1] + ("a" if good[-1] != "a" else "b"),
        good + "x",
        revoked,
        expired,
    ):
        client = Client(small_app.address, key)
        body = client.refused(401, "UNAUTHENTICATED", *route, **more)
        said.add(body["message"])
        assert client.ask(*route, **more).headers["www-authenticate"] == "Bearer"
        client.close()
    assert len(said) == 1  # the same words for all

    for scope in api_keys.SCOPES:
        client = small_app.client(scope)
        if scope == ROUTES[route]:
            assert client.ask(*route, **more).status_code == FINE.get(route, 200)
        else:
            assert ROUTES[route] in client.refused(403, "INSUFFICIENT_SCOPE", *route, **more)["message"]
        client.close()

    limited = small_app.client(grant=Grant.of({"callCenter": ["s"], "campaign": ["b"]}))
    assert limited.ask(*route, **more).status_code == FINE.get(route, 200)
    limited.close()


def test_a_limited_key_sees_nothing_else(small_app: App) -> None:
    client = small_app.client(grant=Grant.of({"callCenter": ["s"]}))
    summary = client.get("/v1/analytics/summary")
    assert (summary["dateFrom"], summary["dateTo"], summary["totalEvaluations"]) == ("2024-01-03", "2024-01-03", 2)
    assert (summary["topCampaign"], summary["topCallCenter"]) == ("Beta", "South")
    for path in ("campaigns", "call-centers", "executives"):
        found = client.get(f"/v1/analytics/{path}")
        assert sum(row["totalEvaluations"] for row in found["data"]) == 2
        assert not any(word in json.dumps(found) for word in ("North", "Alpha", "(none)"))
    assert client.get("/v1/analytics/executives")["data"][0]["callCenterName"] == "South"  # all that it may see of her
    assert client.get("/v1/analytics/summary", callCenterId="n")["totalEvaluations"] == 0
    assert client.get("/v1/analytics/summary", dateTo="2024-01-09T00:00:00Z")["totalEvaluations"] == 2
    assert [row["id"] for row in client.get("/v1/evaluations")["data"]] == ["3", "4"]
    assert len(client.get("/v1/analytics/trends")["data"]) == 1
    client.close()
    nothing = small_app.client(grant=Grant.of({"callCenter": ["s"], "campaign": ["a"]}))
    empty = nothing.get("/v1/analytics/summary")
    assert (empty["dateFrom"], empty["totalEvaluations"]) == (None, 0)
    nothing.close()


def test_a_limited_key_writes_nothing_else(small_app: App) -> None:
    client = small_app.client(grant=Grant.of({"callCenter": ["s"]}))
    outside = [{"id": "o", "audioDate": "2024-01-03", "callCenterId": "n"}]
    assert (
        "outside what the key may write"
        in client.refused(400, "INVALID_PARAMETER", "POST", "/v1/evaluations", json=outside)["message"]
    )
    taken = [{"id": "1", "audioDate": "2024-01-03", "callCenterId": "s", "callCenterName": "South"}]
    client.refused(409, "CONFLICT", "POST", "/v1/evaluations", json=taken)
    renaming = [
        {
            "id": "new",
            "audioDate": "2024-03-03",
            "callCenterId": "s",
            "callCenterName": "South",
            "executiveId": "x",
            "executiveName": "Renamed",
        }
    ]
    assert client.ask("POST", "/v1/evaluations", json=renaming).status_code == 200
    everything = small_app.client()
    assert everything.get("/v1/analytics/summary", dateTo="2024-01-02")["totalEvaluations"] == 2
    names = {row["executiveName"] for row in everything.get("/v1/analytics/executives")["data"]}
    assert "Ann" in names and "Renamed" not in names
    client.close()
    everything.close()


def test_a_limited_key_sees_only_exports_within_its_limits(small_app: App) -> None:
    everything, limited, same = (
        small_app.client(),
        small_app.client(grant=Grant.of({"callCenter": ["s"]})),
        small_app.client(grant=Grant.of({"callCenter": ["s", "n"]})),
    )
    whole = everything.ask("POST", "/v1/analytics/export", json={"format": "csv"}).json()["jobId"]
    part = limited.ask("POST", "/v1/analytics/export", json={"format": "csv"}).json()["jobId"]
    limited.refused(404, "NOT_FOUND", "GET", f"/v1/analytics/export/{whole}")
    for client in (limited, same, everything):
        assert client.ask("GET", f"/v1/analytics/export/{part}").status_code == 200
        client.close()


ROWS, SUMMARY = {"format": "csv"}, {"format": "csv", "report": "summary"}
LINK = {"downloadUrl", "expiresAt", "bytes", "sha256"}


def completed(client: Client, job: str) -> set[str]:
    """Wait for an export; return the fields of its status."""
    status: dict[str, object] = {}

    def ended() -> bool:
        status.update(client.get(f"/v1/analytics/export/{job}"))
        return status["status"] == "completed"

    until(ended)
    return set(status)


def test_evaluations_are_exported_by_who_may_read_them(small_app: App) -> None:
    exporter = small_app.client("analytics:read", "analytics:export")
    for order in (ROWS, {**ROWS, "report": "evaluations", "format": "xlsx"}, {**ROWS, "campaignId": "a"}):
        refused = exporter.refused(403, "INSUFFICIENT_SCOPE", "POST", "/v1/analytics/export", json=order)
        assert "evaluations:read" in refused["message"]
    for report in ("campaigns", "call-centers", "executives", "trends", "summary"):
        started = exporter.ask("POST", "/v1/analytics/export", json={"format": "csv", "report": report})
        assert started.status_code == 202
    exporter.close()
    both = small_app.client("analytics:export", "evaluations:read")
    assert both.ask("POST", "/v1/analytics/export", json=ROWS).status_code == 202
    both.close()


def test_a_link_goes_to_who_may_have_the_file(small_app: App) -> None:
    """Also of what was ordered on a page, whose order a key learns by its id alone."""
    everything = small_app.client()
    state = StateStore(settings(small_app))
    order = ExportRequest("evaluations", "csv", make_filters(), Granularity.DAILY, "everything")
    jobs = {
        "rows": everything.ask("POST", "/v1/analytics/export", json=ROWS).json()["jobId"],
        "summary": everything.ask("POST", "/v1/analytics/export", json=SUMMARY).json()["jobId"],
        "page": Queue(state).add(JobKind.EXPORT, order.to_json(), "ann@example.com").id,
    }
    for job in jobs.values():
        assert completed(everything, job) >= LINK
    seen = {
        ("analytics:read",): set(),
        ("analytics:read", "evaluations:read"): set(),
        ("analytics:read", "analytics:export"): {"summary"},
        ("analytics:read", "analytics:export", "evaluations:read"): {"rows", "summary", "page"},
    }
    for scopes, linked in seen.items():
        client = small_app.client(*scopes)
        for name, job in jobs.items():
            fields = completed(client, job)
            assert fields & LINK == (LINK if name in linked else set()), (scopes, name)
            assert fields >= {"jobId", "status", "progress", "rows", "createdAt", "completedAt", "error"}
        client.close()
    limited = small_app.client(grant=Grant.of({"callCenter": ["s"]}))
    for job in jobs.values():
        limited.refused(404, "NOT_FOUND", "GET", f"/v1/analytics/export/{job}")
    limited.close()
    everything.close()
    state.close()


def test_an_order_of_before_gives_no_rows_to_a_key_without_the_scope(small_app: App) -> None:
    """Until evaluations took a scope of their own, a key could order them without it: the job may be there still."""
    client = small_app.client("analytics:read", "analytics:export")
    job = client.ask("POST", "/v1/analytics/export", json=SUMMARY).json()["jobId"]
    assert completed(client, job) >= LINK  # its own
    state = StateStore(settings(small_app))
    actor = Queue(state).get(job).actor
    order = ExportRequest("evaluations", "csv", make_filters(), Granularity.DAILY, "everything")
    before = Queue(state).add(JobKind.EXPORT, order.to_json(), actor).id
    assert not completed(client, before) & LINK
    state.close()
    client.close()


def test_a_key_comes_before_the_body(small_app: App) -> None:
    bare, reader = Client(small_app.address, None), small_app.client("evaluations:read")
    broken = {"content": b"{bad", "headers": {"Content-Type": "application/json"}}
    for path in ("/v1/analytics/export", "/v1/evaluations"):
        bare.refused(401, "UNAUTHENTICATED", "POST", path, **broken)
        reader.refused(403, "INSUFFICIENT_SCOPE", "POST", path, **broken)
    bare.close()
    reader.close()


def test_sample_data_are_not_lost_to_a_program(sample_app: App) -> None:
    client = sample_app.client()
    client.refused(409, "CONFLICT", "POST", "/v1/evaluations", json=[{"id": "x", "audioDate": "2024-01-01"}])
    assert client.get("/v1/analytics/summary")["totalEvaluations"] == 200_000
    client.close()


def test_too_many_requests(sample_app: App) -> None:
    client = sample_app.client("analytics:read")
    answers: list[httpx.Response] = []
    while len(answers) < 3_000:  # room for a machine that is slow, as what is used up comes back with time
        answers.append(client.ask("GET", "/v1/analytics/summary", params={"campaignId": "nobody"}))
        if answers[-1].status_code != 200:
            break
    refused = answers[-1]
    assert len(answers) > 590 and refused.status_code == 429
    body = refused.json()["error"]
    assert body["code"] == "RATE_LIMIT_EXCEEDED" and 1 <= body["retryAfter"] <= 60
    assert refused.headers["retry-after"] == str(body["retryAfter"])
    other = sample_app.client("analytics:read")
    assert other.ask("GET", "/v1/analytics/summary").status_code == 200
    other.close()
    client.close()


def test_keys_are_kept_as_hashes(small_app: App) -> None:
    text = small_app.key()
    state = StateStore(settings(small_app))
    with state.read() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM api_keys").all())
    state.close()
    assert text[:16] in kept and text[17:] not in kept
