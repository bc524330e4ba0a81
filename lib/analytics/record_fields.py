"""The canonical fields of an evaluation as a `Record` holds them: what the API, tables and exports write of one."""

from __future__ import annotations

from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from lib.analytics.records import Record
from lib.catalog.dimensions import DIMENSIONS, Dimension
from lib.catalog.fields import FIELDS, FieldType

OWN_COLUMNS = {
    "id": "id",
    "audioDate": "audio_at",
    "state": "state",
    "sentiment": "sentiment",
    "averageNote": "score",
    "durationInSeconds": "duration_seconds",
    "isAICall": "is_ai",
    "audioFileName": "audio_file_name",
    "createdAt": "created_at",
}
"""The column of the facts, and the attribute of a `Record`, by field; the others are ids and names of members."""


def _attribute(dimension: Dimension) -> str:
    return dimension.column.removesuffix("_key")


_ATTRIBUTES = (
    OWN_COLUMNS
    | {each.parameter: f"{_attribute(each)}.id" for each in DIMENSIONS}
    | {each.name_field: f"{_attribute(each)}.name" for each in DIMENSIONS}
)
_read = attrgetter(*(_ATTRIBUTES[name] for name in FIELDS))

INSTANT_FIELDS = tuple(field.name for field in FIELDS.values() if field.kind is FieldType.INSTANT)
_CODE_FIELDS = tuple(field.name for field in FIELDS.values() if field.kind in (FieldType.STATE, FieldType.SENTIMENT))


def record_values(record: Record, zone: ZoneInfo) -> dict[str, Any]:
    """Return an evaluation's canonical fields in their order: instants in a zone, codes by their names."""
    values: dict[str, Any] = dict(zip(FIELDS, _read(record), strict=True))
    for name in INSTANT_FIELDS:
        values[name] = values[name] and values[name].astimezone(zone)
    for name in _CODE_FIELDS:
        values[name] = values[name] and values[name].name
    return values
