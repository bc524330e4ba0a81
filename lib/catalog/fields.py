"""The canonical columns of an evaluation: what an import fills and what an export holds, in this order."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from lib.catalog.dimensions import DIMENSIONS, NamedDimension


class FieldType(enum.Enum):
    """What a column's values are."""

    TEXT = "text"
    INSTANT = "instant"
    STATE = "state"
    SENTIMENT = "sentiment"
    SCORE = "score"
    SECONDS = "seconds"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical column, and where an import puts it; the facts name those of OWN_FIELDS alike."""

    name: str
    kind: FieldType
    help: str
    column: str
    required: bool = False


_HEAD = (
    Field("id", FieldType.TEXT, "what tells one evaluation from all others", "id", required=True),
    Field("audioDate", FieldType.INSTANT, "when the conversation took place", "audio_at", required=True),
    Field("state", FieldType.STATE, "Pending, Processing, Completed or Failed", "state"),
    Field("sentiment", FieldType.SENTIMENT, "Positive, Neutral or Negative", "sentiment"),
    Field("averageNote", FieldType.SCORE, "the score, 0 to 10", "score"),
    Field("durationInSeconds", FieldType.SECONDS, "length of the conversation, whole seconds", "duration_seconds"),
    Field("isAICall", FieldType.FLAG, "true where an AI agent spoke", "is_ai"),
)
_TAIL = (
    Field("audioFileName", FieldType.TEXT, "name of the recording", "audio_file_name"),
    Field("createdAt", FieldType.INSTANT, "when the evaluation was made", "created_at"),
)

OWN_FIELDS = (*_HEAD, *_TAIL)
"""The fields that an evaluation has of its own; the others are ids and names of what it belongs to."""


def _of(dimension: NamedDimension) -> tuple[Field, Field]:
    label = dimension.label.lower()
    return (
        Field(dimension.parameter, FieldType.TEXT, f"id of the {label}", dimension.staged_id),
        Field(dimension.name_field, FieldType.TEXT, f"name of the {label}", dimension.staged_name),
    )


FIELDS = {field.name: field for field in (*_HEAD, *(field for each in DIMENSIONS for field in _of(each)), *_TAIL)}
