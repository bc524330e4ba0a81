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
    LINK = "link"
    CATEGORY = "category"
    NUMBER = "number"
    YES_NO = "yes_no"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical column, and where an import puts it; the facts name those of PLAIN_FIELDS alike.

    `label` is what people call it, a message id of the language catalogs as `help` is.
    """

    name: str
    label: str
    kind: FieldType
    help: str
    column: str
    required: bool = False
    is_own: bool = False  # the workspace defined it


_HEAD = (
    Field("id", "Call ID", FieldType.TEXT, "what tells one evaluation from all others", "id", required=True),
    Field("audioDate", "Date", FieldType.INSTANT, "when the conversation took place", "audio_at", required=True),
    Field("state", "State", FieldType.STATE, "Pending, Processing, Completed or Failed", "state"),
    Field("sentiment", "Sentiment", FieldType.SENTIMENT, "Positive, Neutral or Negative", "sentiment"),
    Field("averageNote", "Score", FieldType.SCORE, "the score, 0 to 10", "score"),
    Field(
        "durationInSeconds",
        "Duration",
        FieldType.SECONDS,
        "length of the conversation, whole seconds",
        "duration_seconds",
    ),
    Field("isAICall", "Human or AI", FieldType.FLAG, "true where an AI agent spoke", "is_ai"),
)
_TAIL = (
    Field("audioFileName", "Recording", FieldType.TEXT, "name of the recording", "audio_file_name"),
    Field("createdAt", "Created at", FieldType.INSTANT, "when the evaluation was created", "created_at"),
    Field("evaluatedAt", "Evaluated at", FieldType.INSTANT, "when the conversation was evaluated", "evaluated_at"),
    Field(
        "recordingUrl",
        "Recording link",
        FieldType.LINK,
        "where the recording is, http or https",
        "recording_url",
    ),
)

PLAIN_FIELDS = (*_HEAD, *_TAIL)
"""The canonical fields that hold a value of the evaluation itself; others are ids and names of what it belongs to."""


def _of(dimension: NamedDimension) -> tuple[Field, ...]:
    label = dimension.label
    if dimension.is_named_by_id:
        return (Field(dimension.parameter, label, FieldType.TEXT, f"the {label.lower()}", dimension.staged_id),)
    by_id = f"id of the {label.lower()}"
    by_name = f"name of the {label.lower()}"
    return (
        Field(dimension.parameter, dimension.id_label, FieldType.TEXT, by_id, dimension.staged_id),
        Field(dimension.name_field, label, FieldType.TEXT, by_name, dimension.staged_name),
    )


FIELDS = {field.name: field for field in (*_HEAD, *(field for each in DIMENSIONS for field in _of(each)), *_TAIL)}
