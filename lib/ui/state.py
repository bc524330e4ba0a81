"""The URL and the session: what is asked for lives in the URL, under the API's parameter names.

A page reads the URL into the widgets' state before it draws them (`load`), and writes the state back after (`save`).
The URL wins where it was changed from outside: by a link, a reload, the browser's Back. Streamlit's own binding of
widgets to the URL is not used: it writes labels instead of ids, and makes one step of history for each parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from lib.analytics import comparison
from lib.analytics.calendar import Granularity
from lib.analytics.dimensions import DIMENSIONS, Dimension
from lib.analytics.filters import PARAMETERS, Filters, Moment, local_date
from lib.analytics.measures import METRICS
from lib.codes import Sentiment, State
from lib.errors import InvalidParameterError
from lib.languages import LANGUAGES, current
from lib.ui import visitor

AI_CHOICES = {"": "All calls", "false": "Human", "true": "AI"}

NOT_SPLIT = "none"

VIEW_CHOICES: dict[str, tuple[str, ...]] = {
    "granularity": tuple(each.value for each in Granularity),
    "metric": tuple(METRICS),
    "compare": comparison.KINDS,
    "split": (NOT_SPLIT, *(dimension.name for dimension in DIMENSIONS)),
    "by": tuple(dimension.name for dimension in DIMENSIONS),
    "scores": ("raw", "alike"),
    "lang": tuple(LANGUAGES),
}
"""What a page shows of the selection, each with its choices; the first, or a page's own, is the default."""

RECORD_CHOICES: dict[str, tuple[str, ...]] = {
    "state": tuple(state.name for state in State),
    "sentiment": tuple(sentiment.name for sentiment in Sentiment),
}

COMPARED_DAYS = ("compareFrom", "compareTo")
"""The first and last day of a comparison with own dates."""

OPENED = "open"
"""The campaign, call center or executive whose detail a page shows, by its id."""

PINNED = "link"
"""The pinned link by which a page was opened."""

_SINGLE = (OPENED, PINNED)

VIEW_PARAMETERS = frozenset({*VIEW_CHOICES, *RECORD_CHOICES, *COMPARED_DAYS, *_SINGLE, "page"})
"""What a link holds besides the filters."""

_SEEN = "_url_seen"
_EXACT = "_exact_moments"
_REFUSED = "_refused"
_GOING = "_going"


def load(zone: ZoneInfo) -> None:
    """Bring the widgets' state in line with the URL; must run before the widgets are drawn."""
    session = st.session_state
    now = _raw()
    if session.get(_SEEN) != now:
        session[_REFUSED] = []
        _take(now, zone)
        session[_SEEN] = now
    else:
        for key in _keys():
            if key in session:
                session[key] = session[key]  # a widget that is not drawn on this page would lose its state


def save(zone: ZoneInfo) -> None:
    """Write the widgets' state to the URL, as one step of its history; must run after the filters are drawn."""
    wanted = parameters(zone)
    if wanted != _raw():
        st.query_params.from_dict(wanted)
    st.session_state[_SEEN] = _raw()


def filters(zone: ZoneInfo) -> Filters:
    """Return the filters in force, within what the visitor may see; two dates in the wrong order are one period."""
    session = st.session_state
    ends = [_moment(name) for name in ("dateFrom", "dateTo")]
    if ends[0] is not None and ends[1] is not None and local_date(ends[0], zone) > local_date(ends[1], zone):
        ends.reverse()
    chosen: dict[str, Any] = {dimension.name: tuple(session.get(dimension.parameter) or ()) for dimension in DIMENSIONS}
    ai = session.get("isAICall") or ""
    timezone = session.get("timezone")
    return Filters(
        ends[0],
        ends[1],
        **chosen,
        is_ai={"true": True, "false": False}.get(ai),
        timezone=timezone,
        grant=visitor.current().grant,
    )


def parameters(zone: ZoneInfo, filters_only: bool = False) -> dict[str, list[str]]:
    """Return the URL parameters of what is shown: filters, and how this page shows them."""
    found = filters(zone).to_parameters()
    if filters_only:
        return found
    session = st.session_state
    for name in VIEW_CHOICES:
        if session.get(name) and session.get(name) != session.get(f"_default_{name}"):
            found[name] = [session[name]]
    for name in RECORD_CHOICES:
        if session.get(name):
            found[name] = list(session[name])
    for name in COMPARED_DAYS:
        if session.get("compare") == "own" and session.get(name):
            found[name] = [session[name].isoformat()]
    for name in _SINGLE:
        if session.get(name):
            found[name] = [session[name]]
    if session.get("page", 1) != 1:
        found["page"] = [str(session["page"])]
    return found


def refused() -> list[str]:
    """Return what the URL asked for that can't be, in words."""
    found: list[str] = st.session_state.get(_REFUSED, [])
    return found


def compared_days() -> tuple[date, date] | None:
    """Return the own dates to compare with, in order, where both are chosen."""
    first, last = (st.session_state.get(name) for name in COMPARED_DAYS)
    return None if first is None or last is None else (min(first, last), max(first, last))


