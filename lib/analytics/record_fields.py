"""The canonical fields of an evaluation as a `Record` holds them: what the API, tables and exports write of one."""

from __future__ import annotations

from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from lib.analytics.records import Record
from lib.catalog.catalog import Catalog
from lib.catalog.fields import PLAIN_FIELDS, FieldType
from lib.catalog.metrics import rounded
from lib.store.enums import OWN_SCALE, YES

_read = attrgetter(*(field.column for field in PLAIN_FIELDS))

_INSTANTS, _CODES = (FieldType.INSTANT,), (FieldType.STATE, FieldType.SENTIMENT)


def record_values(record: Record, zone: ZoneInfo, catalog: Catalog) -> dict[str, Any]:
    """Return an evaluation's canonical fields in their order: instants in a zone, codes by their names."""
    values: dict[str, Any] = dict.fromkeys(catalog.fields)
    for field, value in zip(PLAIN_FIELDS, _read(record), strict=True):
        if value is not None and field.kind in _INSTANTS:
            value = value.astimezone(zone)
        values[field.name] = value.name if value is not None and field.kind in _CODES else value
    for each in catalog.own_values:
        values[each.name] = _own_value(each.kind, record.own[each.column], zone)
    for dimension in catalog.stored_dimensions:
        member = record.members[dimension.name]
        values[dimension.name_field], values[dimension.parameter] = member.name, member.id
    return values


def record_as_json(record: Record, zone: ZoneInfo, catalog: Catalog) -> dict[str, Any]:
    """Return an evaluation as answers and webhooks have it: instants as ISO 8601, own fields under `fields`.

    One that is archived says so, by `archived`.
    """
    values = record_values(record, zone, catalog)
    for name, field in catalog.fields.items():
        if field.kind is FieldType.INSTANT:
            values[name] = values[name] and values[name].isoformat()
    own = {each: values.pop(each.parameter) for each in catalog.own_fields}
    values["fields"] = {each.name: value for each, value in own.items() if not each.archived}
    values["averageNote"] = None if record.score is None else rounded(record.score, 2)
    return {**values, "archived": True} if record.is_archived else values


def _own_value(kind: FieldType, value: Any, zone: ZoneInfo) -> Any:
    """Return the value of an own field as people read it: a number, true or false, an instant in a zone, a text."""
    if value is None:
        return None
    if kind is FieldType.INSTANT:
        return value.astimezone(zone)
    if kind is FieldType.NUMBER:
        return value / OWN_SCALE
    return value == YES if kind is FieldType.YES_NO else value
