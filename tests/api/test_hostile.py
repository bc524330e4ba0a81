"""What is sent to the API to do harm: the right status in one shape, no header made, no row changed."""

from __future__ import annotations

import http.client
import random
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa

from lib.ingest.api_records import MAX_OBJECTS
from lib.ingest.text_cleaning import clean_text
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace
from tests.api.conftest import App
from tests.api_client import Client
from tests.hostile.mutations import made
from tests.hostile.names import INJECTIONS, NAMES

BODIES = 400
"""Broken bodies that are posted, half of them as JSON, half as JSON Lines."""

FILTERS = ("campaignId", "callCenterId", "engagementId", "executiveId")
CHECKED = ("dateFrom", "dateTo", "isAICall", "timezone")
PATHS = ("summary", "campaigns", "call-centers", "executives", "trends")


def tables(app: App) -> dict[str, int]:
    """Return how many rows each table has, by way of the app itself where the database is its own."""
    answer = httpx.get(
        f"{app.address}/v1/analytics/summary", headers={"Authorization": f"Bearer {app.key()}"}, timeout=60
    )
    return {"evaluations": answer.json()["totalEvaluations"], "completed": answer.json()["completedEvaluations"]}


def one_shape(answer: httpx.Response, *statuses: int) -> None:
    """Hold that an answer has one of these statuses and, where it refuses, the one shape of errors."""
    assert answer.status_code in statuses, (answer.status_code, answer.text[:500])
    assert "set-cookie" not in answer.headers and "x-hurt" not in answer.headers
    assert answer.headers["content-type"].startswith("application/json")
    if answer.status_code >= 400:
        error = answer.json()["error"]
        assert error["message"] and error["requestId"] == answer.headers["x-request-id"]
        assert set(error) <= {"code", "message", "parameter", "requestId", "retryAfter"}


def test_parameters(client: Client, small_app: App) -> None:
    before = tables(small_app)
    for name in (*NAMES, "\x00", "\ufffe", "9" * 5_000):
        for parameter in FILTERS:
            path = PATHS[len(name) % len(PATHS)]
            answer = client.ask("GET", f"/v1/analytics/{path}", params={parameter: name})
            one_shape(answer, 200, 400)
            if answer.status_code == 200 and path == "summary":
                assert answer.json()["totalEvaluations"] == 0
        for parameter in (*CHECKED, "granularity", "page", "pageSize", "sort", name[:200]):
            path = "trends" if parameter == "granularity" else "campaigns"
            one_shape(client.ask("GET", f"/v1/analytics/{path}", params={parameter: name}), 400)
        for parameter in ("state", "sentiment", "page"):
            one_shape(client.ask("GET", "/v1/evaluations", params={parameter: name}), 400)
    assert tables(small_app) == before


def test_paths_links_and_headers(client: Client, small_app: App) -> None:
    job = client.ask("POST", "/v1/analytics/export", json={"format": "csv"}).json()["jobId"]
    for name in INJECTIONS:
        quoted = httpx.URL("http://x/", params={"x": name}).query.decode()[2:].replace("+", "%20")
        one_shape(client.ask("GET", f"/v1/analytics/export/{quoted}"), 404)
        for path in (f"{job}/{quoted}", f"{quoted}/callboard.csv", quoted):
            one_shape(
                client.ask("GET", f"/v1/downloads/{path}", params={"expires": "99999999999", "signature": name}), 404
            )
        one_shape(client.ask("GET", f"/v1/{quoted}"), 404)
        order = {"format": "csv", "report": "summary", "campaignId": name}
        printable = {"Idempotency-Key": name[:255].encode("ascii", "replace").decode()} if name.isprintable() else {}
        started = client.ask("POST", "/v1/analytics/export", json=order, headers=printable)
        one_shape(started, 202)
        assert started.headers["location"].startswith(f"{small_app.address}/v1/analytics/export/")
        for field in ("format", "report", "dateFrom", "timezone", "granularity", name[:100]):
            one_shape(client.ask("POST", "/v1/analytics/export", json={"format": "csv", field: name}), 400)
        bearer = name.encode("ascii", "replace").decode()
        if bearer.isprintable():
            refused = httpx.get(
                f"{small_app.address}/v1/evaluations", headers={"Authorization": f"Bearer {bearer}"}, timeout=60
            )
            one_shape(refused, 401)
            host = httpx.get(f"{small_app.address}/v1/evaluations", headers={"X-Request-Id": bearer}, timeout=60)
            assert host.headers["x-request-id"].startswith("req_")


