"""What the header and the first rows of a file suggest, for a person to correct."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.catalog.catalog import BUILT_IN
from lib.ingest import column_guess
from lib.ingest.mapping import ColumnSource, FileOptions
from lib.ingest.reader_process import Preview


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        (("87", "10", ""), Decimal("0.1")),
        (("8.7", "10"), None),
        (("870", "10"), None),
        (("NaN", "87"), None),
        (("NaN",), None),
        (("8", "Infinity"), None),
        ((), None),
    ],
)
def test_how_a_score_is_scaled(scores: tuple[str, ...], scale: Decimal | None) -> None:
    seen = Preview(("call id", "Date", "Rating"), tuple(("1", "2024-01-01", score) for score in scores))
    score = column_guess.mapping(seen, FileOptions(), BUILT_IN).columns.get("averageNote")
    assert (score.scale if score else None) == scale


def test_headers_are_known_by_what_they_are_often_called() -> None:
    seen = Preview(("Call ID", "Call Date", "CSAT score", "Talk duration in minutes"), (("1", "31/12/2024", "7", "3"),))
    found = column_guess.mapping(seen, FileOptions(), BUILT_IN)
    assert found.file.date_formats == ("%d/%m/%Y",)
    assert {name: source.columns[0] for name, source in found.columns.items()} == {
        "id": "Call ID", "audioDate": "Call Date", "averageNote": "CSAT score",
        "durationInSeconds": "Talk duration in minutes",
    }  # fmt: skip
    assert found.columns["durationInSeconds"].scale == 60


HEADERS = {
    "id": "Call ID, conversation_id, Evaluation Id, interactionId, ticket id, Record ID, UUID",
    "audioDate": "Call Date, Date, Timestamp, Call Timestamp, DateTime, start_time, Started at, call time",
    "state": "State, status",
    "sentiment": "Sentiment, mood, tone",
    "averageNote": "Score, average score, Rating, CSAT, CSAT score, note, Nota, satisfaction_rating, quality score",
    "durationInSeconds": "Duration, duration seconds, Call Duration, seconds, Talk time, avg_talk_duration",
    "isAICall": "is AI call, AI, is_ai, Bot, is bot",
    "campaignId": "Campaign ID",
    "campaignName": "Campaign name, Campaign, Topic, reason, Project",
    "callCenterName": "call_center_name, Call center, Center, centre, Site, Location",
    "engagementName": "Engagement, Channel, queue",
    "executiveName": "Executive, Agent, agent name, Advisor, representative",
    "audioFileName": "File, filename, Recording, audio_file",
    "createdAt": "created at, Created, evaluated at",
}
"""Headers that files have, by the column that each is."""


@pytest.mark.parametrize(
    ("canonical", "header"), [(name, each) for name, headers in HEADERS.items() for each in headers.split(", ")]
)
def test_each_header_is_taken_for_its_column(canonical: str, header: str) -> None:
    columns = column_guess.mapping(Preview((header,), (("",),)), FileOptions(), BUILT_IN).columns
    assert {name: source.columns for name, source in columns.items() if source.columns} == {canonical: (header,)}


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (("31/12/2024 23:59:59",), "%d/%m/%Y %H:%M:%S"),
        (("31/12/2024 23:59",), "%d/%m/%Y %H:%M"),
        (("12/31/2024 23:59:59",), "%m/%d/%Y %H:%M:%S"),
        (("12/31/2024 23:59",), "%m/%d/%Y %H:%M"),
        (("01/02/2024", "12/31/2024"), "%m/%d/%Y"),
        (("31-12-2024 23:59:59",), "%d-%m-%Y %H:%M:%S"),
        (("31-12-2024", ""), "%d-%m-%Y"),
        (("31.12.2024 23:59:59",), "%d.%m.%Y %H:%M:%S"),
        (("31.12.2024",), "%d.%m.%Y"),
        (("2024/12/31 23:59:59",), "%Y/%m/%d %H:%M:%S"),
        (("2024/12/31",), "%Y/%m/%d"),
        (("2024-12-31T23:59:59Z", "2024-12-31"), None),
        (("2024-12-31", "31/12/2024"), None),
        (("soon",), None),
        (("",), None),
    ],
)
def test_the_one_date_format_that_fits_every_value(values: tuple[str, ...], form: str | None) -> None:
    seen = Preview(("Date",), tuple((value,) for value in values))
    assert column_guess.mapping(seen, FileOptions(), BUILT_IN).file.date_formats == ((form,) if form else ())


def test_values_that_stand_for_none_of_ours() -> None:
    seen = Preview(("State", "Mood"), (("completed", "meh"), ("Done", "POSITIVE"), ("Done", ""), ("open", "meh")))
    columns = column_guess.mapping(seen, FileOptions(), BUILT_IN).columns
    assert column_guess.unknown_values(seen, columns["state"], "state") == ["Done", "open"]
    assert column_guess.unknown_values(seen, columns["sentiment"], "sentiment") == ["meh"]
    assert column_guess.unknown_values(seen, None, "state") == []
    many = Preview(("State",), tuple((f"s{number}",) for number in range(30)))
    assert len(column_guess.unknown_values(many, ColumnSource(("State",)), "state")) == 24


def test_two_columns_are_not_taken_from_one() -> None:
    columns = column_guess.mapping(Preview(("Score", "Rating"), (("1", "2"),)), FileOptions(), BUILT_IN).columns
    assert {name: source.columns for name, source in columns.items()} == {"id": (), "averageNote": ("Score",)}
    assert columns["id"].row
