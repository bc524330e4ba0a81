"""Alerts over HTTP: made, checked, changed, snoozed, acknowledged, deleted; and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from lib.alerts.repository import AlertRepository
from lib.analytics.grants import Grant
from lib.scheduled_reports.repository import unsubscribe
from lib.settings import Settings
from lib.store.outgoing_schema import alerts
from lib.store.state import StateStore
from tests.api.conftest import App
from tests.api_client import Client

BODY: dict[str, Any] = {
    "name": "Score",
    "metric": "averageScore",
    "parameters": {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"},
    "by": None,
    "condition": {"type": "below", "value": 8, "endsAt": 8.5},
    "minimum": 1,
    "schedule": {"cron": "0 8 1 1 *", "timezone": "America/Santiago"},
}


@pytest.fixture
def owner(small_app: App) -> Iterator[Client]:
    """Ask with a key that may write alerts, and has none yet."""
    with small_app.client("reports:read", "reports:write") as client:
        yield client


def made(client: Client, **more: Any) -> dict[str, Any]:
    """Make an alert, have it checked, and return it."""
    response = client.ask("POST", "/v1/alerts", json={**BODY, **more})
    assert response.status_code == 201, response.text
    checked = client.ask("POST", f"/v1/alerts/{response.json()['id']}/check")
    assert checked.status_code == 200, checked.text
    body: dict[str, Any] = checked.json()
    return body


def test_an_alert_from_its_making_to_its_end(owner: Client) -> None:
    sent = owner.ask("POST", "/v1/alerts", json=BODY)
    alert = sent.json()
    assert sent.status_code == 201 and alert["id"].startswith("al_")
    assert {name: alert[name] for name in BODY} == {
        **BODY,
        "parameters": {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"},
    }
    assert (alert["status"], alert["version"], alert["owner"].startswith("key:test (cb_live_")) == ("active", 1, True)
    assert [(each["member"], each["state"], each["value"], each["n"]) for each in alert["states"]] == [
        (None, "firing", 7.13, 4)
    ]
    assert alert["stateCounts"] == {"firing": 1} and alert["checkedAt"] and alert["nextCheckAt"] > alert["checkedAt"]
    checked = owner.ask("POST", f"/v1/alerts/{alert['id']}/check").json()
    [state] = checked["states"]
    # The scores are 9, 4.5, 7 and 8: 7.125 on average.
    assert (state["member"], state["state"], state["value"], state["n"]) == (None, "firing", 7.13, 4)
    assert state["threshold"] == 8 and state["interval"][0] < 7.13 < state["interval"][1]
    assert checked["stateCounts"] == {"firing": 1} and checked["checkedAt"] and checked["error"] is None
    assert owner.get(f"/v1/alerts/{alert['id']}") == checked
    listed = owner.get("/v1/alerts")
    assert (listed["data"], listed["totalCount"], listed["page"]) == ([checked], 1, 1)
    history = owner.get(f"/v1/alerts/{alert['id']}/history")
    [change] = history["data"]
    assert (change["before"], change["after"], change["value"], change["n"]) == ("ok", "firing", 7.13, 4)
    assert change["deliveries"] == [] and history["totalCount"] == 1
    changed = owner.ask("PUT", f"/v1/alerts/{alert['id']}", json={"status": "paused", "name": "Other", "version": 1})
    assert (changed.status_code, changed.json()["status"], changed.json()["version"]) == (200, "paused", 2)
    owner.refused(409, "CONFLICT", "POST", f"/v1/alerts/{alert['id']}/check")
    owner.refused(409, "CONFLICT", "PUT", f"/v1/alerts/{alert['id']}", json={"version": 1})
    assert owner.ask("PUT", f"/v1/alerts/{alert['id']}", json={"status": "active"}).json()["name"] == "Other"
    assert owner.ask("DELETE", f"/v1/alerts/{alert['id']}").status_code == 204
    owner.refused(404, "NOT_FOUND", "GET", f"/v1/alerts/{alert['id']}")


def test_links_begin_with_the_address_that_it_was_made_at(small_app: App, owner: Client) -> None:
    sent = owner.ask("POST", "/v1/alerts", json=BODY).json()
    assert "base_url" not in sent
    database = small_app.variables.get("CALLBOARD_DATABASE_URL", "")
    state = StateStore(Settings(data_dir=small_app.data_dir, database_url=database))
    kept = AlertRepository(state).find(sent["id"])
    state.close()
    assert kept is not None and kept.definition.base_url == owner.address


def test_an_alert_has_states_in_the_answer_that_makes_or_changes_it(owner: Client) -> None:
    def states(response: httpx.Response) -> list[tuple[Any, ...]]:
        return [(each["member"], each["state"], each["value"]) for each in response.json()["states"]]

    def sent(**more: Any) -> httpx.Response:
        return owner.ask("POST", "/v1/alerts", json={**BODY, **more})

    assert states(sent(by="callCenter")) == [("n", "firing", 6.75), ("s", "firing", 7.0), ("(none)", "ok", 8.0)]
    assert states(sent(parameters={"callCenterId": "s"}, schedule={"after": "import"})) == [(None, "firing", 7.0)]
    assert states(sent(parameters={"callCenterId": "x"})) == [(None, "no_data", None)]
    paused = sent(status="paused")
    assert states(paused) == [(None, "ok", None)] and paused.json()["checkedAt"] is None  # nobody has looked
    path = f"/v1/alerts/{paused.json()['id']}"
    assert states(owner.ask("PUT", path, json={"status": "active"})) == [(None, "firing", 7.13)]
    lower = {"condition": {"type": "below", "value": 7}}
    assert states(owner.ask("PUT", path, json=lower)) == [(None, "ok", 7.13)]


def test_each_member_has_a_state(owner: Client) -> None:
    alert = made(owner, by="callCenter", name="Centers")
    # North has 9 and 4.5, South 7, and 8 belongs to none: 8 is not below 8.
    assert [(each["member"], each["name"], each["state"], each["value"]) for each in alert["states"]] == [
        ("n", "North", "firing", 6.75),
        ("s", "South", "firing", 7.0),
        ("(none)", "(none)", "ok", 8.0),
    ]
    told = owner.ask("POST", f"/v1/alerts/{alert['id']}/acknowledge", json={"remark": "on it", "member": "n"}).json()
    assert {each["member"]: each["remark"] for each in told["states"]} == {"n": "on it", "s": None, "(none)": None}
    error = owner.refused(
        400, "INVALID_PARAMETER", "POST", f"/v1/alerts/{alert['id']}/acknowledge", json={"member": "north"}
    )
    assert error["parameter"] == "member"
    owner.refused(409, "CONFLICT", "POST", f"/v1/alerts/{alert['id']}/acknowledge", json={"member": "(none)"})


def test_who_wants_no_more_mail_of_it(small_app: App, owner: Client) -> None:
    alert = made(owner)
    assert alert["unsubscribed"] == []
    database = small_app.variables.get("CALLBOARD_DATABASE_URL", "")
    state = StateStore(Settings(data_dir=small_app.data_dir, database_url=database))
    with state.transaction() as connection:
        mine = alerts.c.id == alert["id"]
        definition = json.loads(connection.execute(sa.select(alerts.c.definition).where(mine)).scalar_one())
        mailed = json.dumps({**definition, "recipients": ["ann@example.com", "bo@example.com"]})
        connection.execute(sa.update(alerts).where(mine).values(definition=mailed))
    unsubscribe(state, alert["id"], "bo@example.com")
    state.close()
    assert owner.get(f"/v1/alerts/{alert['id']}")["unsubscribed"] == ["bo@example.com"]
    assert owner.get("/v1/alerts")["data"][0]["unsubscribed"] == ["bo@example.com"]
    owner.ask("DELETE", f"/v1/alerts/{alert['id']}")


def test_a_snooze(owner: Client) -> None:
    alert = made(owner, name="Snoozed")
    path = f"/v1/alerts/{alert['id']}/snooze"
    until = datetime.fromisoformat(owner.ask("POST", path, json={"hours": 5}).json()["snoozedUntil"])
    assert timedelta(hours=4.9) < until - datetime.now(UTC) < timedelta(hours=5.1)
    instant = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    assert owner.ask("POST", path, json={"until": instant.isoformat()}).json()["snoozedUntil"] == instant.isoformat()
    assert (
        owner.ask("POST", path, json=None, content=b"null", headers={"content-type": "application/json"}).json()[
            "snoozedUntil"
        ]
        is None
    )
    for body in ({"hours": 0}, {"until": "2020-01-01T00:00:00Z"}, {"until": "tomorrow"}, {"hours": 1, "until": "x"}):
        owner.refused(400, "INVALID_PARAMETER", "POST", path, json=body)


def test_a_key_sees_its_own_alerts_within_its_grant(small_app: App, owner: Client) -> None:
    alert = made(owner, name="Mine")
    limited = small_app.client("reports:read", "reports:write", grant=Grant.of({"callCenter": ["s"]}))
    with limited as other:
        assert other.get("/v1/alerts")["data"] == []
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/history"), ("POST", "/check")):
            other.refused(404, "NOT_FOUND", method, f"/v1/alerts/{alert['id']}{path}")
        own = made(other, name="South", by="callCenter")
        assert [(each["member"], each["value"]) for each in own["states"]] == [("s", 7.0)]
        outside = made(other, name="North", parameters={"callCenterId": ["n"]})
        assert [(each["state"], each["value"]) for each in outside["states"]] == [("no_data", None)]


def test_scopes(small_app: App, owner: Client) -> None:
    alert = made(owner, name="Scopes")
    with small_app.client("reports:read") as reader, small_app.client("analytics:read") as none:
        reader.refused(403, "INSUFFICIENT_SCOPE", "POST", "/v1/alerts", json=BODY)
        reader.refused(403, "INSUFFICIENT_SCOPE", "DELETE", f"/v1/alerts/{alert['id']}")
        none.refused(403, "INSUFFICIENT_SCOPE", "GET", "/v1/alerts")


@pytest.mark.parametrize(
    ("part", "parameter", "words"),
    [
        ({"metric": "averageScor"}, "metric", "did you mean 'averageScore'"),
        ({"condition": {"type": "below"}}, "condition.value", "should be a number"),
        ({"parameters": {"callCentreId": "n"}}, "callCentreId", "did you mean 'callCenterId'"),
        ({"recipients": ["ann@example.com"]}, "recipients", "ann@example.com"),
        ({"recipients": ["ann"]}, "recipients", "not an e-mail address"),
        ({"webhooks": ["wh_1"]}, "webhooks", "wh_1"),
        ({"schedule": {"cron": "* * * * *"}}, "schedule", "checks that are 1 min apart; right would be 5 min or more"),
        ({"status": "off"}, "status", "active, paused"),
        ({"colour": "red"}, "colour", "not a field of the body"),
    ],
)
def test_what_is_refused(owner: Client, part: dict[str, Any], parameter: str, words: str) -> None:
    error = owner.refused(400, "INVALID_PARAMETER", "POST", "/v1/alerts", json={**BODY, **part})
    assert error["parameter"] == parameter and words in error["message"]


def test_pages_of_alerts_and_of_their_history(owner: Client) -> None:
    for number in range(3):
        made(owner, name=f"Alert {number}")
    listed = owner.get("/v1/alerts", page=2, pageSize=2)
    assert [each["name"] for each in listed["data"]] == ["Alert 2"] and listed["totalCount"] == 3
    owner.refused(400, "INVALID_PARAMETER", "GET", "/v1/alerts?pageSize=201")
    owner.refused(400, "INVALID_PARAMETER", "GET", "/v1/alerts?size=2")
