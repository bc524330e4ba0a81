"""Charts on a page: drawn in the visitor's mode and language; a click is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import streamlit as st

from lib.analytics.calendar import Granularity
from lib.charts.drawing import PICK, Drawing
from lib.charts.look import Look
from lib.languages import current, t
from lib.ui.style import palette


def look() -> Look:
    """Return what the visitor's charts are dressed in."""
    return Look(palette(), current())


def show(drawing: Drawing, key: str, picked: Callable[[str], None] | None = None) -> None:
    """Draw a chart and what must be said beside it; `picked` is called with what a click was on."""
    data = {name: pa.Table.from_pylist([*rows]) for name, rows in drawing.data.items()}
    more: dict[str, Any] = {}
    if picked and drawing.picks:
        field = drawing.picks

        def clicked() -> None:
            chosen = st.session_state[key].selection.get(PICK) or []
            if chosen:
                picked(str(chosen[0][field]))

        more = {"on_select": clicked, "selection_mode": PICK}
    st.vega_lite_chart(
        spec={**drawing.spec, "datasets": data}, width="stretch", theme="streamlit", key=key, alt=drawing.alt, **more
    )
    for words in drawing.notes:
        st.caption(words)


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
