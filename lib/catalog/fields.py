"""The canonical columns of an evaluation: what an import fills and what an export holds, in this order."""

from __future__ import annotations

import enum
from dataclasses import dataclass


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
    """One canonical column."""

    name: str
    kind: FieldType
    help: str
    required: bool = False


FIELDS = {
    column.name: column
    for column in (
        Field("id", FieldType.TEXT, "what tells one evaluation from all others", required=True),
        Field("audioDate", FieldType.INSTANT, "when the conversation took place", required=True),
        Field("state", FieldType.STATE, "Pending, Processing, Completed or Failed"),
        Field("sentiment", FieldType.SENTIMENT, "Positive, Neutral or Negative"),
        Field("averageNote", FieldType.SCORE, "the score, 0 to 10"),
        Field("durationInSeconds", FieldType.SECONDS, "length of the conversation, whole seconds"),
        Field("isAICall", FieldType.FLAG, "true where an AI agent spoke"),
        Field("campaignId", FieldType.TEXT, "id of the campaign"),
        Field("campaignName", FieldType.TEXT, "name of the campaign"),
        Field("callCenterId", FieldType.TEXT, "id of the call center"),
        Field("callCenterName", FieldType.TEXT, "name of the call center"),
        Field("engagementId", FieldType.TEXT, "id of the engagement"),
        Field("engagementName", FieldType.TEXT, "name of the engagement"),
        Field("executiveId", FieldType.TEXT, "id of the executive"),
        Field("executiveName", FieldType.TEXT, "name of the executive"),
        Field("audioFileName", FieldType.TEXT, "name of the recording"),
        Field("createdAt", FieldType.INSTANT, "when the evaluation was made"),
    )
}

REQUIRED_FIELDS = tuple(column.name for column in FIELDS.values() if column.required)
