"""Where is it going? A metric over time, whole or split by a dimension; all figures by bucket; the week by the hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lib.analytics import grouped_trends, heatmap, queries
from lib.analytics.calendar import ONE_DAY, Granularity
from lib.analytics.control_charts import control_chart
from lib.analytics.queries import Trend, TrendPoint
from lib.catalog.dimensions import Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.i18n import t
from lib.reports import cards, catalog_words, control_text, formatting, grouping, metric_columns
from lib.reports.context import MAX_POINTS, PageContext
from lib.reports.coverage import coverage_notices
from lib.reports.figures import ControlChartFigure, HeatmapFigure, TrendFigure
from lib.reports.metric_choice import METRIC, chosen_metric, offered_metrics
from lib.reports.missing_values import missing_values
from lib.reports.page import (
    Block,
    Caption,
    ChartBlock,
    Click,
    Empty,
    Heading,
    Link,
    PageDefinition,
    SelectInputs,
    SelectParameter,
    TableBlock,
)
from lib.reports.page_help import SELECTION, Topic
from lib.reports.page_links import pairs
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.target_words import bucket_targets
from lib.reports.words import Words, formatted, text

_FIRST_METRICS = (
    "averageScore",
    "totalEvaluations",
    "completedEvaluations",
    "scoredEvaluations",
    "netSentiment",
    "averageDurationSeconds",
    "completionRate",
    "failureRate",
)
"""The metrics that come first in the table; all others of the catalog follow."""

_OTHER_WEEKDAYS = text("No changes are shown by day: the compared days fall on other weekdays.")

_SHOW_ALONE = {
    Granularity.DAILY: text("Click to show this day alone."),
    Granularity.WEEKLY: text("Click to show this week alone."),
    Granularity.MONTHLY: text("Click to show this month alone."),
}
"""What a click on a row does."""

NOT_SPLIT = "none"

WEEK = 7 * ONE_DAY

SPLIT = SelectParameter(
    "split",
    text("Split by"),
    lambda catalog: ((NOT_SPLIT, text("No split")), *grouping.options(catalog)),
    NOT_SPLIT,
    as_list=True,
)

CHART = SelectParameter(
    "chart",
    text("Chart"),
    lambda _: (("line", text("Line")), ("control", text("Usual range"))),
    "line",
)


Courses = tuple[tuple[Words, Trend], ...]
"""The trends of groups by their names, or that of the whole without one."""


@dataclass(frozen=True, slots=True)
class _TrendRow:
    """A bucket of a trend, or of one group's, and the one in its place in the compared period."""

    point: TrendPoint
    before: MeasureTotals | None = None
    group: Words = ""


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page."""
    yield from cards.key_figures(context)
    yield from coverage_notices(context)
    yield SelectInputs((offered_metrics(context), grouping.offered(context, SPLIT), CHART), with_granularity=True)
    metric = chosen_metric(context)
    own = (metric.name,) if metric.is_own else ()
    trend, dimension = context.trend_of(metric), grouping.chosen(context, SPLIT)
    courses = (("", trend),) if dimension is None else split(context, dimension, context.granularity, own)
    nothing = missing_values(metric, context.own_totals(own) if own else context.summary.sums)
    if nothing:
        yield nothing
    elif context.selected(CHART) == "control":
        yield from _control_chart(context, metric, is_split=dimension is not None)
    else:
        yield _course(context, metric, courses, is_split=dimension is not None)
    if metric.name != AVERAGE_SCORE.name and metric.linear is not None and context.compared is not None:
        yield Link("drivers", text("See what changed"), pairs(context.parameters), "waterfall_chart")
    yield Heading(text("Details"))
    rows = _begun(context, _rows(context, metric) if dimension is None else _rows_by_group(courses))
    changed = _changed(context, rows)
    yield _table(context, rows, changed, dimension, metric)
    if context.compared is not None and dimension is None and not changed:
        yield Caption(_OTHER_WEEKDAYS if _fall_on_other_weekdays(context) else metric_columns.NO_CHANGES)
    if nothing:
        return
    by_hour = context.answers.run(heatmap.by_hour, context.filters, context.calendar, *((own,) if own else ()))
    yield ChartBlock(
        text("{metric} by weekday and hour", metric=catalog_words.metric_label(metric)),
        HeatmapFigure(by_hour, metric, _by_day(context, metric)),
        "heat",
        Click("hour"),
    )


def _control_chart(context: PageContext, metric: Metric, *, is_split: bool) -> Iterator[Block]:
    """Yield the metric within its usual range, and what is to be seen there in sentences."""
    if is_split:
        yield Empty(text("The usual range is that of one line"), text("Set “Split by” to “No split”."))
        return
    histogram = context.answers.run(queries.distribution, context.filters, context.calendar)
    chart = control_chart(context.trend_of(metric), metric, context.calendar.today, histogram)
    yield control_text.sentences(chart, metric, context.granularity)
    if chart is not None:
        figure = ControlChartFigure(chart, context.granularity, context.trend_notes, height=380)
        yield ChartBlock(catalog_words.metric_label(metric), figure, "control", Click("period"), has_heading=False)


def _course(context: PageContext, metric: Metric, courses: Courses, *, is_split: bool) -> ChartBlock:
    """Return the metric over time, whole or split by a dimension."""
    compared = None if is_split else context.compared_trend_of(metric)
    targets = () if is_split else bucket_targets(context, metric, courses[0][1].points)
    figure = TrendFigure(courses, metric, compared, context.trend_notes, height=380, targets=targets)
    return ChartBlock(catalog_words.metric_label(metric), figure, "trend", Click("period"), has_heading=False)


def _by_day(context: PageContext, metric: Metric) -> Trend:
    """Return the course by day or, of more than MAX_POINTS days, in the buckets that are shown."""
    points = context.trend.points
    if not points or (points[-1].bucket.last - points[0].bucket.first).days >= MAX_POINTS:
        return context.trend_of(metric)
    own = ((metric.name,),) if metric.is_own else ()
    return context.answers.run(queries.trend, context.filters, context.calendar, Granularity.DAILY, *own)


def split(context: PageContext, dimension: Dimension, granularity: Granularity, own: tuple[str, ...] = ()) -> Courses:
    """Return the courses of the largest groups of a dimension, and of the rest, with the measures of `own` metrics."""
    asked = context.filters, context.calendar, dimension, granularity, *((own,) if own else ())
    groups = context.answers.run(grouped_trends.split, *asked)
    named = list(groups.largest)
    if groups.rest is not None and len(groups.rest_members) == 1:
        named.append((groups.rest_members[0], groups.rest))
    alike = formatting.namesakes(member for member, _ in named)
    courses: list[tuple[Words, Trend]] = [
        (formatted(formatting.distinct_name, member, alike), course) for member, course in named
    ]
    if groups.rest is not None and len(groups.rest_members) > 1:
        others = text("{count} others", count=formatted(formatting.count, len(groups.rest_members)))
        courses.append((others, groups.rest))
    return tuple(courses)


def _rows(context: PageContext, metric: Metric) -> list[_TrendRow]:
    """Return the rows of the table, the oldest first."""
    # A bucket that is cut short has other days than the one in its place, so that they are not compared.
    return [
        _TrendRow(point, None if point.bucket.partial else before)
        for point, before in zip(context.trend_of(metric).points, _before(context), strict=True)
    ]


def _rows_by_group(courses: Courses) -> list[_TrendRow]:
    """Return the rows of a split table, the oldest first: of each bucket one for each group."""
    buckets = zip(*(course.points for _, course in courses), strict=True)
    names = [name for name, _ in courses]
    return [_TrendRow(point, group=name) for points in buckets for name, point in zip(names, points, strict=True)]


def _begun(context: PageContext, rows: Sequence[_TrendRow]) -> list[_TrendRow]:
    """Return rows without those of buckets that are still to come, where others are not: a zero would mislead."""
    today = context.calendar.today
    return [each for each in rows if each.point.bucket.first <= today or each.point.sums["evaluations"]] or list(rows)


def _changed(context: PageContext, rows: Sequence[_TrendRow]) -> tuple[str, ...]:
    """Return the metrics of `metric_columns.CHANGED` that have a change in any row."""
    metrics = context.catalog.metrics
    return tuple(name for name in metric_columns.CHANGED if metric_columns.has_changes(metrics[name], _was, _now, rows))


def _table(
    context: PageContext,
    rows: Sequence[_TrendRow],
    changed: Sequence[str],
    dimension: Dimension | None,
    metric: Metric,
) -> TableBlock:
    """Return the trend as a table, the newest first, with the changes of some metrics."""
    trend = context.trend
    columns = _columns(context, changed, dimension, metric)
    width = trend.granularity.value
    count = formatted(formatting.count, len(rows))
    drawn = sorted(rows, key=lambda row: row.point.bucket.first, reverse=True)[:MOST_ROWS]
    return TableBlock(
        PageTable(
            text("Details"),
            "table-trend",
            tuple(columns),
            drawn,
            len(rows),
            text("the newest first"),
            text("{width} trend, rows: {count}", width=text(width.capitalize()), count=count),
            TableFile(
                text("Trend ({width})", width=text(width.capitalize())),
                "trend",
                file_fields(columns, _counts()),
                lambda: rows,
            ),
            has_total=False,
            ids=tuple(row.point.bucket.first.isoformat() for row in drawn),
            hint=_SHOW_ALONE[trend.granularity],
        ),
        Click("period"),
    )


def _fall_on_other_weekdays(context: PageContext) -> bool:
    """Return whether days stand beside days of other weekdays: a Sunday is no comparison for a Friday."""
    trend, other = context.trend, context.compared_trend
    if trend.granularity is not Granularity.DAILY or other is None or not (trend.points and other.points):
        return False
    return bool((other.points[0].bucket.first - trend.points[0].bucket.first) % WEEK)


def _before(context: PageContext) -> list[MeasureTotals | None]:
    """Return what was in the place of each bucket in the compared period; None where nothing compares."""
    before: list[MeasureTotals | None] = []
    trend, other = context.trend, context.compared_trend
    if other is not None and not _fall_on_other_weekdays(context):
        # Without their days they are not tested: who was there in both is not asked of each bucket.
        before += [None if point.bucket.partial else point.sums.with_days({}) for point in other.points]
        before = before[: len(trend.points)]
    return before + [None] * (len(trend.points) - len(before))


def _columns(
    context: PageContext, changed: Sequence[str], dimension: Dimension | None, chosen: Metric
) -> list[Column[_TrendRow]]:
    """Return the columns; of groups without intervals, as how days spread is read of the whole alone."""
    granularity = context.trend.granularity
    first = (chosen.name,) if chosen.is_own else ()
    columns: list[Column[_TrendRow]] = [
        Column(
            text("Date"),
            lambda row: row.point.bucket.first,
            lambda row: formatting.bucket(row.point.bucket.first, granularity),
            Look.DATE,
            in_file=(FileField("date", text("Date"), lambda row: row.point.bucket.first, "date"),),
        ),
    ]
    if dimension is not None:
        columns.append(Column(catalog_words.label(dimension), lambda row: str(row.group)))
    for name in dict.fromkeys((*first, *_FIRST_METRICS, *context.catalog.metrics)):
        metric: Metric = context.catalog.all_metrics[name]
        own = metric_columns.metric(metric, _now, printed=name != "failureRate")
        columns += own if dimension is None else own[:1]
        if name in changed:
            columns.append(metric_columns.change(metric, _was, _now, lambda _: {}, is_tested=False))
        if name == "averageScore":
            columns.append(metric_columns.note(_now))
            in_file = (FileField("partial", text("Partial"), _partial),)
            columns.append(Column(text("Partial"), _partial, in_file=in_file))
    return columns


def _counts() -> list[FileField[_TrendRow]]:
    """Return how many evaluations have each sentiment and state, which the file alone has."""

    def field(name: str) -> FileField[_TrendRow]:
        return FileField(name, text(name.capitalize()), lambda row: row.point.sums[name], "count")

    return [field(name) for name in ("positive", "neutral", "negative", "pending", "processing", "failed")]


def _partial(row: _TrendRow) -> str:
    return t("partial") if row.point.bucket.partial else ""


def _now(row: _TrendRow) -> MeasureTotals:
    return row.point.sums


def _was(row: _TrendRow) -> MeasureTotals | None:
    return row.before


PAGE = PageDefinition(
    "trends",
    text("Trends"),
    text("How do scores change over time?"),
    "show_chart",
    blocks,
    (METRIC, SPLIT, CHART),
    topics=(
        *SELECTION,
        Topic(text("Usual range"), control_text.help_words()),
        Topic(
            text("Colors by weekday and hour"),
            text(
                "The colors are estimates: an hour with few evaluations takes the color that its weekday and its hour "
                "lead to expect. The value itself is shown when a square is pointed at."
            ),
        ),
    ),
)
