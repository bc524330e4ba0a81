"""Charts on a page: drawn in the visitor's mode and language; a click is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from lib.analytics import queries
from lib.analytics.calendar import Granularity
from lib.analytics.queries import Trend
from lib.analytics.query import Filters, local_date
from lib.catalog.metrics import Metric
from lib.charts import trend as trends
from lib.charts.chart import PICK, Chart
from lib.charts.histogram import histogram
from lib.charts.theme import ChartTheme
from lib.i18n import current, t
from lib.ui import downloads, url_state
from lib.ui.page_context import PageContext
from lib.ui.style import palette


def look() -> ChartTheme:
    """Return what the visitor's charts are dressed in."""
    return ChartTheme(palette(), current())


def show(drawing: Chart, key: str, picked: Callable[[str], None] | None = None) -> None:
    """Draw a chart and what must be said beside it; `picked` is called with what a click was on."""
    data = {name: pa.Table.from_pylist([*rows]) for name, rows in drawing.data.items()}
    more: dict[str, Any] = {}
    if picked and drawing.picks:
        field = drawing.picks

        def clicked() -> None:
            if value := clicked_value(st.session_state[key].selection.get(PICK), field):
                picked(value)

        more = {"on_select": clicked, "selection_mode": PICK}
    st.vega_lite_chart(
        spec={**drawing.spec, "datasets": data}, width="stretch", theme="streamlit", key=key, alt=drawing.alt, **more
    )
    for words in drawing.notes:
        st.caption(words)


def clicked_value(points: object, field: str) -> str | None:
    """Return the field of the first point of a chart's selection; None where it is none, whatever a browser sends."""
    first = points[0] if isinstance(points, list) and points else None
    value = first.get(field) if isinstance(first, dict) else None
    return str(value) if value else None


def section(
    view: PageContext,
    title: str,
    drawing: Chart | None,
    key: str,
    picked: Callable[[str], None] | None = None,
    *,
    words: tuple[str, ...] = (),
    narrow: bool = False,
) -> None:
    """Draw a chart under its title; nothing without a drawing. For `words` and `narrow` see `figure`."""
    if drawing is not None:
        st.subheader(title, anchor=False)
        figure(view, title, drawing, key, picked, words=words, narrow=narrow)


def figure(
    view: PageContext,
    title: str,
    drawing: Chart | None,
    key: str,
    picked: Callable[[str], None] | None = None,
    *,
    words: tuple[str, ...] = (),
    narrow: bool = False,
) -> None:
    """Draw a chart, and what saves its picture, where the page has drawn the title already; nothing without a drawing.

    In print the chart has its title, `words` below it, which the page says elsewhere, and half the width if `narrow`.
    """
    if drawing is not None:
        view.printed.chart(title, drawing, words, narrow=narrow)
        show(drawing, key, picked)
        downloads.menu(drawing, title, view, key)


def course(
    view: PageContext,
    title: str,
    metric: Metric,
    key: str,
    *,
    courses: dict[str, Trend] | None = None,
    height: int = 300,
) -> None:
    """Draw a metric over time with the compared period behind and the notes; a click on a bucket makes it the period.

    `courses` are drawn in place of the whole selection's.
    """
    whole = view.trend
    compared = None if courses else view.compared_trend
    drawing = trends.trend(
        courses or {"": whole},
        metric,
        look(),
        compared=compared,
        notes=_notes(view, whole),
        height=height,
    )

    def picked(first: str) -> None:
        bucket = next((point.bucket for point in whole.points if point.bucket.first.isoformat() == first), None)
        if bucket is not None:
            url_state.set_period(*_within(view, bucket.first, bucket.last))

    figure(view, title, drawing, key, picked)


def scores(view: PageContext) -> None:
    """Draw how many evaluations have each score, beside the compared period's shares."""

    def asked(filters: Filters) -> tuple[int, ...]:
        return view.answers.run(queries.distribution, filters, view.calendar)

    before = asked(view.compared.filters) if view.compared else ()
    drawing = histogram(asked(view.filters), look(), before)
    section(view, t("Score distribution"), drawing, "distribution", narrow=True)


def _notes(view: PageContext, whole: Trend) -> Iterable[trends.TrendNote]:
    if not whole.points:
        return ()
    first, last = whole.points[0].bucket.first, whole.points[-1].bucket.last
    return [trends.TrendNote(note.day, note.text) for note in view.workspace.notes.between(first, last)]


def _within(view: PageContext, first: date, last: date) -> tuple[date, date]:
    """Return the days of a bucket that lie in the period."""
    zone = view.filters.zone(view.calendar.zone)
    ends = [end and local_date(end, zone) for end in (view.summary.period.date_from, view.summary.period.date_to)]
    return max(first, ends[0] or first), min(last, ends[1] or last)


def granularity_toggle() -> None:
    """Draw the choice between days, weeks and months."""
    st.segmented_control(
        t("Granularity"),
        [each.value for each in Granularity],
        format_func=lambda value: t(value.capitalize()),
        key="granularity",
        label_visibility="collapsed",
        required=True,
    )
