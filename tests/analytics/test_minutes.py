"""The day so far: what SQL counts is what plain Python counts of the same rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from lib.analytics.calendar import day_start
from lib.analytics.grants import Grant
from lib.analytics.minutes import Backlog, TimeBucket, backlog, instant_at, live_counts, live_figures
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import IS_AI
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

HEADER = "id,audioDate,state,averageNote,callCenterName,isAICall\n"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def counts(buckets: tuple[TimeBucket, ...]) -> dict[datetime, int]:
    """Return how many evaluations there are by the first instant of a bucket, where there are any."""
    return {each.start: each.sums["evaluations"] for each in buckets if each.sums["evaluations"]}


def test_by_hand(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(
        HEADER
        + "1,2024-05-15T09:58:00Z,Completed,9,North,false\n"  # a Wednesday
        + "2,2024-05-15T10:02:59.5Z,Completed,6,South,true\n"
        + "3,2024-05-15T10:03:00Z,Pending,,South,true\n"
        + "4,2024-05-15T23:00:00Z,Failed,,North,false\n"  # today, and later than it is now
        + "5,2024-05-14T10:02:59.9Z,Completed,8,North,false\n"
        + "6,2024-05-14T10:04:00Z,Completed,1,North,false\n"  # later than it is now
        + "7,2024-05-08T00:00:00Z,Processing,,South,false\n"
        + "8,2024-05-07T23:59:59Z,Completed,1,North,false\n"
    )
    now = datetime(2024, 5, 15, 10, 3, tzinfo=UTC)
    found = answers.run(live_counts, make_filters(), workspace.calendar, now)
    assert (found.today.day, found.yesterday.day, found.week_ago.day) == (
        date(2024, 5, 15),
        date(2024, 5, 14),
        date(2024, 5, 8),
    )
    assert [day.so_far["evaluations"] for day in (found.today, found.yesterday, found.week_ago)] == [3, 1, 1]
    assert (found.today.so_far["scored"], found.today.so_far["score_sum"]) == (2, 150_000)
    assert len(found.minutes) == 60
    assert [found.minutes[0].start, found.minutes[-1].start] == [datetime(2024, 5, 15, 9, 4, tzinfo=UTC), now]
    assert counts(found.minutes) == {
        datetime(2024, 5, 15, 9, 58, tzinfo=UTC): 1,
        datetime(2024, 5, 15, 10, 2, tzinfo=UTC): 1,
        now: 1,
    }
    assert [each.sums["evaluations"] for each in found.today.hours] == [0] * 9 + [1, 2] + [0] * 12 + [1]
    assert sum(each.sums["evaluations"] for each in found.yesterday.hours) == 2  # all of the day
    # The period is passed over, other filters and grants are not.
    chosen = make_filters(date(2020, 1, 1), date(2020, 1, 2)).narrowed(IS_AI, "true")
    assert answers.run(live_counts, chosen, workspace.calendar, now).today.so_far["evaluations"] == 2
    north = make_filters(grant=Grant.of({"callCenter": ["North"]}))
    assert answers.run(live_counts, north, workspace.calendar, now).today.so_far["evaluations"] == 1
    newest = answers.run(live_figures, north, workspace.calendar, now, 2).records
    assert [each.id for each in newest] == ["1", "6"], "what is later than now is not yet listed"


def test_what_waits(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    assert answers.run(backlog, make_filters(), workspace.calendar) == Backlog(0, 0, None)
    load(
        HEADER
        + "1,2024-05-15T09:58:00Z,Pending,,North,false\n"
        + "2,2023-01-02T12:00:00Z,Completed,6,South,true\n"
        + "3,2023-01-02T13:00:00Z,Processing,,South,true\n"
        + "4,2023-01-02T12:59:00Z,Processing,,South,true\n"
    )
    oldest = datetime(2023, 1, 2, 12, 59, tzinfo=UTC)
    assert answers.run(backlog, make_filters(), workspace.calendar) == Backlog(1, 2, oldest)
    today = make_filters(date(2024, 5, 15), date(2024, 5, 15))
    assert answers.run(backlog, today, workspace.calendar) == Backlog(1, 2, oldest)  # whatever the period
    north = make_filters(grant=Grant.of({"callCenter": ["North"]}))
    since = datetime(2024, 5, 15, 9, 58, tzinfo=UTC)
    assert answers.run(backlog, north, workspace.calendar) == Backlog(1, 0, since)


CHANGES = {
    "Europe/Madrid": ("2024-03-31", "2024-10-27"),
    "America/Santiago": ("2024-04-07", "2024-09-08"),  # at midnight
    "Australia/Lord_Howe": ("2024-04-07", "2024-10-06"),  # by half an hour
    "Asia/Kathmandu": ("2024-05-01", "2024-05-02"),  # five hours and three quarters, the year round
}
CLOCKS = (time(0, 40), time(2, 30), time(23, 59))


@pytest.mark.parametrize("name", CHANGES)
def test_when_clocks_change(workspace: Workspace, load: Load, name: str) -> None:
    """Every half hour of the days around each change; the change is today, yesterday, or a week ago."""
    zone = ZoneInfo(name)
    changes = [date.fromisoformat(each) for each in CHANGES[name]]
    begins = [day_start(change - 8 * DAY, zone) for change in changes]
    instants = {start + timedelta(minutes=30 * number) for start in begins for number in range(17 * 48)}
    load(HEADER + "".join(f"{at.isoformat()},{at.isoformat()},Completed,5,North,false\n" for at in instants))
    by_day = defaultdict(list)
    for at in instants:
        by_day[at.astimezone(zone).date()].append(at)
    calendar = replace(workspace.calendar, zone=zone)  # minutes are of instants, whatever zone these came in by
    with workspace.facts.read() as connection:
        for today, clock in product((change + days * DAY for change in changes for days in (0, 1, 7)), CLOCKS):
            now = instant_at(today, clock, zone)
            found = live_counts(connection, make_filters(), calendar, now)
            for back, shown in ((0, found.today), (1, found.yesterday), (7, found.week_ago)):
                day = today - back * DAY
                start, inside = day_start(day, zone), by_day[day]
                hours = Counter(start + (at - start) // HOUR * HOUR for at in inside)
                assert (shown.day, counts(shown.hours)) == (day, hours)
                minutes = (start + timedelta(minutes=number) for number in range(26 * 60))
                shown_now = now.astimezone(zone).time()
                end = next(at for at in minutes if at.astimezone(zone).time() >= shown_now)
                if end.astimezone(zone).time() == shown_now:  # the minute is not skipped
                    end += timedelta(minutes=1)
                expected = sum(at < (now + timedelta(minutes=1) if day == today else end) for at in inside)
                assert shown.so_far["evaluations"] == expected, (day, clock)


def test_a_time_that_clocks_skip_is_the_change() -> None:
    zone = ZoneInfo("Europe/Madrid")
    assert instant_at(date(2024, 3, 31), time(2, 30), zone) == datetime(2024, 3, 31, 1, 0, tzinfo=UTC)
    assert instant_at(date(2024, 10, 27), time(2, 30), zone) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert instant_at(date(2024, 5, 1), time(2, 30), zone) == datetime(2024, 5, 1, 0, 30, tzinfo=UTC)
