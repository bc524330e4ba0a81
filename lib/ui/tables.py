"""Tables: what a trend or a list of evaluations shows, and any table as CSV and XLSX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from lib.access.users import Role
from lib.analytics.calendar import ONE_DAY, Granularity
from lib.analytics.queries import Trend, TrendPoint
from lib.analytics.records import Record
from lib.catalog.dimensions import DIMENSIONS
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS, Unit
from lib.exports.reports import figure_fields, figure_values
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE, TableColumn, TableExport, about
from lib.i18n import override_language, t, t_in_context
from lib.reports import formatting
from lib.ui import current_user, data_grid, metric_columns
from lib.ui.data_grid import MOST_ROWS, GridColumn, Rows
from lib.ui.page_context import PageContext

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

WEEK = 7 * ONE_DAY

CHANGED = ("totalEvaluations", "averageScore")
"""The metrics whose change has a column of its own."""


def trend(view: PageContext, course: Trend) -> None:
    """Draw a trend as a table, newest first, and its downloads."""
    # A bucket that is cut short has other days than the one in its place, so that they are not compared.
    lines = [
        _TrendRow(point, None if point.bucket.partial else before)
        for point, before in zip(course.points, _before(view, course), strict=True)
    ]
    count = len(lines)
    data_grid.draw(
        view,
        t("All figures"),
        Rows(lines[::-1][:MOST_ROWS], count, t("the newest first"), whole=False),
        _columns(course.granularity, compared=view.compared is not None),
        "table-trend",
        t("Trend by {width} buckets: {count} rows", width=t(course.granularity.value), count=formatting.count(count)),
    )
    fields = [TableColumn("date", "date"), TableColumn("partial"), *figure_fields()]

    def rows() -> tuple[tuple[Any, ...], ...]:
        return tuple((point.bucket.first, point.bucket.partial, *figure_values(point.sums)) for point in course.points)

    downloads(view, f"Trend ({course.granularity.value})", "trend", fields, rows)


def records(view: PageContext, found: Sequence[Record]) -> None:
    """Draw evaluations, and their downloads."""
    zone = view.filters.zone(view.calendar.zone)
    columns: list[GridColumn[Record]] = [
        GridColumn(
            t("When"),
            lambda record: record.audio_at.astimezone(zone).replace(tzinfo=None),
            text=lambda record: formatting.instant(record.audio_at.astimezone(zone)),
        ),
        GridColumn(t("State"), lambda record: t_in_context("evaluation", record.state.name)),
        GridColumn(
            t("Score"), lambda record: record.score, text=lambda record: formatting.value(Unit.SCORE, record.score)
        ),
        GridColumn(t("Sentiment"), lambda record: t(record.sentiment.name) if record.sentiment else ""),
        GridColumn(
            t("Duration"),
            lambda record: record.duration_seconds,
            text=lambda record: formatting.value(Unit.SECONDS, record.duration_seconds),
        ),
        GridColumn(t("Campaign"), lambda record: formatting.member_name(record.campaign)),
        GridColumn(t("Call center"), lambda record: formatting.member_name(record.call_center)),
        GridColumn(t("Engagement"), lambda record: formatting.member_name(record.engagement)),
        GridColumn(t("Executive"), lambda record: formatting.member_name(record.executive)),
        GridColumn(t("Who spoke"), lambda record: t("AI") if record.is_ai else t("Human")),
        GridColumn(t("Id"), lambda record: record.id),
    ]
    data_grid.draw(
        view,
        t("Evaluations"),
        Rows(found, len(found), t("the newest first"), whole=False),
        columns,
        "table-records",
        t("{count} evaluations, newest first", count=formatting.count(len(found))),
    )
    fields = [
        TableColumn("id"),
        TableColumn("audioDate", "instant"),
        TableColumn("state"),
        TableColumn("sentiment"),
        TableColumn("averageNote", "score"),
    ]
    fields += [TableColumn("durationInSeconds", "seconds"), TableColumn("isAICall")]
    fields += [TableColumn(name) for each in DIMENSIONS for name in (each.parameter, each.name_field)]
    fields += [TableColumn("audioFileName"), TableColumn("createdAt", "instant")]

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
    view: PageContext,
    title: str,
    stem: str,
    fields: Sequence[TableColumn],
    rows: Callable[[], tuple[tuple[Any, ...], ...]],
) -> None:
    """Draw the buttons that download a table; the file is made when one is pressed, and speaks English."""
    if not current_user.may(Role.ANALYST):
        return
    metrics = [field.name for field in fields if field.name in METRICS]

    def table() -> TableExport:
        with override_language("en"):
            made = rows()
            return TableExport(title, tuple(fields), made, about(title, view.shown, view.zone_name, metrics, len(made)))

    name = f"callboard-{stem}-{date.today().isoformat()}"
    with st.container(horizontal=True, gap="small"):
        for label, ending, kind, make in (
            (t("Download CSV"), "csv", CSV_TYPE, lambda: table().csv()),
            (t("Download XLSX"), "xlsx", XLSX_TYPE, lambda: table().xlsx()),
        ):
            file = f"{name}.{ending}"
            taken = current_user.taking(make, file)
            st.download_button(label, data=taken, file_name=file, mime=kind, on_click="ignore", key=f"{stem}-{ending}")


@dataclass(frozen=True, slots=True)
class _TrendRow:
    """A bucket of a trend, and the one in its place in the compared period."""

    point: TrendPoint
    before: MeasureTotals | None


def _before(view: PageContext, course: Trend) -> list[MeasureTotals | None]:
    found: list[MeasureTotals | None] = []
    other = view.compared_trend
    if other is not None:
        apart = other.points[0].bucket.first - course.points[0].bucket.first if other.points else ONE_DAY
        if course.granularity is Granularity.DAILY and apart % WEEK:
            return [None] * len(course.points)  # a Sunday is no comparison for a Friday
        found += [None if point.bucket.partial else point.sums for point in other.points][: len(course.points)]
    return found + [None] * (len(course.points) - len(found))


def _columns(granularity: Granularity, *, compared: bool) -> list[GridColumn[_TrendRow]]:
    def now(line: _TrendRow) -> MeasureTotals:
        return line.point.sums

    def before(line: _TrendRow) -> MeasureTotals | None:
        return line.before

    columns: list[GridColumn[_TrendRow]] = [
        GridColumn(
            t("Date"),
            lambda line: line.point.bucket.first,
            st.column_config.DateColumn(pinned=True),
            lambda line: formatting.bucket(line.point.bucket.first, granularity),
        ),
        GridColumn(t("Partial"), lambda line: t("partial") if line.point.bucket.partial else ""),
    ]
    for name in TABLE_METRICS:
        columns += metric_columns.metric(METRICS[name], now, printed=name != "failureRate")
        if name in CHANGED and compared:
            columns.append(metric_columns.change(METRICS[name], before, now))
        if name == "averageScore":
            columns.append(metric_columns.note(now))
    return columns
