"""What the periods that have a name are called."""

from __future__ import annotations

from lib.reports.page_links import ALL_TIME

OWN = "own"
"""The period of dates that somebody chooses."""

START = "start"
"""The period that pages begin with, by the name of its choice."""

PRESET_LABELS = {
    ALL_TIME: "All time",
    START: "Last 90 days of data",
    "today": "Today",
    "yesterday": "Yesterday",
    "last7": "Last 7 days",
    "last30": "Last 30 days",
    "last90": "Last 90 days",
    "thisWeek": "This week",
    "lastWeek": "Last week",
    "thisMonth": "This month",
    "lastMonth": "Last month",
    "thisQuarter": "This quarter",
    "lastQuarter": "Last quarter",
    "thisYear": "This year",
    "lastYear": "Last year",
    OWN: "Custom range",
}
