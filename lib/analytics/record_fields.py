"""The canonical fields of an evaluation as a `Record` holds them: what the API, tables and exports write of one."""

from __future__ import annotations

from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from lib.analytics.records import Record
from lib.catalog.catalog import Catalog
from lib.catalog.fields import OWN_FIELDS, FieldType

_read = attrgetter(*(field.column for field in OWN_FIELDS))
_INSTANTS, _CODES = (FieldType.INSTANT,), (FieldType.STATE, FieldType.SENTIMENT)


def record_values(record: Record, zone: ZoneInfo, catalog: Catalog) -> dict[str, Any]:
    """Return an evaluation's canonical fields in their order: instants in a zone, codes by their names."""
    values: dict[str, Any] = dict.fromkeys(catalog.fields)
    for field, value in zip(OWN_FIELDS, _read(record), strict=True):
        if value is not None and field.kind in _INSTANTS:
            value = value.astimezone(zone)
        values[field.name] = value.name if value is not None and field.kind in _CODES else value
    for dimension in catalog.dimensions:
        member = record.members[dimension.name]
        values[dimension.name_field], values[dimension.parameter] = member.name, member.id
    return values