def narrowed() -> bool:
    """Return whether the Evaluations page shows some states or sentiments of the selection alone."""
    here = st.session_state.get("_page") == "evaluations"
    return here and any(st.session_state.get(name) for name in RECORD_CHOICES)


def opened() -> str | None:
    """Return whose detail is asked for, if any."""
    found: str | None = st.session_state.get(OPENED) or None
    return found


def open_detail(who: str | None) -> None:
    """Show the detail of a group, or the whole page again."""
    st.session_state[OPENED] = who or ""
    first_page()


def choose(dimension: Dimension, who: str) -> None:
    """Show one group of a dimension alone."""
    st.session_state[dimension.parameter] = [who]
    first_page()


def split_by(dimension: Dimension) -> None:
    """Split a change by another dimension."""
    st.session_state["by"] = dimension.name


def go(page: str, parameters: Mapping[str, list[str]]) -> None:
    """Open another page, by its URL path, with the next run."""
    st.session_state[_GOING] = (page, dict(parameters))


def going() -> tuple[str, dict[str, list[str]]] | None:
    """Return, once, the page that is to be opened, and its parameters."""
    found: tuple[str, dict[str, list[str]]] | None = st.session_state.pop(_GOING, None)
    return found


def default(name: str, choice: str) -> None:
    """Let a page's own choice stand until another one is made or linked to."""
    session = st.session_state
    if not session.get(name) or session[name] == session.get(f"_default_{name}"):
        session[name] = choice
    session[f"_default_{name}"] = choice


def set_period(first: date | None, last: date | None) -> None:
    """Show another period."""
    st.session_state["dateFrom"], st.session_state["dateTo"] = first, last
    st.session_state[_EXACT] = {}
    first_page()


def first_page() -> None:
    """Go back to the first page of a table, as another selection has other pages."""
    st.session_state["page"] = 1


def reset() -> None:
    """Take all filters away."""
    set_period(None, None)
    for dimension in DIMENSIONS:
        st.session_state[dimension.parameter] = []
    st.session_state["isAICall"] = ""
    st.session_state["timezone"] = None


def _keys() -> tuple[str, ...]:
    return (*PARAMETERS, *VIEW_CHOICES, *RECORD_CHOICES, *COMPARED_DAYS, *_SINGLE, "page")


def _raw() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _take(raw: Mapping[str, list[str]], zone: ZoneInfo) -> None:
    """Read the URL's parameters one by one; what can't be is passed over, and told."""
    session = st.session_state
    read: dict[str, list[str]] = {}
    for name in (name for name in ("timezone", *PARAMETERS) if name in raw):
        try:
            Filters.from_parameters({**read, name: raw[name]}, zone)
            read[name] = list(raw[name])
        except InvalidParameterError as error:
            session[_REFUSED].append(error.message)
    asked = Filters.from_parameters(read, zone)
    shown_zone = asked.zone(zone)
    ends: dict[str, Moment | None] = {"dateFrom": asked.date_from, "dateTo": asked.date_to}
    for name, moment in ends.items():
        session[name] = None if moment is None else local_date(moment, shown_zone)
    session[_EXACT] = {name: (session[name], moment) for name, moment in ends.items() if isinstance(moment, datetime)}
    for dimension in DIMENSIONS:
        session[dimension.parameter] = list(asked.ids(dimension))
    session["isAICall"] = "" if asked.is_ai is None else str(asked.is_ai).lower()
    session["timezone"] = asked.timezone
    for name, choices in VIEW_CHOICES.items():
        session[name] = _known(name, raw.get(name, [])[-1:], choices)[0] if raw.get(name) else None
    session["lang"] = session["lang"] or current()  # a link that names no language leaves the visitor's own
    for name, choices in RECORD_CHOICES.items():
        session[name] = [choice for choice in _known(name, raw.get(name, []), choices) if choice]
    for name in COMPARED_DAYS:
        try:
            session[name] = _day(name, raw.get(name, [])[-1:])
        except InvalidParameterError as error:
            session[name] = None
            session[_REFUSED].append(error.message)
    for name in _SINGLE:
        session[name] = (raw.get(name) or [""])[-1]
    page = (raw.get("page") or ["1"])[-1]
    session["page"] = max(1, int(page[:9])) if page.isascii() and page.isdigit() else 1


def _day(name: str, values: list[str]) -> date | None:
    if not values:
        return None
    try:
        return date.fromisoformat(values[0])
    except ValueError:
        raise InvalidParameterError(
            name, f"{name} '{values[0][:60]}' is not a date; right would be one as 2024-01-31."
        ) from None


def _known(name: str, values: list[str], choices: tuple[str, ...]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value in choices:
            found.append(value)
        else:
            st.session_state[_REFUSED].append(f"{name} '{value[:60]}' is none of {', '.join(choices)}.")
    return found or [None]


def _moment(name: str) -> Moment | None:
    """Return the widget's day, or the instant that the URL asked for, where that is the day's."""
    chosen = st.session_state.get(name)
    day, exact = st.session_state.get(_EXACT, {}).get(name, (None, None))
    return exact if exact is not None and day == chosen else chosen
