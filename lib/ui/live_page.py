"""The page Live: its frame, with the figures as they are when it is drawn; `pages/static/live.js` has them change.

Nothing of it runs again on the server for that: the script asks for figures (`live_updates.py`) and puts what changed
in the place of what was.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from urllib.parse import urlencode

import streamlit as st

from lib.analytics.query import Filters
from lib.i18n import t
from lib.reports.page_parameters import AWAKE, KIOSK, PAUSED
from lib.ui import current_user, live_updates
from lib.workspace import Workspace

SCRIPT = '<script src="app/static/live.js"></script>'


def show(space: Workspace, filters: Filters) -> None:
    """Draw the page of a selection."""
    found = live_updates.figures(space, filters, current_user.current())
    source = f"live/figures?{urlencode(live_updates.source(filters))}"
    flags = "".join(
        f' data-{name}="{str(st.session_state.get(name) == "true").lower()}"' for name in (PAUSED, AWAKE, KIOSK)
    )
    as_of = live_updates.time_of(space, found)
    st.html(
        f'<div class="cb-live" data-source="{html.escape(source)}" data-words="{html.escape(json.dumps(_words()))}"'
        f' data-as-of="{as_of}" data-said="{html.escape(found.answer.said)}"{flags}>{_bar(as_of)}'
        f'<p class="cb-unseen" aria-live="polite"></p>{_sections(found.answer.regions)}</div>{SCRIPT}',
        unsafe_allow_javascript=True,
    )


def _words() -> dict[str, str]:
    """Return what the script says."""
    return {
        "asOf": t("As of {time}", time="{time}"),
        "paused": t("Paused at {time}", time="{time}"),
        "pause": t("Pause"),
        "resume": t("Resume"),
        "kiosk": t("Kiosk view"),
        "leave": t("Leave the kiosk view"),
        "unreachable": t("The server can't be reached."),
        "dialog": t("Connection error"),  # what Streamlit calls the one that the script closes
        "slow": t("The server takes long to answer."),
    }


def _bar(as_of: str) -> str:
    """Return the line with the time that the figures are of, what is wrong, and what can be done."""
    words = _words()
    is_set = {name: st.session_state.get(name) == "true" for name in (PAUSED, AWAKE, KIOSK)}
    pause = words["resume" if is_set[PAUSED] else "pause"]
    kiosk = words["leave" if is_set[KIOSK] else "kiosk"]
    state, told = ("paused", words["paused"]) if is_set[PAUSED] else ("current", words["asOf"])
    return (
        f'<div class="cb-live-bar" data-state="{state}"><div class="cb-live-state"><p class="cb-live-clock">'
        f"{html.escape(told.replace('{time}', as_of))}</p>"
        '<p class="cb-live-reason" role="status"></p></div><div class="cb-live-choices">'
        f'<button type="button" class="cb-live-pause">{html.escape(pause)}</button>'
        f'<label class="cb-live-awake"><input type="checkbox"{" checked" if is_set[AWAKE] else ""}>'
        f"{html.escape(t('Keep awake'))}</label>"
        f'<button type="button" class="cb-live-kiosk">{html.escape(kiosk)}</button></div></div>'
    )


def _sections(regions: Mapping[str, str]) -> str:
    """Return the regions, those that do not say one themselves under a title."""
    titles = {"backlog": t("Waiting"), "alerts": t("Alerts that fire"), "newest": t("Newest evaluations")}
    drawn = []
    for name in ("late", "cards", "minutes", "hours", "backlog", "alerts", "newest"):
        if name in regions:
            title = f"<h3>{html.escape(titles[name])}</h3>" if name in titles else ""
            told = f'<p class="cb-live-told">{html.escape(t("Point at a bar, or press the arrow keys."))}</p>'
            drawn.append(
                f'<section data-part="{name}">{title}<div data-region="{name}">{regions[name]}</div>'
                f"{told if name in ('minutes', 'hours') else ''}</section>"
            )
    return "".join(drawn)
