"""An alert that is being written: what it began as, and what its inputs hold, also while another page is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from lib.access.owners import Owner
from lib.access.users import Role, User
from lib.alerts.alert import Alert
from lib.alerts.alert_form import AlertForm, blank_form, form_of, page_values
from lib.alerts.service import AlertService
from lib.errors import AlertError
from lib.i18n import current as current_language
from lib.ui import current_user, url_state
from lib.ui.schedule_inputs import FIELDS_OF_A_SCHEDULE
from lib.workspace import Workspace

NEW = ""
"""What is chosen for an alert that is not there yet."""

PATH = "alerts"
"""The URL path of the page Alerts."""

CHOSEN = "_alert_chosen"
WIDGETS = (
    *("name", "metric", "by", "period", "condition", "value", "ends_at", "hours"),
    *("minimum", "checks", "people", "addresses", "webhooks", "reminder_hours", "language"),
    *FIELDS_OF_A_SCHEDULE,
)
"""The fields that are inputs, beside the filters."""

FILTER = "filter-"
"""What the fields of filters begin with; the rest is the parameter."""

_DRAFT, _VALUES, _CHOSEN_FOR = "_alert_draft", "_alert_values", "_alert_chosen_for"


@dataclass(frozen=True, slots=True)
class AlertDraft:
    """An alert that is being written. Another draft has another number, and so inputs of its own."""

    number: int
    id: str  # of the alert that is changed; NEW for one that is not there yet
    version: int  # that the alert had then; 0 for one that is not there yet
    start: AlertForm  # what the inputs begin with

    @property
    def is_new(self) -> bool:
        """Whether the alert is not there yet."""
        return self.id == NEW

    def key(self, field: str) -> str:
        """Return the key of an input."""
        return f"_alert-{self.number}-{field}"


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
    draft: AlertDraft | None = st.session_state.get(_DRAFT)
    if draft is None or (not draft.is_new and stored(space, draft.id) is None):
        return begin(NEW, _blank(space))
    return draft


def begin(number: str, start: AlertForm, version: int = 0) -> AlertDraft:
    """Begin to write an alert anew."""
    before: AlertDraft | None = st.session_state.get(_DRAFT)
    draft = AlertDraft(1 if before is None else before.number + 1, number, version, start)
    st.session_state[_DRAFT], st.session_state[_VALUES] = draft, {}
    return draft


def begin_with(space: Workspace, number: str) -> None:
    """Begin to change an alert, or to write a new one."""
    alert = stored(space, number)
    if alert is None:
        begin(NEW, _blank(space))
    else:
        begin(number, form_of(alert, people(space).keys(), space.settings.zone.key), alert.version)


def follow(alert: Alert) -> None:
    """Note that the visitor has changed an alert besides its inputs, which stay as they are."""
    draft: AlertDraft | None = st.session_state.get(_DRAFT)
    if draft is not None and draft.id == alert.id and alert.version == draft.version + 1:
        st.session_state[_DRAFT] = replace(draft, version=alert.version)


def overwrite(alert: Alert) -> None:
    """Let the inputs replace what somebody else has made of an alert meanwhile, once they are saved."""
    st.session_state[_DRAFT] = replace(st.session_state[_DRAFT], version=alert.version)


def fill_choice(draft: AlertDraft) -> None:
    """Let the choice of an alert say which one is being written, once a draft is begun and on each return."""
    if CHOSEN not in st.session_state or st.session_state.get(_CHOSEN_FOR) != draft.number:
        st.session_state[CHOSEN], st.session_state[_CHOSEN_FOR] = draft.id, draft.number


def filled(draft: AlertDraft, field: str) -> str:
    """Return the key of an input that is drawn next; it holds what it last did, or what the draft begins with."""
    held: Mapping[str, Any] = st.session_state.get(_VALUES, {})
    key = draft.key(field)
    if key not in st.session_state:
        st.session_state[key] = held[field] if field in held else _beginning(draft.start, field)
    return key


def keep(space: Workspace, draft: AlertDraft) -> None:
    """Remember what the inputs hold."""
    fields = (*WIDGETS, *(f"{FILTER}{each.parameter}" for each in space.catalog.filters))
    now = {field: st.session_state[draft.key(field)] for field in fields if draft.key(field) in st.session_state}
    st.session_state[_VALUES] = {**st.session_state.get(_VALUES, {}), **now}


def take_page(space: Workspace) -> None:
    """Go to the page Alerts with what the page that is looked at shows, for a new alert."""
    begin(NEW, _blank(space))
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
