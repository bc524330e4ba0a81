"""The reports that are no list of evaluations: breakdowns, trends, the summary, as tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from lib.analytics import queries
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.query import Filters
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE
from lib.exports.table_files import TableExport, about
from lib.reports.file_columns import FileColumn, figure_columns, figure_values

REPORTS = ("evaluations", "campaigns", "call-centers", "executives", "trends", "summary")
FORMATS = ("csv", "xlsx")

_DIMENSIONS = {"campaigns": CAMPAIGN, "call-centers": CALL_CENTER, "executives": EXECUTIVE}


def table(
    connection: Connection, report: str, filters: Filters, calendar: Calendar, granularity: Granularity, shown: str
) -> TableExport:
    """Return a report as a table; `shown` says in words what it is about."""
    rows: list[tuple[Any, ...]]
    catalog = filters.catalog
    if report in _DIMENSIONS:
        dimension = _DIMENSIONS[report]
        found = queries.breakdown(connection, filters, calendar, dimension, page_size=2**31)
        fields = [FileColumn(dimension.parameter), FileColumn(dimension.name_field)]
        with_center = dimension is EXECUTIVE
        fields += [FileColumn("callCenterId"), FileColumn("callCenterName")] if with_center else []
        rows = [
            (
                group.named.id,
                group.named.name,
                *((group.call_center.id, group.call_center.name) if group.call_center else (None, None)) * with_center,
                *figure_values(group.sums, catalog),
            )
            for group in found.groups
        ]
    elif report == "trends":
        course = queries.trend(connection, filters, calendar, granularity)
        fields = [FileColumn("date", "date"), FileColumn("partial")]
        rows = [
            (point.bucket.first, point.bucket.partial, *figure_values(point.sums, catalog)) for point in course.points
        ]
    else:
        total = queries.summary(connection, filters, calendar)
        ends = (total.period.date_from, total.period.date_to)
        fields = [
            FileColumn("dateFrom"),
            FileColumn("dateTo"),
            FileColumn("topCampaign"),
            FileColumn("topCallCenter"),
        ]
        named = tuple(None if end is None else end.isoformat() for end in ends)
        rows = [(*named, total.top_campaign, total.top_call_center, *figure_values(total.sums, catalog))]
    title = report.replace("-", " ").capitalize()
    zone = filters.zone(calendar.zone).key
    columns = (*fields, *figure_columns(catalog))
    return TableExport(title, columns, tuple(rows), about(title, shown, zone, columns, len(rows)))
