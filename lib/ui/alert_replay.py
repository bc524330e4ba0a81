"""What an alert that is being written would have done: a row of the last 90 days, and a sentence."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from lib.access.owners import Owner
from lib.alerts import replay_text
from lib.alerts.definition import AlertDefinition
from lib.alerts.figures_text import AlertFigures
from lib.alerts.replay import Replay, replay
from lib.alerts.states import AlertState
from lib.analytics import queries
from lib.analytics.grants import Grant
from lib.errors import CallboardError
from lib.i18n import day, number, t, t_plural
from lib.reports import formatting
from lib.ui import current_user, data_grid, markdown
from lib.workspace import Workspace

_MADE = "_alert_replay"
_CLASSES = {AlertState.FIRING: "cb-day-firing", AlertState.NO_DATA: "cb-day-none"}


def make(space: Workspace, definition: AlertDefinition, owner: Owner) -> None:
    """Look at the past days, to be drawn by `draw_made`; say why where that can't be."""
    try:
        with st.spinner(t("Looking at the last 90 days …")):
            replayed = replay(space.alert_engine.sources, definition, _grant(space, owner), datetime.now(UTC))
    except CallboardError as error:
        st.session_state.pop(_MADE, None)
        st.error(markdown.problem(error))
        return
    st.session_state[_MADE] = (_mark(space, definition, owner), replayed)


def draw_made(space: Workspace, definition: AlertDefinition, owner: Owner) -> None:
    """Draw what was seen of the past days, as long as the alert and the data are as they were then."""
    mark, replayed = st.session_state.get(_MADE, (None, None))
    if replayed is None or mark != _mark(space, definition, owner):
        return
    figures = AlertFigures(definition, space.catalog, space.settings.zone)
    words = replay_text.summary(replayed)
    st.markdown(markdown.text(words))
    st.html(_row_of_days(replayed, figures, words))
    if not replayed.is_complete:
        st.caption(t("It takes long: only the first {count} days were looked at.", count=number(len(replayed.days))))
    _firing_days(replayed, figures)


def _row_of_days(replayed: Replay, figures: AlertFigures, words: str) -> str:
    days = []
    for each in replayed.days:
        look = _CLASSES.get(replay_text.state_of_day(each), "")
        title = html.escape(replay_text.day_text(each, figures), quote=True)
        days.append(f'<span class="cb-day {look}" title="{title}"></span>')
    label = html.escape(words, quote=True)
    keys = (("cb-day-firing", t("firing")), ("", t("nothing")), ("cb-day-none", t("too few data")))
    legend = "".join(f'<span><i class="cb-day {look}"></i>{html.escape(name)}</span>' for look, name in keys)
    drawn = f'<div class="cb-days" role="img" aria-label="{label}">{"".join(days)}</div>'
    return f'{drawn}<div class="cb-days-key">{legend}</div>'


def _firing_days(replayed: Replay, figures: AlertFigures) -> None:
    """Draw the days on which it would have fired, with whom, or with the value."""
    days = [each for each in reversed(replayed.days) if each.firing]
    if not days:
        return
    rows = []
    for each in days:
        whole = each.whole
        row = {t("Day"): day(each.day)}
        if whole is None:
            row |= {t("Anew"): number(each.began), t("Firing"): ", ".join(name or t("none") for name in each.firing)}
        else:
            row |= {
                t("Value"): figures.value(whole.value, whole.threshold),
                t("95 % CI"): figures.interval(whole.interval),
                t("n"): figures.n(whole.n),
                t("Threshold"): figures.value(whole.threshold, whole.value),
            }
        rows.append(row)
    with st.expander(t("Days on which it would have been firing ({count})", count=number(len(rows)))):
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            width="stretch",
            height=data_grid.list_height(len(rows)),
            placeholder=formatting.NOTHING,
            alt=t_plural("{count} day on which it fires", "{count} days on which it fires", len(rows)),
        )


def _grant(space: Workspace, owner: Owner) -> Grant:
    """Return within what the days are looked at: what the owner may see, where the visitor may see as much."""
    mine = current_user.current().grant
    theirs = space.owners.grant(owner)
    return theirs if theirs is not None and mine.covers(theirs) else mine


def _mark(space: Workspace, definition: AlertDefinition, owner: Owner) -> tuple[Any, ...]:
    """Return what the days depend on: what is watched, the data, and what may be seen of them."""
    version = space.answers.run(queries.status).data_version
    watched = (definition.metric, tuple(sorted(definition.parameters.items())), definition.by, definition.condition)
    return (*watched, definition.minimum, definition.checks, version, space.catalog.version, _grant(space, owner))
