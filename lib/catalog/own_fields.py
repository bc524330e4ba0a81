"""A workspace's own fields, and the catalog that they make with the built-in one.

Each has a column of its own among the evaluations, named by its number. A category has a table of names beside it, as
campaigns have, and a rollup. Everything that follows from a field is made here, out of its definition.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

import sqlalchemy as sa

from lib.catalog.catalog import BUILT_IN, Catalog
from lib.catalog.dimensions import Dimension, EnumDimension, EnumValue, NamedDimension
from lib.catalog.fields import Field, FieldType
from lib.catalog.measures import OWN_PREFIX, Measure, own_measures
from lib.catalog.metrics import Metric, Unit
from lib.catalog.ranged_fields import RangedField
from lib.catalog.rollups import Rollup, own_rollup
from lib.catalog.sums import Quotient, Sum, Total
from lib.catalog.uncertainty import OfMean, OfShare
from lib.store import schema
from lib.store.enums import NO, NO_KEY, NONE_NAME, OWN_SCALE, YES

MOST_FIELDS = 60
"""So many own fields a workspace may have, archived ones counted."""

MOST_CATEGORIES = 10_000
"""So many different values the evaluations may have in a category."""

OWN_SUM = ".sum"
"""How the name of the metric ends that is the sum of a field's numbers."""

MAX_NAME = 40
"""Characters that the name of a field may have."""

NAME = rf"[a-z][a-zA-Z0-9_]{{0,{MAX_NAME - 1}}}"
"""What the name of a field looks like, as a pattern for ASCII."""

PARAMETER_PREFIX = "field."
"""How the names of own fields begin in URLs, the API and files."""


class OwnFieldType(StrEnum):
    """What an own field holds."""

    CATEGORY = "category"
    NUMBER = "number"
    YES_NO = "yes_no"
    TEXT = "text"
    INSTANT = "instant"


@dataclass(frozen=True)
class OwnField:
    """One field that a workspace defined. An archived one keeps its values, and is left out of pages and questions."""

    number: int  # its column's
    name: str
    type: OwnFieldType
    label: str
    unit: str | None = None  # of a number
    archived: bool = False
    is_sample: bool = False  # it came with sample data, and goes with them

    @property
    def parameter(self) -> str:
        """Its name in URLs, the API and files."""
        return f"{PARAMETER_PREFIX}{self.name}"

    @property
    def column(self) -> str:
        """The column of its values."""
        return f"{OWN_PREFIX}{self.number}"

    @cached_property
    def names(self) -> sa.Table:
        """The table of a category's values."""
        return schema.names_table(f"{self.column}_names", sa.MetaData())

    @property
    def is_category(self) -> bool:
        """Whether it is a category."""
        return self.type is OwnFieldType.CATEGORY

    @property
    def label_with_unit(self) -> str:
        """The label, with the unit where there is one."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


_COLUMN_TYPES: dict[OwnFieldType, type[sa.types.TypeEngine[Any]]] = {
    OwnFieldType.CATEGORY: sa.Integer,
    OwnFieldType.NUMBER: sa.BigInteger,
    OwnFieldType.YES_NO: sa.SmallInteger,
    OwnFieldType.TEXT: sa.Text,
    OwnFieldType.INSTANT: schema.UtcDateTime,
}
_FIELD_TYPES = {
    OwnFieldType.CATEGORY: FieldType.CATEGORY,
    OwnFieldType.NUMBER: FieldType.NUMBER,
    OwnFieldType.YES_NO: FieldType.YES_NO,
    OwnFieldType.TEXT: FieldType.REMARK,
    OwnFieldType.INSTANT: FieldType.INSTANT,
}
HELP_OF_TYPES = {
    OwnFieldType.CATEGORY: "a text that evaluations are grouped by",
    OwnFieldType.NUMBER: "a number, with four decimals at most",
    OwnFieldType.YES_NO: "yes or no",
    OwnFieldType.TEXT: "a remark",
    OwnFieldType.INSTANT: "a date with its time",
}
"""What a field of a type holds, as message ids."""

TYPE_LABELS = {
    OwnFieldType.CATEGORY: "category",
    OwnFieldType.NUMBER: "number",
    OwnFieldType.YES_NO: "yes or no",
    OwnFieldType.TEXT: "text",
    OwnFieldType.INSTANT: "date and time",
}
"""What people call the types, as message ids."""


def fact_column(own: OwnField) -> sa.Column[object]:
    """Return the column of a field's values as the tables of evaluations have it."""
    default = sa.text(str(NO_KEY)) if own.is_category else None
    return sa.Column(own.column, _COLUMN_TYPES[own.type](), nullable=not own.is_category, server_default=default)


def own_tables(catalog: Catalog, own: OwnField) -> tuple[sa.Table, ...]:
    """Return the tables that a field has for itself: its names, and its rollup's, of a catalog that has it."""
    rollups = (each for each in catalog.rollups if own.column in each.keys)
    names = (own.names,) if own.is_category else ()
    return (*names, *(table for each in rollups for table in each.tables))


