"""The canonical fields of an evaluation, wherever one is written."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lib.analytics.record_fields import record_as_json, record_values
from lib.analytics.records import Record
from lib.api import schemas
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import Member
from lib.catalog.fields import FIELDS
from lib.store.enums import Sentiment, State

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
RECORD = Record(
    id="1",
    audio_at=NOON,
    state=State.Completed,
    sentiment=Sentiment.Negative,
    score=7.1249,
    duration_seconds=0,
    is_ai=False,
    members={
        "campaign": Member("c", "Campaign"),
        "callCenter": Member(None, "(none)"),
        "engagement": Member("e", "Engagement"),
        "executive": Member("x", "Executive"),
        "evaluator": Member("v", "Evaluator"),
        "form": Member(None, "(none)"),
    },
    audio_file_name="1.wav",
    created_at=None,
    evaluated_at=NOON,
    recording_url=None,
)


def test_every_field_is_read_in_its_order() -> None:
    values = record_values(RECORD, NEW_YORK, BUILT_IN)
    assert list(values) == list(FIELDS)
    assert list(values.values()) == [
        "1", NOON, "Completed", "Negative", 7.1249, 0, False, "c", "Campaign", None, "(none)", "e", "Engagement",
        "x", "Executive", "v", "Evaluator", None, "1.wav", None, NOON.astimezone(NEW_YORK), None,
    ]  # fmt: skip
    assert values["audioDate"].isoformat() == "2024-01-01T07:00:00-05:00"


def test_the_api_rounds_the_score_and_writes_instants() -> None:
    body = record_as_json(RECORD, NEW_YORK, BUILT_IN)
    *described, last = schemas.Evaluation.model_fields
    assert list(body) == [*FIELDS, "fields"] == described
    assert last == "archived"  # which those alone have that are
    assert (body["averageNote"], body["audioDate"], body["createdAt"]) == (7.12, "2024-01-01T07:00:00-05:00", None)
