"""The URL and the session: what is asked for lives in the URL, under the API's parameter names.

A page reads the URL into the widgets' state before it draws them (`load`), and writes the state back after (`save`).
The URL wins where it was changed from outside: by a link, a reload, the browser's Back. Streamlit's own binding of
widgets to the URL is not used: it writes labels instead of ids, and makes one step of history for each parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import streamlit as st

from lib import workspace as workspaces
from lib.analytics.calendar import FIRST_DAY, LAST_DAY
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters, Moment, local_date
from lib.analytics.ranges import number_text
from lib.analytics.start_period import start_period
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, FlagDimension
from lib.errors import InvalidParameterError
from lib.errors.codes import CodedText
from lib.i18n import current
from lib.reports import filter_text, job_text, page_parameters
from lib.reports.page_links import OPENED, with_period, without_period
from lib.reports.page_parameters import (
    CHOICES,
    COMPARED_DAYS,
    LISTS,
    LIVE_FLAGS,
    NUMBERS,
    PAGE,
    SAVED_VIEW,
    SELECT_OPTIONS,
    SINGLE,
    TEXTS,
    PageParameters,
)
from lib.ui import current_user

UNDATED = ("live",)
"""The URL paths of pages that go by the filters, and have a time of their own: they pass over the period."""

_SEEN = "_url_seen"
_EXACT = "_exact_moments"
_REFUSED = "_refused"
_BY_LINK = "_refused_by_link"
_GOING = "_going"


def load(zone: ZoneInfo) -> None:
    """Bring the widgets' state in line with the URL; must run before the widgets are drawn.

    What widgets say is held to the same limits: a value that none of them offers leaves everything as it was.
    """
    session = st.session_state
    now = _meant()
    _take_live_flags(now)
    if session.get(_SEEN) != now or page_parameters.unknown_fields(now, _catalog()):  # one may just have been deleted
        _take(page_parameters.parse(now, zone, _catalog()), zone, by_link=True)
        session[_SEEN] = now
        return
    try:
        changed = _chosen(zone)
        problems = page_parameters.parse(changed, zone, _catalog()).problems if changed != now else None
    except InvalidParameterError as error:
        problems = (error.reason,)
    if problems:
        before = page_parameters.parse(now, zone, _catalog())
        _take(replace(before, problems=problems), zone, by_link=False)
        return
    if problems is not None:
        session[_REFUSED] = []  # what was told of the link, or of another choice, is over
    for key in _keys():
        if key in session:
            session[key] = session[key]  # a widget that is not drawn on this page would lose its state


def _take_live_flags(now: Mapping[str, list[str]]) -> None:
    """Hold what the script of the page Live wrote to the URL, which is no link: what is chosen meanwhile stays."""
    session = st.session_state
    seen = session.get(_SEEN)
    if seen is None or _without_flags(seen) != _without_flags(now):
        return
    for flag in LIVE_FLAGS:
        session[flag] = "true" if now.get(flag) == ["true"] else None
    session[_SEEN] = now


def _without_flags(parameters: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in parameters.items() if name not in LIVE_FLAGS}


def save(zone: ZoneInfo) -> None:
    """Write the widgets' state to the URL, as one step of its history; must run after the filters are drawn.

    A URL that says a page's default, which widgets leave out, stays as it is.
    """
    wanted = parameters(zone)
    if wanted != _without_defaults(_meant()):
        st.query_params.from_dict(shorten(wanted) if has_period() else without_period(wanted))
    st.session_state[_SEEN] = _meant()


def has_period() -> bool:
    """Return whether the period that is chosen applies to the page."""
    return st.session_state.get("_page") not in UNDATED


def filters(zone: ZoneInfo) -> Filters:
    """Return the filters in force, within what the visitor may see; two dates in the wrong order are one period.

    Raises InvalidParameterError where the widgets hold what no filter can be.
    """
    return Filters.from_parameters(_chosen_filters(zone), zone, current_user.current().grant, _catalog())


def parameters(zone: ZoneInfo, filters_only: bool = False) -> dict[str, list[str]]:
    """Return the URL parameters of what is shown: filters, and how this page shows them, with their period.

    Of filters alone, dates are the period. Raises InvalidParameterError as `filters` does.
    """
    found = filters(zone).to_parameters()
    return found if filters_only else with_period(found | _chosen_view())


def shorten(wanted: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return URL parameters without their period where a page begins with it anyway."""
    return page_parameters.shorten(wanted, _start_parameters(), _catalog())


def start_days() -> tuple[date, date] | None:
    """Return the first and last day that pages begin with where a URL says none; None for all time."""
    space = workspaces.current()
    return space.answers.run(start_period, space.calendar, current_user.current().grant, space.catalog).days


