"""Two processes are one app to who comes through a proxy; and what one leaves when it is killed, the other does, once."""

from __future__ import annotations

import http.client
import itertools
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.store import schema
from lib.store.outgoing_schema import alerts, report_runs
from lib.workspace import Workspace
from tests.api.event_client import EventClient
from tests.replicas.conftest import Pair
from tests.waiting import until

_number = itertools.count()

RATE = 600
"""Requests that a key has a minute, unless a setting says otherwise."""


def evaluation(day: str = "2024-01-09") -> dict[str, Any]:
    return {"id": f"new-{next(_number)}", "audioDate": day, "averageNote": 5}


def client(address: str, key: str) -> httpx.Client:
    """Ask as a program does, which keeps no cookies."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=address, headers=headers, verify=False, timeout=60)  # noqa: S501 - the tests' own


def total(address: str, key: str) -> int:
    with client(address, key) as asking:
        found: int = asking.get("/v1/analytics/summary").raise_for_status().json()["totalEvaluations"]
        return found


@contextmanager
def visited(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(accept_downloads=True, ignore_https_errors=True)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
def test_people_come_through_the_proxy(
    proxies: dict[str, str], pair: Pair, chromium: Browser, tmp_path: Path, proxy: str
) -> None:
    """A page, a filter, a file on its way in, and one on its way out: all at the process where the page is open."""
    calls = tmp_path / f"{proxy}.csv"
    calls.write_text(f"id,audioDate,averageNote\n{proxy}-1,2024-01-31,8\n{proxy}-2,2024-02-01,7\n")
    key = pair.key()
    before = total(pair.addresses[0], key)
    with visited(chromium, f"{proxies[proxy]}/?campaignId=a&period=all") as page:
        expect(page.locator(".cb-shown").first).to_contain_text("· 2 evaluations")
        cookies = {each["name"]: each for each in page.context.cookies()}
        kept = cookies["callboard_visitor" if proxy == "nginx" else "callboard_replica"]
        assert kept["httpOnly"] and kept["secure"]
        page.goto(f"{proxies[proxy]}/data")
        page.set_input_files("input[type=file]", [calls])
        page.get_by_role("button", name="Load", exact=True).click()
        expect(page.get_by_text("result: loaded")).to_be_visible()
        page.goto(f"{proxies[proxy]}/exports?period=all")
        page.get_by_role("button", name="Start export").click()
        link = page.get_by_role("link", name="Download").first
        expect(link).to_be_visible()
        with page.expect_download() as waiting:
            link.click()
        waiting.value.save_as(tmp_path / "out.csv")
        page.get_by_role("button", name="Delete").first.click()
        expect(page.get_by_text("No export yet")).to_be_visible()
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 1 + before + 2
    assert total(pair.addresses[1], key) == before + 2


@pytest.mark.parametrize("proxy", ["nginx", "haproxy"])
def test_programs_come_through_the_proxy(proxies: dict[str, str], pair: Pair, proxy: str) -> None:
    key = pair.key()
    with client(proxies[proxy], key) as asking, EventClient(proxies[proxy], key) as stream:
        known = stream.summary()["totalEvaluations"]
        assert asking.post("/v1/evaluations", json=[evaluation()]).status_code == 200
        assert stream.summary()["totalEvaluations"] == known + 1  # nothing keeps events back
        ordered = asking.post("/v1/analytics/export", json={"format": "csv"}).json()
        assert ordered["statusUrl"].startswith(proxies[proxy])
        until(lambda: asking.get(ordered["statusUrl"]).json()["status"] == "completed")
        link = asking.get(ordered["statusUrl"]).json()["downloadUrl"]
        assert link.startswith(proxies[proxy])  # of https, as the proxy says
        assert len(asking.get(link).text.splitlines()) == 1 + known + 1
        long = "&".join(f"campaignId={n:0>60}" for n in range(400))
        assert asking.get(f"/v1/analytics/summary?{long}").status_code == 200
        assert asking.get("/metrics").status_code == 404


def test_a_change_on_one_is_seen_on_the_other(pair: Pair) -> None:
    key = pair.key()
    with (
        client(pair.addresses[0], key) as one,
        client(pair.addresses[1], key) as two,
        EventClient(pair.addresses[1], key) as stream,
    ):
        known = stream.summary()["totalEvaluations"]
        tag = two.get("/v1/analytics/summary").headers["etag"]
        assert two.get("/v1/analytics/summary", headers={"If-None-Match": tag}).status_code == 304
        assert one.post("/v1/evaluations", json=[evaluation()]).status_code == 200
        assert stream.summary()["totalEvaluations"] == known + 1
        assert two.get("/v1/analytics/summary", headers={"If-None-Match": tag}).status_code == 200


def test_a_rate_holds_over_both(pair: Pair) -> None:
    key = pair.key()

    def ask(number: int) -> int:
        asking = (one, two)[number % 2]
        return asking.get("/v1/analytics/summary").status_code

    with client(pair.addresses[0], key) as one, client(pair.addresses[1], key) as two, ThreadPoolExecutor(4) as threads:
        statuses = Counter(threads.map(ask, range(RATE + 60)))
    assert set(statuses) == {200, 429}
    assert RATE * 0.95 <= statuses[200] <= RATE * 1.05


@contextmanager
def locked(pair: Pair) -> Iterator[None]:
    """Keep whoever reads or writes evaluations and what is computed of them waiting."""
    open_ones = {schema.workspace, schema.fields, schema.metrics, schema.metric_rollups, schema.imports}
    names = ", ".join(table.name for table in schema.FACTS.sorted_tables if table not in open_ones)
    with psycopg.connect(pair.settings.database_url) as holder:
        holder.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        yield


REPORT = {
    "name": "By hand",
    "page": "campaigns",
    "parameters": {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"},
    "schedule": None,
    "recipients": ["ann@example.com"],
}
ALERT = {
    "name": "Score",
    "metric": "averageScore",
    "parameters": {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"},
    "by": None,
    "condition": {"type": "below", "value": 10, "endsAt": 10},
    "minimum": 1,
    "schedule": {"cron": "0 8 1 1 *", "timezone": "UTC"},
    "recipients": ["bo@example.com"],
}


def test_one_finishes_what_the_other_left_when_it_was_killed(
    pair: Pair, proxies: dict[str, str], tmp_path: Path
) -> None:
    """The last of this file's, as a process is gone afterwards.

    The second process sleeps until the first one is in the middle of everything. What leases are for is that it then
    waits for half a minute at least; the test ends them, as if that had passed.
    """
    key = pair.key()
    with client(pair.addresses[0], key) as one:
        report = one.post("/v1/reports", json=REPORT).raise_for_status().json()["id"]
        alert = one.post("/v1/alerts", json=ALERT).raise_for_status().json()["id"]
        one.post("/v1/evaluations", json=[evaluation()]).raise_for_status()  # what the alert looked at is not kept
        before = one.get("/v1/analytics/summary").json()["totalEvaluations"]
        earlier = one.post("/v1/analytics/export", json={"format": "csv"}).raise_for_status().json()["jobId"]
    more = tmp_path / "more.csv"
    more.write_text("id,audioDate\n" + "".join(f"more-{n},2024-01-{n % 28 + 1:02}\n" for n in range(50)))
    workspace = Workspace(pair.settings)
    queue, runs = workspace.queue, workspace.outgoing.runs
    until(lambda: (job := queue.get(earlier)) is not None and job.ended)
    order = queue.get(earlier)
    assert order is not None
    first, second = pair.processes
    with EventClient(proxies["haproxy"], key, cookie="callboard_replica=one") as stream:
        event = stream.event()
        second.send_signal(signal.SIGSTOP)
        try:
            with locked(pair):
                jobs = [
                    queue.add(JobKind.IMPORT, {"files": [(str(more), more.name)], "actor": "test"}, "test").id,
                    queue.add(JobKind.EXPORT, order.payload, order.actor).id,
                ]
                with client(pair.addresses[0], key) as one:
                    run = one.post(f"/v1/reports/{report}/send", json={}).raise_for_status().json()["runId"]
                due = (
                    sa.update(alerts)
                    .where(alerts.c.id == alert)
                    .values(next_at=datetime.now(UTC) - timedelta(minutes=1))
                )
                with workspace.state.transaction() as connection:
                    connection.execute(due)
                until(lambda: is_under_way(workspace, jobs, run, alert))
                first.kill()
                first.wait()
        finally:
            second.send_signal(signal.SIGCONT)
        assert is_cut_off(stream)
    for leases in (queue, runs, workspace.alert_engine, workspace.outbox):
        leases.expire_leases()
    with EventClient(proxies["haproxy"], key, event.id, cookie="callboard_replica=one") as stream:
        following = stream.event()
        assert following.id is not None and event.id is not None and following.id > event.id
    until(lambda: all((job := queue.get(each)) is not None and job.ended for each in jobs))
    imported, exported = (queue.get(each) for each in jobs)
    assert imported is not None and imported.result is not None and imported.result["added"] == 50
    assert exported is not None and exported.result is not None and exported.result["rows"] in (before, before + 50)
    assert total(pair.addresses[1], key) == before + 50
    until(lambda: bool(pair.inbox.to("ann@example.com")) and bool(pair.inbox.to("bo@example.com")))
    until(lambda: (made := runs.get(run)) is not None and made.finished_at is not None)
    assert (len(pair.inbox.to("ann@example.com")), len(pair.inbox.to("bo@example.com"))) == (1, 1)
    with workspace.facts.read() as connection:
        listed = sa.select(sa.func.count()).where(schema.imports.c.files.contains(more.name))
        assert connection.execute(listed).scalar_one() == 1
    assert TASKS["check"](workspace, {}, lambda *_: None)["lines"] == ()
    workspace.close()


def is_cut_off(stream: EventClient) -> bool:
    """Wait until a stream ends because its process is gone; return whether it says nothing more before."""
    try:
        return stream.has_ended()
    except (http.client.HTTPException, OSError):
        return True


def is_under_way(workspace: Workspace, jobs: list[str], run: str, alert: str) -> bool:
    """Return whether some process has begun with all of it."""
    leased = [
        *(sa.select(schema.jobs.c.lease_until).where(schema.jobs.c.id == each) for each in jobs),
        sa.select(report_runs.c.lease_until).where(report_runs.c.id == run),
        sa.select(alerts.c.lease_until).where(alerts.c.id == alert),
    ]
    with workspace.state.read() as connection:
        return all(connection.execute(each).scalar_one_or_none() is not None for each in leased)
