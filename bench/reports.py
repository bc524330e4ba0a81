"""Reports: what one of 40 executives takes, and 200 that are due at the same moment, beside an open page."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench import data
from bench.report import Report
from lib.access.owners import Owner
from lib.access.users import LOCAL
from lib.analytics import queries
from lib.analytics.grants import EVERYTHING
from lib.catalog.dimensions import EXECUTIVE
from lib.scheduled_reports.content import page_content
from lib.scheduled_reports.definition import DefinitionReader
from lib.settings import Settings
from lib.store.outgoing_schema import deliveries, report_runs, reports
from lib.workspace import Workspace
from tests.mail_server import mail_server
from tests.serving import served_by_command

COUNT = 200
AHEAD = timedelta(seconds=20)
"""How long before all are due the page is measured alone."""

PAGES = ("overview", "campaigns", "call_centers", "trends")
YEAR = {"dateFrom": "2025-01-01", "dateTo": "2025-12-31"}


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure on one engine; the reports go again."""
    owner = Owner(LOCAL.actor, LOCAL.id)
    with mail_server() as inbox:
        variables = {
            "CALLBOARD_SMTP_URL": inbox.url,
            "CALLBOARD_MAIL_FROM": "calls@example.com",
            "CALLBOARD_MAIL_DOMAINS": "example.com",
            "CALLBOARD_BASE_URL": "http://127.0.0.1",
        }
        workspace = Workspace(chosen.model_copy(update={"base_url": "http://127.0.0.1"}))
        try:
            _one(report, engine, workspace, owner)
            ids = _make(workspace, owner)
        finally:
            workspace.close()
        variables |= {"CALLBOARD_SAMPLE": "off", "CALLBOARD_DATABASE_URL": chosen.database_url}
        with served_by_command(chosen.data_dir, **variables) as address:
            due = datetime.now(UTC) + AHEAD
            _set_due(chosen, ids, due)
            before, during, seconds = asyncio.run(_beside(address, chosen, due))
        what = f"{COUNT} reports due at once: until the last has arrived"
        report.add("reports", what, engine, [seconds], unit="s", bound=60)
        report.add(
            "reports",
            "a page meanwhile, beside the same page before",
            engine,
            during,
            yardstick=statistics.median(before),
        )
        if len(set(inbox.ids())) != COUNT:
            raise RuntimeError(f"{len(set(inbox.ids()))} of {COUNT} mails arrived")
        workspace = Workspace(chosen)
        for number in ids:
            workspace.outgoing.reports.delete(number, "bench")
        workspace.close()


def _one(report: Report, engine: str, workspace: Workspace, owner: Owner) -> None:
    """Measure a report of 40 executives: seconds, and what the process takes more for it."""
    members = workspace.answers.run(queries.options, EXECUTIVE, EVERYTHING, workspace.catalog)[:40]
    parameters = {**YEAR, "executiveId": [each.parameter_value for each in members]}
    reader = DefinitionReader(workspace.catalog, workspace.calendar, {}, frozenset({"example.com"}))
    body = {"name": "40", "page": "executives", "parameters": parameters, "attachments": ["pdf", "xlsx"]}
    made = workspace.outgoing.reports.add(reader.read(body), owner, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.perf_counter()
    mail = page_content(made, EVERYTHING, workspace)
    took = time.perf_counter() - begun
    more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    what = f"of 40 executives over {data.ROWS:,}, a year, with PDF and XLSX ({mail.size / 1e6:.1f} MB)"
    report.add("reports", what, engine, [took], unit="s")
    report.add("reports", "memory that this takes more", engine, [more], unit="MB")
    workspace.outgoing.reports.delete(made.id, "bench")


def _make(workspace: Workspace, owner: Owner) -> list[str]:
    reader = DefinitionReader(workspace.catalog, workspace.calendar, {}, frozenset({"example.com"}))
    ids = []
    for number in range(COUNT):
        page, month = PAGES[number % len(PAGES)], number % 6 + 1
        body = {
            "name": f"Report {number}",
            "page": page,
            "parameters": {"dateFrom": f"2025-{month:02}-01", "dateTo": f"2025-{month + 6:02}-28"},
            "schedule": {"cron": "0 8 * * *", "timezone": "UTC"},
            "recipients": [f"ann{number}@example.com"],
        }
        ids.append(workspace.outgoing.reports.add(reader.read(body), owner, 0).id)
    return ids


def _set_due(chosen: Settings, ids: list[str], due: datetime) -> None:
    engine = sa.create_engine(chosen.state_database_url)
    with engine.begin() as connection:
        connection.execute(sa.update(reports).where(reports.c.id.in_(ids)).values(next_at=due))
    engine.dispose()


async def _beside(address: str, chosen: Settings, due: datetime) -> tuple[list[float], list[float], float]:
    """Return how long a page took before and while reports went out, in ms, and how long all of these took, in s."""
    before: list[float] = []
    during: list[float] = []
    engine = sa.create_engine(chosen.state_database_url)
    where = f"ws://{urlsplit(address).netloc}/_stcore/stream"
    async with connect(where, subprotocols=[Subprotocol("streamlit")], max_size=None) as page:
        await _drawn(page, "")
        for place in range(100_000):
            day = f"2025-{place % 6 + 1:02}-{place % 28 + 1:02}"
            begun = time.perf_counter()
            await _drawn(page, f"dateFrom={day}&dateTo=2025-12-31")
            took = (time.perf_counter() - begun) * 1000
            (before if datetime.now(UTC) < due else during).append(took)
            with engine.connect() as connection:
                ended = sa.select(sa.func.count(), sa.func.max(deliveries.c.finished_at)).where(
                    deliveries.c.finished_at.is_not(None), deliveries.c.cause.in_(sa.select(report_runs.c.id))
                )
                count, last = connection.execute(ended).one()
            if count >= COUNT:
                engine.dispose()
                return before, during, (last - due).total_seconds()
            await asyncio.sleep(0.5)
    raise RuntimeError("the reports did not end")


async def _drawn(page: ClientConnection, query: str) -> None:
    """Ask for the page with a query, and wait until all of it has come."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.is_history_navigation = bool(query)
    await page.send(message.SerializeToString())
    while ForwardMsg.FromString(await page.recv(decode=False)).WhichOneof("type") != "script_finished":
        pass
