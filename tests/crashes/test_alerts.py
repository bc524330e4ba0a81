"""kill -9 in the middle of checks: what fires is told once, and stays told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from multiprocessing.connection import Connection

import sqlalchemy as sa

from lib.alerts.checker import AlertChecker
from lib.delivery.outbox import Channel
from lib.settings import Settings
from lib.store.outgoing_schema import alert_changes, deliveries
from lib.workspace import Workspace
from tests.alerts.conftest import BELOW_SEVEN, calls, watch_of
from tests.conftest import Load
from tests.crashes.killing import BEGIN, KILLS, Kills, Openings

ALERTS = 10


def check_all(tell: Connection, settings: Settings) -> None:
    workspace = Workspace(settings)
    tell.send(BEGIN)
    watch = watch_of(workspace)
    watch.engine.expire_leases()
    AlertChecker(watch.engine, workspace.facts).run_once()
    workspace.close()


def test_killed_while_alerts_are_checked(
    settings: Settings, openings: Openings, load: Load, workspace: Workspace
) -> None:
    load(calls((datetime(2026, 3, 2).date(), 6, center, "x") for center in "ns" for _ in range(2)))
    workspace.close()
    kills, made = Kills(max(3, KILLS // 4)), []
    for _ in kills.rounds():
        opened = Workspace(settings)
        watch = watch_of(opened)
        made += [watch.add(condition=BELOW_SEVEN, by="callCenter").id for _ in range(ALERTS)]
        opened.close()
        kills.run("checks", check_all, settings)
    left = openings.open(settings)
    watch = watch_of(left)
    watch.engine.expire_leases()
    AlertChecker(watch.engine, left.facts).run_once()
    with left.state.read() as connection:
        told = connection.execute(sa.select(deliveries.c.subject).where(deliveries.c.channel == Channel.MAIL)).scalars()
        assert Counter(told) == Counter(dict.fromkeys(made, 1))  # both centers in one message
        changed = connection.execute(sa.select(alert_changes.c.alert)).scalars()
        assert Counter(changed) == Counter(dict.fromkeys(made, 2))
    assert watch.engine.claim(None, datetime.now(UTC)) is None
    left.close()
