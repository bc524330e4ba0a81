"""Reports over real HTTP, with a real mail server: order, change, send, history, unsubscribe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests import postgres
from tests.api.conftest import CALLS
from tests.api_client import Client, make_key
from tests.mail_server import Inbox, mail_server
from tests.serving import served
from tests.waiting import until

ORDER: dict[str, Any] = {
    "name": "Monday quality",
    "page": "overview",
    "parameters": {"campaignId": ["a"], "period": "last7"},
    "schedule": {"cron": "0 8 * * 1", "timezone": "America/Santiago"},
    "recipients": ["ann@example.com"],
    "attachments": ["pdf", "xlsx", "csv"],
    "language": "en",
}
HAND: dict[str, Any] = {
    "name": "By hand",
    "page": "campaigns",
    "parameters": {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"},
    "schedule": None,
    "recipients": ["ann@example.com", "bo@example.com"],
}


@dataclass(frozen=True)
class Mailing:
    """A running app with six evaluations, the inbox that its mail comes to, and what makes clients of it."""

    address: str
    inbox: Inbox
    data_dir: Path
    database: str

    def client(self, *scopes: str, **more: Any) -> Client:
        scopes = scopes or ("reports:read", "reports:write", "evaluations:read")
        return Client(self.address, make_key(self.data_dir, scopes, settings={"database_url": self.database}, **more))


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def mailing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailing]:
    folder = tmp_path_factory.mktemp("mailing")
    (folder / "calls.csv").write_text(CALLS)

    def run(url: str) -> Iterator[Mailing]:
        workspace = Workspace(Settings(data_dir=folder / "data", sample="off", database_url=url))
        TASKS["import"](
            workspace, {"files": [(str(folder / "calls.csv"), "calls.csv")], "actor": "test"}, lambda *_: None
        )
        workspace.close()
        with mail_server() as inbox:
            variables = {
                "CALLBOARD_SMTP_URL": inbox.url,
                "CALLBOARD_MAIL_FROM": "Callboard <calls@example.com>",
                "CALLBOARD_MAIL_DOMAINS": "example.com",
                "CALLBOARD_SAMPLE": "off",
                "CALLBOARD_DATABASE_URL": url,
            }
            with served(folder / "data", **variables) as address:
                yield Mailing(address, inbox, folder / "data", url)

    if request.param == "duckdb":
        yield from run("")
        return
    with postgres.database(request.getfixturevalue("postgres_socket"), f"mailing_{os.getpid()}") as url:
        yield from run(url)


@pytest.fixture
def client(mailing: Mailing) -> Iterator[Client]:
    with mailing.client() as made:
        yield made


def make(client: Client, order: dict[str, Any] = HAND) -> Any:
    answer = client.ask("POST", "/v1/reports", json=order)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(f"/v1/reports/{answer.json()['id']}")
    return answer.json()


def sent(client: Client, number: str) -> Any:
    """Send a report and return its run once it has ended."""
    answer = client.ask("POST", f"/v1/reports/{number}/send")
    assert answer.status_code == 202 and set(answer.json()) == {"runId"}

    def run() -> Any:
        runs = client.get(f"/v1/reports/{number}/runs")["data"]
        return next(each for each in runs if each["id"] == answer.json()["runId"])

    until(lambda: run()["finishedAt"] is not None)
    return run()


def test_an_order_comes_back_as_it_was_sent(client: Client) -> None:
    made = make(client, ORDER)
    assert {name: made[name] for name in ORDER} == ORDER
    assert made["id"].startswith("rep_") and made["status"] == "active" and made["version"] == 1
    assert len(made["nextRuns"]) == 3 and all("T08:00:00-0" in each for each in made["nextRuns"])
    assert client.get(f"/v1/reports/{made['id']}") == made
    assert made in client.get("/v1/reports")["data"]
    client.ask("DELETE", f"/v1/reports/{made['id']}")


def test_it_arrives_and_the_history_says_so(client: Client, mailing: Mailing) -> None:
    made = make(client, {**HAND, "attachments": ["csv"]})
    run = sent(client, made["id"])
    assert run["status"] == "sent" and run["error"] is None and run["dueAt"] <= run["startedAt"] <= run["finishedAt"]
    for line in run["recipients"]:
        (message,) = [each for each in mailing.inbox.to(line["address"]) if each["Message-ID"] == line["messageId"]]
        assert "By hand" in message["Subject"] and line["status"] == "sent" and line["answer"] == "250 OK"
        assert line["bytes"] > 5_000
    listed = client.get(f"/v1/reports/{made['id']}/runs", page=1, pageSize=1)
    assert (listed["page"], listed["pageSize"], listed["totalCount"]) == (1, 1, 1)
    assert set(run["recipients"][0]) == {"address", "status", "answer", "messageId", "bytes"}


def test_unsubscribing_takes_one_click_and_a_link_of_ours(client: Client, mailing: Mailing) -> None:
    made = make(client)
    sent(client, made["id"])
    message = mailing.inbox.to("bo@example.com")[-1]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = str(message["List-Unsubscribe"]).strip("<>")
    assert url.startswith(f"{mailing.address}/v1/unsubscribe/{made['id']}?")
    page = httpx.get(url)  # programs that look at links end nothing
    assert page.status_code == 200 and "bo@example.com" in page.text and "<form" in page.text
    assert {each["status"] for each in sent(client, made["id"])["recipients"]} == {"sent"}
    assert httpx.post(url.replace("bo%40", "ann%40")).status_code == 404
    assert httpx.post(url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 404
    assert httpx.post(url, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    states = {each["address"]: each["status"] for each in sent(client, made["id"])["recipients"]}
    assert states == {"ann@example.com": "sent", "bo@example.com": "skipped"}
    assert client.get(f"/v1/reports/{made['id']}")["unsubscribed"] == ["bo@example.com"] and not made["unsubscribed"]
    listed = client.get("/v1/reports", page=1, pageSize=1)
    assert (len(listed["data"]), listed["page"], listed["pageSize"]) == (1, 1, 1) and listed["totalCount"] >= 1
    assert client.get("/v1/reports", page=listed["totalCount"] + 1, pageSize=1)["data"] == []


def test_changed_paused_resumed_deleted(client: Client) -> None:
    made = make(client, ORDER)
    path = f"/v1/reports/{made['id']}"
    changed = client.ask("PUT", path, json={**ORDER, "name": "Tuesdays", "recipients": ["bo@example.com"]}).json()
    assert (changed["name"], changed["recipients"], changed["version"]) == ("Tuesdays", ["bo@example.com"], 2)
    paused = client.ask("PUT", path, json={"status": "paused"}).json()
    assert (paused["status"], paused["nextRuns"], paused["name"]) == ("paused", [], "Tuesdays")
    assert len(client.ask("PUT", path, json={"status": "active"}).json()["nextRuns"]) == 3
    assert client.ask("DELETE", path).status_code == 204
    client.refused(404, "NOT_FOUND", "GET", path)
    client.refused(404, "NOT_FOUND", "POST", f"{path}/send")


def test_a_change_of_an_older_version_is_refused(client: Client) -> None:
    made = make(client, ORDER)
    path, older = f"/v1/reports/{made['id']}", {"version": made["version"]}
    assert client.ask("PUT", path, json={**ORDER, "name": "Theirs", **older}).json()["version"] == 2
    for body in ({**ORDER, "name": "Mine"}, {**ORDER, "name": "Theirs"}, {"status": "paused"}):
        answer = client.refused(409, "CONFLICT", "PUT", path, json={**body, **older})
        assert "since version 1; it is at 2 now" in answer["message"]
    assert client.get(path)["name"] == "Theirs" and client.get(path)["status"] == "active"
    assert client.ask("PUT", path, json={"status": "paused", "version": 2}).json()["status"] == "paused"
    client.refused(400, "INVALID_PARAMETER", "POST", "/v1/reports", json={**ORDER, **older})


def test_a_key_sees_its_own_reports_alone(client: Client, mailing: Mailing) -> None:
    made = make(client, ORDER)
    with mailing.client() as other:
        assert other.get("/v1/reports")["data"] == []
        for method in ("GET", "DELETE"):
            other.refused(404, "NOT_FOUND", method, f"/v1/reports/{made['id']}")
        other.refused(404, "NOT_FOUND", "GET", f"/v1/reports/{made['id']}/runs")
    with mailing.client("reports:read") as reader:
        body = reader.refused(403, "INSUFFICIENT_SCOPE", "POST", "/v1/reports", json=ORDER)
        assert "reports:write" in body["message"]
    with mailing.client("reports:write") as writer:
        writer.refused(403, "INSUFFICIENT_SCOPE", "GET", "/v1/reports")
        for order in ({**HAND, "page": "evaluations"}, {"name": "x", "export": {"report": "evaluations"}}):
            body = writer.refused(403, "INSUFFICIENT_SCOPE", "POST", "/v1/reports", json=order)
            assert "evaluations:read" in body["message"]


@pytest.mark.parametrize(
    ("change", "parameter", "says"),
    [
        ({"recipients": ["eve@else.example"]}, "recipients", "eve@else.example"),
        ({"page": "overviw"}, "page", "overview"),
        ({"view": "abcd1234"}, "page", "exactly one"),
        ({"page": None, "view": "abcd1234"}, "view", "abcd1234"),
        ({"schedule": {"cron": "0 8 * *", "timezone": "UTC"}}, "schedule", "cron"),
        ({"schedule": {"cron": "0 8 * * 1", "timezone": "America/Santigo"}}, "schedule", ""),
        ({"schedule": {"after": "exports"}}, "schedule", ""),
        ({"parameters": {"period": "last8"}}, "period", "last7"),
        ({"parameters": {"campainId": "a"}}, "campainId", "campaignId"),
        ({"attachments": ["docx"]}, "attachments", "xlsx"),
        ({"language": "fr"}, "language", "es"),
        ({"frequency": "daily"}, "frequency", "not a field"),
        ({"name": ""}, "name", "empty"),
        ({"name": "Weekly \u202efdp"}, "name", "(U+202E)"),
    ],
)
def test_what_can_not_be_is_refused(client: Client, change: dict[str, Any], parameter: str, says: str) -> None:
    body = client.refused(400, "INVALID_PARAMETER", "POST", "/v1/reports", json={**HAND, **change})
    assert body["parameter"] == parameter and says in body["message"], body


@pytest.mark.parametrize(
    ("export", "parameters", "parameter", "says"),
    [
        ({"report": "trends"}, {"granularity": ["weekly"]}, "granularity", "not a parameter of an export"),
        ({"report": "trends", "dateFrom": "1970-01-01", "dateTo": "2099-12-31"}, {}, "granularity", "monthly"),
        ({"report": "trends"}, {"dateFrom": ["1970-01-01"], "dateTo": ["2099-12-31"]}, "granularity", "monthly"),
        ({"report": "trends", "search": "a"}, {}, "search", "not a parameter of an export"),
    ],
)
def test_what_an_export_does_not_take_is_refused(
    client: Client, export: dict[str, Any], parameters: dict[str, Any], parameter: str, says: str
) -> None:
    body = {"name": "Rows", "export": export, "parameters": parameters}
    refused = client.refused(400, "INVALID_PARAMETER", "POST", "/v1/reports", json=body)
    assert refused["parameter"] == parameter and says in refused["message"], refused


def test_an_export_goes_along(client: Client, mailing: Mailing) -> None:
    made = make(
        client, {"name": "Rows", "export": {"report": "evaluations", "format": "csv"}, "recipients": ["cy@example.com"]}
    )
    assert made["export"] == {"report": "evaluations", "format": "csv"}
    run = sent(client, made["id"])
    assert run["status"] == "sent", run
    (message,) = mailing.inbox.to("cy@example.com")
    (file,) = message.iter_attachments()
    assert len(bytes(file.get_payload(decode=True)).splitlines()) == 7
    assert "6 rows" in message["Subject"]
