"""The reports that are no list of evaluations: breakdowns, trends, the summary, as tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from lib.analytics import queries
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.query import Filters
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.exports.table_files import TableColumn, TableExport, about

REPORTS = ("evaluations", "campaigns", "call-centers", "executives", "trends", "summary")
FORMATS = ("csv", "xlsx")

_COUNTS = ("positive", "neutral", "negative", "pending", "processing", "failed")
"""What is told besides the metrics, by state and sentiment."""

_DIMENSIONS = {"campaigns": CAMPAIGN, "call-centers": CALL_CENTER, "executives": EXECUTIVE}


def figure_fields() -> list[TableColumn]:
    """Return the columns of a selection's figures."""
    fields = []
    for name in METRICS:
        fields.append(TableColumn.metric(name))
        if name == "averageScore":
            fields += [
                TableColumn("averageScoreLow", "score"),
                TableColumn("averageScoreHigh", "score"),
                TableColumn("fewEvaluations"),
            ]
    return [*fields, *(TableColumn(name, "count") for name in _COUNTS)]


def figure_values(sums: MeasureTotals) -> tuple[Any, ...]:
    """Return the figures of a selection, in the order of `figure_fields`."""
    values: list[Any] = []
    for name, metric in METRICS.items():
        values.append(metric.rounded(sums))
        if name == "averageScore":
            values += [*(metric.rounded_interval(sums) or (None, None)), metric.is_small_sample(sums)]
    return (*values, *(sums[name] for name in _COUNTS))


def table(
    connection: Connection, report: str, filters: Filters, calendar: Calendar, granularity: Granularity, shown: str
) -> TableExport:
    """Return a report as a table; `shown` says in words what it is about."""
    rows: list[tuple[Any, ...]]
    if report in _DIMENSIONS:
        dimension = _DIMENSIONS[report]
        found = queries.breakdown(connection, filters, calendar, dimension, page_size=2**31)
        fields = [TableColumn(dimension.parameter), TableColumn(dimension.name_field)]
        with_center = dimension is EXECUTIVE
        fields += [TableColumn("callCenterId"), TableColumn("callCenterName")] if with_center else []
        rows = [
            (
                group.named.id,
                group.named.name,
                *((group.call_center.id, group.call_center.name) if group.call_center else (None, None)) * with_center,
                *figure_values(group.sums),
            )
            for group in found.groups
        ]
    elif report == "trends":
        course = queries.trend(connection, filters, calendar, granularity)
        fields = [TableColumn("date", "date"), TableColumn("partial")]
        rows = [(point.bucket.first, point.bucket.partial, *figure_values(point.sums)) for point in course.points]
    else:
        total = queries.summary(connection, filters, calendar)
        ends = (total.period.date_from, total.period.date_to)
        fields = [
            TableColumn("dateFrom"),
            TableColumn("dateTo"),
            TableColumn("topCampaign"),
            TableColumn("topCallCenter"),
        ]
        named = tuple(None if end is None else end.isoformat() for end in ends)
        rows = [(*named, total.top_campaign, total.top_call_center, *figure_values(total.sums))]
    title = report.replace("-", " ").capitalize()
    zone = filters.zone(calendar.zone).key
    return TableExport(
        title, (*fields, *figure_fields()), tuple(rows), about(title, shown, zone, list(METRICS), len(rows))
    )
