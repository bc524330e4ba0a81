"""What a page is about: the filters in force, what it is compared with, and whom to ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import streamlit as st

from lib.analytics import comparison, queries
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.queries import DatasetStatus, SelectionSummary, Trend
from lib.analytics.query import Filters, local_date
from lib.analytics.query_cache import QueryCache
from lib.catalog.measures import MeasureTotals
from lib.i18n import t
from lib.reports import filter_text, formatting
from lib.ui import url_state
from lib.ui.printed import Printed
from lib.workspace import Workspace

MAX_POINTS = 1_500
"""Buckets of a trend that pages draw; where there would be more, they are wider. Months are never as many."""

_DAYS = {Granularity.DAILY: 1, Granularity.WEEKLY: 7, Granularity.MONTHLY: 31}
"""Days that a bucket has at most."""


@dataclass(frozen=True, slots=True)
class ComparisonContext:
    """What the period is compared with: the same question about other days, its sums, and the days in words."""

    filters: Filters
    sums: MeasureTotals
    label: str


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page is about: the filters in force, what it is compared with, and whom to ask."""

    workspace: Workspace
    answers: QueryCache
    calendar: Calendar
    filters: Filters
    status: DatasetStatus
    summary: SelectionSummary
    compared: ComparisonContext | None  # None where there is nothing to compare with
    granularity: Granularity  # the width of a trend's buckets
    asked_granularity: Granularity  # what was chosen; another where that would be more than MAX_POINTS
    printed: Printed  # what of it was drawn so far

    @property
    def shown(self) -> str:
        """What is shown, in words: `1–31 Jan 2024 · Campaign: Q1 Outbound Sales`."""
        return " · ".join(filter_text.selection(self.answers, self.filters, self.summary.period))

    @property
    def words(self) -> tuple[str, ...]:
        """What is shown, part by part: period, filters, how many evaluations, compared with what, as of when."""
        zone = self.filters.zone(self.calendar.zone)
        as_of = formatting.instant(self.status.changed_at.astimezone(zone))
        return (
            *filter_text.selection(self.answers, self.filters, self.summary.period),
            self.counted,
            *([t("compared with {label}", label=self.compared.label)] if self.compared else []),
            t("data as of {when} ({zone})", when=as_of, zone=zone.key),
        )

    @property
    def counted(self) -> str:
        """How many evaluations are shown, in words."""
        return t("{count} evaluations", count=formatting.count(self.summary.sums["evaluations"]))

    @property
    def trend(self) -> Trend:
        """The course of the selection."""
        return self.answers.run(queries.trend, self.filters, self.calendar, self.granularity)

    @property
    def compared_trend(self) -> Trend | None:
        """The course of what it is compared with, as far as the selection's own goes; None without a comparison."""
        if self.compared is None:
            return None
        filters = self.compared.filters
        first, last = filters.date_from, filters.date_to
        if first is not None and last is not None:
            most = (len(self.trend.points) + 2) * _DAYS[self.granularity]  # own dates may be many more
            filters = replace(filters, date_to=min(last, first + timedelta(days=most)))
        return self.answers.run(queries.trend, filters, self.calendar, self.granularity)

    @property
    def zone_name(self) -> str:
        """The zone that days are meant in."""
        return self.filters.zone(self.calendar.zone).key


def build_context(workspace: Workspace, filters: Filters, printed: Printed) -> PageContext:
    """Ask what every page shows of a selection."""
    answers, calendar = workspace.answers, workspace.calendar
    summary = answers.run(queries.summary, filters, calendar)
    compared = _compared(answers, calendar, filters, summary.period)
    status, (wide, chosen) = answers.run(queries.status), _granularity(filters, calendar, summary.period)
    return PageContext(workspace, answers, calendar, filters, status, summary, compared, wide, chosen, printed)


def _granularity(filters: Filters, calendar: Calendar, period: ResolvedPeriod) -> tuple[Granularity, Granularity]:
    """Return the width of buckets, and the one that was chosen, or suits the period: the first where it is too narrow.

    What is shown is what the choice says from then on.
    """
    days = 0
    if period.date_from is not None and period.date_to is not None:
        zone = filters.zone(calendar.zone)
        days = (local_date(period.date_to, zone) - local_date(period.date_from, zone)).days
    suits = Granularity.DAILY if days <= 62 else Granularity.WEEKLY if days <= 400 else Granularity.MONTHLY
    url_state.default("granularity", suits.value)
    wide = chosen = Granularity(st.session_state["granularity"])
    while wide is not Granularity.MONTHLY and days // _DAYS[wide] >= MAX_POINTS:
        wide = Granularity.WEEKLY if wide is Granularity.DAILY else Granularity.MONTHLY
    if wide is not chosen:
        st.session_state["granularity"] = wide.value
    return wide, chosen


def _compared(
    answers: QueryCache, calendar: Calendar, filters: Filters, period: ResolvedPeriod
) -> ComparisonContext | None:
    kind = st.session_state.get("compare") or "previous"
    days = comparison.compared_with(kind, period, calendar.today, url_state.compared_days())
    if days is None:
        return None
    other = days.of(filters)
    sums = answers.run(queries.summary, other, calendar).sums
    return (
        ComparisonContext(other, sums, filter_text.period(ResolvedPeriod(days.first, days.last)))
        if sums["evaluations"]
        else None
    )
