"""The part of a mapping's form with own fields: the columns of the file that no canonical one takes, kept or not.

What a mapping says of a field is shown, can be changed, and comes out as it went in. What a column may be kept as is
proposed in `lib.ingest.field_proposals`; one field's inputs are in `mapping_field`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import MOST_FIELDS, PARAMETER_PREFIX, TYPE_LABELS, OwnField, OwnFieldType
from lib.i18n import number, t, t_plural
from lib.ingest.field_proposals import FieldProposal, propose_fields
from lib.ingest.mapping import ColumnSource, FieldRequest, Mapping, canonical_name, folded
from lib.ingest.survey import ColumnSurvey, Survey
from lib.ui import mapping_columns, mapping_field, mapping_source, markdown
from lib.ui.mapping_field import FieldEntry, FieldNames

_KNOWN = "_import_known_fields"

_READ_OTHERWISE = (OwnFieldType.NUMBER, OwnFieldType.INSTANT)
"""Types whose values are not what the column's are, which are beside it anyway."""

SHOWN_VALUES, SHOWN_LENGTH = 4, 30
"""Values of a column that are named beside it, and characters of each."""


@dataclass(frozen=True, slots=True)
class FieldsDraft:
    """Which own fields come from where by the form, what they are, what is wrong, and where readings are to be drawn.

    `values` is what the mapping that the form was filled in from says of values, under the names that fields have now.
    """

    values: dict[str, Table[str, str]]
    columns: dict[str, ColumnSource] = field(default_factory=dict)
    requests: dict[str, FieldRequest] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    places: dict[str, Any] = field(default_factory=dict)
    words: list[_WordsPlace] = field(default_factory=list)

    def tell_words(self, values: Table[str, Table[str, str]]) -> None:
        """Say beside each field which words stand for yes and which for no, once it is known which do."""
        for each in self.words:
            with each.place:
                mapping_field.tell_words(each.column, values.get(each.own.parameter, {}))


@dataclass(frozen=True, slots=True)
class _WordsPlace:
    """Where the words of a column are told that stand for yes and for no."""

    own: OwnField
    column: ColumnSurvey
    place: Any


@dataclass(frozen=True, slots=True)
class _ColumnRow:
    """A column of the file, the field that it may be kept as, and the key of the box that says whether it is."""

    column: ColumnSurvey
    entry: FieldEntry
    key: str
    is_kept: bool  # from the start
    is_implied: bool  # taken by an import that is not told otherwise, as the column has the field's name
    is_forced: bool  # taken by every import


def draw(catalog: Catalog, base: Mapping, columns: Table[str, ColumnSource], survey: Survey, scope: str) -> FieldsDraft:
    """Draw the columns that none of `columns` takes, and the fields of the mapping, filled in from a mapping.

    `catalog` is the workspace's. A field that an import has defined since the form was drawn first is drawn as the
    same: the form goes on to say what was loaded.
    """
    known = first_known(catalog, scope)
    draft = FieldsDraft(dict(base.values))
    entries = _entries(base, known)
    left = [own for own in known if own.parameter not in entries or entries[own.parameter].is_left_out]
    mapped, used = _mapped_columns(entries, survey, _taken(catalog, base, columns, survey))
    canonical = [name for name, each in catalog.fields.items() if not each.is_own]
    reserved = [*canonical, *(own.name for own in known), *(entry.own.name for entry in entries.values())]
    proposals = propose_fields(survey, used, left, reserved, base.file)
    rows = _rows(survey, entries, mapped, proposals, scope)
    in_rows = {row.entry.parameter for row in rows if row.entry.is_of_base}
    others = [entry for parameter, entry in entries.items() if parameter not in in_rows]
    if not rows and not others:
        return draft
    st.subheader(t("The file's other columns"), anchor=False)
    told = t(
        "What you keep of these becomes a field of your own: evaluations are filtered, grouped or averaged by it, and "
        "it is in every export."
    )
    st.caption(told)
    names = FieldNames(catalog, known, draft.problems)
    if rows:
        _draw_buttons(rows, others, catalog)
    for row in rows:
        with st.container(border=True, key=f"cb-own-{row.key}"):
            _draw_row(row, base, names, draft)
    for entry in others:
        with st.container(border=True, key=f"cb-own-{scope}-{entry.own.name}"):
            _draw_other(entry, survey, names, draft, f"{scope}-{entry.own.name}")
    return draft


