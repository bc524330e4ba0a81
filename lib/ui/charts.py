"""Draws charts in the visitor's mode and language; a click on a mark does what its block says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import streamlit as st

from lib.analytics.calendar import Granularity
from lib.charts.chart import PICK, Chart
from lib.charts.draw import draw
from lib.charts.theme import ChartTheme
from lib.i18n import current, t
from lib.reports.context import PageContext
from lib.reports.figures import Figure
from lib.reports.page import ChartBlock
from lib.ui import clicks, downloads, markdown
from lib.ui.style import palette


def draw_block(context: PageContext, block: ChartBlock) -> None:
    """Draw a chart under its title, and what saves its picture; nothing where it has nothing to show."""
    chart = draw(block.figure, ChartTheme(palette(), current()))
    title = markdown.text(str(block.title))
    if block.with_granularity:
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(title, anchor=False, width="content")
            granularity_toggle()
    elif block.has_heading and chart is not None:
        st.subheader(title, anchor=False)
    if chart is not None:
        _show(chart, block.key, clicks.action(context, block.click) if block.click else None)
        downloads.picture_menu(context, chart, block)


def draw_figure(figure: Figure, key: str) -> None:
    """Draw a chart alone, which no picture is offered of; nothing where it has nothing to show."""
    chart = draw(figure, ChartTheme(palette(), current()))
    if chart is not None:
        _show(chart, key, None)


def _show(chart: Chart, key: str, clicked: Callable[[str], None] | None) -> None:
    """Draw a chart and what must be said beside it; `clicked` is called with what a click was on."""
    data = {name: pa.Table.from_pylist([*rows]) for name, rows in chart.data.items()}
    more: dict[str, Any] = {}
    if clicked and chart.picks:
        field = chart.picks

        def selected() -> None:
            if value := clicked_value(st.session_state[key].selection.get(PICK), field):
                clicked(value)

        more = {"on_select": selected, "selection_mode": PICK}
    st.vega_lite_chart(
        spec={**chart.spec, "datasets": data}, width="stretch", theme="streamlit", key=key, alt=chart.alt, **more
    )
    for words in chart.notes:
        st.caption(words)


def clicked_value(points: object, field: str) -> str | None:
    """Return the field of the first point of a chart's selection; None where it is none, whatever a browser sends."""
    first = points[0] if isinstance(points, list) and points else None
    value = first.get(field) if isinstance(first, dict) else None
    return str(value) if value else None


def granularity_toggle() -> None:
    """Draw the choice between days, weeks and months."""
    st.segmented_control(
        t("Interval"),
        [each.value for each in Granularity],
        format_func=lambda value: t(value.capitalize()),
        key="granularity",
        label_visibility="collapsed",
        required=True,
    )
