"""New own fields of an import: those that a mapping or a header names and that are not there yet.

They are defined in the transaction that loads the import, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Table
from decimal import Decimal

from lib.analytics.field_definitions import new_fields
from lib.catalog.catalog import Catalog
from lib.catalog.fields import FieldType
from lib.catalog.own_fields import MOST_CATEGORIES, NAME, OwnField, OwnFieldType, catalog_with
from lib.ingest.json_values import JsonNumber
from lib.ingest.mapping import Mapping, canonical_name, folded
from lib.ingest.survey import ColumnSurvey, Form, Survey
from lib.ingest.value_names import target_of
from lib.ingest.value_parsers import MAX_CATEGORY

_NAMED = re.compile(rf"(fields?)\.({NAME})", re.ASCII)
_WRITTEN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d{0,3}[1-9])?", re.ASCII)
_NUMBERS = (
    *(Form.WHOLE, Form.POINT, Form.COMMA, Form.POINT_OF_THREE, Form.COMMA_OF_THREE, Form.THOUSANDS_POINT),
    *(Form.THOUSANDS_COMMA, Form.THOUSANDS_BLANK, Form.THOUSANDS_BLANK_POINT, Form.THOUSANDS_BLANK_COMMA),
    *(Form.THOUSANDS_APOSTROPHE, Form.EXPONENT, Form.TYPED_FRACTION, Form.PERCENT),
)


def unknown_fields(header: Iterable[str], mapping: Mapping, catalog: Catalog) -> dict[str, str]:
    """Return the columns of a header that are named as own fields which are not there: column by field.

    `field.channel` always is; `fields.channel`, which is how nested objects are read, without a mapping.
    """
    known = {folded(name) for name in (*catalog.fields, *mapping.columns)}
    mapped = {folded(name) for name in mapping.sources}
    column_by_field: dict[str, str] = {}
    for name in header:
        match = _NAMED.fullmatch(name.strip())
        if match is None or canonical_name(name) in known or folded(name) in mapped:
            continue
        if match[1] == "field" or not mapping.columns:
            column_by_field[match[2]] = name
    return column_by_field


def named_field(header: str) -> str | None:
    """Return the name of the field that a header such as `field.channel` or `fields.channel` names; None of others."""
    match = _NAMED.fullmatch(header.strip())
    return None if match is None else match[2]


def requested_fields(mapping: Mapping, catalog: Catalog) -> tuple[OwnField, ...]:
    """Return the fields that a mapping names and that are not there. Raises FieldError where one can't be."""
    return new_fields(
        catalog.own_fields,
        [
            OwnField(0, name, asked.type or OwnFieldType.CATEGORY, asked.label or "", asked.unit)
            for name, asked in mapping.fields.items()
            if name not in catalog.own_fields_by_name
        ],
    )


def guessed_fields(surveys: Sequence[Survey], mapping: Mapping, catalog: Catalog) -> tuple[OwnField, ...]:
    """Return the fields that headers name and that are not there, each of a type that all its values fit."""
    types: dict[str, set[OwnFieldType]] = {}
    for survey in surveys:
        for name, column in unknown_fields(survey.header, mapping, catalog).items():
            surveyed = survey.column(column)
            if surveyed is not None and surveyed.filled:
                types.setdefault(name, set()).add(_exported_type(surveyed))
            else:
                types.setdefault(name, set())
    return fields_of_types(types, catalog)


def fields_of_types(types: Table[str, set[OwnFieldType]], catalog: Catalog) -> tuple[OwnField, ...]:
    """Return new fields by their names, each of a type that fits all that its values are."""
    wanted = [OwnField(0, name, _common(of_name), "") for name, of_name in types.items()]
    return new_fields(catalog.own_fields, wanted)


def type_of_value(value: object) -> OwnFieldType:
    """Return the type of a value of JSON."""
    if isinstance(value, bool):
        return OwnFieldType.YES_NO
    if isinstance(value, int | float | Decimal | JsonNumber):
        return OwnFieldType.NUMBER
    return OwnFieldType.TEXT if isinstance(value, str) and len(value) > MAX_CATEGORY else OwnFieldType.CATEGORY


def with_fields(catalog: Catalog, added: Sequence[OwnField]) -> Catalog:
    """Return the catalog with fields that are about to be defined."""
    return catalog_with((*catalog.own_fields, *added)) if added else catalog


def with_mapped_fields(catalog: Catalog, mapping: Mapping) -> Catalog:
    """Return the catalog with the fields that a mapping names. Raises FieldError where one can't be defined."""
    return with_fields(catalog, requested_fields(mapping, catalog))


def guess_type(column: ColumnSurvey) -> OwnFieldType:
    """Return the type of a field that all the values of a column fit."""
    values = {value for value, _ in column.values} - set(column.null_words)
    targets = {target_of(value, FieldType.YES_NO) for value in values}
    if column.is_complete and targets and None not in targets and (len(targets) == 2 or not values <= {"0", "1"}):
        return OwnFieldType.YES_NO
    if column.has_only(*_NUMBERS) and not _are_codes(column):
        return OwnFieldType.NUMBER
    if column.has_only(Form.ISO_DATE):
        return OwnFieldType.INSTANT
    longest = max((len(example.text) for example in column.examples), default=0)
    longest = max([longest, *(len(value) for value, _ in column.values)])
    is_many = column.distinct is None or column.distinct > MOST_CATEGORIES // 10
    return OwnFieldType.TEXT if is_many or longest > MAX_CATEGORY // 2 else OwnFieldType.CATEGORY


def _exported_type(column: ColumnSurvey) -> OwnFieldType:
    """Return the type that a column of our own exports has: one that writes its values as they are there.

    A text such as 1.50 or Sí, which a number or a yes would be written otherwise, is a category.
    """
    texts = {value for value, _ in column.values} | {example.text for example in column.examples}
    guessed = guess_type(column)
    written = {
        OwnFieldType.NUMBER: _WRITTEN_NUMBER,
        OwnFieldType.YES_NO: re.compile("true|false"),
        OwnFieldType.INSTANT: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.+"),
    }.get(guessed)
    if guessed is OwnFieldType.CATEGORY or (written is not None and all(map(written.fullmatch, texts))):
        return guessed
    longest = max(map(len, texts), default=0)
    return OwnFieldType.CATEGORY if longest <= MAX_CATEGORY and _are_few(column) else OwnFieldType.TEXT


def _are_few(column: ColumnSurvey) -> bool:
    return column.distinct is not None and column.distinct <= MOST_CATEGORIES


def _are_codes(column: ColumnSurvey) -> bool:
    """Return whether numbers are written as no number is, such as 007: they are names of something."""
    texts = (*(value for value, _ in column.values), *(example.text for example in column.examples))
    return any(re.fullmatch(r"0\d+", text) for text in texts)


def _common(types: set[OwnFieldType]) -> OwnFieldType:
    if len(types) == 1:
        return next(iter(types))
    return OwnFieldType.TEXT if OwnFieldType.TEXT in types else OwnFieldType.CATEGORY