def first_known(catalog: Catalog, scope: str) -> tuple[OwnField, ...]:
    """Return the workspace's fields as they were when the form of an upload was drawn first."""
    of_forms: dict[str, tuple[OwnField, ...]] = st.session_state.setdefault(_KNOWN, {})
    return of_forms.setdefault(scope, catalog.own_fields)


def _entries(base: Mapping, known: Sequence[OwnField]) -> dict[str, FieldEntry]:
    """Return the own fields of a mapping by their parameters."""
    there = {own.name: own for own in known}
    entries = {}
    for parameter, source in base.columns.items():
        name = parameter.removeprefix(PARAMETER_PREFIX)
        asked = base.fields.get(name)
        if parameter.startswith(PARAMETER_PREFIX) and (name in there or asked is not None):
            own = there.get(name) or mapping_field.as_mapped(name, asked or FieldRequest())
            entries[parameter] = FieldEntry(own.label, own, source, True, asked)
    return entries


def _taken(catalog: Catalog, base: Mapping, columns: Table[str, ColumnSource], survey: Survey) -> set[str]:
    """Return the columns of the file that canonical columns and answers to criteria come from."""
    named = [name for source in columns.values() for name in source.columns]
    resolved, _ = mapping_columns.resolve(replace(base, columns=columns), catalog, survey)
    named += [source.column for source in base.criteria.values()]
    named += resolved.results
    taken = {found for name in named if (found := mapping_source.find_column(name, survey.header)) is not None}
    implied = mapping_columns.implied_columns(catalog, base, survey)
    return taken | {column for name, column in implied.items() if name not in columns}


def _mapped_columns(
    entries: Table[str, FieldEntry], survey: Survey, taken: Collection[str]
) -> tuple[dict[str, FieldEntry], set[str]]:
    """Return the columns that a field comes from as they are, each with its field; and all that are in use."""
    mapped: dict[str, FieldEntry] = {}
    used = set(taken)
    for entry in entries.values():
        names = [mapping_source.find_column(name, survey.header) for name in entry.source.columns]
        found = [name for name in names if name is not None]
        is_plain = entry.source == ColumnSource(entry.source.columns) and len(names) == len(found) == 1
        if is_plain and found[0] not in {*taken, *mapped} and survey.header.count(found[0]) == 1:
            mapped[found[0]] = entry
        used.update(found)
    return mapped, used


def _rows(
    survey: Survey,
    entries: Table[str, FieldEntry],
    mapped: Table[str, FieldEntry],
    proposals: Sequence[FieldProposal],
    scope: str,
) -> list[_ColumnRow]:
    """Return the columns that are offered, each as the field that the mapping makes of it, or as proposed."""
    proposed = {each.column.name: each for each in proposals}
    rows = []
    for place, column in enumerate(survey.columns):
        key = f"{scope}-field-{place}"
        if column.name in mapped:
            rows.append(_ColumnRow(column, mapped[column.name], key, True, False, False))
        elif column.name in proposed:
            rows.append(_proposed_row(proposed[column.name], entries, key))
    return rows


def _proposed_row(proposal: FieldProposal, entries: Table[str, FieldEntry], key: str) -> _ColumnRow:
    own = proposal.own
    source = ColumnSource((proposal.column.name,))
    left_out = entries.get(own.parameter)
    title = proposal.column.name or own.label
    entry = FieldEntry(title, own, source, left_out is not None)
    is_implied = not proposal.is_new and proposal.is_named
    is_kept = left_out is None and (proposal.is_named or not proposal.is_new)
    is_forced = (
        proposal.is_new
        and canonical_name(proposal.column.name) == folded(own.parameter)
        and (proposal.column.name.strip().startswith(PARAMETER_PREFIX))
    )
    return _ColumnRow(proposal.column, entry, key, is_kept, is_implied, is_forced)


