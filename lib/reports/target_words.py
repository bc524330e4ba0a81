"""Targets in words: what a metric should be, and whether a selection meets it, misses it or is not yet sure to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from lib.analytics.queries import TrendPoint
from lib.analytics.query import local_date
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.targets import TargetState, state_of, target_at
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.words import Words, formatted, text

STATES = {
    TargetState.MET: text("met"),
    TargetState.MISSED: text("missed"),
    TargetState.UNSURE: text("not yet sure"),
}
"""Whether a target is met, as message ids."""


def target_words(context: PageContext, metric: Metric, totals: MeasureTotals) -> Words:
    """Return the target that is in force on the last day of a selection, and whether it is met; none without one.

    Of a selection of one group alone it is that of the group, where it has one.
    """
    value = _on(context, metric, _last_day(context))
    if value is None:
        return ""
    target_text = formatted(formatting.value, metric.unit, value, metric.own_decimals)
    state = state_of(metric, totals, value)
    if state is None:
        return text("target {target}", target=target_text)
    return text("target {target}: {state}", target=target_text, state=STATES[state])


def bucket_targets(context: PageContext, metric: Metric, points: Sequence[TrendPoint]) -> tuple[float | None, ...]:
    """Return the target of a selection on the last day of each bucket; nothing where there is none on any."""
    targets = [_on(context, metric, point.bucket.last) for point in points]
    return tuple(None if each is None else float(each) for each in targets) if any(targets) else ()


def has_target(context: PageContext, metric: Metric) -> bool:
    """Return whether a target of a metric, of all or of some groups, is in force on the last day of the selection."""
    return target_at(context.catalog.targets.get(metric.name, ()), _last_day(context)) is not None


def target_of_group(
    context: PageContext, metric: Metric, dimension: Dimension, named: Member | None
) -> Fraction | None:
    """Return what a group of the selection should reach on its last day, the whole of it for None; None without one.

    A group without a target of its own has the one of the selection.
    """
    day = _last_day(context)
    target = target_at(context.catalog.targets.get(metric.name, ()), day)
    own = {} if target is None else target.groups.get(dimension.name, {})
    if named is not None and named.id is not None and named.id in own:
        return own[named.id]
    return _on(context, metric, day)


def _last_day(context: PageContext) -> date | None:
    last = context.summary.period.date_to
    return None if last is None else local_date(last, context.filters.zone(context.calendar.zone))


def _on(context: PageContext, metric: Metric, day: date | None) -> Fraction | None:
    """Return the target of a selection on a day, that of the group where it is of one alone; None without one."""
    target = target_at(context.catalog.targets.get(metric.name, ()), day)
    if target is None:
        return None
    for dimension in context.catalog.dimensions:
        ids = context.filters.ids(dimension)
        if len(ids) == 1 and ids[0] in target.groups.get(dimension.name, {}):
            return target.of(dimension.name, ids[0])
    return target.of()
