"""Inputs: Streamlit's widgets, whose answers are among what they offer, whatever a browser sends.

Streamlit compares what is chosen by how it is labeled, so that `Csv` passes for `csv` where both are shown as `CSV`. Of
options that one name stands for, such as two people who are called alike, each therefore has its id behind its label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar, overload

import streamlit as st

from lib.i18n import current, number, t
from lib.reports import formatting
from lib.ui import streamlit_internals

MAX_TEXT = 1_000
"""Characters that a field takes where it has no limit of its own."""

MAX_TEXTS = 100
"""Texts that a list takes which others may be typed into."""

MOST_NUMBER = 1e12
"""How far from 0 a number may lie: links hold numbers of up to twelve digits."""

DAY_FORMATS = {"en": "YYYY-MM-DD", "es": "DD-MM-YYYY"}
"""How a field shows a day, by language."""

T = TypeVar("T")

streamlit_internals.read_lists_by_index()
streamlit_internals.pass_over_unreadable_values()


@overload
def selectbox(label: str, options: Sequence[T], index: int = 0, *, place: Any = st, **look: Any) -> T: ...


@overload
def selectbox(label: str, options: Sequence[T], index: None, *, place: Any = st, **look: Any) -> T | None: ...


def selectbox(label: str, options: Sequence[T], index: int | None = 0, *, place: Any = st, **look: Any) -> T | None:
    """Draw a list of which one is chosen; return that option, the one at `index` where something else is sent."""
    value = place.selectbox(label, options, index, **_distinctly(options, look))
    if value in options:
        return options[options.index(value)]
    return None if index is None else options[index]


def multiselect(
    label: str, options: Sequence[T], default: Sequence[T] | None = None, *, place: Any = st, **look: Any
) -> list[T]:
    """Draw a list of which several are chosen; return these options, each once, without what else is sent."""
    chosen = place.multiselect(label, options, default, **_distinctly(options, look))
    known = set(options)
    return [value for value in dict.fromkeys(chosen) if value in known]


def _distinctly(options: Sequence[Any], look: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a list is to look, with labels by which its options can be told apart."""
    label = look.get("format_func", str)
    marks = {each: str(each) for each in options}
    if len(set(marks.values())) < len(marks):
        marks = {each: str(place) for place, each in enumerate(marks, 1)}
    labels = formatting.distinct({each: label(each) for each in options}, marks)
    return {**look, "format_func": lambda each: labels[each] if each in labels else label(each)}


def open_selectbox(label: str, options: Sequence[str], value: str, *, place: Any = st, **look: Any) -> str:
    """Draw a list of which one is chosen, or another text typed; return that text, `value` where it is too long."""
    offered = list(dict.fromkeys([*options, value]))
    chosen = place.selectbox(label, offered, offered.index(value), accept_new_options=True, **look)
    return chosen if chosen in offered or _fits(chosen) else value


def open_multiselect(
    label: str, options: Sequence[str], default: Sequence[str], *, place: Any = st, **look: Any
) -> list[str]:
    """Draw a list of which several are chosen, or other texts typed; return these, each once, in their order."""
    offered = list(dict.fromkeys([*options, *default]))
    chosen = place.multiselect(label, offered, list(dict.fromkeys(default)), accept_new_options=True, **look)
    return [text for text in dict.fromkeys(chosen[: max(MAX_TEXTS, len(default))]) if text in offered or _fits(text)]


def _fits(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_TEXT


def text_input(label: str, value: str = "", *, place: Any = st, **look: Any) -> str:
    """Draw a field for a text of at most MAX_TEXT characters, or as many as what it holds already has."""
    return str(place.text_input(label, value, max(MAX_TEXT, len(value)), **look))


def whole_number(label: str, most: int, key: str, **look: Any) -> int | None:
    """Draw a field for a whole number from 1, which may be empty."""
    value = st.number_input(label, 1, most, None, 1, key=key, **look)
    return None if value is None else int(value)


def number_field(label: str, key: str, *, place: Any = st, **look: Any) -> float | None:
    """Draw a field for a number, which may be empty.

    It takes each number that a link may hold: Streamlit empties a field whose value lies outside its limits.
    """
    value = place.number_input(label, -MOST_NUMBER, MOST_NUMBER, None, format="%g", key=key, **look)
    return None if value is None else float(value)


def day_input(label: str, key: str, value: date | None = None, *, place: Any = st, **look: Any) -> date | None:
    """Draw a field for a day, which may be empty where it begins so."""
    chosen = place.date_input(label, value=value, key=key, format=DAY_FORMATS[current()], **look)
    return chosen if isinstance(chosen, date) else None


def page_number(pages: int, key: str) -> int:
    """Draw the choice of a page of a long list, from 1, and return it; where there is one page alone draw nothing."""
    if pages < 2:
        return 1
    label = t("Page {number} of {all}", number=number(min(st.session_state.get(key, 1), pages)), all=number(pages))
    return int(st.number_input(label, 1, pages, key=key, width=180))


def radio(label: str, options: Sequence[T], index: int | None = 0, *, place: Any = st, **look: Any) -> T | None:
    """Draw options of which one is chosen; return it, the one at `index` where something else is sent."""
    value = place.radio(label, options, index, **look)
    if value in options:
        return options[options.index(value)]
    return None if index is None else options[index]
