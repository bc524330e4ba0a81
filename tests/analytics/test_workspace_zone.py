"""The time zone belongs to the workspace: no other process moves its days, and one that is late notices."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.audit_log import Action, AuditFilter
from lib.analytics import breakdowns, queries
from lib.analytics.calendar import Calendar
from lib.catalog.dimensions import CAMPAIGN
from lib.cli import task_runner
from lib.errors import TimeZoneChangedError, TimeZoneConflictError
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.api_client import make_key
from tests.command import run_command
from tests.conftest import ROOT, Load
from tests.filters import make_filters
from tests.serving import served

LATE_EVENING = "id,audioDate,averageNote\na,2024-01-02T02:00:00Z,5\nb,2024-01-02T12:00:00Z,7\n"
"""In New York the first is of the day before."""


def days(workspace: Workspace) -> dict[str, date]:
    with workspace.facts.read() as connection:
        rows = connection.execute(sa.select(schema.evaluations.c.id, schema.evaluations.c.day))
        return {row.id: row.day for row in rows}


def change(workspace: Workspace, zone: str, variable: str | None = None) -> dict[str, object]:
    return TASKS["timezone"](workspace, {"zone": zone, "actor": "ada", "timezone": variable}, lambda *_: None)


def in_zone(settings: Settings, zone: str) -> Settings:
    return settings.model_copy(update={"timezone": zone})


def test_the_first_start_takes_the_variable_and_later_ones_must_agree(settings: Settings) -> None:
    first = Workspace(in_zone(settings, "America/New_York"))
    assert first.settings.zone.key == first.calendar.zone.key == "America/New_York"
    first.close()
    with pytest.raises(TimeZoneConflictError, match=r"is America/New_York, and CALLBOARD_TIMEZONE says UTC\."):
        Workspace(in_zone(settings, "UTC"))
    unset = Workspace(settings)  # nobody set a zone: the workspace's holds
    assert unset.settings.timezone == "America/New_York"
    unset.close()
    Workspace(in_zone(settings, "America/New_York")).close()


def test_no_opening_moves_a_day(workspace: Workspace, load: Load, settings: Settings, engine: str) -> None:
    load(LATE_EVENING)
    before = days(workspace)
    if engine == "duckdb":
        workspace.close()
    with pytest.raises(TimeZoneConflictError):
        Workspace(in_zone(settings, "America/New_York"))
    again = Workspace(settings)
    assert days(again) == before == {"a": date(2024, 1, 2), "b": date(2024, 1, 2)}
    again.close()


def test_the_change_moves_days_and_is_in_the_audit(workspace: Workspace, load: Load) -> None:
    load(LATE_EVENING)
    assert change(workspace, "America/New_York") == {"before": "UTC", "zone": "America/New_York"}
    assert days(workspace) == {"a": date(2024, 1, 1), "b": date(2024, 1, 2)}
    assert workspace.calendar.zone.key == "America/New_York"
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0
    change(workspace, "America/New_York")  # nothing to change, nothing to write down
    entries = workspace.audit.entries(AuditFilter(workspace.settings.zone, actions=(Action.TIMEZONE,)), 10)
    assert [(each.actor, each.subject, each.details) for each in entries] == [
        ("ada", "America/New_York", {"before": "UTC"})
    ]


def test_who_asks_for_a_change_may_have_the_old_or_the_new_zone_set_and_no_third(workspace: Workspace) -> None:
    with pytest.raises(TimeZoneConflictError, match="says Asia/Tokyo"):
        change(workspace, "Europe/Madrid", "Asia/Tokyo")
    assert change(workspace, "Europe/Madrid", "Europe/Madrid")["before"] == "UTC"
    assert change(workspace, "UTC", "Europe/Madrid")["before"] == "Europe/Madrid"


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_process_that_was_told_no_zone_refuses_once_and_then_goes_by_the_new_one(
    workspace: Workspace, load: Load, settings: Settings
) -> None:
    load(LATE_EVENING)
    other = Workspace(settings)
    late = other.calendar
    assert other.answers.run(queries.summary, make_filters(), late).sums["evaluations"] == 2
    change(workspace, "America/New_York")
    with pytest.raises(TimeZoneChangedError, match="from UTC to America/New_York"):
        other.answers.run(breakdowns.breakdown, make_filters(), late, CAMPAIGN)
    assert other.calendar.zone.key == "America/New_York"
    one = other.answers.run(queries.summary, make_filters(date(2024, 1, 1), date(2024, 1, 1)), other.calendar)
    assert one.sums["evaluations"] == 1
    with pytest.raises(TimeZoneChangedError):  # whoever still holds the older calendar
        other.answers.run(queries.summary, make_filters(date(2024, 1, 1), date(2024, 1, 1)), late)
    other.close()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_process_that_was_told_its_zone_refuses_until_it_is_told_another(
    workspace: Workspace, load: Load, settings: Settings
) -> None:
    load(LATE_EVENING)
    other = Workspace(in_zone(settings, "UTC"))
    change(workspace, "America/New_York")
    for _ in range(2):
        with pytest.raises(TimeZoneChangedError):
            other.check_zone()
        with pytest.raises(TimeZoneChangedError):
            other.answers.run(queries.summary, make_filters(), other.calendar)
    elsewhere = make_filters(timezone="Asia/Tokyo")  # by instants, which no zone moves
    assert other.answers.run(queries.summary, elsewhere, other.calendar).sums["evaluations"] == 2
    other.close()


def test_a_question_of_another_calendar_is_no_question_of_the_facts(workspace: Workspace, load: Load) -> None:
    load(LATE_EVENING)
    calendar = workspace.calendar_in(in_zone(workspace.settings, "Asia/Tokyo").zone)
    assert isinstance(calendar, Calendar)
    with pytest.raises(TimeZoneChangedError):
        workspace.answers.run(queries.summary, make_filters(), calendar)


def command(settings: Settings, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    stores = {"CALLBOARD_DATA_DIR": str(settings.data_dir), "CALLBOARD_DATABASE_URL": settings.database_url}
    return run_command(*arguments, variables={**stores, **variables})


def test_commands_beside_a_running_app(settings: Settings, tmp_path: Path) -> None:
    """The trial that moved every day: commands with another zone set, or none, while the app runs in New York."""
    calls = tmp_path / "calls.csv"
    calls.write_text(LATE_EVENING)
    url = {"CALLBOARD_DATABASE_URL": settings.database_url} if settings.database_url else {}
    zone = {"CALLBOARD_TIMEZONE": "America/New_York"}
    with served(settings.data_dir, CALLBOARD_SAMPLE="off", **url, **zone) as address:
        assert command(settings, "import", str(calls)).returncode == 0  # without the variable: the workspace's zone
        key = make_key(settings.data_dir, settings={"database_url": settings.database_url})
        asked: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}, "timeout": 30}

        def trend() -> list[tuple[str, int]]:
            found = httpx.get(f"{address}/v1/analytics/trends", **asked).json()["data"]
            return [(point["date"], point["totalEvaluations"]) for point in found]

        before = trend()
        assert before == [("2024-01-01", 1), ("2024-01-02", 1)]
        copy = str(tmp_path / "copy.zip")
        for arguments in (["backup", copy], ["check"], ["import", "--dry-run", str(calls)], ["keys", "list"]):
            refused = command(settings, *arguments, CALLBOARD_TIMEZONE="UTC")
            assert refused.returncode == 2, refused
            assert "America/New_York" in refused.stderr and "CALLBOARD_TIMEZONE says UTC" in refused.stderr
            assert command(settings, *arguments).returncode == 0
        assert trend() == before and httpx.get(f"{address}/readyz", timeout=30).status_code == 200

        assert command(settings, "timezone").stdout == "America/New_York\n"
        same = command(settings, "timezone", "America/New_York")  # nothing is asked where there is nothing to do
        assert (same.returncode, same.stderr) == (0, "") and trend() == before
        assert same.stdout == "The time zone is America/New_York already; nothing was changed.\n"
        unasked = command(settings, "timezone", "UTC")
        assert unasked.returncode == 130 and trend() == before
        host_dependent = command(settings, "timezone", "localtime", "--yes")
        assert host_dependent.returncode == 2 and trend() == before  # it means what each machine says
        unknown = command(settings, "timezone", "Europe/Madird", "--yes")
        assert unknown.returncode == 2 and "did you mean 'Europe/Madrid'" in unknown.stderr
        done = command(settings, "timezone", "UTC", "--yes")
        assert (done.returncode, done.stdout) == (0, "time zone: UTC (before: America/New_York)\n"), done.stderr

        # Commands go by what the workspace has now, whatever the app that does them was told.
        assert command(settings, "timezone", CALLBOARD_TIMEZONE="UTC").stdout == "UTC\n"
        assert command(settings, "check", CALLBOARD_TIMEZONE="UTC").returncode == 0
        assert command(settings, "check", **zone).returncode == 2

        # The app was told New York: it answers nothing by it any more.
        for path in ("/readyz", "/v1/analytics/trends", "/v1/analytics/summary"):
            late = httpx.get(f"{address}{path}", **asked)
            assert late.status_code == 503 and "America/New_York to UTC" in late.json()["error"]["message"]
            assert late.headers["retry-after"]
        sent = httpx.post(f"{address}/v1/evaluations", json=[{"id": "c", "audioDate": "2024-01-02"}], **asked)
        assert sent.status_code == 503
    again = Workspace(settings)
    assert days(again) == {"a": date(2024, 1, 2), "b": date(2024, 1, 2)}
    again.close()


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create", "reader", "--scope", "analytics:read"),
        ("keys", "list"),
        ("keys", "revoke", "abcdefgh"),
        ("people", "list"),
        ("people", "add", "ann@example.com", "--role", "viewer"),
        ("people", "log-out", "ann@example.com"),
        ("timezone", "Asia/Tokyo"),
        ("migrate",),
    ],
    ids=" ".join,
)
def test_every_command_refuses_another_zone(settings: Settings, arguments: tuple[str, ...]) -> None:
    Workspace(in_zone(settings, "America/Santiago")).close()
    refused = command(settings, *arguments, CALLBOARD_TIMEZONE="UTC")
    assert refused.returncode == 2 and not refused.stdout, refused
    assert "time zone is America/Santiago, and CALLBOARD_TIMEZONE says UTC" in refused.stderr
    state = StateStore(settings)
    assert not api_keys.all_keys(state)
    state.close()
    if arguments == ("keys", "list"):
        assert command(settings, *arguments, CALLBOARD_TIMEZONE="America/Santiago").returncode == 0


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_key_is_revoked_while_a_command_holds_the_database(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = command(settings, "keys", "create", "reader", "--scope", "analytics:read").stdout
    monkeypatch.setattr(task_runner, "UNCLAIMED_SECONDS", 0.5)  # the command is a fork of this process
    holder = Workspace(settings)  # without workers
    done = command(settings, "keys", "revoke", key[:16], CALLBOARD_TIMEZONE="Asia/Tokyo")
    assert done.returncode == 0 and "Revoked" in done.stderr, done
    holder.close()


def test_an_app_whose_variable_differs_does_not_start(settings: Settings) -> None:
    Workspace(in_zone(settings, "Asia/Tokyo")).close()
    environment = {
        **os.environ,
        "CALLBOARD_DATA_DIR": str(settings.data_dir),
        "CALLBOARD_DATABASE_URL": settings.database_url,
        "CALLBOARD_TIMEZONE": "UTC",
    }
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert time.monotonic() - began < 120 and done.returncode == 2
    assert "Asia/Tokyo" in done.stderr and "CALLBOARD_TIMEZONE says UTC" in done.stderr
    assert "Traceback" not in done.stderr
