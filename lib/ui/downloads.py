"""What can be taken along from a page: its charts as PNG and SVG, and the whole page as PDF.

A file is made when its button is pressed, in a thread that knows no visitor: what makes it may not ask Streamlit for
anything, and is told the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from lib.access.users import Role
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.charts.chart import Chart
from lib.charts.image import ChartImage
from lib.i18n import current, override_language, t
from lib.pdf import document
from lib.pdf.model import Card, Paper
from lib.reports import formatting
from lib.ui import current_user, deltas
from lib.ui.page_context import PageContext


def menu(drawing: Chart, title: str, view: PageContext, key: str) -> None:
    """Draw the menu that saves a chart as PNG or SVG, under its title and what it shows in words."""
    if not current_user.may(Role.ANALYST):
        return
    picture = ChartImage(drawing, title, shown(view))
    with st.popover(t("Save the picture"), type="tertiary", icon=":material/image:", key=f"picture-{key}"):
        for label, ending, kind, make in (
            (t("PNG, for slides and mail"), "png", "image/png", picture.png),
            (t("SVG, for print and editing"), "svg", "image/svg+xml", picture.svg),
        ):
            name = file_name(title, ending)
            st.download_button(
                label,
                data=current_user.taking(make, name),
                file_name=name,
                mime=kind,
                on_click="ignore",
                key=f"picture-{key}-{ending}",
                type="tertiary",
                icon=":material/download:",
            )


def paper_button(make: Callable[[], Paper], name: str) -> None:
    """Draw the button that prints a page as PDF. `make` describes the page when it is pressed; `name` is its title."""
    if not current_user.may(Role.ANALYST):
        return
    language, file = current(), file_name(name, "pdf")

    def made() -> bytes:
        with override_language(language):
            return document.pdf(make())

    st.download_button(
        t("Page as PDF"),
        data=current_user.taking(made, file),
        file_name=file,
        mime="application/pdf",
        on_click="ignore",
        key="paper",
        icon=":material/picture_as_pdf:",
    )


def shown(view: PageContext) -> str:
    """Return in words what a page shows, on one line."""
    return " · ".join(view.words)


def card(metric: Metric, view: PageContext, note: str = "", course: Sequence[MeasureTotals] = ()) -> Card:
    """Return a key figure of a page as it is printed; `note` says what it rests on, `course` is drawn as a line."""
    values = (metric.value(sums) for sums in course)
    line = tuple(None if value is None else float(value) for value in values)
    plain = Card(t(metric.label), formatting.metric(metric, view.summary.sums), note, course=line)
    found = deltas.change(metric, view.compared.sums, view.summary.sums) if view.compared else None
    if found is None or view.compared is None:
        return plain
    # On paper there may be no colors, so what the change means is said.
    against = " · ".join(filter(None, [deltas.meaning(found), t("vs {label}", label=view.compared.label)]))
    return replace(plain, change=found.told, kind=found.kind, against=against)


def file_name(title: str, ending: str) -> str:
    """Return a name that every system takes for a file: `callboard-average-score-2024-01-31.png`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "chart"
    return f"callboard-{words}-{date.today().isoformat()}.{ending}"
