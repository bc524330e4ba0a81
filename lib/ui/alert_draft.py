"""An alert that is being written: what it began as, and what its inputs hold, also while another page is looked at."""

from __future__ import annotations

from typing import Any, TypeAlias

import streamlit as st

from lib.access.owners import Owner
from lib.access.users import Role, User
from lib.alerts.alert import Alert
from lib.alerts.alert_form import AlertForm, blank_form, form_of, page_values
from lib.alerts.service import AlertService
from lib.errors import AlertError
from lib.i18n import current as current_language
from lib.ui import current_user, url_state
from lib.ui.draft_session import NEW, DraftSession, FormDraft
from lib.ui.schedule_inputs import FIELDS_OF_A_SCHEDULE
from lib.workspace import Workspace

PATH = "alerts"
"""The URL path of the page Alerts."""

SESSION: DraftSession[AlertForm] = DraftSession("alert")
CHOSEN = SESSION.chosen
WIDGETS = (
    *("name", "metric", "by", "period", "condition", "value", "ends_at", "hours"),
    *("minimum", "checks", "people", "addresses", "webhooks", "reminder_hours", "language"),
    *FIELDS_OF_A_SCHEDULE,
)
"""The fields that are inputs, beside the filters."""

FILTER = "filter-"
"""What the fields of filters begin with; the rest is the parameter."""

AlertDraft: TypeAlias = FormDraft[AlertForm]


def service(space: Workspace) -> AlertService:
    """Return what makes and changes alerts."""
    return AlertService(space.state, space.alert_engine.sources, space.alerts)


def owner_of_visible() -> str | None:
    """Return whose alerts the visitor may see and change; None for everybody's."""
    return None if current_user.may(Role.ADMIN) else current_user.current().id


def visible(space: Workspace) -> list[Alert]:
    """Return the visitor's alerts, everybody's for an admin."""
    listed, _ = space.alerts.all_of(owner_of_visible())
    return listed


def stored(space: Workspace, number: str) -> Alert | None:
    """Return one of these alerts as it is now; None where there is none of the id."""
    if number == NEW:
        return None
    try:
        return space.alerts.get(number, owner_of_visible())
    except AlertError:
        return None


def owner(alert: Alert | None) -> Owner:
    """Return whose an alert is, the visitor's where it is new, with the visitor as who acts."""
    return Owner(current_user.actor(), current_user.current().id if alert is None else alert.owner_id)


def people(space: Workspace) -> dict[str, User]:
    """Return who has an account by which mail reaches them, by their addresses."""
    return {each.email: each for each in space.people.all() if each.email is not None}


def current(space: Workspace) -> AlertDraft:
    """Return what is being written; where nothing is, or its alert went, a new one."""
    draft = SESSION.draft
    if draft is None or (not draft.is_new and stored(space, draft.id) is None):
        return SESSION.begin(NEW, _blank(space))
    return draft


def begin_with(space: Workspace, number: str) -> None:
    """Begin to change an alert, or to write a new one."""
    alert = stored(space, number)
    if alert is None:
        SESSION.begin(NEW, _blank(space))
    else:
        SESSION.begin(number, form_of(alert, people(space).keys(), space.settings.zone.key), alert.version)


def follow(alert: Alert) -> None:
    """Note that the visitor has changed an alert besides its inputs, which stay as they are."""
    SESSION.follow(alert.id, alert.version)


def filled(draft: AlertDraft, field: str) -> str:
    """Return the key of an input that is drawn next; it holds what it last did, or what the draft begins with."""
    return SESSION.filled(draft, field, _beginning)


def keep(space: Workspace, draft: AlertDraft) -> None:
    """Remember what the inputs hold."""
    SESSION.keep(draft, (*WIDGETS, *(f"{FILTER}{each.parameter}" for each in space.catalog.filters)))


def take_page(space: Workspace) -> None:
    """Go to the page Alerts with what the page that is looked at shows, for a new alert."""
    SESSION.begin(NEW, _blank(space))
    url_state.go(PATH, url_state.parameters(space.settings.zone))


def _blank(space: Workspace) -> AlertForm:
    """Return what a new alert begins with: the filters in force, and the metric that a link names."""
    zone = space.settings.zone
    address = current_user.current().email
    form = blank_form(zone.key, current_language(), () if address is None else (address,))
    preset = str(st.session_state.get("_preset", ""))
    return form.replaced(page_values(url_state.parameters(zone), preset, space.catalog))


def _beginning(start: AlertForm, field: str) -> Any:
    if field.startswith(FILTER):
        return list(start.parameters.get(field.removeprefix(FILTER), ()))
    value = getattr(start.when if field in FIELDS_OF_A_SCHEDULE else start, field)
    return list(value) if isinstance(value, tuple) else value
