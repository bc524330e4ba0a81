"""Whether other shares of the evaluations are completed or scored than before: that alone may move scores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from lib.analytics import queries
from lib.analytics.calendar import Granularity
from lib.analytics.query import local_date
from lib.catalog.dimensions import SENTIMENT, STATE
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Unit
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.i18n import day
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.page import Notice
from lib.reports.words import Words, formatted, plural, text
from lib.statistics.multiple_tests import holm
from lib.statistics.shares import Share, count_unsettled_days, share_difference_p_value
from lib.store.enums import State

SHIFT = Fraction(1, 50)
"""By how much a share must differ before pages warn of it."""

NEWEST_DAYS = 31
"""So many days at the end of the data may hold calls that are not evaluated yet, but will be."""


@dataclass(frozen=True, slots=True)
class CoverageShift:
    """A share of the evaluations now and before."""

    now: Share
    before: Share


@dataclass(frozen=True, slots=True)
class CoverageChange:
    """Which shares differ from those before by SHIFT at least and beyond chance: of completed and of scored ones.

    Calls of the `unsettled` newest days still wait: they do not count in `settled`, the completed ones of the others.
    """

    completed: CoverageShift | None
    scored: CoverageShift | None
    settled: CoverageShift
    unsettled: int = 0


def coverage_change(
    now: MeasureTotals, before: MeasureTotals, newest_days: Sequence[MeasureTotals] = ()
) -> CoverageChange:
    """Return what changed of the coverage; in 95 of 100 cases where nothing did, nothing.

    `newest_days` are the last days of `now`, the newest first. Those of which more calls still wait than of the days
    before are left out, as calls of their age always wait; where they hold more than half of the evaluations, nothing
    is said of completed ones. The two shares are tested together (`holm`), each with FEW_EVALUATIONS on both sides.
    """
    waiting = [(each["pending"] + each["processing"], each["evaluations"]) for each in newest_days]
    newest = MeasureTotals.total(newest_days)
    older = now - newest
    unsettled = count_unsettled_days(waiting, (older["pending"] + older["processing"], older["evaluations"]))
    settled = now - MeasureTotals.total(newest_days[:unsettled])
    shifts = [
        CoverageShift(_completed(settled), _completed(before)),
        CoverageShift(_scored(now), _scored(before)),
    ]
    is_said = [2 * settled["evaluations"] >= now["evaluations"], True]
    changed = holm([share_difference_p_value(shift.now, shift.before) for shift in shifts])
    completed, scored = (
        shift if differs and said and _is_large(shift) else None
        for shift, differs, said in zip(shifts, changed, is_said, strict=True)
    )
    return CoverageChange(completed, scored, shifts[0], unsettled)


def _completed(totals: MeasureTotals) -> Share:
    return totals["completed"], totals["evaluations"]


def _scored(totals: MeasureTotals) -> Share:
    return totals["scored"], totals["completed"]


def _is_large(shift: CoverageShift) -> bool:
    """Return whether shares of enough evaluations differ by as much as pages warn of."""
    if min(shift.now[1], shift.before[1]) < FEW_EVALUATIONS:
        return False
    return abs(Fraction(*shift.now) - Fraction(*shift.before)) >= SHIFT


def coverage_notices(context: PageContext) -> Iterator[Notice]:
    """Yield what must be known of coverage: what a filter decides, and which shares are other ones than before."""
    decided = _decided_by_filter(context)
    if decided is not None:
        yield Notice(text("A filter decides some rates."), (decided,))
    if context.compared is None:
        return
    now, before, label = context.summary.sums, context.compared.sums, context.compared.label
    change = coverage_change(now, before)
    last_day = None
    completion = context.catalog.metrics["completionRate"]
    # The card beside it allows for days and executives as well.
    differs = completion.differs(before, now, context.executive_spreads.get(completion.name))
    if change.completed is not None or differs:
        last_day, newest_days = _newest_days(context)
        change = coverage_change(now, before, newest_days)
    sentences: list[Words] = []
    if change.completed and decided is None and differs is not False:
        sentences.append(_completed_sentence(change, label, last_day))
    elif change.unsettled and decided is None and differs:
        yield Notice(text("Newest calls still wait."), (_completed_sentence(change, label, last_day),))
    if change.scored:
        sentences.append(
            text(
                "{now} of the completed evaluations have a score, {was} in {label}.",
                now=_percent(change.scored.now),
                was=_percent(change.scored.before),
                label=label,
            )
        )
    if sentences:
        warning = text("Scores may differ because different calls were evaluated.")
        yield Notice(text("Coverage changed."), (*sentences, warning))


def _newest_days(context: PageContext) -> tuple[date | None, tuple[MeasureTotals, ...]]:
    """Return the last day of the period, and its days that are among the newest of all data, the newest first."""
    period, newest = context.summary.period, context.status.last_day
    if period.date_from is None or period.date_to is None or newest is None:
        return None, ()
    zone = context.filters.zone(context.calendar.zone)
    begin, end = (local_date(moment, zone) for moment in (period.date_from, period.date_to))
    first, last = max(begin, newest - timedelta(days=NEWEST_DAYS - 1)), min(end, newest)
    if first > last:
        return None, ()
    # An end that is an instant stays one, so that the days hold nothing which the period does not.
    filters = replace(
        context.filters,
        date_from=period.date_from if first == begin else first,
        date_to=period.date_to if last == end else last,
    )
    points = context.answers.run(queries.trend, filters, context.calendar, Granularity.DAILY).points
    return last, tuple(point.sums for point in reversed(points))


def _completed_sentence(change: CoverageChange, label: Words, last_day: date | None) -> Words:
    """Return how many evaluations are completed, and of how many of the newest days more still wait."""
    shares = {"now": _percent(change.settled.now), "was": _percent(change.settled.before), "label": label}
    if last_day is None or not change.unsettled:
        return text("{now} of the evaluations are completed, {was} in {label}.", **shares)
    return plural(
        "{now} of the evaluations up to {day} are completed, {was} in {label}; calls of the newest day still wait.",
        "{now} of the evaluations up to {day} are completed, {was} in {label}; calls of the newest {count} days still "
        "wait.",
        change.unsettled,
        day=formatted(day, last_day - timedelta(days=change.unsettled)),
        **shares,
    )


def _percent(share: Share) -> Words:
    return formatted(formatting.value, Unit.SHARE, Fraction(*share))


def _decided_by_filter(context: PageContext) -> Words | None:
    """Return which rates say what was chosen, where a filter leaves states or sentiments out."""
    states, sentiments = context.filters.ids(STATE), context.filters.ids(SENTIMENT)
    if sentiments and len(sentiments) < len(SENTIMENT.values):
        return text(
            "Completion rate, failure rate, coverage and net sentiment say which sentiments were chosen, not how the "
            "work went."
        )
    if not states or len(states) == len(STATE.values):
        return None
    if {State.Completed.name, State.Failed.name} <= set(states):
        return text("Completion rate and coverage say which states were chosen, not how the work went.")
    return text("Completion rate, failure rate and coverage say which states were chosen, not how the work went.")
