"""How an alert stands now: its members, the worst first, with value, interval, n, threshold and links to the calls."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from lib.access.actors import actor_in_words
from lib.alerts import alert_text
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.figures_text import AlertFigures
from lib.alerts.states import MemberState
from lib.alerts.words import AlertClock, view_parameters
from lib.i18n import t, t_plural
from lib.reports import catalog_words, formatting, job_text
from lib.reports.page_links import METRIC
from lib.ui import current_user, data_grid, markdown
from lib.ui.saved_views import address
from lib.workspace import Workspace

MOST_MEMBERS = 100
"""Members that are drawn, the worst ones."""

MOST_SEEN = 11
"""Rows that are seen without scrolling."""


def draw(space: Workspace, alert: Alert) -> None:
    """Draw how an alert stands, and why its checks fail or are not made where that is so."""
    figures = AlertFigures(alert.definition, space.catalog, space.settings.zone)
    now = datetime.now(UTC)
    if alert.failure is not None and alert.failed_at is not None:
        why = markdown.text(job_text.in_words(alert.failure))
        st.error(t("Its checks have failed since {time}. {why}", time=figures.instant(alert.failed_at), why=why))
    if alert.status is AlertStatus.PAUSED or alert.is_snoozed(now):
        st.info(markdown.text(alert_text.status_text(alert, figures, now)))
    states = alert_text.visible(
        space.alerts.states(alert.id), alert.definition, space.catalog, current_user.current().grant
    )
    if not states:
        if alert.checked_at is not None:
            st.caption(t("The last check saw no evaluations."))
        return
    rows = [_row(space, alert, figures, each) for each in states[:MOST_MEMBERS]]
    links = {
        label: st.column_config.LinkColumn(label, display_text=words)
        for label, words in ((t("Trend"), t("Show the trend")), (t("Calls"), t("Show the calls")))
    }
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        height=data_grid.list_height(min(len(rows), MOST_SEEN)),
        column_config=links,
        placeholder=formatting.NOTHING,
        key="alert-members",
        alt=t_plural(
            "{count} state of the alert, the worst first", "{count} states of the alert, the worst first", len(rows)
        ),
    )
    data_grid.say_cut(len(rows), len(states), t("the worst first"))


def _row(space: Workspace, alert: Alert, figures: AlertFigures, state: MemberState) -> dict[str, str]:
    first = {} if figures.dimension is None else {str(catalog_words.label(figures.dimension)): figures.name(state)}
    return {
        **first,
        t("State"): t(alert_text.STATE_LABELS[state.state]),
        t("Value"): figures.value(state.value, state.threshold),
        t("95 % CI"): figures.interval(state.interval),
        t("n"): figures.n(state.n),
        t("Threshold"): figures.value(state.threshold, state.value),
        t("Since"): figures.instant(state.settled_since if state.is_firing else state.since),
        t("Acknowledged"): _acknowledged(state),
        t("Trend"): _link(space, alert, state, "trends"),
        t("Calls"): _link(space, alert, state, "evaluations"),
    }


def _acknowledged(state: MemberState) -> str:
    if state.acknowledged_by is None:
        return ""
    who = actor_in_words(state.acknowledged_by)
    return f"{who}: {state.remark}" if state.remark else who


def _link(space: Workspace, alert: Alert, state: MemberState, page: str) -> str:
    """Return the address of a page that shows what an alert says of a member."""
    definition, settings = alert.definition, space.settings
    clock = AlertClock(settings.zone, settings.week_start, datetime.now(UTC))
    member = state.member if definition.by is not None else None
    parameters = view_parameters(definition, space.catalog, clock, member)
    if page == "trends" and definition.metric in space.catalog.all_metrics:
        parameters[METRIC] = [definition.metric]
    return address(urlencode(parameters, doseq=True), page)
