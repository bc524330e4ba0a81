"""A grid of rows: each column says what it holds, how that looks, and in what color; the first row is the whole's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pandas as pd
import streamlit as st

from lib.access.users import Role
from lib.i18n import number, t
from lib.pdf import document
from lib.pdf.model import Table
from lib.reports import formatting
from lib.ui import current_user
from lib.ui.page_context import PageContext

ROW_HEIGHT, MOST_HEIGHT = 35, 633

MOST_ROWS = 1_000
"""Rows of a table that are drawn: each takes time to write, and nobody reads more. The downloads hold all."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class GridColumn(Generic[R]):
    """A column: what it holds, by which it is sorted; how that is told where it is no text; whether it is printed."""

    label: str
    value: Callable[[R], Any]
    config: Any = None
    text: Callable[[R], str] | None = None
    color: Callable[[R], str] | None = None
    printed: bool = True

    def told(self, row: R) -> str:
        """Return what a cell says."""
        if self.text:
            return self.text(row)
        value = self.value(row)
        return (
            formatting.NOTHING
            if value in (None, "")
            else formatting.count(value)
            if isinstance(value, int)
            else str(value)
        )


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """The rows of a table that are drawn, the first of `count`; where there is a row of the whole, it comes before.

    `order` says in words what comes first.
    """

    lines: Sequence[R]
    count: int
    order: str
    whole: bool = True


def height_of(rows: int) -> int:
    """Return the height in pixels of a grid that shows its rows without scrolling, up to a bound."""
    return min(MOST_HEIGHT, ROW_HEIGHT * (rows + 1) + 3)  # the header is a row, and there is a border


def opener(label: str, key: str, opened: Callable[[int], None], hint: str) -> Any:
    """Return the look of a first column whose cells open what they name; `opened` is told the row, from 0."""

    def clicked() -> None:
        opened(st.session_state[key].row)

    return st.column_config.ButtonColumn(
        label, key=key, on_click=clicked, type="tertiary", alignment="left", pinned=True, width="medium", help=hint
    )


def draw(view: PageContext, title: str, rows: Rows[R], columns: Sequence[GridColumn[R]], key: str, alt: str) -> None:
    """Draw rows that can be sorted, searched, and whose columns can be chosen.

    The row of the whole stands out, and is the total in print.
    """
    lines = rows.lines
    frame = pd.DataFrame({column.label: [column.value(row) for row in lines] for column in columns})
    styled: Any = frame.style
    if rows.whole:
        weights = ["font-weight:600", *[""] * (len(lines) - 1)]
        styled = styled.apply(lambda _: weights, subset=[columns[0].label])
    for column in columns:
        if column.text:
            texts = iter([column.text(row) for row in lines])
            styled = styled.format(lambda _, texts=texts: next(texts), subset=[column.label])
        if column.color:
            shades = [f"color:{column.color(row)}" for row in lines]
            styled = styled.apply(lambda _, shades=shades: shades, subset=[column.label])
    st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        height=height_of(len(frame)),
        column_config={column.label: column.config for column in columns if column.config},
        key=key,
        placeholder=formatting.NOTHING,
        alt=alt,
    )
    say_cut(len(lines) - rows.whole, rows.count, rows.order, in_downloads=current_user.may(Role.ANALYST))
    view.printed.table(title, lambda: _printed(rows, columns))


def say_cut(drawn: int, count: int, order: str, *, in_downloads: bool = False) -> None:
    """Say how many rows of a table are drawn, and in what order the first of them come, where there are more."""
    if drawn >= count:
        return
    words = t("The first {shown} of {count} rows, {order}.", shown=number(drawn), count=number(count), order=order)
    if in_downloads:
        words += " " + t("The downloads hold all of them.")
    st.caption(words)


def _printed(rows: Rows[R], columns: Sequence[GridColumn[R]]) -> Table:
    """Return what of a table is printed."""
    shown = [column for column in columns if column.printed]
    told = [tuple(column.told(row) for column in shown) for row in rows.lines[: document.MOST_ROWS + rows.whole]]
    total, others = (told[0], told[1:]) if rows.whole else (None, told)
    return Table(tuple(column.label for column in shown), tuple(others), total, count=rows.count)
