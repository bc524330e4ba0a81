"""Evaluations of all kinds: what is sent to the program, and what formulas are to find."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from lib.catalog.formulas.evaluation import Leaf, Value, evaluate
from lib.catalog.formulas.expressions import (
    Aggregate,
    AnswerShare,
    BelongsNowhere,
    EvaluationColumn,
    Expression,
    Function,
    Membership,
)
from lib.catalog.own_fields import OwnField, OwnFieldType
from tests.scorecards import Answers, answer

ZONE = ZoneInfo("Europe/Madrid")

FIELDS = [
    OwnField(0, "csat", OwnFieldType.NUMBER, "CSAT"),
    OwnField(0, "resolved", OwnFieldType.YES_NO, "Resolved"),
    OwnField(0, "channel", OwnFieldType.CATEGORY, "Channel"),
    OwnField(0, "opened", OwnFieldType.INSTANT, "Opened"),
    OwnField(0, "closed", OwnFieldType.INSTANT, "Closed"),
    OwnField(0, "remark", OwnFieldType.TEXT, "Remark"),
]


@dataclass(frozen=True)
class Row:
    """An evaluation as it is sent, and the values that formulas are to find by name."""

    sent: dict[str, Any]
    answers: Answers
    values: dict[str, Value]
    groups: dict[str, tuple[str, str] | None]  # id and name
    shares: dict[str, Fraction | None]
    when: datetime

    def leaf(self, each: Leaf) -> Value:
        """Return the value of a name in a formula."""
        if isinstance(each, Membership):
            found = self.groups[each.dimension]
            return None if found is None else any(member in found for member in each.members)
        if isinstance(each, BelongsNowhere):
            return self.groups[each.dimension] is None
        if isinstance(each, AnswerShare):
            return self.shares.get(each.criterion)
        assert isinstance(each, EvaluationColumn)
        return self.values[each.name]

    def clock(self, zone: ZoneInfo) -> dict[str, Value]:
        """Return the values as they are on the wall clock of a zone."""
        local = self.when.astimezone(zone)
        return {**self.values, "hour": Fraction(local.hour), "weekday": Fraction(local.isoweekday())}

    def of(self, expression: Expression) -> Value:
        """Return the value of an expression over this evaluation."""
        return evaluate(expression, self.leaf)


def random_rows(dice: random.Random, count: int) -> list[Row]:
    """Return evaluations of all states, some of whose values are missing."""
    return [_row(dice, number) for number in range(count)]


def _row(dice: random.Random, number: int) -> Row:
    when = datetime(2024, 3, 25, tzinfo=UTC) + timedelta(minutes=dice.randrange(12 * 24 * 60))
    state = dice.choices(("Pending", "Processing", "Completed", "Failed"), (1, 1, 8, 2))[0]
    score = dice.choice((None, dice.randrange(101) / 10, dice.randrange(100001) / 10000))
    duration = dice.choice((None, dice.randrange(1200), 600))
    sentiment = dice.choice((None, "Positive", "Neutral", "Negative"))
    is_ai, resolved = dice.random() < 0.4, dice.choice((None, True, False))
    csat = dice.choice((None, dice.randrange(-50, 51) / 10, dice.randrange(10**9) / 10**4))
    campaign = dice.choice((None, ("camp_1", "Retention"), ("camp_2", "Sales")))
    executive = dice.choice((("Ann", "Ann"), ("e2", "Bob"), None))
    channel = dice.choice((None, "Chat", "Phone"))
    opened, closed = (
        dice.choice((None, when + timedelta(seconds=dice.randrange(10**5), microseconds=dice.randrange(10**6))))
        for _ in range(2)
    )
    greeting = dice.choice((None, 0, 3, 9))
    answers = () if dice.random() < 0.3 else (answer("Greeting", greeting, 9), answer("Other", 1, 1))
    fields: dict[str, Any] = {
            "csat": csat, "resolved": resolved, "channel": channel,
            "opened": opened and opened.isoformat(), "closed": closed and closed.isoformat(),
            "remark": dice.choice((None, "x", "Chat")),
    }  # fmt: skip
    sent: dict[str, Any] = {
        "id": f"e{number}", "audioDate": when.isoformat(), "state": state, "sentiment": sentiment,
        "averageNote": score, "durationInSeconds": duration, "isAICall": is_ai,
        "campaignId": campaign and campaign[0], "campaignName": campaign and campaign[1],
        "executiveId": executive and executive[0], "executiveName": executive and executive[1],
    }  # fmt: skip
    local = when.astimezone(ZONE)
    is_completed = state == "Completed"
    values: dict[str, Value] = {
        "score": Fraction(str(score)) if is_completed and score is not None else None,
        "duration_seconds": Fraction(duration) if is_completed and duration is not None else None,
        "sentiment": sentiment if is_completed else None,
        "state": state,
        "is_ai": is_ai,
        "hour": Fraction(local.hour),
        "weekday": Fraction(local.isoweekday()),
        "field.csat": None if csat is None else Fraction(str(csat)),
        "field.resolved": resolved,
        "field.remark": fields["remark"],
        "field.opened": _seconds(opened),
        "field.closed": _seconds(closed),
    }
    groups: dict[str, tuple[str, str] | None] = {
        "campaign": campaign,
        "executive": executive,
        "field.channel": (channel, channel) if channel else None,
    }
    shares = {each["criterion"]: _share(each) for each in answers}
    kept = {name: _sent(value) for name, value in sent.items() if value is not None}
    kept["fields"] = {name: _sent(value) for name, value in fields.items() if value is not None}
    return Row(kept, answers, values, groups, shares, when)


def _sent(value: Any) -> Any:
    """Return a value as programs send it: numbers as texts, so that none is rounded."""
    return str(value) if isinstance(value, float | int) and not isinstance(value, bool) else value


def _seconds(moment: datetime | None) -> Fraction | None:
    return (
        None
        if moment is None
        else Fraction((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), 10**6)
    )


def _share(of: Any) -> Fraction | None:
    return None if of.get("notApplicable") else Fraction(of["points"], of["maxPoints"])


def aggregate(each: Aggregate, rows: Sequence[Row]) -> Fraction | None:
    """Return an aggregate over evaluations, by the definition of each function."""
    if each.function is Function.COUNT_DISTINCT:
        return Fraction(len({row.groups[str(each.dimension)] for row in rows} - {None}))
    among = [row for row in rows if each.condition is None or row.of(each.condition) is True]
    if each.function is Function.COUNT:
        return Fraction(len(among))
    assert each.value is not None
    known = [value for row in among if (value := row.of(each.value)) is not None]
    if each.function is Function.SHARE:
        return Fraction(sum(value is True for value in known), len(known)) if known else None
    numbers = sorted(Fraction(value) for value in known)
    if each.function is Function.SUM:
        return sum(numbers, Fraction(0))
    if not numbers:
        return None
    if each.function is Function.AVG:
        return sum(numbers, Fraction(0)) / len(numbers)
    if each.function in (Function.MIN, Function.MAX):
        return numbers[0] if each.function is Function.MIN else numbers[-1]
    place = Fraction(each.percent or 50) / 100 * (len(numbers) - 1)
    low = place.numerator // place.denominator
    return numbers[low] + (place - low) * (numbers[min(low + 1, len(numbers) - 1)] - numbers[low])


def metric_value(expression: Expression, rows: Sequence[Row]) -> Value:
    """Return a metric over evaluations."""

    def leaf(each: Leaf) -> Value:
        assert isinstance(each, Aggregate)
        return aggregate(each, rows)

    return evaluate(expression, leaf)
