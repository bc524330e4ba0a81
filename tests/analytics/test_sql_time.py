"""What engines compute of days and instants is what Python computes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.sql_time import bucket_start, local_day, local_iso
from lib.settings import WeekStart
from lib.workspace import Workspace


@pytest.mark.parametrize("week_start", get_args(WeekStart))
@pytest.mark.parametrize("granularity", list(Granularity))
def test_buckets(workspace: Workspace, granularity: Granularity, week_start: WeekStart) -> None:
    days = [date(2023, 12, 20) + timedelta(days=number) for number in range(80)]
    calendar = Calendar(ZoneInfo("UTC"), week_start, date(2024, 6, 1))
    asked = sa.values(sa.column("day", sa.Date), name="asked").data([(day,) for day in days])
    query = sa.select(asked.c.day, bucket_start(asked.c.day, granularity, week_start))
    with workspace.facts.read() as connection:
        found = {row.day: row[1] for row in connection.execute(query)}
    assert found == {day: calendar.bucket_start(day, granularity) for day in days}


@pytest.mark.parametrize("name", ["America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_instants(workspace: Workspace, name: str) -> None:
    zone = ZoneInfo(name)
    instants = [datetime(2023, 1, 1, 0, 30) + timedelta(hours=37 * number) for number in range(500)]
    asked = sa.values(sa.column("at", sa.DateTime), name="asked").data([(instant,) for instant in instants])
    first, last = (each.replace(tzinfo=UTC) for each in (instants[0], instants[-1]))
    query = sa.select(asked.c.at, local_day(asked.c.at, zone, first, last), local_iso(asked.c.at, zone, first, last))
    with workspace.facts.read() as connection:
        for at, day, text in connection.execute(query):
            local = at.replace(tzinfo=UTC).astimezone(zone)
            assert (day, text) == (local.date(), local.isoformat())
