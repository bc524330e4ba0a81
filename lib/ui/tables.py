"""Tables: what a breakdown, a trend or a list of evaluations shows, and the same as CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from lib.analytics.dimensions import DIMENSIONS
from lib.analytics.measures import METRICS, Sums
from lib.analytics.queries import Trend
from lib.analytics.records import Record
from lib.exports.reports import figure_fields, figure_values
from lib.exports.tables import CSV_TYPE, XLSX_TYPE, Field, TableFile, about
from lib.ui.grid import height_of
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
_COLUMN_FORMATS = {"count": "localized", "score": "%.2f", "share": "percent", "balance": "%.2f", "seconds": "%d s"}
_TOTAL = "All"


def trend(view: View, course: Trend) -> None:
    """Draw a trend as a table, newest first, and its downloads."""
    points = list(reversed(course.points))
    frame = pd.DataFrame(
        [{"Date": point.bucket.first, "Partial": point.bucket.partial, **_figures(point.sums)} for point in points]
    )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=height_of(len(frame), 520),
        column_config={"Date": st.column_config.DateColumn("Date", format="YYYY-MM-DD", pinned=True), **_columns()},
        alt=f"Trend by {course.granularity.value} buckets: {len(frame)} rows",
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
                "When": record.audio_at.astimezone(zone).replace(tzinfo=None),
                "State": record.state.name,
                "Score": record.score,
                "Sentiment": record.sentiment.name if record.sentiment else None,
                "Duration": record.duration_seconds,
                "Campaign": record.campaign.name,
                "Call center": record.call_center.name,
                "Engagement": record.engagement.name,
                "Executive": record.executive.name,
                "AI": record.is_ai,
                "Id": record.id,
            }
            for record in found
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=height_of(len(frame), 760),
        column_config={
            "When": st.column_config.DatetimeColumn("When", format="YYYY-MM-DD HH:mm"),
            "Score": st.column_config.NumberColumn("Score", format="%.2f"),
            "Duration": st.column_config.NumberColumn("Duration", format="duration"),
        },
        alt=f"{len(found)} evaluations, newest first",
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
    """Draw the buttons that download a table; the file is made when one is pressed."""
    metrics = [field.name for field in fields if field.name in METRICS]

    def table() -> TableFile:
        made = rows()
        return TableFile(title, tuple(fields), made, about(title, view.shown, view.zone_name, metrics, len(made)))

    name = f"callboard-{stem}-{date.today().isoformat()}"
    with st.container(horizontal=True, gap="small"):
        for label, ending, kind, make in (
            ("Download CSV", "csv", CSV_TYPE, lambda: table().csv()),
            ("Download XLSX", "xlsx", XLSX_TYPE, lambda: table().xlsx()),
        ):
            st.download_button(
                label, data=make, file_name=f"{name}.{ending}", mime=kind, on_click="ignore", key=f"{stem}-{ending}"
            )


def _figures(sums: Sums) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name in TABLE_METRICS:
        metric = METRICS[name]
        figures[metric.label] = metric.rounded(sums)
        if name == "averageScore":
            ends = metric.interval(sums) if metric.interval else None
            figures["95 % interval"] = None if ends is None else f"{ends[0]:.2f} – {ends[1]:.2f}"
            figures["Note"] = "few evaluations" if sums.few else ""
    return figures


def _columns() -> dict[str, Any]:
    return {
        METRICS[name].label: st.column_config.NumberColumn(
            METRICS[name].label, help=METRICS[name].help, format=_COLUMN_FORMATS[METRICS[name].unit.value]
        )
        for name in TABLE_METRICS
    }
