"""The Alerts page's list: what fires first, what is watched, when it was checked, and whether anybody is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from lib.access.actors import actor_in_words
from lib.access.users import Role
from lib.alerts import alert_text
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.alert_text import SelectionWording
from lib.alerts.figures_text import AlertFigures
from lib.alerts.states import WORST_FIRST, AlertOverview, AlertState
from lib.i18n import t, t_plural
from lib.reports.table import MOST_ROWS
from lib.ui import alert_draft, alert_editor, current_user, data_grid, page_layout
from lib.workspace import Workspace

WIDTHS = (160, 125, 330, 140, 90)
"""Pixels of the first columns, as far as they are seen without scrolling."""


def show(space: Workspace) -> None:
    """Draw the visitor's alerts, everybody's for an admin, and the editor."""
    if space.settings.mail_server is None:
        st.info(
            t(
                "Mail is not set up, so no alert is told by mail. Alerts can be made all the same: this page and "
                "webhooks show what fires. To set mail up, start Callboard with `CALLBOARD_SMTP_URL`, such as "
                "`smtp://user:password@mail.example.com:587`, and `CALLBOARD_MAIL_FROM`, such as `Callboard "
                "<calls@example.com>`."
            ),
            icon=":material/mail:",
        )
    alerts = alert_draft.visible(space)
    _listing(space, alerts)
    alert_editor.show(space, alerts, wording(space))


def wording(space: Workspace) -> SelectionWording:
    """Return what says in words what alerts watch, within what the visitor may see."""
    return SelectionWording(space.answers, space.calendar, space.catalog, current_user.current().grant)


def _listing(space: Workspace, alerts: list[Alert]) -> None:
    if not alerts:
        page_layout.empty(
            t("No alerts yet"),
            t("An alert watches a metric, and tells people when it meets a condition and when that has ended."),
        )
        return
    overviews = space.alerts.overviews([each.id for each in alerts])
    listed = sorted(alerts, key=lambda each: _place(each, overviews[each.id]))[:MOST_ROWS]
    has_owners = current_user.may(Role.ADMIN) and space.settings.has_login
    labels = (
        *(t("Name"), t("State"), t("Worst"), t("Since"), t("Checks"), t("Watches")),
        *(t("Last check"), t("Next check"), t("Owner")),
    )
    column_count = len(labels) if has_owners else len(labels) - 1
    words = wording(space)
    rows = [_row(space, each, overviews, words)[:column_count] for each in listed]
    data_grid.draw_list(
        labels[:column_count],
        rows,
        lambda row: alert_draft.begin_with(space, listed[row].id),
        widths=WIDTHS,
        key="alerts-list",
        alt=t_plural("{count} alert, what fires first", "{count} alerts, what fires first", len(rows)),
    )
    data_grid.say_cut(len(rows), len(alerts), t("what fires first"))


def _place(alert: Alert, overview: AlertOverview) -> tuple[int, str, str]:
    """Return where an alert is listed: by its state, then by its name."""
    state = AlertState.ERROR if alert.failure is not None and overview.worst is None else overview.state
    place = len(WORST_FIRST) if state is None else WORST_FIRST.index(state)
    return place, alert.definition.name.casefold(), alert.id


def _row(
    space: Workspace, alert: Alert, overviews: Mapping[str, AlertOverview], words: SelectionWording
) -> tuple[str, ...]:
    figures = AlertFigures(alert.definition, space.catalog, space.settings.zone)
    overview = overviews[alert.id]
    worst = alert_text.visible([overview.worst] if overview.worst else [], alert.definition, space.catalog, words.grant)
    return (
        alert.definition.name,
        alert_text.state_text(alert, overview),
        alert_text.worst_text(figures, overview.worst) if worst else "",
        "" if overview.worst is None else figures.instant(overview.worst.settled_since),
        alert_text.status_text(alert, figures, datetime.now(UTC)),
        f"{alert_text.condition_text(alert.definition, figures)} · {words.of(alert.definition)}",
        "" if alert.checked_at is None else figures.instant(alert.checked_at),
        _next_check(alert, figures),
        actor_in_words(alert.owner),
    )


def _next_check(alert: Alert, figures: AlertFigures) -> str:
    if alert.status is AlertStatus.PAUSED:
        return ""
    if alert.next_at is None:
        return t("After an import")
    return t("now") if alert.next_at <= datetime.now(UTC) else figures.instant(alert.next_at)
