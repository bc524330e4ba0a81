"""A workspace whose alerts put what they tell into the outbox, and the clock that checks go by."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access.owners import Owner
from lib.alerts.alert import Alert
from lib.alerts.engine import AlertEngine, AlertSources
from lib.alerts.notices import AlertChannels, AlertNotice
from lib.alerts.service import AlertService
from lib.analytics.grants import EVERYTHING, Grant
from lib.delivery import outbox
from lib.delivery.outbox import Channel
from lib.store.outgoing_schema import deliveries, delivery_contents
from lib.store.state import StateStore
from lib.workspace import Workspace

LOCAL = Owner("system:local", "local")

BELOW_SEVEN = {"type": "below", "value": 7, "endsAt": 7.5}

CALLS = (
    *("id", "audioDate", "state", "averageNote", "campaignId", "campaignName", "callCenterId", "callCenterName"),
    *("executiveId", "executiveName"),
)


def calls(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return a CSV of calls: the day, the score, the call center and the executive of each."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CALLS)
    for number, (day, score, center, executive) in enumerate(rows):
        name = f"{day}-{center}-{executive}-{number}"
        state = "Failed" if score is None else "Completed"
        writer.writerow([name, f"{day}T12:00:00Z", state, score, "c", "Campaign", center, center, executive, executive])
    return text.getvalue()


def put_out(connection: Connection, notice: AlertNotice) -> None:
    """Put a notice in the outbox for each recipient, as mail would be."""
    told = {"kind": notice.kind.value, "members": [[each.name, each.value] for each in notice.named]}
    content = outbox.add_content(connection, json.dumps({**told, "count": len(notice.members)}).encode())
    for address in notice.alert.definition.recipients:
        outbox.add(connection, Channel.MAIL, notice.cause, notice.alert.id, address, content)


def emit(connection: Connection, notice: AlertNotice) -> None:
    """Put a notice in the outbox for each webhook."""
    content = outbox.add_content(connection, json.dumps({"kind": notice.kind.value}).encode())
    for number in notice.alert.definition.webhooks:
        outbox.add(connection, Channel.WEBHOOK, notice.cause, notice.alert.id, number, content)


def notices(state: StateStore) -> list[tuple[str, list[str]]]:
    """Return what was told by mail, the first first: the kind of each notice, and the names in it."""
    with state.read() as connection:
        kept = sa.select(delivery_contents.c.content, deliveries.c.id).join(
            deliveries, deliveries.c.content == delivery_contents.c.id
        )
        rows = connection.execute(kept.where(deliveries.c.channel == Channel.MAIL).order_by(deliveries.c.id)).all()
    told = [json.loads(row.content) for row in rows]
    return [(each["kind"], [name for name, _ in each["members"]]) for each in told]


@dataclass
class Watch:
    """Checks alerts of a workspace as of the times that a test says."""

    space: Workspace
    engine: AlertEngine
    service: AlertService
    now: datetime = field(default=datetime(2026, 3, 2, 8, tzinfo=UTC))

    def add(self, grant: Grant = EVERYTHING, owner: Owner = LOCAL, **body: Any) -> Alert:
        """Make an alert."""
        base = {"name": "Score", "metric": "averageScore", "parameters": {"period": "all"}, "minimum": 2}
        return self.service.create({**base, "recipients": ["ann@example.com"], **body}, owner, grant)

    def check(self, alert: Alert, hours: float = 24) -> dict[str, str]:
        """Check an alert, and let time pass; return the states by name."""
        self.engine.check(self.space.alerts.get(alert.id, None), self.now)
        self.now += timedelta(hours=hours)
        return {each.name: each.state.value for each in self.space.alerts.states(alert.id)}

    @property
    def notices(self) -> list[tuple[str, list[str]]]:
        """What was told so far."""
        return notices(self.space.state)


def watch_of(space: Workspace) -> Watch:
    """Return who checks a workspace's alerts, and tells by its outbox."""
    settings = space.settings.model_copy(update={"mail_domains": "example.com"})
    sources = AlertSources(space.answers, lambda: space.catalog, lambda: settings, space.people)
    engine = AlertEngine(space.state, sources, AlertChannels(put_out, emit))
    return Watch(space, engine, AlertService(space.state, sources, space.alerts))


@pytest.fixture
def watch(workspace: Workspace) -> Watch:
    return watch_of(workspace)


def days(first: date, count: int) -> list[date]:
    """Return days in a row."""
    return [first + timedelta(days=number) for number in range(count)]
