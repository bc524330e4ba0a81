"""Why it moved: the panel of the overview, and the page with every part of the change."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.analytics import decomposition, queries
from lib.analytics.decomposition import SHOWN, Decomposition
from lib.analytics.queries import ALL_GROUPS
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, DIMENSIONS, ENGAGEMENT, Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Unit
from lib.charts.waterfall import waterfall
from lib.exports.table_files import TableColumn
from lib.i18n import t
from lib.reports import filter_text, formatting
from lib.reports.decomposition_text import Explanation, explain
from lib.ui import charts, data_grid, page_layout, tables, url_state
from lib.ui.data_grid import MOST_ROWS, GridColumn, Rows
from lib.ui.page_context import PageContext
from lib.ui.style import palette

_CHOICES = {dimension.name: dimension for dimension in DIMENSIONS}


def panel(view: PageContext) -> None:
    """Draw what moved the average score in two sentences, and the way to its parts; nothing without a comparison.

    It is told by the first dimension of which more than one group is shown, or the first whose mix hides something.
    """
    told_by = (CAMPAIGN, CALL_CENTER, ENGAGEMENT)  # by executive, mix is what one is used to, and takes longest
    open_ = [each for each in told_by if len(view.filters.ids(each)) != 1] or [CAMPAIGN]
    dimension = next((each for each in open_ if _hidden(view, each)), open_[0])
    found = _asked(view, dimension)
    told = explain(found, dimension) if found else None
    if found is None or told is None:
        return
    with st.container(key="cb-why"):
        st.html(_sentences(told, found))
        st.page_link(
            "drivers.py",
            label=t("Why it moved, part by part"),
            icon=":material/waterfall_chart:",
            query_params=page_layout.query({**url_state.parameters(view.calendar.zone), "by": [dimension.name]}),
        )


def choice() -> Dimension:
    """Draw the choice of whose parts the change is split into; return the dimension."""
    url_state.default("by", CAMPAIGN.name)
    st.segmented_control(
        t("Split by"),
        list(_CHOICES),
        format_func=lambda name: t(_CHOICES[name].label),
        key="by",
        required=True,
    )
    return _CHOICES[st.session_state["by"]]


def parts(view: PageContext, dimension: Dimension) -> None:
    """Draw the change and its parts: in sentences, as a waterfall, and as a table."""
    found = _asked(view, dimension)
    told = explain(found, dimension) if found else None
    if found is None or told is None or view.compared is None:
        page_layout.empty(
            t("Nothing to compare with"),
            t("Choose a period in the sidebar that has another before it, such as the last 90 days."),
        )
        return
    st.html(_sentences(told, found))
    for other in DIMENSIONS:
        if other is not dimension and _hidden(view, other):
            st.button(
                t("Look at it by {dimension}: the mix hides what happened", dimension=t(other.label).lower()),
                key=f"hidden-{other.name}",
                icon=":material/visibility:",
                on_click=url_state.split_by,
                args=(other,),
            )
    now = filter_text.period(found.period)
    drawing = waterfall(found, view.compared.label, now, charts.look())
    words = tuple(filter(None, (told.change, told.hidden, told.parts)))
    title = t("From then to now")
    charts.section(view, title, drawing, "waterfall", lambda who: _open(view, dimension, who), words=words)
    st.caption(
        t(
            "Within: the groups' own scores moved. Mix (pale): their shares of the scored evaluations moved. All parts "
            "add up to the change exactly; as shown, each is rounded for itself."
        )
    )
    st.subheader(t("All parts"), anchor=False)
    _table(view, dimension, found)


def _asked(view: PageContext, dimension: Dimension) -> Decomposition | None:
    if view.compared is None:
        return None
    other, asked = view.compared.filters, view.answers.run
    if _many(view, dimension):
        # Kept, as it takes long.
        return asked(decomposition.decomposition, view.filters, other, view.calendar, dimension)
    found, before = (
        asked(queries.breakdown, filters, view.calendar, dimension, page_size=ALL_GROUPS)  # as tables and tops do
        for filters in (view.filters, other)
    )
    return decomposition.decompose(found, before)


def _hidden(view: PageContext, dimension: Dimension) -> bool:
    """Return whether the mix of a dimension hides what happened within its groups."""
    if view.compared is not None and _many(view, dimension):
        return view.answers.run(decomposition.mix_hides, view.filters, view.compared.filters, view.calendar, dimension)
    found = _asked(view, dimension)
    return found is not None and found.hidden


def _many(view: PageContext, dimension: Dimension) -> bool:
    """Return whether a dimension may have more groups than a table draws."""
    return len(view.answers.run(queries.options, dimension, view.filters.grant)) > MOST_ROWS


def _sentences(told: Explanation, found: Decomposition) -> str:
    hidden = f'<p class="cb-hidden">{html.escape(told.hidden)}</p>' if told.hidden else ""
    chance = ""
    if AVERAGE_SCORE.differs(found.before, found.now) is False:
        chance = f'<p class="cb-chance">≈ {html.escape(t("A change of this size could be chance alone."))}</p>'
    return (
        f'<div class="cb-told"><p>{html.escape(told.change)}</p>{chance}{hidden}<p>{html.escape(told.parts)}</p></div>'
    )


def _open(view: PageContext, dimension: Dimension, who: str) -> None:
    """Go to the evaluations of a group in the period."""
    url_state.go("evaluations", view.filters.narrowed(dimension, who).to_parameters())


@dataclass(frozen=True, slots=True)
class _DecompositionRow:
    """One row: a group, or the whole selection."""

    name: str
    before: MeasureTotals
    now: MeasureTotals
    within: float
    mix: float
    total: float


def _table(view: PageContext, dimension: Dimension, found: Decomposition) -> None:
    groups = found.parts
    lines = [
        _DecompositionRow(
            t("All"), found.before, found.now, float(found.within), float(found.mix), float(found.change or 0)
        ),
        *(
            _DecompositionRow(
                formatting.member_name(part.named),
                part.before,
                part.now,
                float(part.within),
                float(part.mix),
                float(part.total),
            )
            for part in groups[:MOST_ROWS]
        ),
    ]

    def opened(row: int) -> None:
        if 0 < row <= len(groups):
            _open(view, dimension, groups[row - 1].named.parameter_value)

    first = data_grid.opener(t(dimension.label), f"part-{dimension.name}", opened, t("A click opens its evaluations."))
    columns = [GridColumn(t(dimension.label), lambda line: line.name, first), *_columns(found)]
    alt = t("{count} parts of the change", count=len(groups))
    rows_drawn = Rows(lines, len(groups), t("the largest parts first"))
    data_grid.draw(view, t("All parts"), rows_drawn, columns, f"parts-{dimension.name}", alt)

    def rows() -> tuple[tuple[Any, ...], ...]:
        return tuple(
            (
                part.named.id,
                part.named.name,
                part.before["scored"],
                part.now["scored"],
                AVERAGE_SCORE.rounded(part.before),
                AVERAGE_SCORE.rounded(part.now),
                float(part.within),
                float(part.mix),
                float(part.total),
            )
            for part in groups
        )

    names = ("scoredBefore", "scoredNow", "averageScoreBefore", "averageScoreNow", "within", "mix", "total")
    kinds = ("count", "count", "score", "score", "points", "points", "points")
    fields = [TableColumn(dimension.parameter), TableColumn(dimension.name_field)]
    fields += [TableColumn(name, kind) for name, kind in zip(names, kinds, strict=True)]
    tables.downloads(view, "Why it moved", "why-it-moved", fields, rows)


def _columns(found: Decomposition) -> list[GridColumn[_DecompositionRow]]:
    was, is_now = found.before["scored"], found.now["scored"]
    return [
        _points(t("Within"), lambda line: line.within),
        _points(t("Mix"), lambda line: line.mix),
        _points(t("Together"), lambda line: line.total),
        _told(t("Score then"), Unit.SCORE, lambda line: AVERAGE_SCORE.rounded(line.before)),
        _told(t("Score now"), Unit.SCORE, lambda line: AVERAGE_SCORE.rounded(line.now)),
        GridColumn(
            t("95 % interval now"),
            lambda line: formatting.interval(Unit.SCORE, AVERAGE_SCORE.interval(line.now)),
        ),
        _told(t("Share then"), Unit.SHARE, lambda line: line.before["scored"] / was),
        _told(t("Share now"), Unit.SHARE, lambda line: line.now["scored"] / is_now),
        _told(t("Scored then"), Unit.COUNT, lambda line: line.before["scored"]),
        _told(t("Scored now"), Unit.COUNT, lambda line: line.now["scored"]),
    ]


def _told(label: str, unit: Unit, value: Callable[[_DecompositionRow], float | None]) -> GridColumn[_DecompositionRow]:
    return GridColumn(label, value, text=lambda line: formatting.value(unit, value(line)))


def _points(label: str, value: Callable[[_DecompositionRow], float]) -> GridColumn[_DecompositionRow]:
    colors = palette()

    def color(line: _DecompositionRow) -> str:
        points = value(line)
        return colors.muted if abs(points) < SHOWN else colors.positive if points > 0 else colors.negative

    return GridColumn(label, value, st.column_config.NumberColumn(), lambda line: formatting.points(value(line)), color)