def refused() -> list[str]:
    """Return what was asked for and can't be, in words: a link's parameters by their names, fields by their labels."""
    problems: list[CodedText] = st.session_state.get(_REFUSED, [])
    labels = {} if refused_by_link() else filter_text.parameter_labels(_catalog())
    return [job_text.in_words(_relabeled(problem, labels)) for problem in problems]


def refused_by_link() -> bool:
    """Return whether the URL asked for what is refused; else a widget did."""
    return bool(st.session_state.get(_BY_LINK, True))


def compared_days() -> tuple[date, date] | None:
    """Return the own dates to compare with, in order, where both are chosen."""
    first, last = (st.session_state.get(name) for name in COMPARED_DAYS)
    return None if first is None or last is None else (min(first, last), max(first, last))


def chosen_texts() -> dict[str, str]:
    """Return the texts of TEXTS that are looked for or chosen, without what a page chooses by itself."""
    session = st.session_state
    own = {name: session[f"_default_{name}"] for name in CHOICES if f"_default_{name}" in session}
    return {name: session[name] for name in TEXTS if session.get(name) and session[name] != own.get(name)}


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
    st.session_state[dimension.parameter] = _held(dimension, (who,))
    first_page()


def remove(unwanted: Mapping[Dimension, Sequence[str]]) -> None:
    """Take ids out of the filters of their dimensions."""
    for dimension, ids in unwanted.items():
        held = st.session_state.get(dimension.parameter) or ()
        st.session_state[dimension.parameter] = [each for each in held if each not in ids]
    first_page()


def choose_value(parameter: str, value: str) -> None:
    """Select another option of a page's own parameter."""
    st.session_state[parameter] = value


def go(page: str, parameters: Mapping[str, list[str]]) -> None:
    """Open another page, by its URL path, with the next run."""
    st.session_state[_GOING] = (page, dict(parameters))


def going() -> tuple[str, dict[str, list[str]]] | None:
    """Return, once, the page that is to be opened, and its parameters."""
    found: tuple[str, dict[str, list[str]]] | None = st.session_state.pop(_GOING, None)
    return found


def default(name: str, value: str) -> None:
    """Select an option of a page's own parameter until another one is chosen or linked to."""
    session = st.session_state
    if not session.get(name) or session[name] == session.get(f"_default_{name}"):
        session[name] = value
    session[f"_default_{name}"] = value


def set_period(first: date | None, last: date | None) -> None:
    """Show another period."""
    st.session_state["dateFrom"], st.session_state["dateTo"] = first, last
    st.session_state[_EXACT] = {}
    first_page()


def first_page() -> None:
    """Go back to the first page of a table, as another selection has other pages."""
    st.session_state["page"] = 1


def reset() -> None:
    """Take all filters away, and show the period that pages begin with."""
    set_period(*(start_days() or (None, None)))
    for dimension in _catalog().filters:
        st.session_state[dimension.parameter] = _held(dimension, ())
    for name in (*(name for field in _catalog().ranged_fields for name in field.parameters), "timezone"):
        st.session_state[name] = None


def _catalog() -> Catalog:
    return workspaces.current().catalog


def _keys() -> tuple[str, ...]:
    return (*_catalog().parameters, *SELECT_OPTIONS, *NUMBERS, *TEXTS, *LISTS, *COMPARED_DAYS, *SINGLE, PAGE)


def _raw() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _meant() -> dict[str, list[str]]:
    """Return the URL's parameters with the period that they mean.

    Where the page has none, that is the one of the pages before: it is there again on those that come.
    """
    raw = _raw()
    if has_period() or without_period(raw) != raw or SAVED_VIEW in raw:
        return page_parameters.complete(raw, _start_parameters(), workspaces.current().calendar, _catalog())
    if "dateFrom" not in st.session_state:
        return raw | _start_parameters()
    ends = {name: _moment(name) for name in ("dateFrom", "dateTo")}
    return with_period(raw | {name: [end.isoformat()] for name, end in ends.items() if end})


