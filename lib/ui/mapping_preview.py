"""What a mapping makes of a file: cells as they came and as they will be read, and the rows that come of them."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field
from lib.i18n import t
from lib.ingest.example_reading import ReadRow
from lib.ingest.guesses import Question, ReadExample
from lib.ingest.mapping import ColumnSource
from lib.ingest.survey import RawRow
from lib.reports import formatting, job_text, reading_text
from lib.ui import data_grid, markdown

SHOWN_LENGTH = 60
"""Characters of a cell that are shown."""

SHOWN_ROWS = 8


def draw_readings(field: Field, source: ColumnSource, examples: Sequence[ReadExample]) -> None:
    """Draw cells of a column beside what they will be read as; of a constant, what every row has."""
    lines = []
    if source.value is not None:
        constant = _cut(_example_in_words(examples[0], field) if examples else source.value, 200)
        st.caption(markdown.text(t("In every row: {value}", value=constant or t("empty"))))
        return
    for example in examples:
        raw = html.escape(_cut(example.raw)) or f"<i>{html.escape(t('empty'))}</i>"
        kind = "cb-plain" if example.problem is None else "cb-bad"
        read = html.escape(_cut(_example_in_words(example, field), 200))
        lines.append(
            f'<li><code>{raw}</code> <span aria-hidden="true">→</span> <span class="{kind}">{read}</span></li>'
        )
    st.html(f'<ul class="cb-readings">{"".join(lines)}</ul>')


def choice_labels(question: Question, field: Field) -> list[str]:
    """Return the answers to a question, each with how it reads a cell that they do not agree on."""
    read = [choice.examples for choice in question.choices]
    common = min(map(len, read))
    place = next((place for place in range(common) if any(each[place] != read[0][place] for each in read)), None)
    labels = [job_text.in_words(choice.words) for choice in question.choices]
    if place is not None:
        labels = [
            f"{label}: {_cut(each[place].raw)} → {_cut(_example_in_words(each[place], field))}"
            for label, each in zip(labels, read, strict=True)
        ]
    return [markdown.text(label) for label in labels]


def draw_first_rows(rows: Sequence[RawRow], header_row: int) -> None:
    """Draw the first rows of a file as they came, with their numbers; the header is marked."""
    width = max(len(row.cells) for row in rows)
    names = data_grid.unique_names([t("Row"), *(str(place + 1) for place in range(width))])
    marks = [t("{number} (header)", number=row.number) if row.number == header_row else str(row.number) for row in rows]
    cells = [[*row.cells, *[""] * (width - len(row.cells))] for row in rows]
    frame = pd.DataFrame([[mark, *row] for mark, row in zip(marks, cells, strict=True)], columns=names)
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=data_grid.height_of(min(len(rows), SHOWN_ROWS)),
        column_config={names[0]: st.column_config.TextColumn(pinned=True)},
        alt=t("The first rows of the file as they came"),
    )


def draw_result(rows: Sequence[ReadRow], names: Sequence[str], catalog: Catalog) -> None:
    """Draw rows as they will be loaded, with these columns; a row that can't be read says what is wrong with it."""
    fields = [catalog.fields[name] for name in names]
    shown = rows[:SHOWN_ROWS]
    is_bad = any(row.problem is not None for row in shown)
    labels = [
        t("Row"),
        *([t("What is wrong")] if is_bad else []),
        *(reading_text.column_in_words(field) for field in fields),
    ]
    cells = [
        [str(row.number), *([_problem(row)] if is_bad else []), *(_in_words(row, field) for field in fields)]
        for row in shown
    ]
    frame = pd.DataFrame(cells, columns=data_grid.unique_names(labels))
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=data_grid.height_of(len(frame)),
        placeholder=formatting.NOTHING,
        alt=t("The first rows as they will be loaded"),
    )


def _example_in_words(example: ReadExample, field: Field) -> str:
    if example.problem is not None:
        return reading_text.problem_in_words(example.problem, example.right)
    return reading_text.value_in_words(example.value, field)


def _in_words(row: ReadRow, field: Field) -> str | None:
    value = row.values.get(field.name)
    return None if value is None else reading_text.value_in_words(value, field)


def _problem(row: ReadRow) -> str:
    if row.problem is None:
        return ""
    column = row.problem.column if isinstance(row.problem.column, str) else job_text.in_words(row.problem.column)
    return f"{column}: {reading_text.problem_in_words(row.problem.problem, row.problem.right)}"


def _cut(text: str, length: int = SHOWN_LENGTH) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
