"""Own fields: read, defined, changed and deleted, each with its columns, its names and its rollup.

What changes a definition must run inside `FactStore.write`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.analytics.archived_months import refuse_while_archived, with_all_months
from lib.analytics.conditions import grant_conditions
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.kept_measures import retire
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import MOST_FIELDS, NAME, OwnField, OwnFieldType, catalog_with, fact_column, own_tables
from lib.errors import FieldError, nearest
from lib.errors.field_codes import FieldCode
from lib.store import schema, table_changes
from lib.store.enums import NO_KEY, NONE_NAME

MAX_LABEL = 80
"""Characters that the label of a field may have."""

MAX_UNIT = 20
"""Characters that the unit of a number may have."""

_NAME = re.compile(NAME, re.ASCII)
_FACT_TABLES = (schema.evaluations.name, schema.replaced_evaluations.name)


@dataclass(frozen=True, slots=True)
class FieldUse:
    """A field, and how many evaluations have a value in it."""

    own: OwnField
    values: int


def own_fields(connection: Connection) -> tuple[OwnField, ...]:
    """Return the workspace's own fields in the order in which they were defined."""
    held = schema.fields.c
    rows = connection.execute(sa.select(schema.fields).order_by(held.number))
    return tuple(
        OwnField(row.number, row.name, OwnFieldType(row.type), row.label, row.unit, row.archived, row.is_sample)
        for row in rows
    )


def fields_in_use(connection: Connection, grant: Grant) -> tuple[FieldUse, ...]:
    """Return the workspace's own fields, each with how many evaluations in sight have a value."""
    fields = own_fields(connection)
    if not fields:
        return ()
    catalog = with_all_months(connection, catalog_with(fields), answers=False)
    visible, facts = grant_conditions(catalog.evaluations, grant, catalog), catalog.evaluations.c
    counts = [
        sa.func.count(sa.case((facts[own.column] != NO_KEY, 1)) if own.is_category else facts[own.column])
        for own in fields
    ]
    row = connection.execute(sa.select(*counts).where(*visible)).one()
    return tuple(FieldUse(own, int(count)) for own, count in zip(fields, row, strict=True))


def check_name(name: str, known: Iterable[OwnField]) -> None:
    """Raise FieldError for what can't be the name of a new field."""
    if not _NAME.fullmatch(name):
        raise FieldError(FieldCode.FIELD_NAME, name=name[:60])
    if _folded(name) in {_folded(each) for each in catalog_with(()).fields}:
        raise FieldError(FieldCode.FIELD_IS_COLUMN, name=name)
    other = next((own.name for own in known if _folded(own.name) == _folded(name)), None)
    if other is not None:
        raise FieldError(FieldCode.FIELD_ALIKE, name=name, other=other)


def parse_type(text: str) -> OwnFieldType:
    """Return the type of a name. Raises FieldError for what is none."""
    if text not in set(OwnFieldType):
        hint, known = nearest(text, OwnFieldType), ", ".join(OwnFieldType)
        raise FieldError(FieldCode.FIELD_TYPE, type=text[:60], hint=hint, known=known)
    return OwnFieldType(text)


def check_words(type_: OwnFieldType, label: str, unit: str | None) -> None:
    """Raise FieldError for a label or a unit that a field can't have."""
    if not (0 < len(label.strip()) <= MAX_LABEL) or not label.isprintable():
        raise FieldError(FieldCode.FIELD_LABEL, most=MAX_LABEL)
    if unit is not None and (
        type_ is not OwnFieldType.NUMBER or not (0 < len(unit.strip()) <= MAX_UNIT) or not unit.isprintable()
    ):
        raise FieldError(FieldCode.FIELD_UNIT, most=MAX_UNIT)


def label_of(name: str) -> str:
    """Return the label of a field that was given none: `firstContact` is First contact."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").split()
    return " ".join([words[0].capitalize(), *(word if word.isupper() else word.lower() for word in words[1:])])


def new_fields(known: Sequence[OwnField], wanted: Sequence[OwnField]) -> tuple[OwnField, ...]:
    """Return wanted fields, whose numbers do not count, with the numbers that they would have.

    One without a label gets one that is made of its name.

    Raises FieldError where one can't be defined.
    """
    if len(known) + len(wanted) > MOST_FIELDS:
        raise FieldError(FieldCode.TOO_MANY_FIELDS, count=len(known) + len(wanted), most=MOST_FIELDS)
    made: list[OwnField] = []
    highest = max((own.number for own in known), default=0)
    for number, own in enumerate(wanted, highest + 1):
        check_name(own.name, (*known, *made))
        label, unit = own.label.strip() or label_of(own.name), own.unit.strip() if own.unit is not None else None
        check_words(own.type, label, unit)
        made.append(replace(own, number=number, label=label, unit=unit))
    return tuple(made)


def define(connection: Connection, wanted: Sequence[OwnField]) -> tuple[OwnField, ...]:
    """Define fields, and return them with their numbers. Raises FieldError where one can't be defined."""
    if not wanted:
        return ()
    known = own_fields(connection)
    made = new_fields(known, wanted)
    for own in made:
        connection.execute(
            sa.insert(schema.fields).values(
                number=own.number,
                name=own.name,
                type=own.type.value,
                label=own.label,
                unit=own.unit,
                archived=False,
                is_sample=own.is_sample,
            )
        )
    catalog = lay_out(connection, (*known, *made), made)
    for own in made:
        if own.is_category:
            none = {"key": NO_KEY, "id": None, "name": NONE_NAME}
            connection.execute(sa.insert(own.names).values(none))
    rollup.begin(connection, catalog, {own.column for own in made})
    _raise_version(connection)
    return made


