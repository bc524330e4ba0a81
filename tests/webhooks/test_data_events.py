"""The events of data: imports, new evaluations, exports; each to those alone who may see it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.api_keys import Key
from lib.access.owners import Owner
from lib.access.users import Role
from lib.analytics.grants import EVERYTHING, Grant
from lib.delivery.outbox import DeliveryStatus
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.store.outgoing_schema import deliveries
from lib.store.schema import imports
from lib.webhooks import data_events
from lib.webhooks.webhook import (
    EVALUATION_CREATED,
    EXPORT_READY,
    IMPORT_COMPLETED,
    NoAnswer,
    OffReason,
    Webhook,
    WebhookStatus,
)
from lib.workspace import Workspace
from tests.waiting import until
from tests.webhooks.conftest import Hooks, Write
from tests.webhooks.receiver import plain

NORTH = {"callCenterId": "n", "callCenterName": "North"}
SOUTH = {"callCenterId": "s", "callCenterName": "South"}
ONLY_NORTH = Grant.of({"callCenter": ["n"]})


def make_key(workspace: Workspace, grant: Grant = EVERYTHING) -> Key:
    scopes = ("webhooks:manage", "evaluations:read", "evaluations:write")
    return api_keys.create(workspace.state, "hooks", scopes, "test", grant, workspace.catalog)[1]


def owner(key: Key) -> Owner:
    return Owner(key.actor, key.prefix)


def data_of(hooks: Hooks, path: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait for so many calls to a path, and return the data of each."""
    until(lambda: len(hooks.server.of(path)) >= count)
    return [call.envelope["data"] for call in hooks.server.of(path)]


def import_file(workspace: Workspace, folder: Path, *lines: str, **payload: Any) -> dict[str, Any]:
    path = folder / "calls.csv"
    path.write_text("id,audioDate,state,callCenterId,callCenterName\n" + "\n".join(lines))
    asked = {"files": [(str(path), "calls.csv")], "actor": "ann@example.com", **payload}
    return TASKS[JobKind.IMPORT](workspace, asked, lambda *_: None)


def test_an_import_of_files_is_told(running: Hooks, workspace: Workspace, tmp_path: Path) -> None:
    running.make("/in", IMPORT_COMPLETED)
    import_file(workspace, tmp_path, "1,2024-01-01,Completed,n,North", "2,2024-01-03,Pending,s,South")
    done = import_file(workspace, tmp_path, "1,2024-01-01,Failed,n,North", "3,2024-01-02,Pending,s,South", ",,,,")
    import_file(workspace, tmp_path, "9,2024-01-01,Failed,n,North", dry_run=True)
    first, second = sorted(data_of(running, "/in", 2), key=lambda data: data["startedAt"])
    assert (first["added"], first["changed"]) == (2, 0)
    times = {name: second.pop(name) for name in ("startedAt", "finishedAt")}
    assert times["startedAt"] < times["finishedAt"] and times["finishedAt"].endswith("+00:00")
    assert second == {
        "importId": done["id"],
        "source": "files",
        "files": ["calls.csv"],
        "added": 1,
        "changed": 1,
        "unchanged": 0,
        "duplicates": 0,
        "read": 3,
        "blank": 1,
        "bad": 0,
        "firstDay": "2024-01-01",
        "lastDay": "2024-01-02",
    }


def test_new_evaluations_are_sent_as_the_api_has_them(running: Hooks, write: Write) -> None:
    running.make("/in", EVALUATION_CREATED)
    write({"id": "1", "averageNote": 7.126, **NORTH}, {"id": "2", **SOUTH})
    report = write({"id": "1", "averageNote": 9, **NORTH}, {"id": "3", **NORTH}, {"id": "2", **SOUTH})
    calls = data_of(running, "/in", 2)
    by_size = sorted(calls, key=lambda data: -len(data["evaluations"]))
    assert [[row["id"] for row in data["evaluations"]] for data in by_size] == [["1", "2"], ["3"]]
    assert by_size[1]["importId"] == report.id, "an evaluation that changed is not new"
    row = by_size[1]["evaluations"][0]
    assert (row["audioDate"], row["callCenterName"], row["fields"]) == ("2024-01-01T12:00:00+00:00", "North", {})


