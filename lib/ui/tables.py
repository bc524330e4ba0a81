"""Tables: what a breakdown, a trend or a list of evaluations shows, and the same as CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from lib.analytics import format
from lib.analytics.dimensions import DIMENSIONS, EXECUTIVE, Dimension
from lib.analytics.measures import METRICS, Sums, Unit
from lib.analytics.queries import Group, Trend
from lib.analytics.records import Record
from lib.exports.reports import figure_fields, figure_values
from lib.exports.tables import CSV_TYPE, XLSX_TYPE, Field, TableFile, about
from lib.languages import said_of, speaking, t
from lib.ui.view import View

TABLE_METRICS = (
    "totalEvaluations",
    "completedEvaluations",
    "scoredEvaluations",
    "averageScore",
    "netSentiment",
    "averageDurationSeconds",
    "completionRate",
    "failureRate",
)
_COLUMN_FORMATS: dict[str, tuple[str, float | None]] = {
    "count": ("localized", 1),
    "score": ("localized", 0.01),
    "share": ("percent", None),
    "balance": ("localized", 0.01),
    "seconds": ("%d s", None),
}
"""How a unit's values look in a table, by the browser's locale, and the step that says with how many decimals."""
_TOTAL = "All"


def breakdown(view: View, title: str, dimension: Dimension, groups: Sequence[Group], total: Sums) -> None:
    """Draw a breakdown with its totals row, which comes from the whole selection, and its downloads."""
    with_center = dimension is EXECUTIVE
    rows = [
        {
            t(dimension.label): group.named.shown,
            **({t("Call center"): group.call_center.shown if group.call_center else None} if with_center else {}),
            **_figures(group.sums),
        }
        for group in groups
    ]
    rows.insert(
        0, {t(dimension.label): t(_TOTAL), **({t("Call center"): None} if with_center else {}), **_figures(total)}
    )
    frame = pd.DataFrame(rows)
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(640, 36 * len(frame) + 40),
        column_config={t(dimension.label): st.column_config.TextColumn(t(dimension.label), pinned=True), **_columns()},
        alt=t("{title}: {count} rows and a total", title=t(title), count=format.count(len(groups))),
    )
    fields = [Field(dimension.parameter), Field(dimension.name_field)]
    fields += [Field("callCenterName")] if with_center else []
    fields += figure_fields()

    def file_rows() -> tuple[tuple[Any, ...], ...]:
        found = []
        for group in groups:
            center = (group.call_center.name if group.call_center else None,) if with_center else ()
            found.append((group.named.id, group.named.name, *center, *figure_values(group.sums)))
        return tuple(found)

    downloads(view, title, dimension.plural.replace(" ", "-"), fields, file_rows)


def trend(view: View, course: Trend) -> None:
    """Draw a trend as a table, newest first, and its downloads."""
    points = list(reversed(course.points))
    frame = pd.DataFrame(
        [
            {t("Date"): point.bucket.first, t("Partial"): point.bucket.partial, **_figures(point.sums)}
            for point in points
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(520, 36 * len(frame) + 40),
        column_config={
            t("Date"): st.column_config.DateColumn(t("Date"), format="YYYY-MM-DD", pinned=True),
            **_columns(),
        },
        alt=t(
            "Trend by {width} buckets: {count} rows", width=t(course.granularity.value), count=format.count(len(frame))
        ),
    )
    fields = [Field("date", "date"), Field("partial"), *figure_fields()]

    def rows() -> tuple[tuple[Any, ...], ...]:
        return tuple((point.bucket.first, point.bucket.partial, *figure_values(point.sums)) for point in course.points)

    downloads(view, f"Trend ({course.granularity.value})", "trend", fields, rows)


def records(view: View, found: Sequence[Record]) -> None:
    """Draw evaluations, and their downloads."""
    zone = view.filters.zone(view.calendar.zone)
    frame = pd.DataFrame(
        [
            {
                t("When"): record.audio_at.astimezone(zone).replace(tzinfo=None),
                t("State"): said_of("evaluation", record.state.name),
                t("Score"): record.score,
                t("Sentiment"): t(record.sentiment.name) if record.sentiment else None,
                t("Duration"): record.duration_seconds,
                t("Campaign"): record.campaign.shown,
                t("Call center"): record.call_center.shown,
                t("Engagement"): record.engagement.shown,
                t("Executive"): record.executive.shown,
                t("AI"): record.is_ai,
                t("Id"): record.id,
            }
            for record in found
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(760, 36 * len(frame) + 40),
        column_config={
            t("When"): st.column_config.DatetimeColumn(t("When"), format="YYYY-MM-DD HH:mm"),
            t("Score"): st.column_config.NumberColumn(t("Score"), **_number(Unit.SCORE)),
            t("Duration"): st.column_config.NumberColumn(t("Duration"), **_number(Unit.SECONDS)),
        },
        alt=t("{count} evaluations, newest first", count=format.count(len(found))),
    )
    fields = [
        Field("id"),
        Field("audioDate", "instant"),
        Field("state"),
        Field("sentiment"),
        Field("averageNote", "score"),
    ]
    fields += [Field("durationInSeconds", "seconds"), Field("isAICall")]
    fields += [Field(name) for each in DIMENSIONS for name in (each.parameter, each.name_field)]
    fields += [Field("audioFileName"), Field("createdAt", "instant")]

    def rows() -> tuple[tuple[Any, ...], ...]:
        return tuple(
            (
                record.id,
                record.audio_at.astimezone(zone),
                record.state.name,
                record.sentiment.name if record.sentiment else None,
                record.score,
                record.duration_seconds,
                record.is_ai,
                *(
                    part
                    for named in (record.campaign, record.call_center, record.engagement, record.executive)
                    for part in (named.id, named.name)
                ),
                record.audio_file_name,
                record.created_at.astimezone(zone) if record.created_at else None,
            )
            for record in found
        )

    downloads(view, "Evaluations", "evaluations", fields, rows)


def downloads(
    view: View, title: str, stem: str, fields: Sequence[Field], rows: Callable[[], tuple[tuple[Any, ...], ...]]
) -> None:
    """Draw the buttons that download a table; the file is made when one is pressed, and speaks English."""
    metrics = [field.name for field in fields if field.name in METRICS]

    def table() -> TableFile:
        with speaking("en"):
            made = rows()
            return TableFile(title, tuple(fields), made, about(title, view.shown, view.zone_name, metrics, len(made)))

    name = f"callboard-{stem}-{date.today().isoformat()}"
    with st.container(horizontal=True, gap="small"):
        for label, ending, kind, make in (
            (t("Download CSV"), "csv", CSV_TYPE, lambda: table().csv()),
            (t("Download XLSX"), "xlsx", XLSX_TYPE, lambda: table().xlsx()),
        ):
            st.download_button(
                label, data=make, file_name=f"{name}.{ending}", mime=kind, on_click="ignore", key=f"{stem}-{ending}"
            )


def _figures(sums: Sums) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name in TABLE_METRICS:
        metric = METRICS[name]
        figures[t(metric.label)] = metric.rounded(sums)
        if name == "averageScore":
            ends = metric.interval(sums) if metric.interval else None
            figures[t("95 % interval")] = None if ends is None else format.interval(metric.unit, ends)
            figures[t("Note")] = t("few evaluations") if sums.few else ""
    return figures


def _columns() -> dict[str, Any]:
    return {
        t(METRICS[name].label): st.column_config.NumberColumn(
            t(METRICS[name].label), help=t(METRICS[name].help), **_number(METRICS[name].unit)
        )
        for name in TABLE_METRICS
    }


def _number(unit: Unit) -> dict[str, Any]:
    form, step = _COLUMN_FORMATS[unit.value]
    return {"format": form, "step": step}
