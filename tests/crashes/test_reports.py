"""kill -9 between and during the sending of reports, over months with changes of the clock: each arrives once.

`REPORT_DAYS` in the environment sets how many days each of three reports goes out on: 100 make 300 due times.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from lib.access.owners import Owner
from lib.access.users import LOCAL
from lib.delivery import outbox
from lib.delivery.mail_message import message_id
from lib.delivery.mail_sender import MailAccount, MailSender
from lib.scheduled_reports import runs
from lib.scheduled_reports.definition import DefinitionReader
from lib.settings import Settings
from lib.store.outgoing_schema import deliveries, report_runs, reports
from lib.workspace import Workspace
from tests.crashes.killing import BEGIN, SEED, context
from tests.mail_server import mail_server
from tests.waiting import LONG_SECONDS

DAYS = int(os.environ.get("REPORT_DAYS", "14"))
FIRST = date(2026, 3, 25)
"""The clocks of Madrid change on 29 March, of Santiago on 5 April; New York's of 8 March are in the schedule's tests."""

SENDER = "calls@example.com"
RECIPIENTS = ["ann@example.com", "bo@example.com"]
DUE = {"America/New_York": (2, 30), "Europe/Madrid": (2, 30), "America/Santiago": (0, 0)}
"""The time of each zone's report: one that a change of the clock leaves out."""

LEASE = timedelta(seconds=2)
"""How long what a killed process had is left alone."""


def due_times() -> dict[str, list[datetime]]:
    """Return when each zone's report is due, by the zone's own clock: the first moment that says so, or later."""
    times: dict[str, list[datetime]] = {}
    for zone, (hour, minute) in DUE.items():
        for n in range(DAYS):
            day = FIRST + timedelta(days=n)
            at, wanted = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14), (day, hour, minute)
            while (local := at.astimezone(ZoneInfo(zone))) and (local.date(), local.hour, local.minute) < wanted:
                at += timedelta(minutes=30)
            times.setdefault(zone, []).append(at)
    return times


def sender(workspace: Workspace) -> MailSender:
    server = workspace.settings.mail_server
    assert server is not None
    account = MailAccount(server, SENDER, SENDER)
    outgoing = workspace.outgoing
    return MailSender(workspace.outbox, account, outgoing.unsubscribe_link, outgoing.runner.on_delivery_end)


def work(tell: Connection, settings: Settings, clock: Path, moments: Sequence[datetime], *, is_alone: bool) -> None:
    """Make and send reports from the moment that the clock's file says on, until all have gone out."""
    outbox.LEASE = runs.LEASE = LEASE
    workspace = Workspace(settings)
    outgoing, sending = workspace.outgoing, sender(workspace)
    if is_alone:  # as an app that holds the embedded database begins
        outgoing.runs.expire_leases()
        workspace.outbox.expire_leases()
    tell.send(BEGIN)
    while True:
        place = int(clock.read_text())
        outgoing.runner.look_ahead(moments[min(place, len(moments) - 1)])
        while outgoing.runner.make_next() or sending.send_batch():
            pass
        if place < len(moments):
            # Another process may be ahead; none falls behind what it has seen.
            later = clock.with_suffix(f".{os.getpid()}")
            later.write_text(str(max(place + 1, int(clock.read_text()))))
            later.replace(clock)
            continue
        with workspace.state.read() as connection:
            waiting = [
                connection.execute(sa.select(sa.func.count()).select_from(table).where(table.c.finished_at.is_(None)))
                for table in (report_runs, deliveries)
            ]
            if not any(each.scalar_one() for each in waiting):
                break
        time.sleep(0.1)
    workspace.close()


def make_reports(workspace: Workspace, times: dict[str, list[datetime]]) -> dict[str, str]:
    """Keep a report for each zone; return their ids by zone."""
    reader = DefinitionReader(workspace.catalog, workspace.calendar, {}, frozenset({"example.com"}))
    made = {}
    for zone, (hour, minute) in DUE.items():
        schedule = {"cron": f"{minute} {hour} * * *", "timezone": zone}
        body = {"name": zone, "page": "evaluations", "schedule": schedule, "recipients": RECIPIENTS}
        report = workspace.outgoing.reports.add(reader.read(body), Owner(LOCAL.actor, LOCAL.id), 0)
        with workspace.state.transaction() as connection:
            first = sa.update(reports).where(reports.c.id == report.id).values(next_at=times[zone][0])
            connection.execute(first)
        made[zone] = report.id
    return made


@pytest.mark.parametrize(("engine", "processes"), [("duckdb", 1), ("postgresql", 2)], indirect=["engine"])
def test_each_report_arrives_once_whatever_is_killed(settings: Settings, tmp_path: Path, processes: int) -> None:
    times = due_times()
    moments = sorted({at for zone in times.values() for at in zone})
    clock, chance = tmp_path / "clock.txt", random.Random(SEED)
    clock.write_text("0")
    with mail_server() as inbox:
        settings = settings.model_copy(
            update={"smtp_url": inbox.url, "mail_from": SENDER, "mail_domains": "example.com"}
        )
        workspace = Workspace(settings)
        made = make_reports(workspace, times)
        workspace.close()
        kills = 0
        while int(clock.read_text()) < len(moments):
            kills += kill_some(settings, clock, moments, processes, chance)
        finish(settings, clock, moments)
        workspace = Workspace(settings)
        with workspace.state.read() as connection:
            lines = connection.execute(
                sa.select(deliveries.c.id, deliveries.c.address, report_runs.c.report, report_runs.c.due_at).join(
                    report_runs, report_runs.c.id == deliveries.c.cause
                )
            ).all()
        workspace.close()
        arrived = Counter(inbox.ids())
    keys = {message_id(line.id, SENDER): (line.report, line.due_at, line.address) for line in lines}
    expected = {(made[zone], at, to) for zone, each in times.items() for at in each for to in RECIPIENTS}
    assert set(arrived) == set(keys)
    assert set(keys.values()) == expected and len(keys) == len(expected)
    again = sum(count - 1 for count in arrived.values())
    sys.stdout.write(f"{len(expected)} mails, {kills} kills; {again} came twice under one Message-ID\n")
    assert kills > 0 and again <= kills  # one that was on its way when its process was killed may come again


def kill_some(
    settings: Settings, clock: Path, moments: Sequence[datetime], processes: int, chance: random.Random
) -> int:
    """Run processes side by side, and kill each at a random moment; return how many kills hit."""
    children = []
    for _ in range(processes):
        ours, theirs = context.Pipe()
        child = context.Process(
            target=work, args=(theirs, settings, clock, moments), kwargs={"is_alone": processes == 1}
        )
        child.start()
        theirs.close()
        assert ours.poll(LONG_SECONDS) and ours.recv() == BEGIN
        children.append((child, ours))
    hit = 0
    for child, ours in children:
        child.join(chance.uniform(0.2, 2.5))
        hit += child.is_alive()
        child.kill()
        child.join()
        ours.close()
        assert child.exitcode in (0, -9)
    return hit


def finish(settings: Settings, clock: Path, moments: Sequence[datetime]) -> None:
    """Let one process come to its end."""
    ours, theirs = context.Pipe()
    child = context.Process(target=work, args=(theirs, settings, clock, moments), kwargs={"is_alone": True})
    child.start()
    child.join(LONG_SECONDS)
    ended = child.exitcode
    child.kill()
    ours.close()
    assert ended == 0
