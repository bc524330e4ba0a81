"""Webhooks over HTTP: made, shown, changed, tested, deleted; what is refused; and a real receiver that is called."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lib.analytics.grants import Grant
from lib.webhooks.endpoints import MAX_OF_ONE
from tests import postgres
from tests.api.conftest import App
from tests.api_client import Client
from tests.serving import served
from tests.waiting import until
from tests.webhooks.receiver import Receiver, is_signed, plain, receiver

PATH = "/v1/webhooks"
ALL = ("webhooks:manage", "evaluations:read", "evaluations:write", "analytics:read", "analytics:export")


@dataclass(frozen=True)
class Called:
    """A running app whose webhooks may go to a receiver."""

    app: App
    server: Receiver

    def make(self, client: Client, path: str, *events: str, **more: Any) -> dict[str, Any]:
        body = {"url": f"{self.server.address}{path}", "events": list(events), **more}
        answer = client.ask("POST", PATH, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def called(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Called]:
    data_dir = tmp_path_factory.mktemp("webhooks") / "data"

    def run(variables: dict[str, str]) -> Iterator[Called]:
        with receiver() as server:
            more = {"CALLBOARD_WEBHOOK_HOSTS": f"127.0.0.1:{server.port}", "CALLBOARD_RATE_LIMIT": "off"}
            with served(data_dir, CALLBOARD_SAMPLE="off", **more, **variables) as address:
                yield Called(App(address, data_dir, variables), server)

    if request.param == "duckdb":
        yield from run({})
        return
    socket = request.getfixturevalue("postgres_socket")
    with postgres.database(socket, f"webhooks_{os.getpid()}") as url:
        yield from run({"CALLBOARD_DATABASE_URL": url})


@pytest.fixture
def client(called: Called) -> Iterator[Client]:
    called.server.calls.clear()
    called.server.answers.clear()
    with called.app.client(*ALL) as made:
        yield made
        for each in made.get(PATH)["data"]:
            made.ask("DELETE", f"{PATH}/{each['id']}")


def deliveries(client: Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get(f"{PATH}/{webhook['id']}/deliveries")["data"]
    return listed


def test_a_webhook_from_its_making_to_its_end(called: Called, client: Client) -> None:
    made = called.make(client, "/in", "evaluation.created", "import.completed", description="The wall board")
    secret = made.pop("signing_secret")
    assert secret.startswith("whsec_") and made["id"].startswith("wh_")
    assert {name: made[name] for name in ("events", "description", "format", "status", "offReason")} == {
        "events": ["import.completed", "evaluation.created"],
        "description": "The wall board",
        "format": "generic",
        "status": "active",
        "offReason": None,
    }
    assert client.get(f"{PATH}/{made['id']}") == made, "the secret is not shown again"
    assert client.get(PATH) == {"data": [made], "page": 1, "pageSize": 100, "totalCount": 1}

    row = {"id": f"{made['id']}-1", "audioDate": "2024-01-01T12:00:00Z", "state": "Completed", "averageNote": 8.126}
    written = client.ask("POST", "/v1/evaluations", json=[row]).json()
    until(lambda: len(called.server.calls) == 2)
    by_event = {call.event: call for call in called.server.calls}
    assert all(is_signed(call, secret) for call in called.server.calls)
    assert by_event["import.completed"].envelope["data"]["importId"] == written["importId"]
    (sent,) = by_event["evaluation.created"].envelope["data"]["evaluations"]
    listed = client.get("/v1/evaluations", search=row["id"])["data"]
    assert [sent] == listed and sent["averageNote"] == 8.13, "as GET /v1/evaluations has it"

    until(lambda: {each["status"] for each in deliveries(client, made)} == {"sent"})
    page = client.get(f"{PATH}/{made['id']}/deliveries", pageSize="1", page="2")
    assert (page["page"], page["pageSize"], page["totalCount"], len(page["data"])) == (2, 1, 2, 1)
    one = page["data"][0]
    assert one["id"] in {call.delivery for call in called.server.calls}
    assert (one["attempts"], one["answer"], one["nextTryAt"]) == (1, "200 fine", None) and one["finishedAt"]

    changed = client.ask("PATCH", f"{PATH}/{made['id']}", json={"events": ["alert.firing"], "description": "New"})
    assert changed.status_code == 200 and changed.json() == {
        **made,
        "events": ["alert.firing"],
        "description": "New",
        "changedAt": changed.json()["changedAt"],
    }
    off = client.ask("PATCH", f"{PATH}/{made['id']}", json={"status": "off"}).json()
    assert (off["status"], off["offReason"]) == ("off", "by_hand")
    on = client.ask("PATCH", f"{PATH}/{made['id']}", json={"status": "active"}).json()
    assert (on["status"], on["offReason"]) == ("active", None)
    gone = client.ask("DELETE", f"{PATH}/{made['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        client.refused(404, "NOT_FOUND", method, f"{PATH}/{made['id']}{path}", **body)


def test_a_test_says_whether_calls_arrive(called: Called, client: Client) -> None:
    made = called.make(client, "/in", "alert.firing")
    started = client.ask("POST", f"{PATH}/{made['id']}/test")
    assert started.status_code == 202 and started.json()["event"] == "test"
    until(lambda: deliveries(client, made)[0]["status"] == "sent")
    (call,) = called.server.calls
    assert (call.event, call.envelope["event"], call.delivery) == ("test", "test", started.json()["id"])
    called.server.answers["/in"] = plain(302, b"", Location="http://127.0.0.1:1/")
    client.ask("POST", f"{PATH}/{made['id']}/test")
    until(lambda: deliveries(client, made)[0]["status"] == "failed")
    assert deliveries(client, made)[0]["answer"] == "302"


def test_what_failed_says_when_it_is_tried_again(called: Called, client: Client) -> None:
    called.server.answers["/in"] = plain(500, b"no")
    made = called.make(client, "/in", "import.completed")
    row = {"id": f"{made['id']}-2", "audioDate": "2024-01-01T12:00:00Z", "state": "Completed"}
    client.ask("POST", "/v1/evaluations", json=[row])
    until(lambda: bool(deliveries(client, made)) and deliveries(client, made)[0]["answer"] == "500 no")
    (waiting,) = deliveries(client, made)
    assert waiting["status"] == "queued" and waiting["nextTryAt"] > waiting["createdAt"]
    assert client.get(f"{PATH}/{made['id']}")["failingSince"] is not None


@pytest.mark.parametrize(
    ("body", "parameter", "words"),
    [
        ({"events": ["alert.firing"]}, "url", "url is missing"),
        ({"url": "IN"}, "events", 'events is missing; right would be one such as ["import.completed"]'),
        ({"url": "IN", "events": []}, "events", "at least one"),
        ({"url": "IN", "events": ["alert.fired"]}, "events", "did you mean 'alert.firing'"),
        ({"url": "IN", "events": "alert.firing"}, "events", 'events is "alert.firing"; right would be a list'),
        ({"url": 7, "events": ["alert.firing"]}, "url", "url is 7; right would be a text"),
        ({"url": "nowhere", "events": ["alert.firing"]}, "url", "https://"),
        ({"url": "https://example.com/", "events": ["alert.firing"]}, "url", "127.0.0.1:"),
        ({"url": "http://127.0.0.1:1/", "events": ["alert.firing"]}, "url", "CALLBOARD_WEBHOOK_HOSTS"),
        ({"url": "IN", "events": ["alert.firing"], "description": "a\nb"}, "description", "one line"),
        ({"url": "IN", "events": ["alert.firing"], "format": "slac"}, "format", "did you mean 'slack'"),
        ({"url": "IN", "events": ["alert.firing"], "secret": "x"}, "secret", "known: url"),
    ],
)
def test_what_is_wrong_is_named(
    called: Called, client: Client, body: dict[str, Any], parameter: str, words: str
) -> None:
    sent = {**body, **({"url": f"{called.server.address}/in"} if body.get("url") == "IN" else {})}
    error = client.refused(400, "INVALID_PARAMETER", "POST", PATH, json=sent)
    assert error["parameter"] == parameter and words in error["message"], error
    assert client.get(PATH)["data"] == []


def test_what_a_change_can_not_be_is_named(called: Called, client: Client) -> None:
    made = called.make(client, "/in", "alert.firing")
    for body, parameter in (
        ({"status": "paused"}, "status"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"events": ["x"]}, "events"),
        ({"id": "wh_2"}, "id"),
    ):
        error = client.refused(400, "INVALID_PARAMETER", "PATCH", f"{PATH}/{made['id']}", json=body)
        assert error["parameter"] == parameter
    client.refused(400, "INVALID_PARAMETER", "GET", f"{PATH}?color=1")
    client.refused(400, "INVALID_PARAMETER", "GET", f"{PATH}/{made['id']}/deliveries?pageSize=0")
    client.refused(404, "NOT_FOUND", "GET", f"{PATH}/wh_%00")
    client.refused(405, "METHOD_NOT_ALLOWED", "PUT", f"{PATH}/{made['id']}", json={})
    client.refused(415, "UNSUPPORTED_MEDIA_TYPE", "POST", PATH, content=b"url=1")
    assert client.ask("PATCH", f"{PATH}/{made['id']}", json={}).json()["changedAt"] == made["changedAt"]


def test_keys_see_their_own_webhooks_alone(called: Called, client: Client) -> None:
    made = called.make(client, "/in", "alert.firing")
    with called.app.client(*ALL) as other:
        assert other.get(PATH)["data"] == []
        for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
            body: dict[str, Any] = {"json": {"description": "mine"}} if method == "PATCH" else {}
            other.refused(404, "NOT_FOUND", method, f"{PATH}/{made['id']}{path}", **body)
    assert client.get(f"{PATH}/{made['id']}")["description"] == ""
    with called.app.client("analytics:read") as reader:
        reader.refused(403, "INSUFFICIENT_SCOPE", "GET", PATH)
    with Client(called.app.address, None) as nobody:
        nobody.refused(401, "UNAUTHENTICATED", "GET", PATH)


def test_who_may_not_read_evaluations_is_not_sent_any(called: Called) -> None:
    with called.app.client("webhooks:manage") as manager:
        body = {"url": f"{called.server.address}/in", "events": ["evaluation.created"]}
        error = manager.refused(403, "INSUFFICIENT_SCOPE", "POST", PATH, json=body)
        assert "evaluations:read" in error["message"]
        made = called.make(manager, "/in", "import.completed")
        manager.refused(
            403, "INSUFFICIENT_SCOPE", "PATCH", f"{PATH}/{made['id']}", json={"events": ["evaluation.created"]}
        )
        manager.ask("DELETE", f"{PATH}/{made['id']}")


def test_a_limited_key_is_sent_its_rows_alone(called: Called, client: Client) -> None:
    with called.app.client(*ALL, grant=Grant.of({"callCenter": ["n"]})) as limited:
        theirs = called.make(limited, "/north", "evaluation.created")
        called.make(client, "/all", "evaluation.created")
        rows = [
            {"id": f"limited-{center}", "audioDate": "2024-01-01", "state": "Completed", "callCenterId": center}
            for center in ("n", "s")
        ]
        client.ask("POST", "/v1/evaluations", json=rows)
        until(lambda: bool(called.server.of("/north") and called.server.of("/all")))
        sent = {
            path: [row["callCenterId"] for row in called.server.of(path)[0].envelope["data"]["evaluations"]]
            for path in ("/north", "/all")
        }
        assert sent == {"/north": ["n"], "/all": ["n", "s"]}
        limited.ask("DELETE", f"{PATH}/{theirs['id']}")


def test_an_export_is_told_to_the_key_that_ordered_it(called: Called, client: Client) -> None:
    called.make(client, "/in", "export.ready")
    order = {"format": "csv", "report": "summary"}
    job = client.ask("POST", "/v1/analytics/export", json=order).json()["jobId"]
    until(lambda: bool(called.server.calls))
    data = called.server.calls[0].envelope["data"]
    assert data["jobId"] == job and data["statusUrl"] == f"{client.address}/v1/analytics/export/{job}"
    assert client.get(f"/v1/analytics/export/{job}")["status"] == "completed", "by the time that it is told"


def test_there_are_so_many_at_most(called: Called, client: Client) -> None:
    for _ in range(MAX_OF_ONE):
        called.make(client, "/in", "alert.firing")
    body = {"url": f"{called.server.address}/in", "events": ["alert.firing"]}
    error = client.refused(409, "CONFLICT", "POST", PATH, json=body)
    assert str(MAX_OF_ONE) in error["message"]
    listed = client.get(PATH, page=2, pageSize=MAX_OF_ONE - 3)
    assert (len(listed["data"]), listed["page"], listed["totalCount"]) == (3, 2, MAX_OF_ONE)


def test_it_is_described(client: Client) -> None:
    document = client.get("/v1/openapi.json")
    paths = document["paths"]
    assert {path: sorted(paths[path]) for path in paths if path.startswith("/webhooks")} == {
        "/webhooks": ["get", "post"],
        "/webhooks/{id}": ["delete", "get", "patch"],
        "/webhooks/{id}/test": ["post"],
        "/webhooks/{id}/deliveries": ["get"],
    }
    created = paths["/webhooks"]["post"]["responses"]["201"]["content"]["application/json"]["schema"]
    assert created["$ref"].endswith("/CreatedWebhook")
    assert "signing_secret" in document["components"]["schemas"]["CreatedWebhook"]["properties"]
