"""What a chart is of as a table of a file: the numbers behind its marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from lib.analytics.breakdowns import Group
from lib.analytics.decomposition import Contribution
from lib.analytics.heatmap import HeatmapCell
from lib.analytics.queries import TrendPoint
from lib.catalog.criteria import Criterion
from lib.catalog.criterion_metrics import AVERAGE_SHARE, CRITERION_METRICS
from lib.catalog.dimensions import Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, rounded
from lib.i18n import current, locale, t
from lib.reports import catalog_words, formatting, metric_columns
from lib.reports.figures import (
    ControlChartFigure,
    CriteriaMapFigure,
    Figure,
    FunnelFigure,
    HeatmapFigure,
    HistogramFigure,
    RankingFigure,
    TrendFigure,
    WaterfallFigure,
    funnel_deviation,
)
from lib.reports.table import FileField, TableFile
from lib.reports.words import Words, formatted, text
from lib.statistics.intervals import control_limits
from lib.store.enums import HISTOGRAM_BINS, SCORE_SCALE


def figure_file(title: Words, key: str, figure: Figure) -> TableFile[Any] | None:
    """Return the numbers of a chart as a file; None for a chart whose page has them all in a table."""
    stem = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")
    match figure:
        case TrendFigure():
            return _trend(title, stem, figure)
        case ControlChartFigure():
            return _control_chart(title, stem, figure)
        case HistogramFigure():
            return _histogram(title, stem, figure)
        case RankingFigure():
            return _ranking(title, stem, figure)
        case FunnelFigure():
            return _funnel(title, stem, figure)
        case WaterfallFigure():
            return _waterfall(title, stem, figure)
        case HeatmapFigure():
            return _heatmap(title, stem, figure)
        case CriteriaMapFigure():
            return _criteria_map(title, stem, figure)
    return None


@dataclass(frozen=True, slots=True)
class _CoursePoint:
    """A bucket of one course of a trend."""

    course: Words
    point: TrendPoint
    compared: TrendPoint | None = None


def _trend(title: Words, stem: str, figure: TrendFigure) -> TableFile[_CoursePoint]:
    """Return the courses one below the other, each bucket beside the one in its place in the compared period."""
    behind = figure.compared.points if figure.compared else ()
    rows = [
        _CoursePoint(name, point, behind[place] if place < len(behind) else None)
        for name, course in figure.courses
        for place, point in enumerate(course.points)
    ]
    metric = figure.metric
    fields: list[FileField[_CoursePoint]] = [
        FileField("date", text("Date"), lambda row: row.point.bucket.first, "date"),
        FileField("partial", text("Partial"), lambda row: t("partial") if row.point.bucket.partial else ""),
        *_figures(metric),
    ]
    if len(figure.courses) > 1:
        fields.insert(0, FileField("", text("Series"), lambda row: str(row.course)))
    if figure.compared is not None:
        fields += [
            FileField("", text("Compared: date"), lambda row: row.compared and row.compared.bucket.first, "date"),
            FileField(
                "",
                text("Compared: {metric}", metric=catalog_words.metric_label(metric)),
                lambda row: row.compared and metric.rounded(row.compared.sums),
                metric.unit.value,
            ),
        ]
    return TableFile(title, stem, tuple(fields), lambda: rows)


def _figures(metric: Metric) -> list[FileField[_CoursePoint]]:
    """Return a metric of a bucket, its interval, and how many evaluations it rests on."""

    def sums(row: _CoursePoint) -> MeasureTotals:
        return row.point.sums

    fields = [metric_columns.metric_field(metric, sums)]
    if metric.uncertainty is not None:
        fields += metric_columns.interval_fields(
            metric.name, catalog_words.metric_label(metric), metric.unit, lambda row: metric.rounded_interval(sums(row))
        )
    return [*fields, FileField("", "n", lambda row: metric.n(sums(row)), "count")]


def _control_chart(title: Words, stem: str, figure: ControlChartFigure) -> TableFile[int]:
    """Return the buckets that take part, and the usual range of each."""
    chart = figure.chart
    metric, points = chart.metric, chart.points
    unit = metric.unit

    def end(place: int, which: int) -> float | None:
        return rounded(chart.usual_range(place)[which], unit.decimals)

    fields: tuple[FileField[int], ...] = (
        FileField("date", text("Date"), lambda place: points[place].bucket.first, "date"),
        metric_columns.metric_field(metric, lambda place: points[place].sums),
        FileField("", text("Usual range: low"), lambda place: end(place, 0), unit.value),
        FileField("", text("Usual range: high"), lambda place: end(place, 1), unit.value),
        FileField("", "n", lambda place: metric.n(points[place].sums), "count"),
    )
    return TableFile(title, stem, fields, lambda: range(len(points)))


def _histogram(title: Words, stem: str, figure: HistogramFigure) -> TableFile[int]:
    """Return how many evaluations have a score of each bin."""
    width = 10 / HISTOGRAM_BINS
    fields: list[FileField[int]] = [
        FileField("", text("Score from"), lambda place: place * width, "score"),
        FileField("", text("Score below"), lambda place: (place + 1) * width, "score"),
        FileField("", text("Evaluations"), lambda place: figure.counts[place], "count"),
    ]
    if figure.before:
        fields.append(FileField("", text("Compared: evaluations"), lambda place: figure.before[place], "count"))
    return TableFile(title, stem, tuple(fields), lambda: range(len(figure.counts)))


def _ranking(title: Words, stem: str, figure: RankingFigure) -> TableFile[Group]:
    """Return all groups of a ranking, of which the chart draws the largest, with their places."""
    dimension, before = figure.dimension, figure.before or {}

    def place(group: Group, end: int) -> int | None:
        ends = figure.ranks.groups.get(group.named)
        return ends and ends[end]

    def was(group: Group) -> float | None:
        totals = before.get(group.named)
        return None if totals is None else AVERAGE_SCORE.rounded(totals)

    fields: list[FileField[Group]] = [
        *metric_columns.member_fields(
            dimension, lambda group: group.named, lambda group: formatting.member_name(group.named)
        ),
        metric_columns.metric_field(AVERAGE_SCORE, lambda group: group.sums),
        *metric_columns.interval_fields(
            AVERAGE_SCORE.name,
            text(AVERAGE_SCORE.label),
            AVERAGE_SCORE.unit,
            lambda group: AVERAGE_SCORE.rounded_interval(group.sums),
        ),
        FileField("scoredEvaluations", text("Scored"), lambda group: group.sums["scored"], "count"),
        FileField("rankLow", text("Rank, best"), lambda group: place(group, 0), "count"),
        FileField("rankHigh", text("Rank, worst"), lambda group: place(group, 1), "count"),
    ]
    if figure.before is not None:
        label = text("{metric}: before", metric=text(AVERAGE_SCORE.label))
        fields.append(FileField("averageScoreBefore", label, was, AVERAGE_SCORE.unit.value))
    return TableFile(title, stem, tuple(fields), lambda: figure.groups)


def _funnel(title: Words, stem: str, figure: FunnelFigure) -> TableFile[Group]:
    """Return the groups of a funnel plot, each with the ranges that its average is expected in."""
    total, scored = figure.total, [group for group in figure.groups if group.sums["scored"]]
    deviation = funnel_deviation(figure.groups, total, is_adjusted=figure.is_adjusted) or 0.0
    mean = total["score_sum"] / (total["scored"] * SCORE_SCALE)

    def end(group: Group, level: float, which: int) -> float | None:
        limits = control_limits(mean, deviation, group.sums["scored"], level)
        return rounded(min(10.0, max(0.0, limits[which])), AVERAGE_SCORE.unit.decimals)

    ranges = ((0.95, text("Expected range (95 %)")), (0.998, text("Expected range (99.8 %)")))
    fields: list[FileField[Group]] = [
        *metric_columns.member_fields(
            figure.dimension, lambda group: group.named, lambda group: formatting.member_name(group.named)
        ),
        FileField("scoredEvaluations", text("Scored"), lambda group: group.sums["scored"], "count"),
        metric_columns.metric_field(AVERAGE_SCORE, lambda group: group.sums),
        *(
            FileField("", label, partial(end, level=level, which=which), AVERAGE_SCORE.unit.value)
            for level, words in ranges
            for which, label in enumerate((text("{range}: low", range=words), text("{range}: high", range=words)))
        ),
    ]
    return TableFile(title, stem, tuple(fields), lambda: scored)


@dataclass(frozen=True, slots=True)
class _Bar:
    """A step of a waterfall: its name, what it adds by performance and by mix, and where the value is after it."""

    name: Words
    after: Fraction
    part: Contribution | None = None


def _waterfall(title: Words, stem: str, figure: WaterfallFigure) -> TableFile[_Bar]:
    """Return the way from one value to the other, a group a step; the first and the last row are the values."""
    change, metric = figure.decomposition, figure.decomposition.metric
    decimals = metric.decimals + 2
    after = text("Score after") if metric.name == AVERAGE_SCORE.name else text("Value after")
    level = Fraction(metric.value(change.before) or 0)
    bars = [_Bar(figure.before, level)]
    for part in change.parts:
        level += part.total
        bars.append(_Bar(formatted(formatting.member_name, part.named), level, part))
    bars.append(_Bar(figure.now, level))
    fields: tuple[FileField[_Bar], ...] = (
        FileField("", text("Step"), lambda bar: str(bar.name)),
        FileField("", text("Performance"), lambda bar: bar.part and rounded(bar.part.within, decimals), "points"),
        FileField("", text("Mix"), lambda bar: bar.part and rounded(bar.part.mix, decimals), "points"),
        FileField("", after, lambda bar: rounded(bar.after, decimals), metric.unit.value, metric),
    )
    return TableFile(title, stem, fields, lambda: bars)


def _heatmap(title: Words, stem: str, figure: HeatmapFigure) -> TableFile[HeatmapCell]:
    """Return the hours of the week that have evaluations."""
    metric, cells = figure.metric, [cell for cell in figure.heatmap.cells if cell.sums["evaluations"]]
    fields: tuple[FileField[HeatmapCell], ...] = (
        FileField(
            "", text("Day of week"), lambda cell: locale(current()).days["stand-alone"]["wide"][cell.weekday - 1]
        ),
        FileField("", text("Hour"), lambda cell: cell.hour, "count"),
        metric_columns.metric_field(metric, lambda cell: cell.sums),
        FileField("", "n", lambda cell: metric.n(cell.sums), "count"),
    )
    return TableFile(title, stem, fields, lambda: cells)


@dataclass(frozen=True, slots=True)
class _CriterionCell:
    """The answers of a group to a criterion."""

    criterion: Criterion
    member: Member
    sums: MeasureTotals


def _criteria_map(title: Words, stem: str, figure: CriteriaMapFigure) -> TableFile[_CriterionCell]:
    """Return all cells of a map of criteria, of which the chart draws the largest: by group, then criterion."""
    cells = [
        _CriterionCell(criterion, member, totals)
        for member in figure.members
        for criterion in figure.criteria
        if (totals := figure.cells.get((criterion, member))) is not None
    ]

    def sums(cell: _CriterionCell) -> MeasureTotals:
        return cell.sums

    label = text(AVERAGE_SHARE.label)
    fields: tuple[FileField[_CriterionCell], ...] = (
        *metric_columns.member_fields(
            figure.dimension, lambda cell: cell.member, lambda cell: formatting.member_name(cell.member)
        ),
        FileField("criterion", text("Criterion"), lambda cell: cell.criterion.name),
        FileField("section", text("Section"), lambda cell: cell.criterion.section),
        FileField("form", text("Form"), lambda cell: cell.criterion.form),
        metric_columns.metric_field(AVERAGE_SHARE, sums),
        *metric_columns.interval_fields(
            AVERAGE_SHARE.name, label, AVERAGE_SHARE.unit, lambda cell: AVERAGE_SHARE.rounded_interval(cell.sums)
        ),
        *(
            metric_columns.metric_field(CRITERION_METRICS[name], sums)
            for name in ("answered", "failed", "criticalFails", "notApplicable")
        ),
    )
    return TableFile(title, stem, fields, lambda: cells)
