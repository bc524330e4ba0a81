"""Formulas: what they are, where the fault of each wrong one begins, and their exact values."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.catalog.formulas.checker import MOST_AGGREGATES, check
from lib.catalog.formulas.evaluation import evaluate, round_half_away
from lib.catalog.formulas.expressions import Aggregate, Kind, Reference
from lib.catalog.formulas.parser import MOST_LEVELS
from lib.catalog.formulas.tokens import MOST_CHARACTERS
from lib.catalog.formulas.vocabulary import Vocabulary
from lib.errors import FormulaError

STATES = ("Pending", "Processing", "Completed", "Failed")
KNOWN = Vocabulary(
    columns={
        **dict.fromkeys(("score", "duration_seconds", "hour", "weekday", "field.csat"), Kind.NUMBER),
        **dict.fromkeys(("is_ai", "field.resolved"), Kind.CONDITION),
        **dict.fromkeys(("state", "sentiment"), Kind.TEXT),
        **dict.fromkeys(("field.opened", "field.closed"), Kind.INSTANT),
    },
    dimensions={each: each for each in ("campaign", "executive", "field.channel")},
    metrics=("averageScore", "completedEvaluations"),
    words={"state": STATES, "sentiment": ("Positive", "Neutral", "Negative")},
    criteria=("Greeting", "Identity"),
)

RIGHT = [
    "avg(score)",
    "share(field.resolved)",
    "count_if(score < 5 and duration_seconds > 600) / completedEvaluations",
    'avg_if(score, is_ai and campaign in ("Retention", "camp_12"))',
    "sum(field.csat) / count()",
    "if(count() >= 30, averageScore - 7, null)",
    'avg(criterion("Greeting")) - share(failed("Identity"))',
    "count_distinct(executive) + COUNT()",
    "coalesce(round(percentile(score, 90), 1), -2.5) * least(1, 2, abs(-3))",
    "count_if(not (campaign is null) or state not in (\"Failed\", 'Pending') and hour between 9 and 17)",
    "avg(field.closed - field.opened)",
    "10 / 4",
]
WRONG = [
    ("", 1, "There is no formula"),
    ("avg(", 5, "The end is not expected here; right would be a value"),
    ("avg(score", 10, "right would be"),
    ("1 +", 4, "The end is not expected"),
    ("a < b < c", 7, "can't go on"),
    ("count() == 3", 9, "= for equal"),
    ("5m", 1, "is no number"),
    ('count_if(campaign = "x)', 21, "does not end"),
    ("count_if(score in 3)", 19, "a list"),
    ("count_if(score is 3)", 19, "null or not null"),
    ("score", 1, "is of one evaluation; a metric is of many. Right would be avg(score)"),
    ("is_ai", 1, "share(is_ai)"),
    ("avg(averageScore)", 5, "can't stand within avg"),
    ("avg(avg(score))", 5, "can't stand within avg"),
    ("avg(scor)", 5, "did you mean 'score'?"),
    ("avg(Score)", 5, "told apart by capitals. Right would be score"),
    ("averagescore", 1, "Right would be averageScore"),
    ("avg()", 5, "avg takes 1, and has 0"),
    ("avg(score, 1)", 12, "avg takes 1, and has 2"),
    ("avg(is_ai)", 5, "is_ai is a condition; avg takes a number"),
    ("share(score)", 7, "share takes a condition"),
    ("avg(campaign)", 5, "'campaign' says which group an evaluation belongs to; avg takes a number"),
    ("avg(field.resolved)", 5, "Right would be share(field.resolved)"),
    ("count_if(campaign = Retention)", 21, 'Right would be campaign = "Retention"'),
    ("share field.resolved", 7, "'share' is a function"),
    ("avg(score))", 11, "a closing bracket here that nothing opens"),
    ("count_if(campaign = “x”)", 21, "straight quotes"),
    ("count_if(is_ai && is_ai)", 16, "and, or, or not"),
    ('count_if(campaign > "x")', 19, "can't be ordered"),
    ("count_if(campaign = 3)", 21, "can't be compared"),
    ('count_if(state = "failed")', 18, "did you mean 'Failed'?"),
    ('count_if(score = "x")', 18, "a number and a text can't be compared"),
    ("percentile(score, 101)", 19, "out of range; right would be 0–100"),
    ("percentile(score, hour)", 19, "as it is written"),
    ("count_distinct(score)", 16, "takes a dimension"),
    ("foo(1)", 1, "There is no function 'foo'"),
    ("count", 1, "Right would be count()"),
    ("score(1)", 1, "takes no brackets"),
    ('avg(criterion("Greetin"))', 15, "did you mean 'Greeting'?"),
    ("count() > 3", 1, "A metric is a number, and this is a condition"),
    ("round(avg(score), 99)", 19, "out of range"),
    ("count() ! 3", 9, "= for equal, != for not"),
    ("count() @ 3", 9, "means nothing"),
    ("(" * (MOST_LEVELS + 1) + "1" + ")" * (MOST_LEVELS + 1), MOST_LEVELS + 1, "levels deep"),
    ("+".join(["count()"] * (MOST_AGGREGATES + 1)), 8 * MOST_AGGREGATES + 1, "more than 40 aggregates"),
    ("1" + " " * MOST_CHARACTERS, MOST_CHARACTERS + 1, "2,000 are the most"),
]


@pytest.mark.parametrize("text", RIGHT)
def test_right_ones(text: str) -> None:
    assert check(text, KNOWN).kind is Kind.NUMBER


@pytest.mark.parametrize(("text", "position", "words"), WRONG)
def test_wrong_ones_say_where_and_what(text: str, position: int, words: str) -> None:
    with pytest.raises(FormulaError) as raised:
        check(text, KNOWN)
    assert (raised.value.position, words in raised.value.message) == (position, True), raised.value.message


pieces = st.sampled_from(
    [
        *("(", ")", ",", "+", "-", "*", "/", "=", "!=", "<", "and", "or", "not", "in", "between", "is", "null", '"x"'),
        *('"', "5", ".", "score", "count()", "avg", "if", "é", "\x00", "@", "field.", "field.x", "1e5", "true", " "),
    ]
)


@given(st.sampled_from(RIGHT), st.lists(st.tuples(st.floats(0, 1), pieces | st.none()), min_size=1, max_size=4))
def test_broken_ones_have_a_place(text: str, changes: list[tuple[float, str | None]]) -> None:
    for share, piece in changes:
        place = int(share * len(text))
        text = text[:place] + piece + text[place:] if piece is not None else text[:place] + text[place + 1 :]
    try:
        check(text, KNOWN)
    except FormulaError as error:
        assert 1 <= error.position <= len(text) + 1


def _value(text: str, **aggregates: Fraction | None) -> Any:
    def leaf(each: Any) -> Fraction | None:
        assert isinstance(each, Aggregate | Reference)
        return aggregates[each.metric if isinstance(each, Reference) else each.function.value]

    return evaluate(check(text, KNOWN), leaf)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10 / 4", Fraction(5, 2)),
        ("1 / 0", None),
        ("2 + 3 * 4 - -1", 15),
        ("(2 + 3) * 4", 20),
        ("count() / sum(score)", None),
        ("if(count() >= 30, 1, 2)", 1),
        ("if(sum(score) > 1, 1, 2)", 2),
        ("if(null, 1, 2)", 2),
        ("coalesce(sum(score), 7)", 7),
        ("round(0.125, 2)", Fraction(13, 100)),
        ("round(-0.125, 2)", Fraction(-13, 100)),
        ("round(2.5)", 3),
        ("least(3, sum(score), 2)", 2),
        ("greatest(3, sum(score), 2)", 3),
        ("abs(sum(score))", None),
        ("if(sum(score) = 1 or count() = 30, 1, 0)", 1),
        ("if(sum(score) = 1 and count() = 3, 1, 0)", 0),
        ("if(not sum(score) = 1, 1, 0)", 0),
        ("if(count() in (1, 30), 1, 0)", 1),
        ("if(count() not between 1 and 29, 1, 0)", 1),
        ("if(sum(score) is null, 1, 0)", 1),
        ("averageScore - 7", Fraction(1, 2)),
    ],
)
def test_exact_values(text: str, value: Fraction | int | None) -> None:
    assert _value(text, count=Fraction(30), sum=None, averageScore=Fraction(15, 2)) == value


@given(st.fractions(), st.integers(0, 6))
def test_rounding_is_half_away_from_zero(number: Fraction, decimals: int) -> None:
    rounded = round_half_away(number, decimals)
    assert abs(rounded - number) * 10**decimals * 2 <= 1 and (rounded * 10**decimals).denominator == 1
    if abs(rounded - number) * 10**decimals * 2 == 1:
        assert abs(rounded) > abs(number)
