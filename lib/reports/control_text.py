"""A control chart in plain sentences: what left its usual range, long runs, and where the level changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lib.analytics.calendar import Granularity
from lib.analytics.control_charts import ControlChart
from lib.analytics.queries import TrendPoint
from lib.catalog.metrics import Metric
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.i18n import day, t
from lib.reports import catalog_words, formatting
from lib.reports.page import Sentences
from lib.reports.words import Words, formatted, text
from lib.statistics.control_charts import LEAST_POINTS, RUN_LENGTH

_NAMED = 5
"""So many buckets are named, the latest ones; the rest is only counted."""

_RUNS = 3
"""So many runs are named, the latest ones; all are drawn."""

OUTSIDE = {
    Granularity.DAILY: "{metric} was outside its usual range on {count} of {all} days: {names}.",
    Granularity.WEEKLY: "{metric} was outside its usual range in {count} of {all} weeks: {names}.",
    Granularity.MONTHLY: "{metric} was outside its usual range in {count} of {all} months: {names}.",
}

LEFT_OUT = {
    Granularity.DAILY: "Left out for fewer than {few} evaluations: {count} of {all} days.",
    Granularity.WEEKLY: "Left out for fewer than {few} evaluations: {count} of {all} weeks.",
    Granularity.MONTHLY: "Left out for fewer than {few} evaluations: {count} of {all} months.",
}

HELP = (
    "All but about 3 in 1,000 points lie in the usual range if nothing but chance is at work. It comes from how much "
    "each point differs from the one before, and is wider where a point rests on fewer evaluations. {run} points in a "
    "row on one side of the average are named as well; chance alone makes that once in some 7,000 points. A change of "
    "the level is named where at most 5 in 100 orders of the same points look as clear. The days in parentheses hold "
    "the true one in 95 of 100 such cases; a small change looks larger than it is. Points with few evaluations, and "
    "days, weeks and months that are not over or cut short take no part."
)


def help_words() -> Words:
    """Return what the usual range is, and how it is known."""
    return text(HELP, run=RUN_LENGTH)


def sentences(chart: ControlChart | None, metric: Metric, granularity: Granularity) -> Sentences:
    """Return what a control chart says, or why there is none."""
    if chart is None:
        why = text(
            "No usual range of {metric}: it takes at least {count} whole days, weeks or months with enough "
            "evaluations, whose values differ.",
            metric=catalog_words.metric_label(metric),
            count=LEAST_POINTS,
        )
        return Sentences((why,), help_words())
    words = (*_outside(chart, granularity), *_left_out(chart, granularity), _level(chart))
    return Sentences(words, help_words())


def _left_out(chart: ControlChart, granularity: Granularity) -> Iterator[Words]:
    """Yield how many buckets take no part for few evaluations, if any."""
    if chart.small_points:
        yield text(
            LEFT_OUT[granularity],
            few=FEW_EVALUATIONS,
            count=formatted(formatting.count, chart.small_points),
            all=formatted(formatting.count, len(chart.points) + chart.small_points),
        )


def _outside(chart: ControlChart, granularity: Granularity) -> Iterator[Words]:
    """Yield what left the usual range, and long rows on one side of the average, the latest of both."""
    label = catalog_words.metric_label(chart.metric)
    outside = [chart.points[place] for place in chart.limits.outside]
    if outside:
        yield text(
            OUTSIDE[granularity],
            metric=label,
            count=formatted(formatting.count, len(outside)),
            all=formatted(formatting.count, len(chart.points)),
            names=formatted(_names, outside, granularity),
        )
    else:
        yield text("{metric} stayed within its usual range.", metric=label)
    for first, last in chart.limits.runs[-_RUNS:]:
        begins, ends = (formatted(day, chart.points[place].bucket.first) for place in (first, last))
        count = formatted(formatting.count, last - first + 1)
        if float(chart.metric.value(chart.points[first].sums) or 0) > chart.limits.center:
            yield text("{count} in a row above the average: {first} to {last}.", count=count, first=begins, last=ends)
        else:
            yield text("{count} in a row below the average: {first} to {last}.", count=count, first=begins, last=ends)


def _level(chart: ControlChart) -> Words:
    """Return where the level changed, with the days between which that was."""
    change = chart.change
    if change is None:
        return text("Its level shows no clear change.")
    first, last = chart.points[change.earliest].bucket.first, chart.points[change.latest].bucket.last
    levels = {
        "before": formatted(formatting.value, chart.metric.unit, change.before),
        "after": formatted(formatting.value, chart.metric.unit, change.after),
    }
    around = formatted(day, chart.points[change.place].bucket.first)
    if first == last:
        return text("The level most likely changed on {day}: from {before} to {after}.", day=around, **levels)
    return text(
        "The level most likely changed around {day} (between {first} and {last}): from {before} to {after}.",
        day=around,
        first=formatted(day, first),
        last=formatted(day, last),
        **levels,
    )


def _names(points: Sequence[TrendPoint], granularity: Granularity) -> str:
    names = ", ".join(formatting.bucket(point.bucket.first, granularity) for point in points[-_NAMED:])
    if len(points) <= _NAMED:
        return names
    return t("{names} and {count} more", names=names, count=len(points) - _NAMED)
