"""The stream of the summary, as the running server sends it, on each engine."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import pytest

from lib.access import api_keys
from lib.analytics.grants import Grant
from lib.settings import Settings
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.api.conftest import App
from tests.api.event_client import EventClient
from tests.api_client import Client
from tests.page_client import metric
from tests.waiting import LONG_SECONDS, until

_numbers = count()


def post(client: Client, **values: Any) -> None:
    """Send an evaluation that was not there."""
    row = {"id": f"posted-{next(_numbers)}", "audioDate": "2024-01-05", "campaignId": "a", **values}
    assert client.ask("POST", "/v1/evaluations", json=[row]).json()["added"] == 1


@pytest.fixture
def key(small_app: App) -> str:
    return small_app.key("analytics:read")


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"campaignId": ["a", "b"], "dateFrom": "2024-01-01", "dateTo": "2024-01-05"},
        {"metrics": ["averageScore", "completionRate"], "timezone": "Asia/Tokyo"},
    ],
)
def test_the_first_event_is_the_summary(small_app: App, client: Client, key: str, asked: dict[str, Any]) -> None:
    with EventClient(small_app.address, key, **asked) as stream:
        first = stream.event()
        assert first.name == "summary" and first.data == client.get("/v1/analytics/summary", **asked)
    assert first.id == metric(small_app.address, "callboard_data_version")
    assert stream.headers.get_content_type() == "text/event-stream"
    assert (stream.headers["cache-control"], stream.headers["x-accel-buffering"]) == ("no-store", "no")
    assert stream.headers["x-request-id"].startswith("req_") and "content-encoding" not in stream.headers


@pytest.mark.parametrize(
    "wrong", [{"period": "last7Days"}, {"dateFrom": "x"}, {"metrics": "none"}, {"page": "1"}, {"timezone": "Mars"}]
)
def test_what_the_summary_refuses_is_refused_in_the_same_words(client: Client, wrong: dict[str, str]) -> None:
    told = [
        client.refused(400, "INVALID_PARAMETER", "GET", f"/v1/analytics/{path}", params=wrong)
        for path in ("summary", "stream")
    ]
    for each in told:
        each.pop("requestId")
    assert told[0] == told[1]


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_a_body_that_is_no_http_is_no_error_of_ours(small_app: App, key: str) -> None:
    address = httpx.URL(small_app.address)
    head = f"GET /v1/analytics/stream HTTP/1.1\r\nHost: {address.netloc.decode()}\r\nAuthorization: Bearer {key}\r\n"
    with socket.create_connection((address.host, address.port or 80), LONG_SECONDS) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\nzzz\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1") == 1
    assert not any(counted(small_app, "http_requests_total", status) for status in ("500", "503"))


def test_who_may_not_read_figures_gets_no_stream(small_app: App) -> None:
    with small_app.client("evaluations:read") as client:
        client.refused(403, "INSUFFICIENT_SCOPE", "GET", "/v1/analytics/stream")
    with Client(small_app.address, None) as nobody:
        nobody.refused(401, "UNAUTHENTICATED", "GET", "/v1/analytics/stream")


def test_other_methods(client: Client) -> None:
    head = client.ask("HEAD", "/v1/analytics/stream")
    assert head.status_code == 200 and head.headers["content-type"].startswith("text/event-stream") and not head.content
    assert client.refused(405, "METHOD_NOT_ALLOWED", "OPTIONS", "/v1/analytics/stream")


def test_a_change_of_the_selection_is_an_event_and_another_change_none(
    small_app: App, client: Client, key: str
) -> None:
    with EventClient(small_app.address, key, campaignId="a") as stream:
        before = stream.event()
        post(client, campaignId="elsewhere")
        post(client)
        after = stream.event()
        assert after.data["totalEvaluations"] == before.data["totalEvaluations"] + 1
        assert before.id is not None and after.id is not None and after.id >= before.id + 2
        assert after.data == client.get("/v1/analytics/summary", campaignId="a")


def test_who_resumes_is_not_told_the_same_again(small_app: App, client: Client, key: str) -> None:
    with EventClient(small_app.address, key, campaignId="a") as stream:
        first = stream.event()
        with EventClient(small_app.address, key, last=first.id, campaignId="a") as resumed:
            post(client, campaignId="elsewhere")
            with EventClient(small_app.address, key, campaignId="elsewhere") as other:
                other.summary()
            post(client)
            again = resumed.event()
            assert again.data["totalEvaluations"] == first.data["totalEvaluations"] + 1
        assert stream.event() == again
    post(client, campaignId="elsewhere")
    # What it was at that version is remembered, also where other data have changed meanwhile.
    with EventClient(small_app.address, key, last=again.id, campaignId="a") as resumed:
        post(client)
        assert resumed.summary()["totalEvaluations"] == again.data["totalEvaluations"] + 1


def test_who_resumes_after_a_change_is_told_of_it(small_app: App, client: Client, key: str) -> None:
    with EventClient(small_app.address, key, campaignId="a") as stream:
        first = stream.event()
    post(client)
    with EventClient(small_app.address, key, last=first.id, campaignId="a") as resumed:
        assert resumed.summary()["totalEvaluations"] == first.data["totalEvaluations"] + 1


@pytest.mark.parametrize("last", ["", "x", "-1", "0x1", "9" * 9, "9" * 40, "1.0", "٣"])
def test_what_is_the_id_of_no_event_resumes_nothing(small_app: App, client: Client, key: str, last: str) -> None:
    asked = httpx.Headers({"Last-Event-ID": last}, encoding="utf-8")["Last-Event-ID"].encode().decode("latin-1")
    with EventClient(small_app.address, key, last=asked) as stream:
        assert stream.summary() == client.get("/v1/analytics/summary")


def test_random_cuts_lose_nothing_and_repeat_nothing(small_app: App, client: Client, key: str) -> None:
    """A reader is cut off again and again while rows are posted; another one just reads."""
    luck = random.Random(20)
    posts = 10
    start = client.get("/v1/analytics/summary", campaignId="cut")["totalEvaluations"]

    def write() -> None:
        for _ in range(posts):
            post(client, campaignId="cut")

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[tuple[int | None, int]] = []
    while not seen or seen[-1][1] < start + posts:
        last = seen[-1][0] if seen else None
        with EventClient(small_app.address, key, last=last, campaignId="cut") as stream:
            for _ in range(luck.randrange(3)):
                if seen and seen[-1][1] == start + posts:
                    break
                found = stream.event()
                seen.append((found.id, found.data["totalEvaluations"]))
    writer.join()
    ids, totals = [each for each, _ in seen], [each for _, each in seen]
    assert ids == sorted(set(ids), key=lambda each: each or 0)
    assert totals == sorted(set(totals)) and totals[-1] == start + posts
    with EventClient(small_app.address, key, last=ids[-1], campaignId="cut") as stream:
        post(client, campaignId="cut")
        assert stream.summary()["totalEvaluations"] == start + posts + 1


def test_a_revoked_key_ends_its_streams_and_no_other(small_app: App, client: Client, key: str) -> None:
    revoked = small_app.key("analytics:read")
    with EventClient(small_app.address, revoked) as stream, EventClient(small_app.address, key) as other:
        stream.summary()
        other.summary()
        state = state_of(small_app)
        api_keys.revoke(state, revoked, "test")
        state.close()
        assert stream.has_ended()
        post(client)
        other.summary()
    with EventClient(small_app.address, revoked) as stream:
        assert (stream.status, stream.body()["error"]["code"]) == (401, "UNAUTHENTICATED")


def test_a_key_that_expires_ends_its_streams(small_app: App) -> None:
    soon = small_app.key("analytics:read", expires_in=timedelta(seconds=3))
    with EventClient(small_app.address, soon) as stream:
        stream.summary()
        assert stream.has_ended()


def state_of(app: App) -> StateStore:
    return StateStore(Settings(data_dir=app.data_dir, database_url=app.variables.get("CALLBOARD_DATABASE_URL", "")))


def test_a_limited_key_sees_its_own_alone(small_app: App, client: Client, key: str) -> None:
    limited = small_app.key("analytics:read", grant=Grant.of({"campaign": ["b"]}))
    with (
        Client(small_app.address, limited) as asks,
        EventClient(small_app.address, key) as whole,
        EventClient(small_app.address, limited) as part,
    ):
        of_all, of_b = whole.summary(), part.summary()
        assert of_b == asks.get("/v1/analytics/summary") != of_all
        for _ in range(2):
            post(client, campaignId="a")
            assert whole.summary()["totalEvaluations"] > of_all["totalEvaluations"]
        post(client, campaignId="b")
        assert part.summary()["totalEvaluations"] == of_b["totalEvaluations"] + 1


def test_fifty_that_ask_the_same_cost_one_computation(small_app: App, client: Client) -> None:
    keys = [small_app.key("analytics:read") for _ in range(5)]
    asked, path = {"campaignId": "fifty"}, "/analytics/stream"
    answered, timed = (counted(small_app, name, path) for name in ("http_requests_total", "http_request_seconds"))
    with ExitStack() as held:
        streams = [
            held.enter_context(EventClient(small_app.address, keys[number % 5], **asked)) for number in range(50)
        ]
        assert {stream.summary()["totalEvaluations"] for stream in streams} == {0}
        before = counted(small_app, "question_seconds", "analytics.summary")
        post(client, **asked)
        assert {stream.summary()["totalEvaluations"] for stream in streams} == {1}
        assert counted(small_app, "question_seconds", "analytics.summary") == before + 1
        assert metric(small_app.address, "callboard_streams") == 50
    until(lambda: metric(small_app.address, "callboard_streams") == 0)
    assert counted(small_app, "http_requests_total", path) == answered + 50
    assert counted(small_app, "http_request_seconds", path) == timed


def counted(app: App, name: str, of: str) -> int:
    """Return how often something was counted, or measured, that a label names."""
    lines = httpx.get(f"{app.address}/metrics", timeout=LONG_SECONDS).text.splitlines()
    names = (f"callboard_{name}{{", f"callboard_{name}_count{{")
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith(names) and f'"{of}"' in line)


@pytest.mark.parametrize("small_app", ["postgresql"], indirect=True)
def test_what_another_process_writes_arrives(small_app: App, key: str) -> None:
    chosen = Settings(
        data_dir=small_app.data_dir / "other", sample="off", database_url=small_app.variables["CALLBOARD_DATABASE_URL"]
    )
    with EventClient(small_app.address, key, campaignId="other") as stream:
        assert stream.summary()["totalEvaluations"] == 0
        other = Workspace(chosen)
        other.write_evaluations([{"id": "other", "audioDate": "2024-01-05", "campaignId": "other"}], "test", Grant())
        other.close()
        assert stream.summary()["totalEvaluations"] == 1


def test_a_formula_that_changes_is_an_event(small_app: App, key: str) -> None:
    with small_app.client("analytics:read", "metrics:write") as writer:
        path = "/v1/analytics/metrics/streamed"
        assert writer.ask("PUT", path, json={"formula": "averageScore * 2", "label": "Twice"}).status_code == 201
        with EventClient(small_app.address, key, metrics="streamed") as stream:
            twice = stream.summary()["metrics"]["streamed"]
            assert writer.ask("PUT", path, json={"formula": "averageScore * 3"}).status_code == 200
            assert stream.summary()["metrics"]["streamed"] == pytest.approx(twice * 1.5, abs=0.01)


def test_who_resumes_is_told_of_a_formula_that_changed(small_app: App, key: str) -> None:
    """The data have the version that they had."""
    with small_app.client("analytics:read", "metrics:write") as writer:
        path = "/v1/analytics/metrics/resumed"
        assert writer.ask("PUT", path, json={"formula": "averageScore * 2"}).status_code == 201
        with EventClient(small_app.address, key, metrics="resumed") as stream:
            first = stream.event()
        assert writer.ask("PUT", path, json={"formula": "averageScore * 3"}).status_code == 200
        with EventClient(small_app.address, key, last=first.id, metrics="resumed") as stream:
            again = stream.event()
        assert again.id == first.id
        assert again.data["metrics"]["resumed"] == pytest.approx(first.data["metrics"]["resumed"] * 1.5, abs=0.01)


def test_a_stream_that_can_not_be_asked_for_any_longer_ends(small_app: App, key: str) -> None:
    with small_app.client("fields:write") as writer:
        assert writer.ask("PUT", "/v1/fields/desk", json={"type": "category"}).status_code == 201
        with EventClient(small_app.address, key, **{"field.desk": "one"}) as stream:
            stream.summary()
            assert writer.ask("DELETE", "/v1/fields/desk").status_code < 300
            assert stream.has_ended()
        with EventClient(small_app.address, key, **{"field.desk": "one"}) as stream:
            assert stream.status == 400