def _without_defaults(parameters: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return URL parameters without choices of a page that are made anyway; the language is no page's."""
    names = (*(name for name in SELECT_OPTIONS if name != "lang"), *CHOICES)
    defaults = {name: [st.session_state.get(f"_default_{name}")] for name in names}
    return {name: values for name, values in parameters.items() if defaults.get(name) != values}


def _start_parameters() -> dict[str, list[str]]:
    """Return the period that pages begin with as URL parameters."""
    days = start_days()
    return with_period({} if days is None else {"dateFrom": [days[0].isoformat()], "dateTo": [days[1].isoformat()]})


def _chosen(zone: ZoneInfo) -> dict[str, list[str]]:
    """Return what the widgets hold as URL parameters, as `parameters` does, without looking at what may be seen."""
    chosen = Filters.from_parameters(_chosen_filters(zone), zone, EVERYTHING, _catalog())
    return with_period(chosen.to_parameters() | _chosen_view())


def _chosen_filters(zone: ZoneInfo) -> dict[str, list[str]]:
    """Return the filters that the widgets hold, as URL parameters that are not looked at yet."""
    session = st.session_state
    timezone = session.get("timezone")
    zone = ZoneInfo(timezone) if timezone else zone
    ends = [_moment(name) for name in ("dateFrom", "dateTo")]
    if ends[0] is not None and ends[1] is not None and local_date(ends[0], zone) > local_date(ends[1], zone):
        ends.reverse()
    chosen = {name: [end.isoformat()] for name, end in zip(("dateFrom", "dateTo"), ends, strict=True) if end}
    for name in (*(dimension.parameter for dimension in _catalog().filters), "timezone"):
        if held := session.get(name):
            chosen[name] = [held] if isinstance(held, str) else list(held)
    for name in (name for field in _catalog().ranged_fields for name in field.parameters):
        if session.get(name) is not None:
            chosen[name] = [number_text(Decimal(repr(session[name])))]
    return chosen


def _chosen_view() -> dict[str, list[str]]:
    """Return how the widgets would have the page shown, as URL parameters that are not looked at yet."""
    session = st.session_state
    chosen: dict[str, list[str]] = {}
    for name in SELECT_OPTIONS:
        if session.get(name) and session.get(name) != session.get(f"_default_{name}"):
            chosen[name] = [session[name]]
    for name in NUMBERS:
        if session.get(name) is not None:
            chosen[name] = [str(session[name])]
    chosen |= {name: [value] for name, value in chosen_texts().items()}
    for name in (*LISTS, *SINGLE):
        if held := session.get(name):
            chosen[name] = [held] if isinstance(held, str) else list(held)
    for name in COMPARED_DAYS:
        if session.get("compare") == "own" and session.get(name):
            chosen[name] = [session[name].isoformat()]
    if session.get(PAGE, 1) != 1:
        chosen[PAGE] = [str(session[PAGE])]
    return chosen


def _take(asked: PageParameters, zone: ZoneInfo, *, by_link: bool) -> None:
    """Let the widgets hold what is asked for, and keep what can't be, to be told."""
    session = st.session_state
    shown_zone = asked.filters.zone(zone)
    ends: dict[str, Moment | None] = {"dateFrom": asked.filters.date_from, "dateTo": asked.filters.date_to}
    for name, moment in ends.items():
        session[name] = None if moment is None else _calendar_day(local_date(moment, shown_zone))
    session[_EXACT] = {name: (session[name], moment) for name, moment in ends.items() if isinstance(moment, datetime)}
    for dimension in _catalog().filters:
        session[dimension.parameter] = _held(dimension, asked.filters.ids(dimension))
    session["timezone"] = asked.filters.timezone
    for held in (asked.selected, asked.numbers, asked.texts, asked.lists, asked.compared, asked.single):
        for name, value in held.items():
            session[name] = value
    given = asked.filters.to_parameters()
    for field in _catalog().ranged_fields:
        for name in field.parameters:
            session[name] = float(given[name][0]) if name in given else None
    session["lang"] = session["lang"] or current()  # a link that names no language leaves the visitor's own
    session[PAGE] = asked.page
    session[_REFUSED], session[_BY_LINK] = list(asked.problems), by_link


def _relabeled(problem: CodedText, labels: Mapping[str, str]) -> CodedText:
    """Return what is wrong with parameters under what they are called on pages."""
    names = {name: labels.get(str(problem.values[name])) for name in ("parameter", "last") if name in problem.values}
    return replace(problem, values={**problem.values, **{name: label for name, label in names.items() if label}})


def _calendar_day(day: date) -> date:
    """Return the day, or the nearest that a field for days takes: it is another one in some zones at both ends."""
    return min(max(day, FIRST_DAY), LAST_DAY)


def _held(dimension: Dimension, ids: Sequence[str]) -> list[str] | str:
    """Return what the widget of a dimension holds: a list of ids, or for yes and no one of them, or nothing."""
    if isinstance(dimension, FlagDimension):
        return ids[0] if ids else ""
    return list(ids)


def _moment(name: str) -> Moment | None:
    """Return the widget's day, or the instant that the URL asked for, where that is the day's."""
    chosen = st.session_state.get(name)
    day, exact = st.session_state.get(_EXACT, {}).get(name, (None, None))
    return exact if exact is not None and day == chosen else chosen
