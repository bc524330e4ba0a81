"""Draws a table as a grid that can be sorted and searched, and what downloads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar

import pandas as pd
import streamlit as st

from lib.access.users import Role
from lib.i18n import t
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.page import TableBlock
from lib.reports.page_help import Topic
from lib.reports.table import Column, Look, PageTable, cut_words
from lib.reports.words import Words
from lib.ui import clicks, current_user, downloads, page_help, url_state
from lib.ui.print_table import print_table
from lib.ui.style import palette

ROW_HEIGHT, MOST_HEIGHT = 35, 633

AUTO_ROWS = 10
"""So many rows of a table are drawn without scrolling anyway."""

SORT = "sort"
"""The parameter of a page's order."""

R = TypeVar("R")


def list_height(rows: int, row_height: int = ROW_HEIGHT) -> int | Literal["auto"]:
    """Return the height of a grid of some rows: a few are drawn without scrolling anyway."""
    return height_of(rows, row_height) if rows > AUTO_ROWS else "auto"


def height_of(rows: int, row_height: int = ROW_HEIGHT) -> int:
    """Return the height in pixels of a grid that shows its rows without scrolling, up to a bound."""
    return min(MOST_HEIGHT, ROW_HEIGHT + row_height * rows + 3)  # the header is a row, and there is a border


def draw_block(context: PageContext, block: TableBlock) -> None:
    """Draw a table, what a click on a row's button does, and its downloads."""
    table = block.table
    opens = None
    if block.click is not None:
        act = clicks.action(context, block.click)

        def opens(row: int) -> None:
            if 0 <= row < len(table.ids) and (who := table.ids[row]) is not None:
                act(who)

    _grid(table, opens)
    st.html(print_table(table))
    has_file = table.file is not None and current_user.may(Role.ANALYST)
    say_cut(len(table.rows) - table.has_total, table.count, table.order, in_downloads=has_file)
    page_help.columns([Topic(each.label, each.help) for each in table.columns if each.help], table.key)
    if table.file is not None:
        downloads.table_files(context, table.file)


def say_cut(drawn: int, count: int, order: Words, *, in_downloads: bool = False) -> None:
    """Say how many rows of a table are drawn, and in what order the first of them come, where there are more."""
    if words := cut_words(drawn, count, order, in_downloads=in_downloads):
        st.caption(words)


def draw_list(
    labels: Iterable[str],
    rows: Sequence[Sequence[object]],
    opens: Callable[[int], None],
    *,
    widths: Sequence[int],
    key: str,
    alt: str,
) -> None:
    """Draw a list whose first column is of buttons: `opens` is told the row, from 0, whose button is clicked.

    `widths` are the pixels of the first columns, as far as they are seen without scrolling.
    """
    names = unique_names(labels)
    opener = f"{key}-open"

    def clicked() -> None:
        row = st.session_state[opener].row
        if 0 <= row < len(rows):
            opens(row)

    columns = {name: st.column_config.Column(width=width) for name, width in zip(names[1:], widths[1:], strict=False)}
    columns[names[0]] = _buttons(names[0], opener, clicked, widths[0])
    st.dataframe(
        pd.DataFrame(rows, columns=names),
        hide_index=True,
        width="stretch",
        height=list_height(len(rows)),
        column_config=columns,
        placeholder=formatting.NOTHING,
        key=key,
        alt=alt,
    )


def _buttons(label: str, key: str, clicked: Callable[[], None], width: Any, hint: str | None = None) -> Any:
    """Return the look of a column of buttons."""
    return st.column_config.ButtonColumn(
        label, key=key, on_click=clicked, type="tertiary", alignment="left", pinned=True, width=width, help=hint
    )


def unique_names(labels: Iterable[str]) -> list[str]:
    """Return names that a frame can have as columns: each once, and the second of one label with a number."""
    names: dict[str, None] = {}
    for label in labels:
        name, number = label, 1
        while name in names:
            number += 1
            name = f"{label} ({number})"
        names[name] = None
    return list(names)


