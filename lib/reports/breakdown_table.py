"""A breakdown as a table: every group with its figures, intervals, change, rank and course."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lib.analytics import cluster_spreads, grouped_trends, queries
from lib.analytics.cluster_spreads import SharedSpreads
from lib.analytics.queries import MOST_WITH_DAYS, Breakdown, Group, Trend
from lib.analytics.rank_ranges import GroupRanks, Range
from lib.analytics.standardization import StandardizedRow
from lib.catalog.dimensions import EXECUTIVE, Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, FEW_EVALUATIONS, Metric, Unit, rounded
from lib.i18n import t
from lib.reports import formatting, metric_columns
from lib.reports.changes import chance_words, delta
from lib.reports.context import PageContext
from lib.reports.figures import MOST_RANKED
from lib.reports.file_columns import RANK_COLUMNS, FileColumn, Row, group_columns, group_rows, rank_values
from lib.reports.page import Caption, Click, TableBlock
from lib.reports.table import MOST_ROWS, Column, Look, PageTable, TableFile
from lib.reports.words import Joined, plural, text
from lib.statistics.clusters import SharedSpread

_EARLIER_METRICS = ("totalEvaluations", "averageScore", "completedEvaluations", "scoredEvaluations")
_LATER_METRICS = ("netSentiment", "averageDurationSeconds", "completionRate", "failureRate")
"""The metrics that stand before, or are left out as their parts are there; those that follow; then all others."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a dimension in a selection, the largest first.

    `before` are the measures of those that are drawn in what the selection is compared with; None without that.
    `executives` say how executives spread around the changes of each, `ranks` between which places each lies.
    """

    dimension: Dimension
    breakdown: Breakdown
    ranks: GroupRanks
    before: Mapping[Member, MeasureTotals] | None = None
    executives: Mapping[Member, SharedSpreads] = field(default_factory=dict)

    @property
    def drawn(self) -> tuple[Group, ...]:
        """The groups that a table draws."""
        return self.breakdown.groups[:MOST_ROWS]


@dataclass(frozen=True, slots=True)
class _BreakdownRow:
    """One row of the table: a group, or the whole selection; now, and in the compared period."""

    member: Member | None  # None for the whole
    now: MeasureTotals
    before: MeasureTotals | None
    course: tuple[float | None, ...]
    rank: Range | None = None
    executives: SharedSpreads = field(default_factory=dict)
    call_center: Member | None = None
    standardized: StandardizedRow | None = None


def ask(context: PageContext, dimension: Dimension) -> Groups:
    """Return the groups of the selection, the largest first, and what they were in the compared period."""
    breakdown, ranks = context.breakdown(dimension), context.ranks(dimension)
    if context.compared is None:
        return Groups(dimension, breakdown, ranks)
    other, ask = context.compared.filters, context.answers.run
    members = _drawn_of_many(breakdown)
    executives = ask(
        cluster_spreads.executive_spreads_by,
        context.filters,
        other,
        context.calendar,
        (AVERAGE_SCORE.name,),
        dimension,
        members,
    ).groups
    before: Mapping[Member, MeasureTotals]
    if members is None:
        before = {group.named: group.sums for group in context.breakdown(dimension, other).groups}
    else:
        before = ask(queries.totals_of, other, context.calendar, dimension, members).groups
    return Groups(dimension, breakdown, ranks, before, executives)


def _drawn_of_many(breakdown: Breakdown) -> tuple[Member, ...] | None:
    """Return which groups are drawn, in the table or as the largest of a chart, where there are many more."""
    if len(breakdown.groups) <= MOST_ROWS:
        return None
    scored = itertools.islice((group for group in breakdown.groups if group.sums["scored"]), MOST_RANKED)
    return tuple(dict.fromkeys(group.named for group in (*breakdown.groups[:MOST_ROWS], *scored)))


def table(
    context: PageContext, title: str, groups: Groups, standardized: Mapping[Member, StandardizedRow] | None = None
) -> TableBlock:
    """Return the groups below a row of the whole selection; with `standardized`, scores like for like too.

    `title` is a message id; a click on a group opens its detail.
    """
    dimension, breakdown = groups.dimension, groups.breakdown

    columns = (*group_columns(dimension, context.catalog), *RANK_COLUMNS)
    if standardized is not None:
        columns += _STANDARDIZED_COLUMNS

    def file_rows() -> tuple[Row, ...]:
        rows = []
        figures = group_rows(_all_with_days(context, groups), dimension, context.catalog)
        for group, values in zip(breakdown.groups, figures, strict=True):
            row = (*values, *rank_values(groups.ranks, group.named))
            rows.append(row if standardized is None else (*row, *_standardized_values(standardized.get(group.named))))
        return tuple(rows)

    stem = dimension.plural.replace(" ", "-")
    return TableBlock(
        PageTable(
            text("Details"),
            f"table-{dimension.name}",
            tuple(_columns(groups, context.catalog.metrics, with_standardized=standardized is not None)),
            _rows(context, groups, standardized or {}),
            len(breakdown.groups),
            text("largest first"),
            plural(
                "{title}: {count} row and a total",
                "{title}: {count} rows and a total",
                len(breakdown.groups),
                title=text(title),
            ),
            TableFile(title, stem, columns, file_rows),
            ids=(None, *(group.named.parameter_value for group in groups.drawn)),
            hint=text("Click to open the details."),
        ),
        Click("open", dimension),
    )


def chance_caption(groups: Groups) -> Iterator[Caption]:
    """Yield how many of the table's marks chance alone would give, where any change is tested."""
    before = groups.before or {}
    changes = (
        delta(AVERAGE_SCORE, before.get(each.named), each.sums, _of_score(groups.executives.get(each.named, {})))
        for each in groups.drawn
    )
    tested = sum(change is not None and change.is_tested for change in changes)
    if tested:
        yield Caption(Joined((chance_words(tested), text("Counts are not tested.")), " "))


