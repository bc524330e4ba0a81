"""Definitions: JSON in and out, and what is said of what can't be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lib.alerts.definition import AlertDefinition
from lib.alerts.definition_reader import ReadingContext, read_definition
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.delivery.schedule import Schedule
from lib.errors import CallboardError
from lib.errors.alert_codes import AlertCode
from lib.store.messages import Message, failure_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
CONTEXT = ReadingContext(BUILT_IN, ZoneInfo("America/Santiago"), "monday", EVERYTHING, NOW)
BODY: dict[str, Any] = {
    "name": "Score of Lima",
    "metric": "averageScore",
    "parameters": {"callCenterId": ["cc_3"], "period": "last7"},
    "by": None,
    "condition": {"type": "below", "value": 7.0, "endsAt": 7.2},
    "minimum": 30,
    "checks": 1,
    "schedule": {"after": "import"},
    "recipients": ["ann@example.com"],
    "webhooks": ["wh_1"],
}


def test_json_comes_back_as_it_was_sent() -> None:
    definition = read_definition(BODY, CONTEXT)
    assert definition.to_json() == {**BODY, "reminderHours": None, "language": "en"}
    assert AlertDefinition.from_column(definition.to_column()) == definition
    again = read_definition(definition.to_json(), CONTEXT)
    assert again == definition


def test_parameters_come_back_as_they_were_sent() -> None:
    sent = {"callCenterId": "cc_3", "campaignId": ["a", "b"], "isAICall": True, "executiveId": 12, "state": []}
    definition = AlertDefinition.from_column(read_definition({**BODY, "parameters": sent}, CONTEXT).to_column())
    assert definition.to_json()["parameters"] == sent
    assert definition.parameters == {
        "callCenterId": ("cc_3",),
        "campaignId": ("a", "b"),
        "isAICall": ("true",),
        "executiveId": ("12",),
    }


def test_what_is_left_out() -> None:
    few = {name: BODY[name] for name in ("name", "metric", "condition")}
    definition = read_definition(few, CONTEXT)
    assert (definition.minimum, definition.checks, definition.schedule) == (30, 1, Schedule())
    assert (definition.recipients, definition.webhooks, definition.by, definition.period) == ((), (), None, None)


def test_a_period_means_other_days_each_day() -> None:
    definition = read_definition(BODY, CONTEXT)
    for now, last in ((NOW, "2026-03-02"), (NOW - timedelta(hours=6), "2026-03-01")):  # 02:00 UTC is the day before
        dated = definition.dated_parameters(CONTEXT.zone, "monday", now)
        assert dated["dateTo"] == [last] and dated["callCenterId"] == ["cc_3"] and "period" not in dated


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"name": None}, "name", "name is missing"),
    ({"name": " "}, "name", "1 to 80 characters"),
    ({"name": 7}, "name", "should be such as"),
    ({"name": "Score \u202eamiL"}, "name", "(U+202E)"),
    ({"name": "Score \u2067Lima"}, "name", "(U+2067)"),
    ({"metric": "averageScor"}, "metric", "did you mean 'averageScore'"),
    ({"metric": None}, "metric", "metric is missing"),
    ({"parameters": {"callCentreId": "cc_3"}}, "callCentreId", "did you mean 'callCenterId'"),
    ({"parameters": {"period": "last8"}}, "period", "did you mean 'last7'"),
    ({"parameters": {"period": "last7", "dateFrom": "2026-01-01"}}, "period", "together with dates"),
    ({"parameters": {"dateFrom": "yesterday"}}, "dateFrom", "is not a date"),
    ({"parameters": {"dateFrom": "2026-02-30"}}, "dateFrom", "is not a date"),
    ({"parameters": {"dateFrom": "2026-03-02", "dateTo": "2026-03-01"}}, "dateFrom", "lies after dateTo"),
    ({"parameters": {"period": ["last7", "last30"]}}, "period", "is not a period"),
    ({"parameters": {"callCenterId": {"a": 1}}}, "callCenterId", "should be such as"),
    ({"parameters": []}, "parameters", "should be such as"),
    ({"by": "callCentre"}, "by", "did you mean 'callCenter'"),
    ({"condition": None}, "condition", "condition is missing"),
    ({"condition": {"type": "under"}}, "condition.type", "right would be one of below, above"),
    ({"condition": {"type": "below"}}, "condition.value", "should be a number"),
    ({"condition": {"type": "below", "value": True}}, "condition.value", "should be a number"),
    ({"condition": {"type": "below", "value": 7, "endsAt": 6}}, "condition.endsAt", "should be no less"),
    ({"condition": {"type": "above", "value": 7, "endsAt": 8}}, "condition.endsAt", "should be no more"),
    ({"condition": {"type": "below", "value": 7, "ends": 8}}, "ends", "did you mean 'endsAt'"),
    ({"condition": {"type": "misses_target"}}, "condition", "has no target"),
    ({"condition": {"type": "worse_than_before"}, "parameters": {}}, "parameters", "a first and a last day"),
    ({"condition": {"type": "worse_than_before"}, "metric": "totalEvaluations"}, "condition", "not tested"),
    ({"condition": {"type": "worse_than_before"}, "metric": "averageDurationSeconds"}, "condition", "is better"),
    ({"condition": {"type": "no_data", "hours": 6}}, "schedule", "cron and timezone"),
    ({"condition": {"type": "no_data", "hours": 0}}, "condition.hours", "from 1 to 1440"),
    ({"minimum": -1}, "minimum", "whole number"),
    ({"checks": 21}, "checks", "from 1 to 20"),
    ({"checks": True}, "checks", "from 1 to 20"),
    ({"schedule": {"cron": "* * * * *"}}, "schedule", "checks that are 1 min apart; right would be 5 min or more"),
    ({"schedule": {"cron": "0,58 * * * *"}}, "schedule", "checks that are 2 min apart"),
    ({"schedule": {"cron": ""}}, "schedule", "The cron line is missing"),
    ({"schedule": {"cron": "0 8 * *"}}, "schedule", "is not a cron line"),
    ({"schedule": {"cron": "0 0 0 8 * *"}}, "schedule", "is not a cron line"),
    ({"schedule": {"cron": "0 0 31 2 *"}}, "schedule", "is not a cron line"),
    ({"schedule": {"cron": "0 8 * * 1", "timezone": "America/Santiag"}}, "schedule", "America/Santiago"),
    ({"schedule": {"after": "export"}}, "schedule", "should be such as"),
    ({"schedule": {"after": "import", "cron": "0 8 * * 1"}}, "schedule", "should be such as"),
    ({"schedule": {"corn": "0 8 * * 1"}}, "schedule", "did you mean 'cron'"),
    ({"recipients": "ann@example.com"}, "recipients", "should be such as"),
    ({"recipients": [str(number) for number in range(51)]}, "recipients", "50 entries at most"),
    ({"reminderHours": 0}, "reminderHours", "whole number"),
    ({"language": "fr"}, "language", "right would be one of en, es"),
    ({"conditions": {}}, "conditions", "did you mean 'condition'"),
]


@pytest.mark.parametrize(("part", "parameter", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_what_can_not_be_is_named(part: dict[str, Any], parameter: str, words: str) -> None:
    with pytest.raises(CallboardError) as caught:
        read_definition({**BODY, **part}, CONTEXT)
    assert words in caught.value.message
    assert caught.value.parameter == parameter  # type: ignore[attr-defined]
    assert Message.from_json(failure_of(caught.value).to_json()) == failure_of(caught.value)


def test_codes_say_all_that_their_words_name() -> None:
    assert len({code.text for code in AlertCode}) == len(AlertCode)


@pytest.mark.parametrize(
    ("cron", "zone", "after", "times"),
    [
        ("0 8 * * 1", "America/Santiago", NOW, ["2026-03-02T11:00:00+00:00", "2026-03-09T11:00:00+00:00"]),
        # Clocks go on from 02:00 to 03:00 on 29 March, and back from 03:00 to 02:00 on 25 October.
        (
            "30 2 * * *",
            "Europe/Madrid",
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            ["2026-03-29T01:00:00+00:00", "2026-03-30T00:30:00+00:00"],
        ),
        (
            "30 2 * * *",
            "Europe/Madrid",
            datetime(2026, 10, 24, 12, tzinfo=UTC),
            ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"],
        ),
    ],
)
def test_times_of_a_schedule(cron: str, zone: str, after: datetime, times: list[str]) -> None:
    schedule = Schedule(cron, zone)
    first = schedule.next_after(after)
    assert first is not None
    second = schedule.next_after(first)
    assert [first.isoformat(), second and second.isoformat()] == times
    assert Schedule().next_after(after) is None