def test_a_raw_path_that_climbs(small_app: App) -> None:
    """What no client library would send as it is."""
    parts = urlsplit(small_app.address)
    for path in ("/v1/../../etc/passwd", "/v1/%2e%2e/%2e%2e/etc/passwd", "/v1/downloads/..%2f..%2fcallboard.sqlite/x", "/v1//etc/passwd", "/v1/%00", "/v1/a%0d%0aSet-Cookie:%20x=1"):  # fmt: skip
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        connection.putrequest("GET", path, skip_host=False)
        connection.endheaders()
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status in (400, 401, 404), (path, answer.status)
        assert b"root:" not in told and answer.headers.get("set-cookie") is None
        connection.close()


def test_names_are_kept_as_they_are(client: Client, small_app: App) -> None:
    """Every column of text comes back as it was sent, but for blanks and what nobody sees, in JSON and in tables."""
    names = [name for name in NAMES if name == name.strip()]
    before = tables(small_app)["evaluations"]
    texts = ("campaignName", "callCenterName", "engagementName", "executiveName", "audioFileName")
    rows = [
        {"id": f"hostile {name}", "audioDate": "2024-05-01T10:00:00Z", "averageNote": 5, **dict.fromkeys(texts, name)}
        for name in names
    ]
    sent = client.ask("POST", "/v1/evaluations", json=rows)
    one_shape(sent, 200)
    assert sent.json()["added"] == len(rows)
    found = client.get("/v1/evaluations", dateFrom="2024-05-01", dateTo="2024-05-01", pageSize=1000)["data"]
    assert {row["id"]: [row[column] for column in texts] for row in found} == {
        clean_text(f"hostile {name}"): [clean_text(name)] * len(texts) for name in names
    }
    listed = client.get("/v1/analytics/campaigns", dateFrom="2024-05-01", dateTo="2024-05-01", pageSize=1000)["data"]
    assert {row["campaignName"] for row in listed} == set(map(clean_text, names))
    for name in names:
        assert client.get("/v1/analytics/summary", executiveId=clean_text(name))["totalEvaluations"] == 1
    assert tables(small_app)["evaluations"] == before + len(rows)


def test_bodies_that_are_broken(client: Client) -> None:
    chance = random.Random(4)
    counted: dict[int, int] = {}
    for number in range(BODIES):
        body = made("jsonl", 50_000 + number).content[:300_000]
        kind = "application/x-ndjson"
        if number % 2:
            kind, body = "application/json", b"[" + body.strip().replace(b"\n", b",") + b"]"
        if number % 50 == 0:
            kind = chance.choice(NAMES).encode("ascii", "replace").decode()
            kind = kind if kind.isprintable() else "text/html"
        answer = client.ask("POST", "/v1/evaluations", content=body, headers={"Content-Type": kind.strip() or "x"})
        one_shape(answer, 200, 400, 415)
        counted[answer.status_code] = counted.get(answer.status_code, 0) + 1
    for body in (b"[" * 100_000, b'{"id":' * 100_000, b'"' + b"x" * 1_000_000, b"9" * 1_000_000, b"\xff\xfe", b""):
        one_shape(
            client.ask("POST", "/v1/evaluations", content=body, headers={"Content-Type": "application/json"}), 200, 400
        )
        one_shape(
            client.ask("POST", "/v1/analytics/export", content=body, headers={"Content-Type": "application/json"}), 400
        )
    assert counted[400] > BODIES / 2 and counted.get(200, 0) > 0, counted
    assert client.get("/v1/analytics/summary")["totalEvaluations"] >= 6


def test_more_than_is_taken_at_once(client: Client) -> None:
    for kind, body in (
        ("application/json", b"[" + b"{}," * MAX_OBJECTS + b"{}]"),
        ("application/x-ndjson", b"{}\n" * (MAX_OBJECTS + 1)),
    ):
        answer = client.ask("POST", "/v1/evaluations", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 413 and answer.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"
    order = {"format": "csv", "campaignId": [str(number) for number in range(1_001)]}
    answer = client.ask("POST", "/v1/analytics/export", json=order)
    assert (answer.status_code, answer.json()["error"]["parameter"]) == (400, "campaignId")


@pytest.mark.parametrize("small_app", ["postgresql"], indirect=True)
def test_the_tables_are_whole_after_all(small_app: App) -> None:
    """Beside the app, as PostgreSQL lets more than one process in: every table is there, rollups are the facts'."""
    url = small_app.variables["CALLBOARD_DATABASE_URL"]
    workspace = Workspace(Settings(data_dir=small_app.data_dir, database_url=url, sample="off"))
    with workspace.facts.read() as connection:
        names = set(sa.inspect(connection).get_table_names())
    assert {table.name for table in schema.evaluations.metadata.tables.values()} <= names
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    workspace.close()
