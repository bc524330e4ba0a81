"""The reports that list neither evaluations nor answers: breakdowns, trends, the summary, as tables."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from lib.analytics import breakdowns, queries, rank_ranges
from lib.analytics.breakdowns import MOST_WITH_DAYS, RANKED_BY, with_days
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.query import Filters
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE
from lib.exports.table_files import TableExport, about
from lib.reports.file_columns import (
    RANK_COLUMNS,
    FileColumn,
    Row,
    figure_columns,
    figure_values,
    group_columns,
    group_rows,
    metric_columns,
    metric_values,
    rank_values,
    trend_columns,
    trend_rows,
)

TRENDS = "trends"
"""The report whose points have a width."""

REPORTS = ("evaluations", "answers", "campaigns", "call-centers", "executives", TRENDS, "summary")
FORMATS = ("csv", "xlsx")

REPORT_LABELS = {
    "evaluations": "Evaluations, one row each",
    "answers": "Answers to criteria, one row each",
    "campaigns": "Campaigns",
    "call-centers": "Call centers",
    "executives": "Executives",
    "trends": "Trend",
    "summary": "Summary",
}
"""What each report is called."""


_DIMENSIONS = {"campaigns": CAMPAIGN, "call-centers": CALL_CENTER, "executives": EXECUTIVE}


def table(
    connection: Connection,
    report: str,
    filters: Filters,
    calendar: Calendar,
    granularity: Granularity,
    shown: str,
    metrics: tuple[str, ...] = (),
) -> TableExport:
    """Return a report as a table, with the figures of `metrics` after its own; `shown` says what it is about."""
    catalog = filters.catalog
    columns: tuple[FileColumn, ...]
    rows: tuple[Row, ...]
    title = report.replace("-", " ").capitalize()
    if report in _DIMENSIONS:
        dimension = _DIMENSIONS[report]
        days_of = tuple(dict.fromkeys((*RANKED_BY, *metrics)))
        breakdown = breakdowns.all_groups(connection, filters, calendar, dimension, days_of, metrics)
        head, rest = breakdown.groups[:MOST_WITH_DAYS], breakdown.groups[MOST_WITH_DAYS:]
        more = with_days(connection, filters, calendar, dimension, rest, days_of) if rest else ()
        ranges = rank_ranges.ranks_of(connection, filters, calendar, dimension, breakdown)
        columns = (*group_columns(dimension, catalog), *RANK_COLUMNS)
        groups = (*head, *more)
        values = group_rows(groups, dimension, catalog)
        rows = tuple((*row, *rank_values(ranges, group.named)) for row, group in zip(values, groups, strict=True))
        totals = [group.sums for group in groups]
    elif report == TRENDS:
        trend = queries.trend(connection, filters, calendar, granularity, metrics)
        columns, rows = trend_columns(catalog), trend_rows(trend, catalog)
        totals = [point.sums for point in trend.points]
    else:
        total = queries.summary(connection, filters, calendar)
        ends = (None if end is None else end.isoformat() for end in (total.period.date_from, total.period.date_to))
        names = ("dateFrom", "dateTo", "topCampaign", "topCallCenter")
        columns = (*map(FileColumn, names), *figure_columns(catalog))
        rows = ((*ends, total.top_campaign, total.top_call_center, *figure_values(total.sums, catalog)),)
        totals = [queries.own_totals(connection, filters, calendar, metrics) if metrics else total.sums]
    columns = (*columns, *metric_columns(metrics, catalog))
    rows = tuple((*row, *metric_values(metrics, sums, catalog)) for row, sums in zip(rows, totals, strict=True))
    zone = filters.zone(calendar.zone).key
    return TableExport(title, columns, rows, about(title, shown, zone, columns, len(rows)))