def _draw_buttons(rows: Sequence[_ColumnRow], others: Sequence[FieldEntry], catalog: Catalog) -> None:
    """Draw what keeps all columns, as many as there may be fields, or none; say how many are kept."""
    for row in rows:
        if row.is_forced or f"{row.key}-keep" not in st.session_state:
            st.session_state[f"{row.key}-keep"] = row.is_kept or row.is_forced
    there = {own.name for own in catalog.own_fields}
    free = MOST_FIELDS - len(there) - sum(entry.own.name not in there for entry in others)
    fitting = []
    for row in rows:
        is_new = row.entry.own.name not in there
        if not is_new or free > 0:
            fitting.append(row)
            free -= is_new
    beside = st.container(horizontal=True, gap="small", vertical_alignment="center")
    beside.button(t("Keep all"), on_click=_keep, args=(fitting, True), key=f"{rows[0].key}-all")
    beside.button(t("Keep none"), on_click=_keep, args=(rows, False), key=f"{rows[0].key}-none")
    kept = sum(bool(st.session_state[f"{row.key}-keep"]) for row in rows)
    told = t_plural(
        "{kept} of {count} column is kept.", "{kept} of {count} columns are kept.", len(rows), kept=number(kept)
    )
    if len(fitting) < len(rows):
        told += " " + t("A workspace has {most} fields at most.", most=number(MOST_FIELDS))
    beside.caption(told)


def _keep(rows: Sequence[_ColumnRow], is_kept: bool) -> None:
    for row in rows:
        st.session_state[f"{row.key}-keep"] = is_kept or row.is_forced


def _draw_row(row: _ColumnRow, base: Mapping, names: FieldNames, draft: FieldsDraft) -> None:
    """Draw a column of the file, and where it is kept, the field that it becomes."""
    title = markdown.text(row.column.name or row.entry.own.label)
    left, right = st.columns([3, 7], vertical_alignment="center")
    kept = left.checkbox(f"**{title}**", key=f"{row.key}-keep", disabled=row.is_forced) or row.is_forced
    right.caption(_examples(row.column, row.entry.own.type, is_kept=kept))
    before = row.entry.parameter
    if not kept:
        if row.is_implied or (row.entry.is_of_base and canonical_name(row.column.name) == folded(before)):
            draft.columns[before] = ColumnSource(value="")  # left open, the column would be taken all the same
        return
    if row.is_implied:
        st.caption(t("Goes into the field {label}.", label=markdown.text(row.entry.own.label)))
        draft.places[before] = st.empty()
        return
    own, request = mapping_field.draw(row.entry, row.column, names, row.key)
    if own is not None:
        _take(row.entry, own, request, row.entry.source, draft)
        if not row.entry.is_of_base:
            mapping_field.propose_values(own, row.column, base.file, draft.values)
        if own.type is OwnFieldType.YES_NO:
            draft.words.append(_WordsPlace(own, row.column, st.empty()))
        if own.type in _READ_OTHERWISE:
            draft.places[own.parameter] = st.empty()


def _draw_other(entry: FieldEntry, survey: Survey, names: FieldNames, draft: FieldsDraft, scope: str) -> None:
    """Draw a field of the mapping that is more than a column of the file, or comes from one that the file lacks."""
    header = list(dict.fromkeys(survey.header))
    own = entry.own
    choice = mapping_source.draw(mapping_field.column_of(own), entry.source, None, header, scope, f"`{own.parameter}`")
    if choice.problem is not None:
        draft.problems.append(choice.problem)
    if choice.source is None:
        return
    found, request = mapping_field.draw(entry, None, names, scope)
    if found is not None:
        _take(entry, found, request, choice.source, draft)
        draft.places[found.parameter] = st.empty()


def _take(
    entry: FieldEntry, own: OwnField, request: FieldRequest | None, source: ColumnSource, draft: FieldsDraft
) -> None:
    draft.columns[own.parameter] = source
    if request is not None:
        draft.requests[own.name] = request
    if entry.is_of_base and own.parameter != entry.parameter and entry.parameter in draft.values:
        draft.values[own.parameter] = draft.values.pop(entry.parameter)


def _examples(column: ColumnSurvey, type_: OwnFieldType, *, is_kept: bool) -> str:
    """Return what a column holds in a line: the type that is guessed, the most frequent values, how many there are."""
    values = [value for value, _ in column.values] or [example.text for example in column.examples]
    shown = [
        value if len(value) <= SHOWN_LENGTH else value[: SHOWN_LENGTH - 1] + "…" for value in values[:SHOWN_VALUES]
    ]
    parts = [] if is_kept else [t(TYPE_LABELS[type_])]
    parts.append(markdown.text(", ".join(shown)) + (", …" if len(values) > len(shown) else ""))
    if column.distinct is not None:
        parts.append(t_plural("{count} different value", "{count} different values", column.distinct))
    return " · ".join(parts)
