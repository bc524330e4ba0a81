"""The page Live as a value: the day so far in figures and words, for what draws it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lib.analytics.calendar import ONE_DAY, Calendar
from lib.analytics.dimensions_in_use import dimensions_in_use
from lib.analytics.minutes import Backlog, DaySoFar, LiveCounts, TimeBucket, live_figures, undated
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.analytics.records import Record
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.i18n import dated
from lib.reports import formatting
from lib.reports.cards import KEY_FIGURES
from lib.reports.changes import delta
from lib.reports.page import Parameters
from lib.reports.page_links import OPENED, pairs
from lib.reports.pages.evaluations import record_columns
from lib.reports.table import Column
from lib.reports.words import Words, formatted, plural, text

NEWEST = 50
"""Evaluations that are listed."""

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class EarlierValue:
    """A metric at the same time of an earlier day: the day, the value, and how it changed since where that is known.

    `few` says that the value is of few evaluations, as `small_sample` does; it is empty where it is not.
    """

    day: Words
    value: Words
    few: str
    change: Words | None


@dataclass(frozen=True, slots=True)
class LiveCard:
    """A metric of today so far, beside earlier days."""

    metric: Metric
    totals: MeasureTotals
    earlier: tuple[EarlierValue, ...]

    @property
    def few(self) -> str:
        """The mark of a value of few evaluations; empty where it needs none."""
        return _few(self.metric, self.totals)

    @property
    def value(self) -> Words:
        """The value with its unit."""
        return formatted(formatting.metric, self.metric, self.totals)


@dataclass(frozen=True, slots=True)
class LiveBar:
    """A minute or an hour: when it begins on the clock, how many evaluations, in words, and how many a week ago."""

    label: str
    count: int
    hint: Words
    before: int | None = None


@dataclass(frozen=True, slots=True)
class LiveRow:
    """One of the newest evaluations, and the parameters of the page that shows all of it."""

    record: Record
    link: Parameters


@dataclass(frozen=True, slots=True)
class LivePage:
    """What the page says of a selection at a moment; `until` says what is beside what."""

    cards: tuple[LiveCard, ...]
    until: Words
    minutes: tuple[LiveBar, ...]
    hours: tuple[LiveBar, ...]
    week_ago: Words
    backlog: Backlog
    oldest: Words | None
    late: Words | None  # that the newest evaluation is old
    columns: tuple[Column[Record], ...]
    rows: tuple[LiveRow, ...]

    @property
    def evaluations(self) -> int:
        """How many evaluations there are of today."""
        return self.cards[0].totals["evaluations"]

    @property
    def said(self) -> Words:
        """The page in a sentence, for who hears it."""
        score = formatted(formatting.metric, AVERAGE_SCORE, self.cards[0].totals)
        return plural(
            "{count} evaluation today, average score {score}.",
            "{count} evaluations today, average score {score}.",
            self.evaluations,
            score=score,
        )


def live_page(answers: QueryCache, calendar: Calendar, filters: Filters, now: datetime) -> LivePage:
    """Return what the page says of a selection, whose period is passed over; `now` is the minute that runs."""
    chosen, zone = undated(filters), calendar.zone
    figures = answers.run(live_figures, chosen, calendar, now, NEWEST)
    counts, clock = figures.counts, now.astimezone(zone)
    metrics = chosen.catalog.metrics
    dimensions = answers.run(dimensions_in_use, chosen.grant, chosen.catalog)
    return LivePage(
        cards=tuple(_card(metrics[name], counts) for name in KEY_FIGURES),
        until=text(
            "Until {time}, beside yesterday and {day} until the same time. Changes are not tested.",
            time=f"{clock:%H:%M}",
            day=_weekday(counts.week_ago.day),
        ),
        minutes=tuple(_bar(each, zone) for each in counts.minutes),
        hours=_hours(counts, zone),
        week_ago=_weekday(counts.week_ago.day),
        backlog=figures.backlog,
        oldest=_oldest(figures.backlog, now, zone),
        late=_late(figures.records, counts, now, zone),
        columns=record_columns(zone, dimensions),
        rows=tuple(_row(each, chosen) for each in figures.records),
    )


def _card(metric: Metric, counts: LiveCounts) -> LiveCard:
    now = counts.today.so_far
    earlier = (
        _earlier(metric, text("Yesterday"), counts.yesterday, now),
        _earlier(metric, formatted(dated, counts.week_ago.day, "EEE"), counts.week_ago, now),
    )
    return LiveCard(metric, now, earlier)


def _earlier(metric: Metric, label: Words, day: DaySoFar, now: MeasureTotals) -> EarlierValue:
    changed = delta(metric, day.so_far, now)
    value = formatted(formatting.metric, metric, day.so_far)
    return EarlierValue(label, value, _few(metric, day.so_far), None if changed is None else changed.amount)


def _few(metric: Metric, totals: MeasureTotals) -> str:
    """Return the mark of an average score of few evaluations; empty for other metrics, and where there are none."""
    return formatting.metric_small_sample(metric, totals) if totals["evaluations"] else ""


def _weekday(day: date) -> Words:
    return formatted(dated, day, "EEE d MMM")


def _bar(bucket: TimeBucket, zone: ZoneInfo, before: int | None = None) -> LiveBar:
    """Return a minute or an hour by the clock, with its average score where there is one."""
    label, count = _clock(bucket, zone), bucket.sums["evaluations"]
    hint: Words = plural("{time}: {count} evaluation", "{time}: {count} evaluations", count, time=label)
    if bucket.sums["scored"]:
        score = formatted(formatting.metric, AVERAGE_SCORE, bucket.sums)
        hint = text("{counted}, average score {score}", counted=hint, score=score)
    if before is not None:
        hint = text("{now}; a week ago: {count}", now=hint, count=formatted(formatting.count, before))
    return LiveBar(label, count, hint, before)


def _hours(counts: LiveCounts, zone: ZoneInfo) -> tuple[LiveBar, ...]:
    """Return the hours of today, each with the count of the one that began at the same time by the clock a week ago.

    Of hours that a clock shows twice, the last one of today has what is left of last week's.
    """
    before: dict[str, list[int]] = defaultdict(list)
    for each in counts.week_ago.hours:
        before[_clock(each, zone)].append(each.sums["evaluations"])
    left = Counter(_clock(each, zone) for each in counts.today.hours)
    bars = []
    for each in counts.today.hours:
        label = _clock(each, zone)
        left[label] -= 1
        taken = before[label][:1] if left[label] else before[label]
        before[label] = before[label][len(taken) :]
        bars.append(_bar(each, zone, sum(taken)))
    return tuple(bars)


def _clock(bucket: TimeBucket, zone: ZoneInfo) -> str:
    """Return the time at which a minute or an hour begins, by the clocks of a zone."""
    return f"{bucket.start.astimezone(zone):%H:%M}"


def _oldest(backlog: Backlog, now: datetime, zone: ZoneInfo) -> Words | None:
    if backlog.oldest is None:
        return None
    since = formatted(formatting.instant, backlog.oldest.astimezone(zone))
    return text("Oldest: {time} ({age})", time=since, age=_age(now + _MINUTE - backlog.oldest))


def _late(records: Sequence[Record], counts: LiveCounts, now: datetime, zone: ZoneInfo) -> Words | None:
    """Return that nothing came in the last hour, and when the newest evaluation did; None where something came."""
    if any(each.sums["evaluations"] for each in counts.minutes):
        return None
    if not records:
        return text("No evaluation in the last hour.")
    newest = records[0].audio_at
    when = formatted(formatting.instant, newest.astimezone(zone))
    return text(
        "No evaluation in the last hour. The newest is of {time}, {age} ago.", time=when, age=_age(now - newest)
    )


def _age(age: timedelta) -> Words:
    """Return how long something is ago: minutes, hours and minutes, or days."""
    if age < _HOUR:
        return text("{minutes} min", minutes=formatted(formatting.count, max(0, age // _MINUTE)))
    if age < 2 * ONE_DAY:
        hours, rest = age // _HOUR, age % _HOUR // _MINUTE
        return text("{hours} h {minutes} min", hours=formatted(formatting.count, hours), minutes=rest)
    return plural("{count} day", "{count} days", age // ONE_DAY)


def _row(record: Record, filters: Filters) -> LiveRow:
    return LiveRow(record, pairs({**filters.to_parameters(), OPENED: [record.id]}))
