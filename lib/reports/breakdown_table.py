"""A breakdown as a table: every group with its figures, intervals, change, rank and course."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lib.analytics import breakdowns, cluster_spreads, grouped_trends
from lib.analytics.breakdowns import MOST_WITH_DAYS, Breakdown, Group
from lib.analytics.cluster_spreads import SharedSpreads, Spreads
from lib.analytics.queries import Trend
from lib.analytics.rank_ranges import GroupRanks, Range
from lib.analytics.standardization import StandardizedRow
from lib.catalog.dimensions import CALL_CENTER, EVALUATOR, EXECUTIVE, Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, Unit, rounded
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.i18n import t
from lib.reports import catalog_words, formatting, metric_columns
from lib.reports.changes import chance_words
from lib.reports.context import PageContext
from lib.reports.figures import MOST_RANKED
from lib.reports.page import Caption, Click, TableBlock
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.target_columns import target_columns
from lib.reports.words import Joined, Words, plural, text

_EARLIER_METRICS = ("totalEvaluations", "averageScore", "completedEvaluations", "scoredEvaluations")
_LATER_METRICS = ("netSentiment", "averageDurationSeconds", "completionRate", "failureRate")
"""The metrics that stand before, or are left out as their parts are there; those that follow; then all others."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a dimension in a selection, the largest first.

    `members` are those of which more is known than of all; None where it is known of all.
    `before` are their measures in what the selection is compared with; None without that.
    `executives` say how executives spread around the changes of each, `ranks` between which places each lies.
    """

    dimension: Dimension
    breakdown: Breakdown
    ranks: GroupRanks
    members: tuple[Member, ...] | None = None
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


def ask(context: PageContext, dimension: Dimension, *, is_whole: bool = False) -> Groups:
    """Return the groups of the selection, the largest first, and what those that are drawn were in the compared period.

    `is_whole`: what all of them were.
    """
    breakdown, ranks = context.breakdown(dimension), context.ranks(dimension)
    members = None if is_whole else _drawn_of_many(breakdown)
    if context.compared is None:
        return Groups(dimension, breakdown, ranks, members)
    other, ask = context.compared.filters, context.answers.run
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
        before = ask(breakdowns.totals_of, other, context.calendar, dimension, members).groups
    return Groups(dimension, breakdown, ranks, members, before, executives)


def _drawn_of_many(breakdown: Breakdown) -> tuple[Member, ...] | None:
    """Return which groups are drawn, in the table or as the largest of a chart, where there are many more."""
    if len(breakdown.groups) <= MOST_ROWS:
        return None
    scored = itertools.islice((group for group in breakdown.groups if group.sums["scored"]), MOST_RANKED)
    return tuple(dict.fromkeys(group.named for group in (*breakdown.groups[:MOST_ROWS], *scored)))


def table(
    context: PageContext,
    title: Words,
    groups: Groups,
    standardized: Mapping[Member, StandardizedRow] | None = None,
    click: Click | None = None,
) -> TableBlock:
    """Return the groups below a row of the whole selection; with `standardized`, scores like for like too.

    A click on a group opens its detail where `click` says nothing else.
    """
    dimension, breakdown = groups.dimension, groups.breakdown
    catalog = context.catalog
    metrics = {**catalog.metrics, **{name: catalog.all_metrics[name] for name in context.defined_metrics}}
    columns = _columns(context, groups, metrics, with_standardized=standardized is not None)
    total = _total(context)

    def file_rows() -> tuple[_BreakdownRow, ...]:
        whole = groups if groups.members is None else ask(context, dimension, is_whole=True)
        return _rows(context, whole, breakdown.groups, standardized or {}, with_courses=False)

    does = click or Click("open", dimension)
    return TableBlock(
        PageTable(
            text("Details"),
            f"table-{dimension.name}",
            tuple(columns),
            (total, *_rows(context, groups, groups.drawn, standardized or {})),
            len(breakdown.groups),
            text("largest first"),
            plural(
                "{title}: {count} row and a total",
                "{title}: {count} rows and a total",
                len(breakdown.groups),
                title=title,
            ),
            TableFile(
                title,
                catalog_words.file_stem(dimension),
                file_fields(columns, _fields_in_file_alone(context)),
                file_rows,
                total,
            ),
            ids=(None, *(group.named.parameter_value for group in groups.drawn)),
            hint=text("Click to open the details.") if does.action == "open" else text("Click to show it alone."),
        ),
        does,
    )


def _has_changes(groups: Groups, metric: Metric) -> bool:
    """Return whether any group that is drawn has a change of a metric."""
    before = groups.before or {}
    return metric_columns.has_changes(
        metric, lambda group: before.get(group.named), lambda group: group.sums, groups.drawn
    )


def change_captions(groups: Groups, metrics: Mapping[str, Metric]) -> Iterator[Caption]:
    """Yield that no group has a change, or how many of the marks chance alone would give, where any is tested."""
    if groups.before is not None and not any(_has_changes(groups, metrics[name]) for name in metric_columns.CHANGED):
        yield Caption(metric_columns.NO_CHANGES)
    before = groups.before or {}
    tested = sum(
        AVERAGE_SCORE.differs(before[each.named], each.sums) is not None
        for each in groups.drawn
        if each.named in before
    )
    if tested:
        yield Caption(Joined((chance_words(tested), text("Counts are not tested.")), " "))


def _total(context: PageContext) -> _BreakdownRow:
    """Return the row of the whole selection."""
    before = context.compared.sums if context.compared else None
    course = _means(context.trend)
    return _BreakdownRow(None, context.totals, before, course, executives=context.executive_spreads)


def _rows(
    context: PageContext,
    groups: Groups,
    chosen: tuple[Group, ...],
    standardized: Mapping[Member, StandardizedRow],
    *,
    with_courses: bool = True,
) -> tuple[_BreakdownRow, ...]:
    """Return a row for each of some groups; without courses, which no file holds, it takes less time."""
    ask, filters, calendar, dimension = context.answers.run, context.filters, context.calendar, groups.dimension
    courses: Mapping[Member, tuple[float | None, ...]] = {}
    if with_courses:
        courses = ask(grouped_trends.sparklines, filters, calendar, dimension, groups.members).groups
    days: dict[Member, Spreads] = {}
    if len(chosen) > MOST_WITH_DAYS:  # of fewer the breakdown knows them
        for name in context.catalog.uncertain_metrics:  # one by one, as all at once take some times the memory
            found = ask(cluster_spreads.day_spreads_by, filters, calendar, (name,), dimension).groups
            days |= {member: {**days.get(member, {}), **spreads} for member, spreads in found.items()}
    before = groups.before or {}
    return tuple(
        _BreakdownRow(
            group.named,
            group.sums.with_days(days[group.named]) if group.named in days else group.sums,
            before.get(group.named),
            courses.get(group.named, ()),
            groups.ranks.groups.get(group.named),
            groups.executives.get(group.named, {}),
            group.call_center,
            standardized.get(group.named),
        )
        for group in chosen
    )


def _columns(
    context: PageContext, groups: Groups, metrics: Mapping[str, Metric], *, with_standardized: bool
) -> list[Column[_BreakdownRow]]:
    dimension = groups.dimension
    targets = {name: target_columns(context, each, dimension, _member, _now) for name, each in metrics.items()}
    # An evaluator who gives lower scores than before is no worse for it.
    score = replace(AVERAGE_SCORE, better=None) if dimension is EVALUATOR else AVERAGE_SCORE
    changed = [name for name in metric_columns.CHANGED if _has_changes(groups, metrics[name])]
    call_center = metric_columns.member_fields(CALL_CENTER, lambda row: row.call_center, _call_center)
    return [
        Column(
            catalog_words.label(dimension),
            metric_columns.shown_names((group.named for group in groups.breakdown.groups), lambda row: row.member),
            in_file=metric_columns.member_fields(dimension, lambda row: row.member, _name),
        ),
        *(_standardized_columns(dimension) if with_standardized else []),
        *metric_columns.metric(AVERAGE_SCORE, _now),
        metric_columns.note(_now),
        *targets[AVERAGE_SCORE.name],
        *([metric_columns.change(score, _before, _now, _executives)] if AVERAGE_SCORE.name in changed else []),
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
            in_file=(
                FileField("rankLow", text("Rank, best"), lambda row: row.rank and row.rank[0], "count"),
                FileField("rankHigh", text("Rank, worst"), lambda row: row.rank and row.rank[1], "count"),
            ),
        ),
        *([Column(text("Call center"), _call_center, in_file=call_center)] if dimension is EXECUTIVE else []),
        Column(
            text("Evaluations"),
            lambda row: row.now["evaluations"],
            look=Look.BAR,
            in_file=(metric_columns.metric_field(metrics["totalEvaluations"], _now),),
        ),
        *(
            [metric_columns.change(metrics["totalEvaluations"], _before, _now, _executives)]
            if "totalEvaluations" in changed
            else []
        ),
        metric_columns.count(text("Scored"), lambda row: row.now["scored"], "scoredEvaluations"),
        *(column for name in _EARLIER_METRICS if name != AVERAGE_SCORE.name for column in targets[name]),
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
            in_file=tuple(_count_field(name) for name in ("positive", "neutral", "negative")),
        ),
        *(
            column
            for name in dict.fromkeys((*_LATER_METRICS, *metrics))
            if name not in _EARLIER_METRICS
            for column in (
                *metric_columns.metric(metrics[name], _now, printed=name != "failureRate"),
                *targets[name],
            )
        ),
        Column(
            text("Pending, processing"),
            lambda row: row.now["pending"] + row.now["processing"],
            printed=False,
            in_file=tuple(_count_field(name) for name in ("pending", "processing")),
        ),
    ]


def _name(row: _BreakdownRow) -> str:
    return t("Total") if row.member is None else formatting.member_name(row.member)


def _rank(row: _BreakdownRow) -> str:
    return formatting.rank(row.rank) if row.rank else formatting.NOTHING


def _count_field(name: str) -> FileField[_BreakdownRow]:
    """Return how many evaluations are in a state, or of a sentiment, as a column of a file."""
    return FileField(name, text(name.capitalize()), lambda row: row.now[name], "count")


def _fields_in_file_alone(context: PageContext) -> tuple[FileField[_BreakdownRow], ...]:
    """Return what the table has no column for, as its parts are there."""
    return (metric_columns.metric_field(context.catalog.metrics["completedEvaluations"], _now), _count_field("failed"))


def _member(row: _BreakdownRow) -> Member | None:
    return row.member


def _executives(row: _BreakdownRow) -> SharedSpreads:
    return row.executives


def _now(row: _BreakdownRow) -> MeasureTotals:
    return row.now


def _before(row: _BreakdownRow) -> MeasureTotals | None:
    return row.before


def _call_center(row: _BreakdownRow) -> str:
    return formatting.member_name(row.call_center) if row.call_center else formatting.NOTHING


def _standardized_columns(dimension: Dimension) -> list[Column[_BreakdownRow]]:
    def score(row: _BreakdownRow) -> float | None:
        return None if row.standardized is None else rounded(row.standardized.adjusted, 2)

    def interval(row: _BreakdownRow) -> str:
        return formatting.interval(Unit.SCORE, row.standardized.interval if row.standardized else None)

    def rounded_ends(row: _BreakdownRow) -> tuple[float | None, float | None] | None:
        ends = row.standardized.interval if row.standardized else None
        return None if ends is None else (rounded(ends[0], 2), rounded(ends[1], 2))

    label = text("Adjusted (like for like)")
    ends = metric_columns.interval_fields("likeForLike", label, Unit.SCORE, rounded_ends)
    note: tuple[FileField[_BreakdownRow], ...] = (
        FileField("", text("Adjusted: note"), _standardized_note),
        FileField(
            "comparableEvaluations",
            text("Adjusted: comparable evaluations"),
            lambda row: row.standardized and row.standardized.comparable,
            "count",
        ),
    )
    return [
        Column(
            text("Adjusted (like for like)"),
            score,
            lambda row: formatting.value(Unit.SCORE, score(row)),
            Look.NUMBER,
            text(standardized_help(dimension)),
            in_file=(FileField("likeForLike", label, score, "score"),),
        ),
        Column(text("Adjusted: 95 % CI"), interval, in_file=ends),
        Column(text("Adjusted: note"), _standardized_note, in_file=note),
    ]


def _standardized_note(row: _BreakdownRow) -> str:
    standardized = row.standardized
    if standardized is None or not standardized.is_small_sample:
        return ""
    return t("too few comparable calls") if standardized.adjusted is None else t("few comparable calls")


def standardized_help(dimension: Dimension) -> str:
    """Return the message id of what a dimension's scores like for like are."""
    if dimension is EVALUATOR:
        return (
            "The average score as if everyone had evaluated the same calls, so that a strict evaluator and weak calls "
            "are told apart. Each evaluation is compared with others of the same campaign, human or AI, and form. "
            "Where evaluators have executives of their own, hold the executive constant, too: otherwise a difference "
            "may be theirs."
        )
    return (
        "The average score as if everyone had handled the same calls. Each call is compared with other calls of the "
        "same campaign, human or AI, and duration."
    )


def _means(course: Trend) -> tuple[float | None, ...]:
    means = (AVERAGE_SCORE.rounded(point.sums) for point in course.points)
    return tuple(None if mean is None else float(mean) for mean in means)
