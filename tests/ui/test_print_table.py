"""Tables on paper: all that is printed of them, as text."""

from __future__ import annotations

import re

from lib.reports.table import Column, PageTable
from lib.ui.print_table import MOST_ROWS, print_table

COLUMNS: tuple[Column[int], ...] = (
    Column("Name <b>", lambda row: f"N&{row}"),
    Column("Score", lambda row: row / 2, lambda row: f"{row / 2:.1f}"),
    Column("Interval", lambda row: f"{row} – {row + 1}"),
    Column("Note", lambda _: ""),
    Column("Unprinted", lambda row: row, printed=False),
)


def table(rows: int, *, has_total: bool = False) -> PageTable[int]:
    every = range(rows + has_total)
    return PageTable("T", "t", COLUMNS, every, rows, "the largest first", "T", None, has_total=has_total)


def test_cells_are_text_and_numbers_stand_at_the_right() -> None:
    html = print_table(table(2, has_total=True))
    heads = '<th>Name &lt;b&gt;</th><th class="cb-number">Score</th><th class="cb-figures">Interval</th>'
    last = '<td>N&amp;2</td><td class="cb-number">1.0</td><td class="cb-figures">2 – 3</td>'
    assert f"<thead><tr>{heads}</tr></thead>" in html and f"<tr>{last}</tr></tbody>" in html
    assert html.count("<tr>") == 1 + 3 and "cb-total" in html


def test_columns_of_long_words_are_wide() -> None:
    columns: tuple[Column[int], ...] = (
        Column("Call center", lambda row: ("North", "Ciudad de México Sur")[row]),
        Column("State", lambda row: ("Completed", "Pending")[row]),
    )
    html = print_table(PageTable("T", "t", columns, range(2), 2, "by name", "T", None, has_total=False))
    assert html.count('class="cb-words"') == 3 and '<td class="cb-words">North</td><td>Completed</td>' in html


def test_what_is_left_out_is_said() -> None:
    assert "<p>" not in print_table(table(MOST_ROWS))
    html = print_table(table(MOST_ROWS + 1))
    assert html.count("<tr>") == 1 + MOST_ROWS
    assert re.findall("<p>(.*)</p>", html) == ["The first 200 of 201 rows, the largest first."]
