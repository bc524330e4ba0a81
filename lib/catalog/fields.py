"""The canonical columns of an evaluation: what an import fills and what an export holds, in this order."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.Enum):
    """What a column's values are."""

    TEXT = "text"
    INSTANT = "instant"
    STATE = "state"
    SENTIMENT = "sentiment"
    SCORE = "score"
    SECONDS = "seconds"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column."""

    name: str
    kind: Kind
    help: str
    required: bool = False


COLUMNS = {
    column.name: column
    for column in (
        Column("id", Kind.TEXT, "what tells one evaluation from all others", required=True),
        Column("audioDate", Kind.INSTANT, "when the conversation took place", required=True),
        Column("state", Kind.STATE, "Pending, Processing, Completed or Failed"),
        Column("sentiment", Kind.SENTIMENT, "Positive, Neutral or Negative"),
        Column("averageNote", Kind.SCORE, "the score, 0 to 10"),
        Column("durationInSeconds", Kind.SECONDS, "length of the conversation, whole seconds"),
        Column("isAICall", Kind.FLAG, "true where an AI agent spoke"),
        Column("campaignId", Kind.TEXT, "id of the campaign"),
        Column("campaignName", Kind.TEXT, "name of the campaign"),
        Column("callCenterId", Kind.TEXT, "id of the call center"),
        Column("callCenterName", Kind.TEXT, "name of the call center"),
        Column("engagementId", Kind.TEXT, "id of the engagement"),
        Column("engagementName", Kind.TEXT, "name of the engagement"),
        Column("executiveId", Kind.TEXT, "id of the executive"),
        Column("executiveName", Kind.TEXT, "name of the executive"),
        Column("audioFileName", Kind.TEXT, "name of the recording"),
        Column("createdAt", Kind.INSTANT, "when the evaluation was made"),
    )
}

REQUIRED = tuple(column.name for column in COLUMNS.values() if column.required)
