"""A breakdown as a table: every group with its figures, intervals, change, rank and course; a click opens one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.analytics import grouped_trends, queries
from lib.analytics.queries import ALL_GROUPS, Breakdown, Group, Trend
from lib.analytics.query import Filters
from lib.analytics.rank_ranges import tiers
from lib.analytics.standardization import StandardizedRow
from lib.catalog.dimensions import EXECUTIVE, Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, METRICS, Unit, rounded
from lib.charts import ranking
from lib.exports.reports import figure_fields, figure_values
from lib.exports.table_files import TableColumn
from lib.i18n import t
from lib.reports import formatting
from lib.ui import data_grid, metric_columns, url_state
from lib.ui.data_grid import MOST_ROWS, GridColumn, Rows
from lib.ui.page_context import PageContext
from lib.ui.style import palette
from lib.ui.tables import downloads


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a dimension in a selection, the largest first.

    `before` are the measures of those that are drawn in what the selection is compared with; None without that.
    """

    dimension: Dimension
    found: Breakdown
    before: Mapping[Member, MeasureTotals] | None

    @property
    def drawn(self) -> tuple[Group, ...]:
        """The groups that a table draws."""
        return self.found.groups[:MOST_ROWS]


@dataclass(frozen=True, slots=True)
class _BreakdownRow:
    """One row of the table: a group, or the whole selection; now, and in the compared period."""

    name: str
    named: Member | None  # None for the whole
    now: MeasureTotals
    before: MeasureTotals | None
    course: tuple[float | None, ...]
    rank: int | None = None
    call_center: str | None = None
    alike: StandardizedRow | None = None


def ask(view: PageContext, dimension: Dimension) -> Groups:
    """Return the groups of the selection, the largest first, and what they were in the compared period."""

    def asked(filters: Filters) -> Breakdown:
        return view.answers.run(queries.breakdown, filters, view.calendar, dimension, page_size=ALL_GROUPS)

    found = asked(view.filters)
    if view.compared is None:
        return Groups(dimension, found, None)
    other = view.compared.filters
    names = _many_names(found)
    if names is None:
        return Groups(dimension, found, {group.named: group.sums for group in asked(other).groups})
    return Groups(dimension, found, view.answers.run(queries.totals_of, other, view.calendar, dimension, names).groups)


def _many_names(found: Breakdown) -> tuple[Member, ...] | None:
    """Return which groups are drawn, in the table or as the largest of a chart, where there are many more."""
    if len(found.groups) <= MOST_ROWS:
        return None
    scored = itertools.islice((group for group in found.groups if group.sums["scored"]), ranking.MOST)
    return tuple(dict.fromkeys(group.named for group in (*found.groups[:MOST_ROWS], *scored)))


def table(view: PageContext, title: str, groups: Groups, alike: Mapping[Member, StandardizedRow] | None = None) -> None:
    """Draw the groups below a row of the whole selection, and the downloads; with `alike`, scores like for like too."""
    dimension, found = groups.dimension, groups.found
    lines = _lines(view, groups, alike or {})
    columns = _columns(groups, with_alike=alike is not None)
    data_grid.draw(
        view,
        t("All figures"),
        Rows(lines, len(found.groups), t("the largest first")),
        columns,
        f"table-{dimension.name}",
        t("{title}: {count} rows and a total", title=t(title), count=len(found.groups)),
    )
    fields = [TableColumn(dimension.parameter), TableColumn(dimension.name_field)]
    fields += [TableColumn("callCenterName")] if dimension is EXECUTIVE else []

    def rows() -> tuple[tuple[Any, ...], ...]:
        return tuple(
            (
                group.named.id,
                group.named.name,
                *([group.call_center.name if group.call_center else None] if dimension is EXECUTIVE else []),
                *figure_values(group.sums),
            )
            for group in found.groups
        )

    downloads(view, title, dimension.plural.replace(" ", "-"), [*fields, *figure_fields()], rows)


