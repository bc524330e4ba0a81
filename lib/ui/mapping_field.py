"""The inputs of one own field in a mapping's form: its type, label, name and unit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import streamlit as st

from lib.analytics.field_definitions import label_of, new_fields
from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field
from lib.catalog.own_fields import MOST_CATEGORIES, TYPE_LABELS, OwnField, OwnFieldType, field_of_type
from lib.errors import FieldError
from lib.errors.field_codes import FieldCode
from lib.i18n import number, t
from lib.ingest.field_proposals import has_too_many, words_for
from lib.ingest.mapping import ColumnSource, FieldRequest, FileOptions
from lib.ingest.survey import ColumnSurvey
from lib.reports import job_text
from lib.store.messages import failure_of
from lib.ui import inputs, markdown

Values: TypeAlias = dict[str, Table[str, str]]

_WITH_NULL_WORDS = (OwnFieldType.NUMBER, OwnFieldType.YES_NO, OwnFieldType.INSTANT)
"""Types of fields in which a text such as N/A is no value."""

SHOWN_WORDS = 6


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """A field as the form begins with it: what problems call it, what it is and where it comes from."""

    title: str
    own: OwnField
    source: ColumnSource
    is_of_base: bool = False  # the mapping that the form is filled in from names it
    request: FieldRequest | None = None  # what that mapping says of it

    @property
    def parameter(self) -> str:
        """The field's name among the canonical columns."""
        return self.own.parameter

    @property
    def is_left_out(self) -> bool:
        """Whether the mapping says that nothing comes into the field."""
        return self.source == ColumnSource(value="")


class FieldNames:
    """The fields that the form has so far: none may come twice."""

    def __init__(self, catalog: Catalog, known: Sequence[OwnField], problems: list[str]) -> None:
        """Begin with none. `known` were there when the form was drawn first; what is wrong comes into `problems`."""
        self.catalog = catalog
        self.known = frozenset(own.name for own in known)
        self._problems = problems
        self._made: list[OwnField] = []
        self._filled: set[str] = set()

    def add(self, own: OwnField, title: str) -> bool:
        """Take a field up; return whether it can be. What is wrong with it is listed."""
        problem = None
        if own.name in self._filled:
            problem = t("{column}: another column goes into the field {name}.", column=title, name=own.name)
        elif own.name not in self.catalog.own_fields_by_name:
            try:
                new_fields(self.catalog.own_fields, [*self._made, own])
                self._made.append(own)
            except FieldError as error:
                problem = job_text.in_words(failure_of(error))
                if error.reason.code is not FieldCode.TOO_MANY_FIELDS:
                    problem = t("{column}: {what}", column=title, what=problem)
        if problem is None:
            self._filled.add(own.name)
        elif problem not in self._problems:
            self._problems.append(problem)
        return problem is None


def as_mapped(name: str, asked: FieldRequest) -> OwnField:
    """Return a new field as a mapping says that it is to be."""
    label, unit = asked.label or label_of(name), asked.unit
    return OwnField(0, name, asked.type or OwnFieldType.CATEGORY, label.strip(), unit.strip() if unit else None)


def column_of(own: OwnField) -> Field:
    """Return a field as a canonical column."""
    return replace(field_of_type(own.name, own.type), label=own.label)


def draw(
    entry: FieldEntry, column: ColumnSurvey | None, names: FieldNames, key: str
) -> tuple[OwnField | None, FieldRequest | None]:
    """Draw what a field is; return it, None where it can't be, and what the mapping says of it."""
    start = entry.own
    key = f"{key}-{hashlib.sha256(repr((start, entry.request)).encode()).hexdigest()[:8]}"  # another one, other inputs
    left, middle, right = st.columns([3, 4, 3], vertical_alignment="bottom")
    shown = markdown.text(str(st.session_state.get(f"{key}-name", start.name)).strip())
    unit_shown = markdown.text(str(st.session_state.get(f"{key}-unit", start.unit) or "").strip())
    named = " · ".join([t("Name: {name}", name=shown), *([unit_shown] if unit_shown else [])])
    more = right.popover(named, key=f"{key}-more", icon=":material/tune:", width="stretch")
    help_ = t("What the field is called in addresses, the API and files: a small letter, then letters, digits and _.")
    name = inputs.text_input(t("Name"), start.name, key=f"{key}-name", help=help_, place=more).strip()
    there = names.catalog.own_fields_by_name.get(name)
    if there is not None:
        told = t("Goes into the field {label}.", label=f"**{markdown.text(there.label_with_unit)}**")
        left.caption(told)
        middle.caption(t(TYPE_LABELS[there.type]))
        own = there
    else:
        types = list(OwnFieldType)
        type_ = inputs.selectbox(
            t("Type"), types, types.index(start.type), format_func=_type_label, key=f"{key}-type", place=left
        )
        label = inputs.text_input(t("Label"), start.label, key=f"{key}-label", place=middle).strip()
        unit = None
        if type_ is OwnFieldType.NUMBER:
            unit = inputs.text_input(
                t("Unit"), start.unit or "", key=f"{key}-unit", placeholder=t("Not set"), place=more
            ).strip()
        own = OwnField(0, name, type_, label, unit or None)
    if own.is_category and column is not None and has_too_many(column):
        most = number(MOST_CATEGORIES)
        st.warning(t("A category holds {most} different values at most; a text holds any.", most=most))
    if not names.add(own, entry.title):
        return None, None
    return own, _request(entry, own, names)


def propose_values(own: OwnField, column: ColumnSurvey, options: FileOptions, values: Values) -> None:
    """Let words such as N/A stand for nothing in a field that they are no value of."""
    words = [word for word in column.null_words if word not in options.null_values]
    if words and own.type in _WITH_NULL_WORDS:
        values[own.parameter] = dict.fromkeys(words, "")


def tell_words(column: ColumnSurvey, said: Table[str, str]) -> None:
    """Say which words of a column stand for yes and which for no; `said` is what the mapping has of them."""
    told = []
    for target, text in (("true", t("Yes: {words}")), ("false", t("No: {words}"))):
        words = [word for word in words_for(column, target) if word not in said]
        words += [word for word, stands_for in said.items() if stands_for == target]
        if words:
            told.append(text.format(words=markdown.text(", ".join(words[:SHOWN_WORDS]))))
    if told:
        st.caption(" · ".join(told))


def _type_label(type_: OwnFieldType) -> str:
    return t(TYPE_LABELS[type_])


def _request(entry: FieldEntry, own: OwnField, names: FieldNames) -> FieldRequest | None:
    """Return what the mapping is to say of a field: what it said, as far as that is still so.

    Of a field that was there from the start it says what it did. One that was defined since is said as it was.
    """
    before, start = entry.request, entry.own
    if own.name in names.known:
        if entry.is_of_base and own.name == start.name:
            return before
        return FieldRequest(own.type, own.label, own.unit)
    if before is None or own.name != start.name:
        return FieldRequest(own.type, own.label, own.unit)
    return FieldRequest(
        before.type if own.type is start.type else own.type,
        before.label if own.label == start.label else own.label,
        before.unit if own.unit == start.unit else own.unit,
    )
