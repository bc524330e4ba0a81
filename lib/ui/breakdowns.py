"""A breakdown as a table: every group with its figures, intervals, change, rank and course; a click opens one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.analytics import courses, format, queries
from lib.analytics.adjusted import Row
from lib.analytics.dimensions import EXECUTIVE, Dimension, Named
from lib.analytics.filters import Filters
from lib.analytics.measures import METRICS, Sums, Unit, rounded
from lib.analytics.queries import ALL_GROUPS, Breakdown, Trend
from lib.analytics.ranking import tiers
from lib.exports.reports import figure_fields, figure_values
from lib.exports.tables import Field
from lib.languages import t
from lib.ui import figures, grid, state
from lib.ui.figures import SCORE
from lib.ui.grid import Column
from lib.ui.style import palette
from lib.ui.tables import downloads
from lib.ui.view import View


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a dimension in a selection, and in what it is compared with, if anything."""

    dimension: Dimension
    found: Breakdown
    other: Breakdown | None

    @property
    def before(self) -> dict[Named, Sums]:
        """The measures of each group in the compared period."""
        return {group.named: group.sums for group in self.other.groups} if self.other else {}


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the table: a group, or the whole selection; now, and in the compared period."""

    name: str
    named: Named | None  # None for the whole
    now: Sums
    before: Sums | None
    course: tuple[float | None, ...]
    rank: int | None = None
    call_center: str | None = None
    alike: Row | None = None


def ask(view: View, dimension: Dimension) -> Groups:
    """Return the groups of the selection, the largest first, and what they were in the compared period."""

    def asked(filters: Filters) -> Breakdown:
        return view.answers.ask(queries.breakdown, filters, view.calendar, dimension, page_size=ALL_GROUPS)

    return Groups(dimension, asked(view.filters), asked(view.compared.filters) if view.compared else None)


def table(view: View, title: str, groups: Groups, alike: Mapping[Named, Row] | None = None) -> None:
    """Draw the groups below a row of the whole selection, and the downloads; with `alike`, scores like for like too."""
    dimension, found = groups.dimension, groups.found
    lines = _lines(view, groups, alike or {})
    columns = _columns(groups, with_alike=alike is not None)
    grid.draw(
        view,
        t("All figures"),
        lines,
        columns,
        f"table-{dimension.name}",
        t("{title}: {count} rows and a total", title=t(title), count=len(found.groups)),
    )
    fields = [Field(dimension.parameter), Field(dimension.name_field)]
    fields += [Field("callCenterName")] if dimension is EXECUTIVE else []

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


def _lines(view: View, groups: Groups, alike: Mapping[Named, Row]) -> list[_Line]:
    found = groups.found
    brief = view.answers.ask(courses.brief, view.filters, view.calendar, groups.dimension)
    whole = view.answers.ask(queries.trend, view.filters, view.calendar, view.granularity)
    before = groups.before
    ranks = {ranked.group.named: ranked.tier for ranked in tiers(found.groups)}
    return [
        _Line(t("All"), None, found.total, groups.other.total if groups.other else None, _means(whole)),
        *(
            _Line(
                group.named.shown,
                group.named,
                group.sums,
                before.get(group.named),
                brief.groups.get(group.named, ()),
                ranks.get(group.named),
                group.call_center.shown if group.call_center else None,
                alike.get(group.named),
            )
            for group in found.groups
        ),
    ]


def _columns(groups: Groups, *, with_alike: bool) -> list[Column[_Line]]:
    dimension, compared = groups.dimension, groups.other is not None
    most = max((group.sums.evaluations for group in groups.found.groups), default=1)
    config = st.column_config
    ids = [group.named.parameter_value for group in groups.found.groups]

    def opened(row: int) -> None:
        state.open_detail(ids[row - 1] if 0 < row <= len(ids) else None)

    columns = [
        Column(
            t(dimension.label),
            lambda line: line.name,
            grid.opener(t(dimension.label), f"open-{dimension.name}", opened, t("A click opens the detail.")),
        ),
        *(_alike() if with_alike else []),
        Column(
            t("Evaluations"),
            lambda line: line.now.evaluations,
            config.ProgressColumn(format="localized", min_value=0, max_value=most, color=palette().accent),
        ),
        *([figures.change(METRICS["totalEvaluations"], _before, _now)] if compared else []),
        *figures.metric(SCORE, _now),
        *([figures.change(SCORE, _before, _now)] if compared else []),
        Column(
            t("Rank"),
            lambda line: line.rank,
            config.NumberColumn(
                help=t("Those who share a rank can't be told apart from the best of them."), format="%d"
            ),
        ),
        figures.count(t("Scored"), lambda line: line.now.scored),
        figures.note(_now),
        Column(
            t("Score over time"),
            lambda line: list(line.course),
            config.AreaChartColumn(help=t("The average score over the period."), color=palette().accent),
            printed=False,
        ),
        Column(
            t("Sentiment"),
            lambda line: [line.now.positive, line.now.neutral, line.now.negative],
            config.BarChartColumn(help=t("Positive, neutral, negative."), y_min=0, color=palette().muted, width=90),
            printed=False,
        ),
        *figures.metric(METRICS["netSentiment"], _now),
        *figures.metric(METRICS["averageDurationSeconds"], _now),
        *figures.metric(METRICS["completionRate"], _now),
        *figures.metric(METRICS["failureRate"], _now, printed=False),
        figures.count(t("Pending, processing"), lambda line: line.now.pending + line.now.processing, printed=False),
    ]
    if dimension is EXECUTIVE:
        columns.insert(1, Column(t("Call center"), lambda line: line.call_center or format.NOTHING))
    return columns


def _now(line: _Line) -> Sums:
    return line.now


def _before(line: _Line) -> Sums | None:
    return line.before


def _alike() -> list[Column[_Line]]:
    def value(line: _Line) -> float | None:
        return None if line.alike is None else rounded(line.alike.adjusted, 2)

    return [
        Column(
            t("Like for like"),
            value,
            st.column_config.NumberColumn(help=t(ALIKE_HELP)),
            lambda line: format.value(Unit.SCORE, value(line)),
        ),
        Column(
            t("Like for like: 95 %"),
            lambda line: format.interval(Unit.SCORE, line.alike.interval if line.alike else None),
        ),
        Column(t("Like for like: note"), lambda line: t("thin cells") if line.alike and line.alike.thin else ""),
    ]


ALIKE_HELP = (
    "The average score as if everybody had had the same calls: by campaign, AI or human and duration, weighted as in "
    "the whole selection."
)


def _means(course: Trend) -> tuple[float | None, ...]:
    found = (SCORE.rounded(point.sums) for point in course.points)
    return tuple(None if value is None else float(value) for value in found)
