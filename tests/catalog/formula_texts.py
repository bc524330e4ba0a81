"""Random formulas: right ones of every kind of part, as texts, and what an evaluation may hold."""

from __future__ import annotations

import random

NUMBERS = ("score", "duration_seconds", "hour", "weekday", "field.csat", 'criterion("Greeting")')
FLAGS = ("is_ai", "field.resolved", 'failed("Greeting")')
GROUPS = ("campaign", "executive", "field.channel")
WORDS = {"state": ("Pending", "Processing", "Completed", "Failed"), "sentiment": ("Positive", "Neutral", "Negative")}
INSTANTS = ("field.opened", "field.closed")
LITERALS = ("0", "1", "2", "0.5", "7.25", "600", "-3", "null")
MEMBERS = ('"Retention"', '"camp_2"', '"Ann"', '"Chat"', '"x"')


def row_number(dice: random.Random, depth: int) -> str:
    """Return a number of one evaluation."""
    if depth == 0 or dice.random() < 0.3:
        return dice.choice([*NUMBERS, *LITERALS])
    deeper = depth - 1
    kind = dice.randrange(9)
    if kind < 3:
        return f"({row_number(dice, deeper)} {dice.choice('+-*/')} {row_number(dice, deeper)})"
    if kind == 3:
        return f"if({condition(dice, deeper)}, {row_number(dice, deeper)}, {row_number(dice, deeper)})"
    if kind == 4:
        return f"coalesce({row_number(dice, deeper)}, {row_number(dice, deeper)})"
    if kind == 5:
        return f"round({row_number(dice, deeper)}, {dice.randrange(4)})"
    if kind == 6:
        return f"abs({row_number(dice, deeper)})"
    if kind == 7:
        return f"{dice.choice(['least', 'greatest'])}({row_number(dice, deeper)}, {row_number(dice, deeper)})"
    return dice.choice([f"-{row_number(dice, deeper)}", "(field.closed - field.opened)"])


def condition(dice: random.Random, depth: int) -> str:
    """Return a condition of one evaluation."""
    if depth == 0 or dice.random() < 0.2:
        return _plain_condition(dice)
    deeper = depth - 1
    kind = dice.randrange(7)
    if kind < 3:
        return f"({condition(dice, deeper)} {dice.choice(['and', 'or'])} {condition(dice, deeper)})"
    if kind == 3:
        return f"not {condition(dice, deeper)}"
    sign = dice.choice(("=", "!=", "<", "<=", ">", ">="))
    if kind == 4:
        return f"({row_number(dice, deeper)} {sign} {row_number(dice, deeper)})"
    if kind == 5:
        low, high = row_number(dice, deeper), row_number(dice, deeper)
        return f"({row_number(dice, deeper)} {dice.choice(['', 'not '])}between {low} and {high})"
    return f"({row_number(dice, deeper)} is {dice.choice(['', 'not '])}null)"


def _plain_condition(dice: random.Random) -> str:
    kind = dice.randrange(6)
    if kind == 0:
        return dice.choice([*FLAGS, "true", "false"])
    if kind == 1:
        return f"{dice.choice(GROUPS)} {dice.choice(['=', '!='])} {dice.choice(MEMBERS)}"
    if kind == 2:
        return f"{dice.choice(GROUPS)} {dice.choice(['', 'not '])}in ({', '.join(dice.sample(MEMBERS, 2))})"
    if kind == 3:
        column = dice.choice(tuple(WORDS))
        return f'{column} {dice.choice(["=", "!="])} "{dice.choice(WORDS[column])}"'
    if kind == 4:
        return f"{dice.choice([*GROUPS, *WORDS, *FLAGS, *INSTANTS])} is {dice.choice(['', 'not '])}null"
    return f"{dice.choice(INSTANTS)} {dice.choice(('<', '>=', '='))} {dice.choice(INSTANTS)}"


def aggregate(dice: random.Random, depth: int = 2) -> str:
    """Return a number over many evaluations."""
    kind = dice.randrange(13)
    number, only = row_number(dice, depth), condition(dice, depth)
    return (
        "count()", f"count_if({only})", f"sum({number})", f"sum_if({number}, {only})", f"avg({number})",
        f"avg_if({number}, {only})", f"share({only})", f"share_if({only}, {condition(dice, depth)})",
        f"min({number})", f"max({number})", f"median({number})", f"percentile({number}, {dice.randrange(101)})",
        f"count_distinct({dice.choice(GROUPS)})",
    )[kind]  # fmt: skip


def metric(dice: random.Random, depth: int = 2) -> str:
    """Return a metric: numbers over many evaluations, and what is computed of them."""
    if depth == 0 or dice.random() < 0.3:
        return dice.choice([aggregate(dice, 1), aggregate(dice, 2), dice.choice(LITERALS)])
    deeper = depth - 1
    kind = dice.randrange(8)
    if kind < 4:
        return f"({metric(dice, deeper)} {dice.choice('+-*/')} {metric(dice, deeper)})"
    if kind == 4:
        test = f"{metric(dice, 0)} {dice.choice(('<', '>=', '!='))} {metric(dice, 0)}"
        return f"if({test}, {metric(dice, deeper)}, {metric(dice, deeper)})"
    if kind == 5:
        return f"coalesce({metric(dice, deeper)}, {metric(dice, deeper)})"
    if kind == 6:
        return f"round({metric(dice, deeper)}, {dice.randrange(4)})"
    return f"{dice.choice(['least', 'greatest'])}({metric(dice, deeper)}, abs({metric(dice, deeper)}))"
