"""The history of an alert: the changes of its states, what they rest on, and what was delivered of each to whom."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.access.users import Role
from lib.alerts import alert_text
from lib.alerts.alert import Alert, AlertChange
from lib.alerts.figures_text import AlertFigures
from lib.delivery.outbox import Delivery
from lib.i18n import t, t_plural
from lib.reports import catalog_words, formatting
from lib.ui import alert_draft, current_user, data_grid, inputs, page_layout
from lib.workspace import Workspace

PAGE_SIZE = 20
"""Changes that are drawn at once."""

_PAGE = "_alert_change_page"


def show(space: Workspace, alert: Alert) -> None:
    """Draw the changes of an alert's states, the newest first; while something is on its way, they move."""
    st.subheader(t("History"), anchor=False)
    changes, _ = space.alerts.history(alert.id, 0, PAGE_SIZE)
    is_moving = any(not each.ended and not each.failures for each in _all(_deliveries(space, changes)))
    st.fragment(_history, run_every=1.0 if is_moving else None)(space, alert.id, is_moving)


def _history(space: Workspace, number: str, was_moving: bool) -> None:
    current_user.begin_by_itself(Role.ANALYST)
    alert = alert_draft.stored(space, number)
    if alert is None:
        return
    page = int(st.session_state.get(_PAGE, 1))
    changes, count = space.alerts.history(number, (page - 1) * PAGE_SIZE, PAGE_SIZE)
    deliveries = _deliveries(space, changes)
    if was_moving and all(each.ended or each.failures for each in _all(deliveries)):
        st.rerun()
    if not count:
        page_layout.empty(t("Nothing has changed yet"), t("Each change of a state is listed here for a year."))
        return
    grant = current_user.current().grant
    seen = alert_text.visible(changes, alert.definition, space.catalog, grant)
    if seen:
        _table(space, alert, seen, deliveries)
    inputs.page_number(-(-count // PAGE_SIZE), _PAGE)


def _table(space: Workspace, alert: Alert, changes: list[AlertChange], deliveries: dict[str, list[Delivery]]) -> None:
    figures = AlertFigures(alert.definition, space.catalog, space.settings.zone)
    hosts = {each.id: each.host for each in space.webhooks.repository.all(None)}
    rows = []
    for each in changes:
        first = {} if figures.dimension is None else {str(catalog_words.label(figures.dimension)): figures.name(each)}
        ends = None if each.low is None or each.high is None else (each.low, each.high)
        rows.append(
            {
                t("When"): figures.instant(each.at),
                **first,
                t("Change"): alert_text.change_text(each),
                t("Value"): figures.value(each.value, each.threshold),
                t("95 % CI"): figures.interval(ends),
                t("n"): figures.n(each.n),
                t("Threshold"): figures.value(each.threshold, each.value),
                t("Delivered"): alert_text.deliveries_text(deliveries.get(each.cause or "", ()), hosts),
            }
        )
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        height=data_grid.list_height(len(rows)),
        placeholder=formatting.NOTHING,
        alt=t_plural(
            "{count} change of a state, the newest first", "{count} changes of states, the newest first", len(rows)
        ),
    )
    st.caption(t("Times: {zone}", zone=space.settings.zone.key))


def _deliveries(space: Workspace, changes: list[AlertChange]) -> dict[str, list[Delivery]]:
    causes = [each.cause for each in changes if each.cause is not None]
    return space.outbox.of_causes(list(dict.fromkeys(causes)))


def _all(deliveries: dict[str, list[Delivery]]) -> list[Delivery]:
    return [each for listed in deliveries.values() for each in listed]
