"""The part of a mapping's form that says which values of the file stand for which: with how often each is there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Table
from typing import TypeAlias

import streamlit as st

from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.i18n import number, t, t_in_context
from lib.ingest import value_parsers
from lib.ingest.mapping import EVERYTHING_ELSE, ColumnSource, Mapping
from lib.ingest.parse_error import ValueParseError
from lib.ingest.survey import Survey
from lib.reports import reading_text
from lib.store.enums import Sentiment, State
from lib.ui import inputs, markdown
from lib.ui.mapping_columns import value_counts

EMPTY = ""
"""In a table of values: empty cells as a source, and nothing as a target."""

MAX_ASKED = 200
"""Values that are asked for one by one; the others are left to `EVERYTHING_ELSE`."""

_MEMBERS = {
    FieldType.STATE: tuple(member.name for member in State),
    FieldType.SENTIMENT: tuple(member.name for member in Sentiment),
    FieldType.FLAG: ("true", "false"),
    FieldType.YES_NO: ("true", "false"),
}
"""The targets that a kind of column knows; the others take any text."""

_PARSERS = {
    FieldType.STATE: value_parsers.state,
    FieldType.SENTIMENT: value_parsers.sentiment,
    FieldType.FLAG: value_parsers.flag,
    FieldType.YES_NO: value_parsers.yes_no,
}
"""What reads the values of a kind of column whose values are few."""

Values: TypeAlias = dict[str, dict[str, str]]
"""What values of the file stand for, by canonical column."""

FLAG_LABELS = {"true": "AI", "false": "Human"}
YES_NO_LABELS = {"true": "Yes", "false": "No"}


def draw(
    catalog: Catalog, base: Mapping, columns: Table[str, ColumnSource], survey: Survey, scope: str
) -> tuple[Values, list[str]]:
    """Draw the values of all columns that have or need a translation, and of those that are chosen.

    Return them, and the labels of the columns of which a value has no meaning yet.
    """
    asked = {name: _unknown(catalog.fields[name], columns.get(name), base, survey) for name in catalog.fields}
    needed = [name for name, values in asked.items() if values or base.values.get(name)]
    values: dict[str, dict[str, str]] = {
        name: {} for name, pairs in base.values.items() if not pairs and name in catalog.fields
    }
    others = [name for name in columns if name not in needed and columns[name].columns]
    undecided: list[str] = []
    if not needed and not others:
        return values, undecided
    st.subheader(t("Values"), anchor=False)
    chosen = needed + inputs.multiselect(
        t("Replace values of other columns"),
        others,
        format_func=lambda name: reading_text.column_in_words(catalog.fields[name]),
        placeholder=t("none"),
        key=f"{scope}-replaced",
    )
    for name in chosen:
        field, pairs = catalog.fields[name], base.values.get(name, {})
        label = reading_text.column_in_words(field)
        with st.expander(
            t("Values of {column}", column=markdown.text(label)), expanded=bool(asked[name]), key=f"{scope}-{name}-v"
        ):
            counts = value_counts(survey, columns.get(name))
            found, is_complete = _draw_column(field, pairs, counts, asked[name], scope)
        if found:
            values[name] = found
        if not is_complete:
            undecided.append(label)
    return values, undecided


def _unknown(field: Field, source: ColumnSource | None, base: Mapping, survey: Survey) -> list[str]:
    """Return the values of a column that it can't hold and the mapping does not translate, the most frequent first."""
    parse = _PARSERS.get(field.kind)
    if parse is None:
        return []
    known = {each.strip().casefold() for each in (*base.values.get(field.name, {}), *base.file.null_values)}
    unknown = []
    for value in value_counts(survey, source):
        try:
            parse(value)
        except ValueParseError:
            if value.strip().casefold() not in known and EVERYTHING_ELSE not in known:
                unknown.append(value)
    return unknown


def _draw_column(
    field: Field, base: Table[str, str], counts: Table[str, int], unknown: list[str], scope: str
) -> tuple[dict[str, str], bool]:
    """Draw the values of a column and what each stands for; return these, and whether none is left to be said.

    `counts` says how often each value is in the file, `unknown` which of them can't be read as they are.
    """
    folded_counts = {value.strip().casefold(): count for value, count in counts.items()}

    def label(value: str) -> str:
        return _source_label(value, folded_counts.get(value.strip().casefold()))

    covered = {key.strip().casefold() for key in base}
    needed = [value for value in unknown if value.strip().casefold() not in covered][:MAX_ASKED]
    others = [value for value in counts if value.strip().casefold() not in covered and value not in needed]
    offered = [each for each in (EVERYTHING_ELSE, EMPTY) if each not in base]
    rows = [*base, *needed]
    scope = f"{scope}-{hashlib.sha256(repr((dict(base), needed)).encode()).hexdigest()[:8]}"  # other rows, other inputs
    chosen = inputs.open_multiselect(
        t("Values to replace"),
        [*rows, *offered, *others],
        rows,
        format_func=label,
        placeholder=t("none"),
        key=f"{scope}-{field.name}-values",
        help=t("A value that the file lacks can be typed."),
    )
    pairs: dict[str, str] = {}
    is_complete = True
    places = st.columns(3)
    for position, value in enumerate(chosen):
        with places[position % 3]:
            target = _target(field, value, base.get(value), label(value), scope)
        if target is None:
            is_complete = False
        else:
            pairs[value] = target
    return pairs, is_complete


def _target(field: Field, value: str, before: str | None, label: str, scope: str) -> str | None:
    """Draw what a value stands for; None where nobody has said it yet."""
    label = markdown.text(label)
    key = f"{scope}-{field.name}-value-{value}"
    members = _MEMBERS.get(field.kind)
    if members is None:
        same = value if value != EVERYTHING_ELSE else EMPTY
        return inputs.text_input(label, same if before is None else before, key=key, placeholder=t("leave empty"))
    odd = [before] if before is not None and before not in (EMPTY, *members) else []
    options: list[str | None] = [None, *members, EMPTY, *odd]
    return inputs.selectbox(
        label, options, options.index(before), format_func=lambda each: _target_label(field, each), key=key
    )


def _source_label(value: str, count: int | None) -> str:
    name: str = {EVERYTHING_ELSE: t("‹everything else›"), EMPTY: t("‹empty cells›")}.get(value, value)
    return name if count is None else f"{name} ({number(count)})"


def _target_label(field: Field, target: str | None) -> str:
    if target is None:
        return t("Choose …")
    if target == EMPTY:
        return t("leave empty")
    labels = YES_NO_LABELS if field.kind is FieldType.YES_NO else FLAG_LABELS
    if target in labels:
        return t(labels[target])
    return t_in_context("evaluation", target) if target in _MEMBERS[field.kind] else target
