"""The figures of own fields: averages and sums of numbers, shares of yes, beside what they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lib.analytics import cluster_spreads
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.catalog.own_fields import OWN_SUM
from lib.reports import catalog_words, changes, formatting
from lib.reports.changes import Delta, chance_words
from lib.reports.context import PageContext
from lib.reports.page import Block, Caption, Click, Heading, TableBlock
from lib.reports.table import Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Joined, formatted, plural, text
from lib.statistics.clusters import SharedSpread


@dataclass(frozen=True, slots=True)
class _FieldRow:
    """A metric of an own field: its totals, and those of the compared period. `counted` has the field's number."""

    metric: Metric
    counted: Metric
    now: MeasureTotals
    before: MeasureTotals | None
    executives: SharedSpread | None

    @property
    def n(self) -> int:
        """How many evaluations have a value."""
        return self.counted.n(self.now) or 0

    @property
    def ends(self) -> tuple[float | int | None, float | int | None]:
        """The ends of the interval, rounded."""
        return self.metric.rounded_interval(self.now) or (None, None)

    @property
    def delta(self) -> Delta | None:
        """How it changed; None where there is nothing to compare."""
        return changes.delta(self.metric, self.before, self.now, self.executives)

    @property
    def amount(self) -> float | None:
        """By how much it changed."""
        return changes.change_amount(self.metric, self.before, self.now)


def own_figures(context: PageContext) -> Iterator[Block]:
    """Yield a row for each metric of the own fields that the data know, and what its marks mean."""
    metrics = context.own_metrics_in_use
    if not metrics:
        return
    rows = _rows(context, metrics)
    columns = _columns(has_changes=context.compared is not None)
    title = text("Fields")
    yield Heading(title)
    yield TableBlock(
        PageTable(
            title,
            "table-fields",
            columns,
            rows,
            len(rows),
            text("in the order of the fields"),
            plural("Fields: {count} row", "Fields: {count} rows", len(rows)),
            TableFile(title, "fields", file_fields(columns), lambda: rows),
            has_total=False,
            ids=tuple(row.metric.name for row in rows),
            hint=text("Click to see the trend."),
        ),
        Click("trend"),
    )
    if tested := sum(row.delta is not None and row.delta.is_tested for row in rows):
        yield Caption(Joined((chance_words(tested), text("Sums are not tested.")), " "))


def _rows(context: PageContext, metrics: tuple[Metric, ...]) -> tuple[_FieldRow, ...]:
    names = tuple(metric.name for metric in metrics)
    now, before = context.own_totals(names), None
    spreads: cluster_spreads.SharedSpreads = {}
    if context.compared is not None:
        other = context.compared.filters
        before = context.own_totals(names, other)
        spreads = context.answers.run(
            cluster_spreads.executive_spreads, context.filters, other, context.calendar, names
        )
    own = context.catalog.own_metrics
    return tuple(
        _FieldRow(each, own[each.name.removesuffix(OWN_SUM)], now, before, spreads.get(each.name)) for each in metrics
    )


def _columns(*, has_changes: bool) -> tuple[Column[_FieldRow], ...]:
    value, n, ci = text("Value"), text("n"), text("95 % CI")
    columns: list[Column[_FieldRow]] = [
        Column(text("Field"), lambda row: row.metric.label),
        Column(text("Figure"), lambda row: str(catalog_words.own_figure(row.metric))),
        Column(
            value,
            lambda row: row.metric.rounded(row.now),
            lambda row: formatting.metric(row.metric, row.now),
            Look.NUMBER,
            in_file=(FileField("value", value, lambda row: row.metric.rounded(row.now), "number"),),
        ),
        Column(
            ci,
            lambda row: formatting.interval(row.metric.unit, row.metric.interval(row.now)),
            in_file=(
                FileField("low", text("{metric}: 95 %, low", metric=value), lambda row: row.ends[0], "number"),
                FileField("high", text("{metric}: 95 %, high", metric=value), lambda row: row.ends[1], "number"),
            ),
        ),
        Column(n, lambda row: row.n, lambda row: formatting.count(row.n), in_file=(FileField("n", n, _n, "count"),)),
    ]
    if not has_changes:
        return tuple(columns)
    change, before = text("Change"), text("Before")
    columns += [
        Column(
            change,
            lambda row: row.amount,
            lambda row: moved.words if (moved := row.delta) else formatting.NOTHING,
            Look.NUMBER,
            text("▲ ▼: statistically significant. ≈: not significant."),
            lambda row: moved.kind if (moved := row.delta) else "chance",
            in_file=(FileField("change", change, lambda row: row.amount, "points"),),
        ),
        Column(
            before,
            _was,
            lambda row: str(formatted(formatting.metric, row.metric, row.before) if row.before else formatting.NOTHING),
            Look.NUMBER,
            in_file=(FileField("before", before, _was, "number"),),
        ),
    ]
    return tuple(columns)


def _n(row: _FieldRow) -> int:
    return row.n


def _was(row: _FieldRow) -> float | None:
    return None if row.before is None else row.metric.rounded(row.before)