def _of_score(executives: SharedSpreads) -> SharedSpread | None:
    return executives.get(AVERAGE_SCORE.name)


def _all_with_days(context: PageContext, groups: Groups) -> Sequence[Group]:
    """Return all groups with how their days spread, of which the breakdown knows it of the first alone."""
    dimension, breakdown = groups.dimension, groups.breakdown
    if len(breakdown.groups) <= MOST_WITH_DAYS:
        return breakdown.groups
    names = (AVERAGE_SCORE.name,)
    days = context.answers.run(
        cluster_spreads.day_spreads_by, context.filters, context.calendar, names, dimension
    ).groups
    return [replace(group, sums=group.sums.with_days(days.get(group.named, {}))) for group in breakdown.groups]


def _rows(
    context: PageContext, groups: Groups, standardized: Mapping[Member, StandardizedRow]
) -> tuple[_BreakdownRow, ...]:
    breakdown = groups.breakdown
    members = _drawn_of_many(breakdown)
    courses = context.answers.run(
        grouped_trends.sparklines, context.filters, context.calendar, groups.dimension, members
    ).groups
    others = tuple(name for name in context.catalog.uncertain_metrics if name != AVERAGE_SCORE.name)
    days = context.answers.run(
        cluster_spreads.day_spreads_by, context.filters, context.calendar, others, groups.dimension, members
    ).groups
    before = groups.before or {}
    total_before = context.compared.sums if context.compared else None
    return (
        _BreakdownRow(
            None, context.summary.sums, total_before, _means(context.trend), executives=context.executive_spreads
        ),
        *(
            _BreakdownRow(
                group.named,
                group.sums.with_days({**group.sums.days, **days.get(group.named, {})}),
                before.get(group.named),
                courses.get(group.named, ()),
                groups.ranks.groups.get(group.named),
                groups.executives.get(group.named, {}),
                group.call_center,
                standardized.get(group.named),
            )
            for group in groups.drawn
        ),
    )


