"""A grid of rows: each column says what it holds, how that looks, and in what colour; the first row is the whole's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pandas as pd
import streamlit as st

from lib.analytics import format
from lib.charts.paper import Table
from lib.ui.view import View

ROW_HEIGHT, MOST_HEIGHT = 35, 633

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column: what it holds, by which it is sorted; how that is told where it is no text; whether it is printed."""

    label: str
    value: Callable[[R], Any]
    config: Any = None
    text: Callable[[R], str] | None = None
    colour: Callable[[R], str] | None = None
    printed: bool = True

    def told(self, row: R) -> str:
        """Return what a cell says."""
        if self.text:
            return self.text(row)
        value = self.value(row)
        return format.NOTHING if value in (None, "") else format.count(value) if isinstance(value, int) else str(value)


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


def draw(
    view: View, title: str, rows: Sequence[R], columns: Sequence[Column[R]], key: str, alt: str, *, whole: bool = True
) -> None:
    """Draw rows that can be sorted, searched, and whose columns can be chosen.

    Where the first row is the `whole` of the others, it stands out, and is the total in print.
    """
    frame = pd.DataFrame({column.label: [column.value(row) for row in rows] for column in columns})
    styled: Any = frame.style
    if whole:
        styled = styled.apply(
            lambda row: ["font-weight:600" if row.name == 0 else ""] * len(row), axis=1, subset=[columns[0].label]
        )
    for column in columns:
        if column.text:
            texts = iter([column.text(row) for row in rows])
            styled = styled.format(lambda _, texts=texts: next(texts), subset=[column.label])
        if column.colour:
            shades = [f"color:{column.colour(row)}" for row in rows]
            styled = styled.apply(lambda _, shades=shades: shades, subset=[column.label])
    st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        height=height_of(len(frame)),
        column_config={column.label: column.config for column in columns if column.config},
        key=key,
        placeholder=format.NOTHING,
        alt=alt,
    )
    shown = [column for column in columns if column.printed]
    told = [tuple(column.told(row) for column in shown) for row in rows]
    total, others = (told[0], told[1:]) if whole else (None, told)
    view.printed.table(title, Table(tuple(column.label for column in shown), tuple(others), total))
