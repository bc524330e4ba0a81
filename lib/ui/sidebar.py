"""The sidebar: pages in their sections; the filters, and their reset, where the page goes by them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import streamlit as st
from streamlit.navigation.page import Page

from lib.analytics import queries
from lib.analytics.calendar import FIRST_DAY, LAST_DAY, Calendar
from lib.analytics.dimensions_in_use import filters_in_use, own_fields_in_use
from lib.analytics.query import MAX_VALUES
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, ENGAGEMENT, Dimension, EnumDimension, FlagDimension
from lib.catalog.ranged_fields import RangedField
from lib.i18n import t
from lib.reports import catalog_words, filter_text, formatting, page_parameters
from lib.reports.page_links import ALL_TIME, OPENED
from lib.reports.pages import PAGES
from lib.reports.period_labels import OWN, PRESET_LABELS, START
from lib.reports.words import Words
from lib.ui import current_user, filter_bar, inputs, login, markdown, new_data, saved_views, tour, url_state
from lib.workspace import Workspace

PROMINENT: tuple[Dimension, ...] = (CAMPAIGN, CALL_CENTER, ENGAGEMENT)
"""The filters that are open from the start; the others are under More filters."""

FILTERED = ("exports", "own_metrics", "live")
"""The URL paths of pages that are no pages of figures, and go by the filters all the same."""

COMPARE_LABELS = {
    "previous": "Previous period",
    "year": "Same period last year",
    "own": "Custom range",
    "none": "No comparison",
}


def show(sections: Mapping[str, Sequence[Page]], space: Workspace, path: str) -> None:
    """Draw the sidebar of the page at a URL path, with links to the pages of each section that keep what is chosen."""
    calendar = space.calendar
    page = PAGES.get(path or next(iter(PAGES)))
    is_filtered = page is not None or path in FILTERED
    url_state.default("compare", "previous")
    with st.sidebar:
        brand = '<div class="cb-brand"><span class="cb-mark" aria-hidden="true"></span>Callboard</div>'
        scripts = filter_bar.SCRIPT + tour.SCRIPT + new_data.SCRIPT
        st.html(brand + tour.steps() + scripts, unsafe_allow_javascript=True)
        links = st.container(gap=None, key="cb-nav")
        if is_filtered:
            _filters(space, calendar, is_compared=page is not None and page.is_compared)
        saved_views.chooser(space, can_save=page is not None)
        filter_bar.done()
        login.account(space)
        url_state.save(calendar.zone)
        kept = url_state.parameters(calendar.zone)
        for own in (OPENED, page_parameters.PAGE, *page_parameters.LIVE_FLAGS):
            kept.pop(own, None)
        kept = url_state.shorten(kept)
        query = [(name, value) for name in kept for value in kept[name]]
        with links:
            for label, pages in sections.items():
                st.html(f'<p class="cb-section">{html.escape(label)}</p>')
                for each in pages:
                    st.page_link(each, query_params=query)
    if is_filtered:
        period = _period_words() if url_state.has_period() else t("Today")
        filter_bar.bar(period, _set(space.catalog.filters, space.catalog.ranged_fields))


def _filters(space: Workspace, calendar: Calendar, *, is_compared: bool) -> None:
    """Draw the filters, those that few need behind a fold, and what takes them all away."""
    with st.container(key="cb-filters", gap="small"):
        if url_state.has_period():
            _period(calendar)
        if is_compared:
            _compared()
        for dimension in PROMINENT:
            _filter(space, dimension)
        rest = [each for each in _offered(space) if each not in PROMINENT]
        ranged = _offered_ranges(space)
        with st.expander(t("More filters"), expanded=bool(_set(rest, ranged))):
            for dimension in rest:
                _filter(space, dimension)
            for field in ranged:
                _range(field)
        st.button(t("Reset filters"), on_click=url_state.reset, width="stretch")


def _offered(space: Workspace) -> list[Dimension]:
    """Return the dimensions to filter by: those that the data know, the prominent ones, and what is set."""
    catalog = space.catalog
    known = {*PROMINENT, *space.answers.run(filters_in_use, current_user.current().grant, catalog)}
    return [each for each in catalog.filters if each in known or st.session_state.get(each.parameter)]


def _offered_ranges(space: Workspace) -> list[RangedField]:
    """Return the numbers to filter by: those that every workspace has, own ones that the data know, and what is set."""
    catalog = space.catalog
    own = space.answers.run(own_fields_in_use, current_user.current().grant, catalog)
    known = {each.parameter for each in own}
    return [each for each in catalog.ranged_fields if not each.is_own or each.name in known or _set((), (each,))]


def _period(calendar: Calendar) -> None:
    start = url_state.start_days()
    presets = ({START: start} if start else {}) | calendar.presets()
    ends = (st.session_state.get("dateFrom"), st.session_state.get("dateTo"))
    named = next((name for name, days in presets.items() if days == ends), OWN)
    st.session_state["_preset"] = ALL_TIME if ends == (None, None) else named

    def chosen() -> None:
        choice = st.session_state["_preset"]
        if choice == ALL_TIME:
            url_state.set_period(None, None)
        elif choice in presets:
            url_state.set_period(*presets[choice])

    inputs.selectbox(
        t("Period"),
        [name for name in PRESET_LABELS if name in presets or name in (ALL_TIME, OWN)],
        format_func=lambda name: t(PRESET_LABELS[name]),
        key="_preset",
        on_change=chosen,
    )
    _days(("dateFrom", "dateTo"))


def _period_words() -> str:
    """Return what period is chosen: its name, or its days."""
    name = st.session_state["_preset"]
    if name != OWN:
        return t(PRESET_LABELS[name])
    return filter_bar.own_dates(st.session_state["dateFrom"], st.session_state["dateTo"])


def _compared() -> None:
    inputs.selectbox(
        t("Compare with"), list(COMPARE_LABELS), format_func=lambda name: t(COMPARE_LABELS[name]), key="compare"
    )
    if st.session_state["compare"] == "own":
        _days(page_parameters.COMPARED_DAYS)


def _days(keys: tuple[str, str]) -> None:
    """Draw the choice of a first and a last day, side by side."""
    for place, label, key in zip(st.columns(2, gap="small"), (t("From"), t("To")), keys, strict=True):
        inputs.day_input(
            label, key, place=place, min_value=FIRST_DAY, max_value=LAST_DAY, on_change=url_state.first_page
        )


def _filter(space: Workspace, dimension: Dimension) -> None:
    """Draw the choice of what is shown of a dimension."""
    if isinstance(dimension, FlagDimension):
        labels = {"": t(dimension.all_label)} | _value_labels(dimension)
        st.segmented_control(
            t(dimension.label),
            list(labels),
            format_func=labels.__getitem__,
            key=dimension.parameter,
            on_change=url_state.first_page,
        )
    elif isinstance(dimension, EnumDimension):
        _list(dimension, catalog_words.label(dimension), _value_labels(dimension))
    else:
        _list(dimension, catalog_words.plural_label(dimension), _member_labels(space, dimension))


def _range(field: RangedField) -> None:
    """Draw the two ends between which a number lies."""
    places = st.columns(2, gap="small", vertical_alignment="bottom")
    for place, label, name in zip(places, filter_text.range_labels(field), field.parameters, strict=True):
        inputs.number_field(
            markdown.text(label) if field.is_own else label, name, on_change=url_state.first_page, place=place
        )


def _set(dimensions: Sequence[Dimension], ranged: Sequence[RangedField]) -> int:
    """Return how many of these filters are set."""
    session = st.session_state
    chosen = sum(bool(session.get(each.parameter)) for each in dimensions)
    return chosen + sum(any(session.get(end) is not None for end in field.parameters) for field in ranged)


def _value_labels(dimension: EnumDimension) -> dict[str, str]:
    return {value.id: formatting.value_name(value) for value in dimension.values}


def _member_labels(space: Workspace, dimension: Dimension) -> dict[str, str]:
    """Return the names of the dimension's groups; what a link names that is not there stays chosen."""
    grant = current_user.current().grant
    labels = {
        named.parameter_value: formatting.member_name(named)
        for named in space.answers.run(queries.options, dimension, grant, space.catalog)
    }
    for asked in st.session_state.get(dimension.parameter) or ():
        labels.setdefault(asked, t("{id} (unknown)", id=asked))
    return labels


def _list(dimension: Dimension, label: Words, labels: Mapping[str, str]) -> None:
    """Draw a searchable list of which some may be chosen."""
    inputs.multiselect(
        markdown.text(str(label)),
        list(labels),
        format_func=labels.__getitem__,
        key=dimension.parameter,
        placeholder=str(catalog_words.all_label(dimension)),
        on_change=url_state.first_page,
        max_selections=MAX_VALUES,
    )