def _grid(table: PageTable[R], opens: Callable[[int], None] | None) -> None:
    """Draw rows that can be sorted, searched, and whose columns can be chosen; the row of the whole stands out."""
    names = unique_names(str(column.label) for column in table.columns)
    rows, columns = table.rows, dict(zip(names, table.columns, strict=True))
    frame = pd.DataFrame({label: [column.value(row) for row in rows] for label, column in columns.items()})
    first = opener = next(iter(columns))
    if opens and columns[first].look is Look.DATE:  # days on buttons would be sorted as words
        opener = unique_names((*columns, t("Show")))[-1]
        frame.insert(0, opener, t("Show"))
    elif opens:
        frame[first] = [columns[first].say(row) for row in rows]
    styled: Any = frame.style
    if table.has_total:
        weights = ["font-weight:600", *[""] * (len(rows) - 1)]
        styled = styled.apply(lambda _: weights, subset=[first])
    for label, column in columns.items():
        if column.text:
            texts = iter([column.text(row) for row in rows])
            styled = styled.format(lambda _, texts=texts: next(texts), subset=[label])
        if column.kind:
            shades = [f"color:{_color(column.kind(row))}" for row in rows]
            styled = styled.apply(lambda _, shades=shades: shades, subset=[label])
    config = {label: _config(column, table) for label, column in columns.items()}
    key, sorting = table.key, dict[str, Any]()
    if any(column.orders for column in table.columns):
        key, sorting = _sorting(table, columns)
        config |= {label: _sorted_config(label, column) for label, column in columns.items() if column.orders}
    if opens:
        config[opener] = _opener(table, f"{opener}{_arrow(table.columns[0])}", opens)
    st.dataframe(
        styled,
        hide_index=True,
        width="stretch",
        height=height_of(len(frame)),
        column_config={label: each for label, each in config.items() if each},
        key=key,
        **sorting,
        placeholder=formatting.NOTHING,
        alt=str(table.alt),
    )


def _color(kind: str) -> str:
    colors = palette()
    return {"good": colors.positive, "bad": colors.negative, "chance": colors.muted}.get(kind, colors.text)


def _config(column: Column[R], table: PageTable[R]) -> Any:
    """Return how Streamlit draws a column; None where it needs no telling."""
    config, colors = st.column_config, palette()
    help_ = str(column.help) if column.help else None
    match column.look:
        case Look.NUMBER:
            return config.NumberColumn(help=help_)
        case Look.DATE:
            return config.DateColumn(pinned=True)
        case Look.BAR:
            most = max((column.value(row) for row in table.rows[table.has_total :]), default=1)
            return config.ProgressColumn(format="localized", min_value=0, max_value=most, color=colors.accent)
        case Look.COURSE:
            return config.AreaChartColumn(help=help_, color=colors.accent)
        case Look.PARTS:
            return config.BarChartColumn(help=help_, y_min=0, color=colors.muted, width=90)
        case Look.LINK:
            return config.LinkColumn(help=help_, display_text=t("Open"))
    return config.Column(help=help_) if help_ else None


def _sorting(table: PageTable[R], columns: dict[str, Column[R]]) -> tuple[str, dict[str, Any]]:
    """Return the key and the options of a grid whose headers sort the whole list, not the rows that are drawn.

    The key changes with the order, so that a second click on a header is a click again.
    """
    key = f"{table.key}{st.session_state.get(SORT)}"

    def clicked() -> None:
        for label in st.session_state[key].selection.columns:
            if (orders := columns[label].orders if label in columns else None) is not None:
                first, second = orders
                url_state.choose_value(SORT, second if st.session_state.get(SORT) == first else first)
                url_state.first_page()

    return key, {"on_select": clicked, "selection_mode": "single-column"}


def _sorted_config(label: str, column: Column[R]) -> Any:
    """Return the look of a header that sorts the whole list: an arrow says that it does, and which way."""
    return st.column_config.Column(f"{label}{_arrow(column)}", help=t("Click to sort all evaluations by this column."))


def _arrow(column: Column[R]) -> str:
    """Return which way the whole list is sorted by a column, as its header says it; an empty text where it is not."""
    orders = column.orders or ("", "")
    return {orders[0]: " ↑", orders[1]: " ↓"}.get(st.session_state.get(SORT, ""), "")


def _opener(table: PageTable[R], label: str, opens: Callable[[int], None]) -> Any:
    """Return the look of a column of buttons, each of which opens its row; `opens` is told the row, from 0."""
    key, first = f"open-{table.key}", table.columns[0]

    def clicked() -> None:
        opens(st.session_state[key].row)

    width = "small" if first.look is Look.DATE else first.width or "medium"
    return _buttons(label, key, clicked, width, str(table.hint) if table.hint else None)
