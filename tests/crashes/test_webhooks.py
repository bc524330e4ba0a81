"""kill -9 while evaluations come in and webhooks are called: each new evaluation is sent, again under the same id."""

from __future__ import annotations

import time
from collections import defaultdict
from multiprocessing.connection import Connection

import sqlalchemy as sa

from lib.access.owners import Owner
from lib.analytics.grants import EVERYTHING
from lib.delivery.outbox import DeliveryStatus
from lib.settings import Settings
from lib.store import schema
from lib.webhooks.endpoints import WebhookValues
from lib.webhooks.webhook import EVALUATION_CREATED, IMPORT_COMPLETED, Webhook
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, KILLS, Kills, run
from tests.waiting import until
from tests.webhooks.receiver import Call, receiver

LENGTH_SECONDS = 3.0


def write_on(tell: Connection, settings: Settings, number: int) -> None:
    """Load evaluation after evaluation, and call webhooks about them, until killed."""
    workspace = Workspace(settings)
    workspace.start_workers()
    tell.send(BEGIN)
    for each in range(1_000_000):
        row = {"id": f"{number}-{each}", "audioDate": "2024-01-01T12:00:00Z", "state": "Completed"}
        workspace.write_evaluations([row], "test", EVERYTHING)
        tell.send(row["id"])


def evaluations(call: Call) -> list[str]:
    return [row["id"] for row in call.envelope["data"].get("evaluations", ())]


def test_killed_while_webhooks_are_called(settings: Settings) -> None:
    acknowledged: set[str] = set()
    with receiver() as server:
        chosen = settings.model_copy(update={"webhook_hosts": f"127.0.0.1:{server.port}"})
        workspace = Workspace(chosen)
        values = WebhookValues(f"{server.address}/in", (EVALUATION_CREATED, IMPORT_COMPLETED))
        webhook = workspace.webhooks.repository.create(values, Owner("system:local", "local"))
        workspace.close()

        kills = Kills(KILLS // 4)
        for number in kills.rounds():
            ended = run(write_on, chosen, number, kill_after=kills.moment(LENGTH_SECONDS))
            acknowledged |= set(ended.told)

        workspace = Workspace(chosen)
        with workspace.state.transaction() as connection:  # on PostgreSQL nobody knows that who held them is dead
            connection.execute(sa.text("UPDATE deliveries SET lease_until = NULL"))
        workspace.start_workers()
        last = {"id": "last", "audioDate": "2024-01-01T12:00:00Z", "state": "Completed"}
        workspace.write_evaluations([last], "test", EVERYTHING)  # on a slow machine the only one
        with workspace.facts.read() as connection:
            stored = set(connection.scalars(sa.select(schema.evaluations.c.id)))
        assert acknowledged <= stored
        until(lambda: {each for call in list(server.calls) for each in evaluations(call)} >= stored)
        until(lambda: all_sent(workspace, webhook))
        workspace.close()

    by_delivery: dict[str, set[bytes]] = defaultdict(set)
    by_evaluation: dict[str, set[str]] = defaultdict(set)
    for call in server.calls:
        by_delivery[call.delivery].add(call.body)
        for each in evaluations(call):
            by_evaluation[each].add(call.delivery)
    assert all(len(bodies) == 1 for bodies in by_delivery.values()), "what is sent again is the same"
    assert all(len(numbers) == 1 for numbers in by_evaluation.values()), "and has the same id"
    assert set(by_evaluation) == stored
    told_of = {call.envelope["data"]["importId"] for call in server.calls if call.event == IMPORT_COMPLETED}
    assert len(told_of) == len(stored)


def all_sent(workspace: Workspace, webhook: Webhook) -> bool:
    time.sleep(0.1)
    listed, _ = workspace.webhooks.deliveries(webhook, 1, 10_000)
    return {each.delivery.status for each in listed} == {DeliveryStatus.SENT}
