"""What a notice says: in words of both languages, as an event, and as chat programs take it."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.definition_reader import read_definition
from lib.alerts.events import event_of
from lib.alerts.notices import AlertNotice, NoticeKind
from lib.alerts.states import AlertState, MemberState
from lib.alerts.words import MessageContext, message_of
from lib.catalog.catalog import BUILT_IN
from tests.alerts.test_definition import BODY, CONTEXT, NOW

WORDS = MessageContext(BUILT_IN, ZoneInfo("America/Santiago"), "monday", "https://calls.example.com")


def state(member: str, name: str, value: float) -> MemberState:
    return MemberState(
        member,
        name,
        AlertState.FIRING,
        AlertState.FIRING,
        NOW,
        NOW,
        value=value,
        low=6.8,
        high=7.0,
        n=1234,
        threshold=7,
    )


def notice(*members: MemberState, kind: NoticeKind = NoticeKind.FIRING, **more: object) -> AlertNotice:
    definition = read_definition({**BODY, **more}, CONTEXT)
    alert = Alert(
        *("al_1", definition, "ann", "person_1", AlertStatus.ACTIVE, None, None, None, None, 1, None, 0, None, None),
        *(None, 1, NOW, NOW),
    )
    return AlertNotice(alert, kind, "alc_1", NOW, members)


def test_one_value() -> None:
    message = message_of(notice(state("", "", 6.9)), replace(WORDS, selection="1–7 Mar"))
    assert message.subject == "Alert: Score of Lima: 6.90"
    assert message.sentences == ("Average score is below 7.00.", "Selection: 1–7 Mar.")
    assert message.columns == ("Value", "95 % CI", "n", "Threshold", "Since")
    assert message.rows == (("6.90", "6.80–7.00", "1,234", "7.00", "2 Mar 2026, 05:00"),)
    trend, calls = (urlsplit(link.address) for link in message.links)
    assert (trend.netloc, trend.path, calls.path) == ("calls.example.com", "/trends", "/evaluations")
    assert parse_qs(trend.query) == {
        "callCenterId": ["cc_3"],
        "dateFrom": ["2026-02-24"],
        "dateTo": ["2026-03-02"],
        "metric": ["averageScore"],
    }


def test_values_are_told_from_what_they_are_held_against() -> None:
    just_below = replace(state("", "", 7.497), threshold=7.5)
    message = message_of(notice(just_below, condition={"type": "below", "value": 7.5}), WORDS)
    assert message.subject == "Alert: Score of Lima: 7.497"
    assert (message.rows[0][0], message.rows[0][3]) == ("7.497", "7.500")
    assert message.sentences[0] == "Average score is below 7.50."
    just_below = replace(state("", "", 0.876539), threshold=0.87654)
    condition = {"type": "below", "value": 0.87654}
    message = message_of(notice(just_below, metric="completionRate", condition=condition), WORDS)
    assert message.sentences[0] == "Completion rate is below 87.654 %." and message.rows[0][0] == "87.6539 %"


def test_the_day_that_is_outside_its_usual_range_is_named() -> None:
    outside = notice(state("", "", 6.5), condition={"type": "outside_limits"})
    message = message_of(outside, WORDS)
    assert message.sentences[:2] == (
        "Average score was outside its usual range on the last whole day.",
        "The day is 1 Mar 2026.",
    )
    calls = parse_qs(urlsplit(message.links[1].address).query)
    assert (calls["dateFrom"], calls["dateTo"]) == (["2026-03-01"], ["2026-03-01"])
    assert event_of(outside, WORDS)[1]["day"] == "2026-03-01"
    assert event_of(notice(state("", "", 6.9)), WORDS)[1]["day"] is None


def test_many_members_in_spanish() -> None:
    members = [state(f"x{number}", f"Ana {number}", 6 + number / 100) for number in range(12)]
    message = message_of(notice(*members, by="executive", language="es", kind=NoticeKind.REMINDER), WORDS)
    assert message.subject == "Sigue activa: Score of Lima: 12 ejecutivos"
    assert message.sentences == (
        "Puntaje promedio: por debajo de 7,00.",
        "12 en total; se nombran los 10 peores.",
    )
    assert len(message.rows) == 10 and message.rows[0][:2] == ("Ana 0", "6,00") and message.columns[0] == "Ejecutivo"


def test_one_member_links_to_its_own_calls() -> None:
    message = message_of(notice(state("x1", "Ann", 6.5), by="executive", kind=NoticeKind.RECOVERED), WORDS)
    assert message.subject == "Recovered: Score of Lima: Ann, 6.50"
    assert message.sentences == ("Average score is no longer below 7.20.",)
    assert parse_qs(urlsplit(message.links[1].address).query)["executiveId"] == ["x1"]


@pytest.mark.parametrize(("hours", "value", "words"), [(6, 7.3, "7.3 hours"), (1, 2.0, "2 hours")])
def test_hours_without_data(hours: int, value: float, words: str) -> None:
    condition = {"type": "no_data", "hours": hours}
    schedule = {"cron": "0 * * * *", "timezone": "UTC"}
    message = message_of(notice(state("", "", value), condition=condition, schedule=schedule), WORDS)
    unit = "hour" if hours == 1 else "hours"
    assert message.sentences == (f"There has been no evaluation for more than {hours} {unit}.",)
    assert message.rows[0][0] == words


def test_the_event_of_a_notice() -> None:
    name, data = event_of(notice(state("", "", 6.9)), WORDS)
    assert name == "alert.firing"
    assert json.loads(json.dumps(data)) == {
        "alertId": "al_1",
        "day": None,
        "name": "Score of Lima",
        "metric": "averageScore",
        "by": None,
        "condition": {"type": "below", "value": 7.0, "endsAt": 7.2},
        "reminder": False,
        "count": 1,
        "members": [
            {
                "member": None,
                "name": None,
                "value": 6.9,
                "interval": [6.8, 7.0],
                "n": 1234,
                "threshold": 7,
                "since": "2026-03-02T08:00:00+00:00",
            }
        ],
        "link": data["link"],
    }
    assert event_of(notice(state("", "", 6.9), kind=NoticeKind.REMINDER), WORDS)[1]["reminder"] is True
    assert event_of(notice(state("", "", 6.9), kind=NoticeKind.RECOVERED), WORDS)[0] == "alert.recovered"
