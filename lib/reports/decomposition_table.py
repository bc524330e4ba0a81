"""What changed a metric as a table: each group's parts of the change, its values and its shares, below the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lib.analytics import cluster_spreads
from lib.analytics.decomposition import Contribution, Decomposition, ShownAmounts
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, Unit, rounded
from lib.i18n import t
from lib.reports import catalog_words, formatting, metric_columns
from lib.reports.context import PageContext
from lib.reports.page import Click, TableBlock
from lib.reports.table import MOST_ROWS, Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Words, plural, text


@dataclass(frozen=True, slots=True)
class _DecompositionRow:
    """One row: a group, or the whole selection."""

    member: Member | None  # None for the whole
    before: MeasureTotals
    now: MeasureTotals
    part: Contribution | Decomposition  # of the change


def table(context: PageContext, dimension: Dimension, change: Decomposition, whole_now: MeasureTotals) -> TableBlock:
    """Return the parts as a table below the whole; a click on one lists its evaluations.

    `whole_now` are the measures of the selection with how its days spread.
    """
    parts = change.parts
    ask, names = context.answers.run, (change.metric.name,)
    total = _DecompositionRow(None, change.before, whole_now, change)

    def rows_of(some: Sequence[Contribution], members: tuple[Member, ...] | None) -> list[_DecompositionRow]:
        days = ask(cluster_spreads.day_spreads_by, context.filters, context.calendar, names, dimension, members).groups
        return [
            _DecompositionRow(part.named, part.before, part.now.with_days(days.get(part.named, {})), part)
            for part in some
        ]

    drawn = parts[:MOST_ROWS]
    rows, columns = rows_of(drawn, tuple(part.named for part in drawn)), _columns(dimension, change)

    def file_rows() -> list[_DecompositionRow]:
        return rows if len(parts) <= MOST_ROWS else rows_of(parts, None)

    return TableBlock(
        PageTable(
            text("Details"),
            f"parts-{dimension.name}",
            tuple(columns),
            (total, *rows),
            len(parts),
            text("largest contributions first"),
            plural("Contributions to the change: {count} row", "Contributions to the change: {count} rows", len(parts)),
            TableFile(text("What changed"), "what-changed", file_fields(columns), file_rows, total),
            ids=(None, *(row.member.parameter_value for row in rows if row.member)),
            hint=text("Click to open its evaluations."),
        ),
        Click("evaluations", dimension),
    )


@dataclass(frozen=True, slots=True)
class _ColumnWords:
    """What columns are called, and mean: of the average score in its own words, of others in general ones."""

    within: Words
    mix: Words
    before: Words
    now: Words
    counts: tuple[tuple[str, Words], tuple[str, Words]]  # how many evaluations values rest on, by the API's names


_OF_SCORES = _ColumnWords(
    text("The change of the group's own score, weighted by the average of its shares in both periods."),
    text("The change of the group's share, times the distance of its score from the overall average."),
    text("Score before"),
    text("Score now"),
    (("scoredBefore", text("Scored before")), ("scoredNow", text("Scored now"))),
)


def _words(metric: Metric) -> _ColumnWords:
    if metric.name == AVERAGE_SCORE.name:
        return _OF_SCORES
    label = catalog_words.metric_label(metric)
    return _ColumnWords(
        text("The change of the group's own value, weighted by the average of its shares in both periods."),
        text(
            "The change of the group's share of what the metric is divided by, times the distance of its value from "
            "that of all."
        ),
        text("{metric}: before", metric=label),
        text("{metric}: now", metric=label),
        (("nBefore", text("n before")), ("nNow", text("n now"))),
    )


def _columns(dimension: Dimension, change: Decomposition) -> list[Column[_DecompositionRow]]:
    metric, words = change.metric, _words(change.metric)
    unit, name = metric.unit, metric.name
    (before_name, count_before), (now_name, count_now) = words.counts
    return [
        Column(
            catalog_words.label(dimension),
            metric_columns.shown_names((part.named for part in change.parts), lambda row: row.member),
            in_file=metric_columns.member_fields(dimension, lambda row: row.member, _name),
        ),
        _amounts(metric, text("Performance"), "within", lambda part: part.within, words.within),
        _amounts(metric, text("Mix"), "mix", lambda part: part.mix, words.mix),
        _amounts(
            metric,
            text("Total"),
            "total",
            lambda part: part.total,
            text("Performance plus mix. Before rounding, all rows add up to the change."),
        ),
        _value(metric, words.before, f"{name}Before", lambda row: row.before),
        _value(metric, words.now, f"{name}Now", lambda row: row.now),
        Column(
            text("95 % CI now"),
            lambda row: formatting.metric_interval(metric, metric.interval(row.now)),
            in_file=metric_columns.interval_fields(
                f"{name}Now", words.now, unit, lambda row: metric.rounded_interval(row.now)
            ),
        ),
        _share(metric, text("Share before"), "shareBefore", change.before, lambda row: row.before),
        _share(metric, text("Share now"), "shareNow", change.now, lambda row: row.now),
        metric_columns.count(count_before, lambda row: metric.n(row.before) or 0, before_name),
        metric_columns.count(count_now, lambda row: metric.n(row.now) or 0, now_name),
    ]


def _name(row: _DecompositionRow) -> str:
    return t("Total") if row.member is None else formatting.member_name(row.member)


_Side = Callable[[_DecompositionRow], MeasureTotals]


def _value(metric: Metric, label: Words, name: str, side: _Side) -> Column[_DecompositionRow]:
    """Return the metric in one of the periods as a column."""

    def value(row: _DecompositionRow) -> float | None:
        return metric.rounded(side(row))

    in_file = (FileField(name, label, value, metric.unit.value, metric),)
    return Column(label, value, lambda row: formatting.metric(metric, side(row)), in_file=in_file)


def _share(metric: Metric, label: Words, name: str, whole: MeasureTotals, side: _Side) -> Column[_DecompositionRow]:
    """Return the part of what the metric is divided by as a column."""

    def share(row: _DecompositionRow) -> Fraction | None:
        if metric.linear is None:
            return None
        divided_by = metric.linear.denominator
        return Fraction(divided_by.of(side(row)), divided_by.of(whole))

    return Column(
        label,
        lambda row: None if (part := share(row)) is None else float(part),
        lambda row: formatting.value(Unit.SHARE, share(row)),
        in_file=(FileField(name, label, lambda row: rounded(share(row), Unit.SHARE.decimals), Unit.SHARE.value),),
    )


def _amounts(
    metric: Metric,
    label: Words,
    name: str,
    value: Callable[[Contribution | Decomposition | ShownAmounts], Fraction],
    help: Words,
) -> Column[_DecompositionRow]:
    """Return an amount as a column: on the page as it is shown, in files unrounded, so that there it adds up."""

    def shown(row: _DecompositionRow) -> Fraction:
        return value(row.part.shown)

    def kind(row: _DecompositionRow) -> str:
        amount = shown(row)
        if not amount:
            return "chance"
        if metric.better is None:
            return "plain"
        return "good" if (amount > 0) == (metric.better == "higher") else "bad"

    return Column(
        label,
        lambda row: float(shown(row)),
        lambda row: formatting.amount(metric, shown(row)),
        Look.NUMBER,
        help,
        kind=kind,
        in_file=(FileField(name, label, lambda row: float(value(row.part)), "points"),),
    )
