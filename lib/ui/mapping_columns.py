"""The part of a mapping's form with the columns of every evaluation: most in sight, the others folded away.

Own fields are in `mapping_fields`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field
from lib.errors import CallboardError
from lib.i18n import t
from lib.ingest.guesses import Guess
from lib.ingest.mapping import ColumnSource, Mapping, folded, is_plausible
from lib.ingest.survey import Survey
from lib.reports import job_text
from lib.store.messages import failure_of
from lib.ui import mapping_source, markdown

IN_SIGHT = (
    "id", "audioDate", "averageNote", "durationInSeconds", "state", "sentiment", "isAICall", "executiveName",
    "campaignName", "callCenterName", "engagementName",
)  # fmt: skip
"""The columns that are drawn at once, in this order; the others only where the mapping names them."""


@dataclass(frozen=True, slots=True)
class ColumnsDraft:
    """Where the columns come from by the form, what is wrong with that, and where what they hold is to be drawn."""

    columns: dict[str, ColumnSource]
    problems: tuple[str, ...]
    places: dict[str, Any]


def draw(catalog: Catalog, base: Mapping, guesses: Sequence[Guess], survey: Survey, scope: str) -> ColumnsDraft:
    """Draw the inputs of every column, filled in from a mapping."""
    st.subheader(t("Columns"), anchor=False)
    implied = implied_columns(catalog, base, survey)
    canonical = [name for name, field in catalog.fields.items() if not field.is_own]
    named = [name for name in canonical if name in base.columns or name in implied]
    shown = [*IN_SIGHT, *(name for name in named if name not in IN_SIGHT)]
    why = {guess.canonical: job_text.in_words(guess.why) for guess in guesses}
    columns: dict[str, ColumnSource] = {}
    problems: list[str] = []
    places: dict[str, Any] = {}

    def draw_group(names: Sequence[str]) -> None:
        for position in range(0, len(names), 2):
            for name, side in zip(names[position : position + 2], st.columns(2, gap="medium"), strict=False):
                field = catalog.fields[name]
                with side:
                    help_ = _help(field, why.get(name))
                    header = list(dict.fromkeys(survey.header))
                    choice = mapping_source.draw(field, base.columns.get(name), implied.get(name), header, scope, help_)
                    places[name] = st.empty()
                if choice.source is not None:
                    columns[name] = choice.source
                if choice.problem is not None:
                    problems.append(choice.problem)

    draw_group(shown)
    with st.expander(t("More columns"), key=f"{scope}-more"):
        draw_group([name for name in canonical if name not in shown])
    return ColumnsDraft({name: columns[name] for name in canonical if name in columns}, tuple(problems), places)


def resolve(mapping: Mapping, catalog: Catalog, survey: Survey) -> tuple[Mapping, str | None]:
    """Return the mapping with the names of this file's header, or else as it is and what is wrong with it."""
    try:
        return mapping.resolve(catalog, survey.header, survey.file, lambda name: _values(survey, name)), None
    except CallboardError as error:
        return mapping, job_text.in_words(failure_of(error))


def lacks_columns(mapping: Mapping, survey: Survey) -> bool:
    """Return whether a file lacks a column that the mapping names."""
    return any(mapping_source.find_column(name, survey.header) is None for name in mapping.sources)


def name_criteria(mapping: Mapping) -> None:
    """Say which criteria of scorecards a mapping brings answers to, and whether scores are made of them."""
    if mapping.criteria:
        names = ", ".join(map(markdown.text, mapping.criteria))
        st.caption(t("Criteria of the mapping, each with its column: {names}.", names=names))
    if mapping.results:
        columns = ", ".join(map(markdown.text, mapping.results))
        st.caption(t("Answers to criteria come from the lists in: {columns}.", columns=columns))
    if mapping.scoring.from_criteria:
        st.caption(t("Where the file has no score, it is made of the answers."))


def is_of_answers(survey: Survey) -> bool:
    """Return whether a file looks like one of answers, a row each, and not of evaluations."""
    return {"evaluationid", "criterion"} <= {folded(name) for name in survey.header}


def name_unkept(mapping: Mapping, survey: Survey) -> None:
    """Name the columns of the file that neither a column of an evaluation nor a field comes from."""
    kept = {mapping_source.find_column(name, survey.header) for name in mapping.sources}
    unkept = [
        markdown.text(column.name or t("‹column {count}, without a name›", count=place))
        for place, column in enumerate(survey.columns, 1)
        if column.name not in kept and (column.name or column.filled) and not _is_container(column.name, survey)
    ]
    if unkept:
        st.caption(t("Not kept: {columns}.", columns=", ".join(dict.fromkeys(unkept))))


def _is_container(name: str, survey: Survey) -> bool:
    """Return whether a column holds objects whose values are columns of their own."""
    return any(other.startswith(f"{name}.") for other in survey.header)


def _help(field: Field, why: str | None) -> str:
    text = f"{markdown.text(t(field.help))} (`{field.name}`)"
    return text if why is None else f"{text}  \n{markdown.text(why)}"


def implied_columns(catalog: Catalog, base: Mapping, survey: Survey) -> dict[str, str]:
    """Return the columns of the file that an import takes though the mapping does not name them, own fields aside."""
    implied = {}
    for name, field in catalog.fields.items():
        if field.is_own:
            continue
        matches = [each for each in survey.header if folded(each) == folded(name)]
        if name in base.columns or len(matches) != 1:
            continue
        if base.columns and name not in base.values and not is_plausible(field.kind, _values(survey, matches[0])):
            continue
        implied[name] = matches[0]
    return implied


def _values(survey: Survey, name: str) -> Collection[str]:
    column = survey.column(name)
    return [] if column is None else [value for value, _ in column.values]


def value_counts(survey: Survey, source: ColumnSource | None) -> Table[str, int]:
    """Return how often each value of a column is in the file; none where it is joined, or has too many of them."""
    if source is None or len(source.columns) != 1:
        return {}
    column = survey.column(source.columns[0])
    return {} if column is None else dict(column.values)