def test_evaluations_come_in_batches_and_large_imports_are_told_alone(
    running: Hooks, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.make("/evaluations", EVALUATION_CREATED)
    running.make("/imports", IMPORT_COMPLETED)
    write(*({"id": str(number), **NORTH} for number in range(250)))
    sizes = [len(data["evaluations"]) for data in data_of(running, "/evaluations", 3)]
    assert sorted(sizes) == [50, 100, 100]
    ids = [row["id"] for data in data_of(running, "/evaluations", 3) for row in data["evaluations"]]
    assert sorted(ids, key=int) == [str(number) for number in range(250)]
    monkeypatch.setattr(data_events, "MOST_ANNOUNCED", 10)
    write(*({"id": f"more {number}", **NORTH} for number in range(11)))
    assert [data["added"] for data in data_of(running, "/imports", 2)].count(11) == 1
    assert len(running.server.of("/evaluations")) == 3


def test_a_limited_key_gets_its_rows_alone(running: Hooks, workspace: Workspace, write: Write) -> None:
    key = make_key(workspace, ONLY_NORTH)
    limited = running.make("/north", IMPORT_COMPLETED, EVALUATION_CREATED, owner=owner(key))
    running.make("/all", IMPORT_COMPLETED, EVALUATION_CREATED)
    write({"id": "1", **NORTH}, {"id": "2", **SOUTH}, {"id": "3", **NORTH, "audioDate": "2024-01-05T12:00:00Z"})
    write({"id": "4", **SOUTH})
    write({"id": "1", "averageNote": 5, **NORTH}, {"id": "2", "averageNote": 5, **SOUTH})
    data_of(running, "/all", 5)
    seen = data_of(running, "/north", 3)
    (rows,) = (data["evaluations"] for data in seen if "evaluations" in data)
    assert [row["id"] for row in rows] == ["3", "1"]
    counts = sorted((data["added"], data["changed"], data["lastDay"]) for data in seen if "added" in data)
    assert counts == [(0, 1, "2024-01-01"), (2, 0, "2024-01-05")]
    assert all("files" not in data and "read" not in data for data in seen)
    assert len(running.deliveries(limited)) == 3, "of the import that it may not see, nothing is known to it"
    text = json.dumps([call.body.decode() for call in running.server.of("/north")])
    assert "South" not in text and '"s\\"' not in text


def test_what_is_taken_from_an_owner_holds_for_what_waits(hooks: Hooks, workspace: Workspace, write: Write) -> None:
    person = workspace.people.add("ann@example.com", Role.ADMIN, EVERYTHING, "test")
    key = make_key(workspace)
    theirs = hooks.make("/person", EVALUATION_CREATED, owner=Owner(person.actor, person.id))
    keys = hooks.make("/key", EVALUATION_CREATED, IMPORT_COMPLETED, owner=owner(key))
    write({"id": "1", **NORTH}, {"id": "2", **SOUTH})
    workspace.people.change(person.id, Role.ANALYST, ONLY_NORTH, "test")
    with workspace.state.transaction() as connection:  # no key changes so, but what waits is held to what it is
        column = sa.text("UPDATE api_keys SET grant_limits = :limits WHERE prefix = :prefix")
        connection.execute(column, {"limits": ONLY_NORTH.to_column(), "prefix": key.prefix})
    told: list[Webhook] = []
    hooks.service.on_switched_off = told.append
    hooks.service.start()
    (data,) = data_of(hooks, "/key")
    assert [row["id"] for row in data["evaluations"]] == ["1"]
    (skipped,) = hooks.wait(keys, DeliveryStatus.SKIPPED)
    assert (skipped.event, skipped.delivery.answer) == (IMPORT_COMPLETED, NoAnswer.NOTHING_TO_SEE)
    until(lambda: bool(told))
    assert (told[0].id, told[0].off_reason) == (theirs.id, OffReason.OWNER_GONE)
    assert not hooks.server.of("/person")
    hooks.service.stop()


@pytest.mark.parametrize("how", ["revoked", "removed"])
def test_who_is_gone_gets_nothing_more(running: Hooks, workspace: Workspace, write: Write, how: str) -> None:
    running.server.answer = plain(500)
    if how == "revoked":
        key = make_key(workspace)
        webhook = running.make("/in", EVALUATION_CREATED, owner=owner(key))
    else:
        person = workspace.people.add("ann@example.com", Role.ADMIN, EVERYTHING, "test")
        webhook = running.make("/in", EVALUATION_CREATED, owner=Owner(person.actor, person.id))
    write({"id": "1", **NORTH})
    running.wait_for_failures(webhook, 1)
    if how == "revoked":
        api_keys.revoke(workspace.state, key.prefix, "test")
    else:
        workspace.people.remove(person.id, "test")
    running.set_back(webhook)
    until(lambda: running.service.repository.get(webhook.id, None).status is WebhookStatus.OFF)
    assert running.service.repository.get(webhook.id, None).off_reason is OffReason.OWNER_GONE
    assert len(running.server.calls) == 1
    assert [each.delivery.status for each in running.deliveries(webhook)] == [DeliveryStatus.SKIPPED]


def test_evaluations_that_are_gone_by_then_are_not_sent(hooks: Hooks, workspace: Workspace, write: Write) -> None:
    webhook = hooks.make("/in", EVALUATION_CREATED)
    report = write({"id": "1", **NORTH})
    TASKS[JobKind.UNDO](workspace, {"id": report.id, "actor": "test"}, lambda *_: None)
    hooks.service.start()
    (record,) = hooks.wait(webhook, DeliveryStatus.SKIPPED)
    assert record.delivery.answer == NoAnswer.NOTHING_TO_SEE and not hooks.server.calls
    hooks.service.stop()


def test_events_that_a_process_left_out_as_it_died_are_sent(hooks: Hooks, workspace: Workspace, write: Write) -> None:
    first = hooks.make("/in", IMPORT_COMPLETED, EVALUATION_CREATED)
    write({"id": "1", **NORTH})
    with workspace.state.transaction() as connection:  # as if it had died between the facts and the state
        connection.execute(sa.delete(deliveries))
    write({"id": "2", **NORTH})
    newer = hooks.make("/newer", IMPORT_COMPLETED, EVALUATION_CREATED)
    hooks.service.start()
    sent = [call.envelope for call in hooks.server.of("/in")] if data_of(hooks, "/in", 4) else []
    ids = [row["id"] for each in sent for row in each["data"].get("evaluations", ())]
    assert sorted(ids) == ["1", "2"] and len({each["id"] for each in sent}) == 4
    hooks.service.stop()
    again = Hooks(workspace, hooks.server)
    again.service.start()
    write({"id": "3", **NORTH})
    data_of(hooks, "/newer", 2)
    again.wait(first, DeliveryStatus.SENT, count=6)
    assert len(hooks.server.of("/in")) == 6, "what was sent before is not sent again"
    assert len(again.deliveries(newer)) == 2, "a webhook hears of nothing that was before it"
    again.service.stop()


def test_an_old_import_is_not_looked_for(workspace: Workspace, write: Write) -> None:
    write({"id": "1", **NORTH})
    with workspace.facts.read() as connection:
        assert len(data_events.recent_imports(connection)) == 1
    with workspace.facts.write() as connection:
        connection.execute(sa.update(imports).values(finished_at=datetime.now(UTC) - timedelta(hours=25)))
    with workspace.facts.read() as connection:
        assert data_events.recent_imports(connection) == []


def test_an_export_is_told_to_who_ordered_it(hooks: Hooks, workspace: Workspace, write: Write) -> None:
    write({"id": "1", **NORTH})
    key, other = make_key(workspace), make_key(workspace)
    hooks.make("/mine", EXPORT_READY, owner=owner(key))
    hooks.make("/other", EXPORT_READY, owner=owner(other))
    payload = {"report": "evaluations", "format": "csv", "filters": {}, "granularity": "daily", "grant": {}}
    workspace.start_workers()
    job = workspace.queue.add(JobKind.EXPORT, {**payload, "shown": "all", "base_url": "http://calls"}, key.actor)
    (data,) = data_of(hooks, "/mine")
    result = (workspace.queue.get(job.id) or job).result or {}
    assert data == {
        "jobId": job.id,
        "report": "evaluations",
        "format": "csv",
        "rows": 1,
        "bytes": result["bytes"],
        "sha256": result["sha256"],
        "statusUrl": f"http://calls/v1/analytics/export/{job.id}",
    }
    workspace.queue.add(JobKind.EXPORT, {**payload, "shown": "all"}, key.actor)  # ordered by an earlier version
    assert data_of(hooks, "/mine", 2)[-1]["statusUrl"] is None
    assert not hooks.server.of("/other")