def _lines(view: PageContext, groups: Groups, alike: Mapping[Member, StandardizedRow]) -> list[_BreakdownRow]:
    found = groups.found
    names = _many_names(found)
    brief = view.answers.run(grouped_trends.sparklines, view.filters, view.calendar, groups.dimension, names)
    whole = view.trend
    before = groups.before or {}
    ranks = {ranked.group.named: ranked.tier for ranked in tiers(found.groups)}
    return [
        _BreakdownRow(t("All"), None, found.total, view.compared.sums if view.compared else None, _means(whole)),
        *(
            _BreakdownRow(
                formatting.member_name(group.named),
                group.named,
                group.sums,
                before.get(group.named),
                brief.groups.get(group.named, ()),
                ranks.get(group.named),
                formatting.member_name(group.call_center) if group.call_center else None,
                alike.get(group.named),
            )
            for group in groups.drawn
        ),
    ]


def _columns(groups: Groups, *, with_alike: bool) -> list[GridColumn[_BreakdownRow]]:
    dimension, compared = groups.dimension, groups.before is not None
    most = max((group.sums["evaluations"] for group in groups.found.groups), default=1)
    config = st.column_config
    ids = [group.named.parameter_value for group in groups.drawn]

    def opened(row: int) -> None:
        url_state.open_detail(ids[row - 1] if 0 < row <= len(ids) else None)

    columns = [
        GridColumn(
            t(dimension.label),
            lambda line: line.name,
            data_grid.opener(t(dimension.label), f"open-{dimension.name}", opened, t("A click opens the detail.")),
        ),
        *(_alike() if with_alike else []),
        GridColumn(
            t("Evaluations"),
            lambda line: line.now["evaluations"],
            config.ProgressColumn(format="localized", min_value=0, max_value=most, color=palette().accent),
        ),
        *([metric_columns.change(METRICS["totalEvaluations"], _before, _now)] if compared else []),
        *metric_columns.metric(AVERAGE_SCORE, _now),
        *([metric_columns.change(AVERAGE_SCORE, _before, _now)] if compared else []),
        GridColumn(
            t("Rank"),
            lambda line: line.rank,
            config.NumberColumn(
                help=t("Those who share a rank can't be told apart from the best of them."), format="%d"
            ),
        ),
        metric_columns.count(t("Scored"), lambda line: line.now["scored"]),
        metric_columns.note(_now),
        GridColumn(
            t("Score over time"),
            lambda line: list(line.course),
            config.AreaChartColumn(help=t("The average score over the period."), color=palette().accent),
            printed=False,
        ),
        GridColumn(
            t("Sentiment"),
            lambda line: [line.now["positive"], line.now["neutral"], line.now["negative"]],
            config.BarChartColumn(help=t("Positive, neutral, negative."), y_min=0, color=palette().muted, width=90),
            printed=False,
        ),
        *metric_columns.metric(METRICS["netSentiment"], _now),
        *metric_columns.metric(METRICS["averageDurationSeconds"], _now),
        *metric_columns.metric(METRICS["completionRate"], _now),
        *metric_columns.metric(METRICS["failureRate"], _now, printed=False),
        metric_columns.count(
            t("Pending, processing"), lambda line: line.now["pending"] + line.now["processing"], printed=False
        ),
    ]
    if dimension is EXECUTIVE:
        columns.insert(1, GridColumn(t("Call center"), lambda line: line.call_center or formatting.NOTHING))
    return columns


def _now(line: _BreakdownRow) -> MeasureTotals:
    return line.now


def _before(line: _BreakdownRow) -> MeasureTotals | None:
    return line.before


def _alike() -> list[GridColumn[_BreakdownRow]]:
    def value(line: _BreakdownRow) -> float | None:
        return None if line.alike is None else rounded(line.alike.adjusted, 2)

    return [
        GridColumn(
            t("Like for like"),
            value,
            st.column_config.NumberColumn(help=t(ALIKE_HELP)),
            lambda line: formatting.value(Unit.SCORE, value(line)),
        ),
        GridColumn(
            t("Like for like: 95 %"),
            lambda line: formatting.interval(Unit.SCORE, line.alike.interval if line.alike else None),
        ),
        GridColumn(t("Like for like: note"), lambda line: t("thin cells") if line.alike and line.alike.thin else ""),
    ]


ALIKE_HELP = (
    "The average score as if everybody had had the same calls: by campaign, AI or human and duration, weighted as in "
    "the whole selection."
)


def _means(course: Trend) -> tuple[float | None, ...]:
    found = (AVERAGE_SCORE.rounded(point.sums) for point in course.points)
    return tuple(None if value is None else float(value) for value in found)