@lru_cache(maxsize=32)  # always the same for the same fields: tables are known by identity
def catalog_with(fields: tuple[OwnField, ...]) -> Catalog:
    """Return the built-in catalog with a workspace's own fields, in their order."""
    if not fields:
        return BUILT_IN
    visible = [own for own in fields if not own.archived]
    dimensions = {own: dimension for own in fields if (dimension := _dimension(own)) is not None}
    named = {own: each for own, each in dimensions.items() if isinstance(each, NamedDimension)}
    digest = hashlib.sha256(repr(fields).encode()).digest()
    return replace(
        BUILT_IN,
        version=int.from_bytes(digest[:8], "big"),
        fields={**BUILT_IN.fields, **{own.parameter: _field(own, dimensions.get(own)) for own in fields}},
        dimensions=(*BUILT_IN.dimensions, *(named[own] for own in visible if own in named)),
        archived_dimensions=tuple(named[own] for own in fields if own.archived and own in named),
        filters=(*BUILT_IN.filters, *(dimensions[own] for own in visible if own in dimensions)),
        ranged_fields=(*BUILT_IN.ranged_fields, *(_range(own) for own in visible if own.type is OwnFieldType.NUMBER)),
        measures={**BUILT_IN.measures, **{each.name: each for own in visible for each in _measures(own)}},
        own_metrics={metric.name: metric for own in visible for metric in _metrics(own)},
        rollups=with_own(BUILT_IN.rollups, [own_rollup(dimension) for dimension in dimensions.values()]),
        own_fields=fields,
        evaluations=_with_columns(BUILT_IN.evaluations, fields),
        replaced_evaluations=_with_columns(BUILT_IN.replaced_evaluations, fields),
    )


def without_sample_fields(catalog: Catalog) -> Catalog:
    """Return the catalog as a workspace's own data find it: the fields of sample data go with these."""
    return catalog_with(tuple(own for own in catalog.own_fields if not own.is_sample))


def with_own(rollups: Sequence[Rollup], own: Sequence[Rollup]) -> tuple[Rollup, ...]:
    """Return rollups with own ones, which are longer than those by center and shorter than the last."""
    return (*rollups[:-1], *own, rollups[-1])


def _with_columns(table: sa.Table, fields: Sequence[OwnField]) -> sa.Table:
    columns = (sa.Column(each.name, each.type, nullable=each.nullable) for each in table.columns)
    return sa.Table(table.name, sa.MetaData(), *columns, *map(fact_column, fields))


def _dimension(own: OwnField) -> Dimension | None:
    """Return what evaluations are grouped and filtered by; None for a field that they are not."""
    names = (own.parameter, own.label, own.label, own.parameter, own.column)
    if own.type is OwnFieldType.CATEGORY:
        return NamedDimension(*names, table=own.names, is_named_by_id=True, is_own=True)
    if own.type is OwnFieldType.YES_NO:
        values = (
            EnumValue("true", YES, "Yes"),
            EnumValue("false", NO, "No"),
            EnumValue(NONE_NAME, NO_KEY, NONE_NAME),
        )
        return EnumDimension(*names, values=values, is_own=True)
    return None


def field_of_type(name: str, type_: OwnFieldType) -> Field:
    """Return the column of a field that is not there yet."""
    own = OwnField(0, name, type_, name)
    return _field(own, _dimension(own))


def _field(own: OwnField, dimension: Dimension | None) -> Field:
    column = dimension.staged_id if isinstance(dimension, NamedDimension) else own.column
    return Field(own.parameter, own.label, _FIELD_TYPES[own.type], HELP_OF_TYPES[own.type], column, is_own=True)


def _range(own: OwnField) -> RangedField:
    return RangedField(own.parameter, own.label_with_unit, Unit.NUMBER, own.column, OWN_SCALE, is_own=True)


def _measures(own: OwnField) -> tuple[Measure, ...]:
    """Return what the metrics of a field are made of."""
    is_number = own.type is OwnFieldType.NUMBER
    return own_measures(own.column, is_number=is_number) if is_number or own.type is OwnFieldType.YES_NO else ()


def _metrics(own: OwnField) -> tuple[Metric, ...]:
    """Return the metrics of a field: the share of yes, or the average of numbers and their sum."""
    if own.type is OwnFieldType.YES_NO:
        count, yes = (Sum((each.name,)) for each in own_measures(own.column, is_number=False))
        share = Quotient(yes, count)
        help_ = "Evaluations with yes ÷ evaluations with yes or no."
        return (
            Metric(own.parameter, own.label, Unit.SHARE, help_, share, None, OfShare(count, yes, yes), is_own=True),
        )
    if own.type is OwnFieldType.NUMBER:
        count, total, squares = (Sum((each.name,)) for each in own_measures(own.column, is_number=True))
        mean = Quotient(total, count, OWN_SCALE)
        help_ = "Sum of the numbers ÷ evaluations with one."
        of_mean = OfMean(count, total, squares, OWN_SCALE)
        label = own.label_with_unit
        return (
            Metric(own.parameter, label, Unit.NUMBER, help_, mean, None, of_mean, is_own=True),
            Metric(
                *(f"{own.parameter}{OWN_SUM}", label, Unit.NUMBER, "Sum of the numbers.", Total(total, OWN_SCALE)),
                is_own=True,
            ),
        )
    return ()
