"""A trend split by a dimension: its largest groups side by side, the rest together."""

from __future__ import annotations

import streamlit as st

from lib.analytics import grouped_trends
from lib.analytics.queries import Trend
from lib.catalog.dimensions import DIMENSIONS, Dimension
from lib.catalog.metrics import Metric
from lib.i18n import t
from lib.reports import formatting
from lib.ui import charts, inputs, url_state
from lib.ui.page_context import PageContext
from lib.ui.page_parameters import NOT_SPLIT

_CHOICES = {dimension.name: dimension for dimension in DIMENSIONS}


def choice() -> Dimension | None:
    """Draw the choice of what to split by; return the dimension, or None for the whole."""
    url_state.default("split", NOT_SPLIT)
    inputs.selectbox(
        t("Split by"),
        [NOT_SPLIT, *_CHOICES],
        format_func=lambda name: t(_CHOICES[name].label) if name in _CHOICES else t("Nothing"),
        key="split",
        width=180,
    )
    return _CHOICES.get(st.session_state["split"])


def show(view: PageContext, metric: Metric, dimension: Dimension) -> None:
    """Draw a metric over time for each of the largest groups and for the rest together."""
    found = view.answers.run(grouped_trends.split, view.filters, view.calendar, dimension, view.granularity)
    names = [formatting.member_name(named) for named, _ in found.largest]
    shown: dict[str, Trend] = {
        formatting.member_name(named)
        if names.count(formatting.member_name(named)) == 1
        else f"{formatting.member_name(named)} ({named.parameter_value})": course
        for named, course in found.largest
    }
    if found.rest is not None:
        shown[t("{count} others", count=found.rest_count)] = found.rest
    charts.course(view, t(metric.label), metric, "trend", courses=shown, height=380)
