"""What a page is about: the filters in force, what it is compared with, and whom to ask."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lib.analytics import comparison, queries, wording
from lib.analytics.answers import Answers
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.dimensions import Dimension
from lib.analytics.filters import Filters, local_date
from lib.analytics.measures import Sums
from lib.analytics.queries import Status, Summary
from lib.analytics.selection import Period
from lib.ui import state
from lib.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Compared:
    """What the period is compared with: the same question about other days, its sums, and the days in words."""

    filters: Filters
    sums: Sums
    label: str


@dataclass(frozen=True, slots=True)
class View:
    """What a page is about: the filters in force, what it is compared with, and whom to ask."""

    workspace: Workspace
    answers: Answers
    calendar: Calendar
    filters: Filters
    status: Status
    summary: Summary
    compared: Compared | None  # None where there is nothing to compare with

    @property
    def shown(self) -> str:
        """What is shown, in words: `1–31 Jan 2024 · Campaign: Q1 Outbound Sales`."""
        return " · ".join(wording.selection(self.answers, self.filters, self.summary.period))

    @property
    def zone_name(self) -> str:
        """The zone that days are meant in."""
        return self.filters.zone(self.calendar.zone).key

    @property
    def granularity(self) -> Granularity:
        """The width of a trend's buckets that suits the period, or the one chosen."""
        first, last = self.summary.period.date_from, self.summary.period.date_to
        days = 0
        if first is not None and last is not None:
            zone = self.filters.zone(self.calendar.zone)
            days = (local_date(last, zone) - local_date(first, zone)).days
        suits = Granularity.DAILY if days <= 62 else Granularity.WEEKLY if days <= 400 else Granularity.MONTHLY
        state.default("granularity", suits.value)
        return Granularity(st.session_state["granularity"])

    def of(self, dimension: Dimension, value: str) -> View:
        """Return the same page about one group of a dimension alone."""
        return asked(self.workspace, self.filters.narrowed(dimension, value))


def asked(workspace: Workspace, filters: Filters) -> View:
    """Ask what every page shows of a selection."""
    answers, calendar = workspace.answers, workspace.calendar
    summary = answers.ask(queries.summary, filters, calendar)
    compared = _compared(answers, calendar, filters, summary.period)
    return View(workspace, answers, calendar, filters, answers.ask(queries.status), summary, compared)


def _compared(answers: Answers, calendar: Calendar, filters: Filters, period: Period) -> Compared | None:
    kind = st.session_state.get("compare") or "previous"
    days = comparison.chosen(kind, period, calendar.today, state.compared_days())
    if days is None:
        return None
    other = days.of(filters)
    sums = answers.ask(queries.summary, other, calendar).sums
    return Compared(other, sums, wording.period(Period(days.first, days.last))) if sums.evaluations else None