def lay_out_anew(connection: Connection, fields: Sequence[OwnField]) -> None:
    """Give the columns and the empty tables of these fields to facts that are about to be filled, in place of others'.

    The definitions and the names are filled in by who restores them.
    """
    before = own_fields(connection)
    for own in before:
        _remove(connection, before, own)
    lay_out(connection, fields, fields)


def lay_out(connection: Connection, fields: Sequence[OwnField], new: Sequence[OwnField]) -> Catalog:
    """Give new ones among the fields their columns and tables; return the catalog with all of them."""
    catalog = catalog_with(tuple(fields))
    for own in new:
        for fact_table in _FACT_TABLES:
            table_changes.add_column(connection, fact_table, fact_column(own))
        for own_table in own_tables(catalog, own):
            own_table.create(connection)
    return catalog


def change(connection: Connection, name: str, **changed: object) -> OwnField:
    """Change the label, the unit or whether a field is archived. Raises FieldError where it can't be so.

    One of sample data is the workspace's own from then on, and does not go with them.
    """
    own = find(own_fields(connection), name)
    changed_own = replace(own, is_sample=False, **changed)  # type: ignore[arg-type]
    check_words(changed_own.type, changed_own.label, changed_own.unit)
    values = {name: getattr(changed_own, name) for name in ("label", "unit", "archived", "is_sample")}
    connection.execute(sa.update(schema.fields).where(schema.fields.c.name == name).values(values))
    _raise_version(connection)
    return changed_own


def change_type(connection: Connection, name: str, type_: OwnFieldType) -> OwnField:
    """Give a field that holds nothing another type. Raises FieldError where evaluations have values in it."""
    find(own_fields(connection), name)
    use = next(use for use in fields_in_use(connection, EVERYTHING) if use.own.name == name)
    if use.values:
        raise FieldError(
            FieldCode.FIELD_TYPE_FIXED, name=name, held=use.values, type=use.own.type.value, asked=type_.value
        )
    delete(connection, name)
    unit = use.own.unit if type_ is OwnFieldType.NUMBER else None
    made = define(connection, [replace(use.own, type=type_, unit=unit, is_sample=False)])[0]
    return change(connection, name, archived=True) if use.own.archived else made


def delete(connection: Connection, name: str) -> OwnField:
    """Delete a field with its values, for good. Raises FieldError where there is none of the name.

    Raises ConflictError while evaluations are archived, whose files may hold its values.
    """
    refuse_while_archived(connection)
    return _delete(connection, find(own_fields(connection), name))


def _delete(connection: Connection, own: OwnField) -> OwnField:
    _remove(connection, own_fields(connection), own)
    connection.execute(sa.delete(schema.fields).where(schema.fields.c.number == own.number))
    retire(connection)  # the rollups that may hold its values: a later field may have its number
    _raise_version(connection)
    return own


def delete_sample_fields(connection: Connection) -> None:
    """Delete the fields of sample data, before these go, archived ones too."""
    for own in own_fields(connection):
        if own.is_sample:
            _delete(connection, own)


def keep_sample_fields(connection: Connection) -> None:
    """Make the fields of sample data the workspace's own, as where the evaluations are no longer taken for samples."""
    connection.execute(sa.update(schema.fields).values(is_sample=False).where(schema.fields.c.is_sample))


def _remove(connection: Connection, fields: Sequence[OwnField], own: OwnField) -> None:
    """Drop the columns and the tables of one of the fields, in the order in which readers come to them."""
    for fact_table in _FACT_TABLES:
        table_changes.drop_column(connection, fact_table, own.column)
    for table in reversed(own_tables(catalog_with(tuple(fields)), own)):
        table.drop(connection)


def find(fields: Sequence[OwnField], name: str) -> OwnField:
    """Return the field of a name. Raises FieldError where there is none."""
    by_name: Mapping[str, OwnField] = {own.name: own for own in fields}
    if name not in by_name:
        raise FieldError(FieldCode.FIELD_UNKNOWN, name=name[:60], hint=nearest(name, by_name))
    return by_name[name]


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()


def _raise_version(connection: Connection) -> None:
    version = schema.workspace.c.data_version + 1
    connection.execute(sa.update(schema.workspace).values(data_version=version, changed_at=datetime.now(UTC)))