def _columns(groups: Groups, metrics: Mapping[str, Metric], *, with_standardized: bool) -> list[Column[_BreakdownRow]]:
    dimension, is_compared = groups.dimension, groups.before is not None
    return [
        Column(text(dimension.label), _name),
        *(_standardized_columns() if with_standardized else []),
        *metric_columns.metric(AVERAGE_SCORE, _now),
        *([metric_columns.change(AVERAGE_SCORE, _before, _now, _executives)] if is_compared else []),
        Column(
            text("Rank"),
            lambda row: row.rank and row.rank[0] + row.rank[1] / 1e6,
            _rank,
            Look.NUMBER,
            text(
                "Possible ranks by average score. 2–9 of 12: one is significantly better, three are significantly "
                "worse. All ranges hold together with 95 % confidence. No rank with under {few} scored evaluations, "
                "or for evaluations without a group.",
                few=FEW_EVALUATIONS,
            ),
        ),
        *([Column(text("Call center"), _call_center)] if dimension is EXECUTIVE else []),
        Column(text("Evaluations"), lambda row: row.now["evaluations"], look=Look.BAR),
        *([metric_columns.change(metrics["totalEvaluations"], _before, _now, _executives)] if is_compared else []),
        metric_columns.count(text("Scored"), lambda row: row.now["scored"]),
        metric_columns.note(_now),
        Column(
            text("Score over time"),
            lambda row: [value for value in row.course if value is not None],  # Streamlit says a gap in words
            look=Look.COURSE,
            help=text("Average score over the period."),
            printed=False,
        ),
        Column(
            text("Sentiment"),
            lambda row: [row.now["positive"], row.now["neutral"], row.now["negative"]],
            look=Look.PARTS,
            help=text("Positive, neutral, negative."),
            printed=False,
        ),
        *(
            column
            for name in dict.fromkeys((*_LATER_METRICS, *metrics))
            if name not in _EARLIER_METRICS
            for column in metric_columns.metric(metrics[name], _now, printed=name != "failureRate")
        ),
        metric_columns.count(
            text("Pending, processing"), lambda row: row.now["pending"] + row.now["processing"], printed=False
        ),
    ]


def _name(row: _BreakdownRow) -> str:
    return t("Total") if row.member is None else formatting.member_name(row.member)


def _rank(row: _BreakdownRow) -> str:
    return formatting.rank(row.rank) if row.rank else formatting.NOTHING


def _executives(row: _BreakdownRow) -> SharedSpreads:
    return row.executives


def _now(row: _BreakdownRow) -> MeasureTotals:
    return row.now


def _before(row: _BreakdownRow) -> MeasureTotals | None:
    return row.before


def _call_center(row: _BreakdownRow) -> str:
    return formatting.member_name(row.call_center) if row.call_center else formatting.NOTHING


def _standardized_columns() -> list[Column[_BreakdownRow]]:
    def score(row: _BreakdownRow) -> float | None:
        return None if row.standardized is None else rounded(row.standardized.adjusted, 2)

    def interval(row: _BreakdownRow) -> str:
        return formatting.interval(Unit.SCORE, row.standardized.interval if row.standardized else None)

    return [
        Column(
            text("Adjusted (like for like)"),
            score,
            lambda row: formatting.value(Unit.SCORE, score(row)),
            Look.NUMBER,
            text(STANDARDIZED_HELP),
        ),
        Column(text("Adjusted: 95 % CI"), interval),
        Column(text("Adjusted: note"), _standardized_note),
    ]


def _standardized_note(row: _BreakdownRow) -> str:
    standardized = row.standardized
    if standardized is None or not standardized.is_small_sample:
        return ""
    return t("too few comparable calls") if standardized.adjusted is None else t("few comparable calls")


_STANDARDIZED_COLUMNS = (
    FileColumn("likeForLike", "score"),
    FileColumn("likeForLikeLow", "score"),
    FileColumn("likeForLikeHigh", "score"),
    FileColumn("comparableEvaluations", "count"),
)


def _standardized_values(row: StandardizedRow | None) -> Row:
    """Return a group's score like for like in a file, its interval, and how many scores it rests on."""
    if row is None:
        return (None,) * len(_STANDARDIZED_COLUMNS)
    low, high = row.interval or (None, None)
    return rounded(row.adjusted, 2), rounded(low, 2), rounded(high, 2), row.comparable


STANDARDIZED_HELP = (
    "The average score as if everyone had handled the same calls. Each call is compared with other calls of the same "
    "campaign, human or AI, and duration."
)


def _means(course: Trend) -> tuple[float | None, ...]:
    means = (AVERAGE_SCORE.rounded(point.sums) for point in course.points)
    return tuple(None if mean is None else float(mean) for mean in means)
