"""The same formula, but only where a condition holds: its aggregates become those that take a condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lib.catalog.formulas.functions import AGGREGATES
from lib.catalog.formulas.tokens import MOST_CHARACTERS, Token, TokenKind, tokens
from lib.errors import FormulaError

PLACE = "…"
"""What stands where a condition is to be filled in; no formula holds it as a sign."""

_MOST_METRICS = 20
"""So deep may metrics be made of metrics here."""

_WITH_CONDITION = {"count": "count_if", "sum": "sum_if", "avg": "avg_if", "share": "share_if"}
_CONDITIONAL = frozenset(_WITH_CONDITION.values())


def narrowed(formula: str, condition: str, formula_of: Callable[[str], str | None]) -> str | None:
    """Return a formula over the evaluations of a condition alone; None where the language has no way to say that.

    `formula_of` returns the formula of a metric, which stands in place of its name then.
    """
    made = _narrowed(formula, condition, formula_of, _MOST_METRICS)
    return made if made is not None and len(made) <= MOST_CHARACTERS else None


def _narrowed(formula: str, condition: str, formula_of: Callable[[str], str | None], levels: int) -> str | None:
    try:
        words = tokens(formula)
    except FormulaError:
        return None
    parts: list[str] = []
    end = place = 0  # the characters that are taken over, the token that is next
    while words[place].kind is not TokenKind.END:
        token = words[place]
        last = place
        part: str | None = formula[token.position - 1 : token.position - 1 + len(token.written)]
        is_called = words[place + 1].is_sign("(")
        if token.kind is TokenKind.NAME and is_called and token.value in AGGREGATES:
            last = _closing(words, place + 1)
            part = _aggregate(formula, words[place : last + 1], condition)
        elif token.kind is TokenKind.NAME and not is_called:
            inner = formula_of(token.written) if levels else None
            inner = None if inner is None else _narrowed(inner, condition, formula_of, levels - 1)
            part = None if inner is None else f"({inner})"
        if part is None or sum(map(len, parts)) > MOST_CHARACTERS:
            return None
        parts += [formula[end : token.position - 1], part]
        end = words[last].position - 1 + len(words[last].written)
        place = last + 1
    return "".join(parts) + formula[end:]


def _closing(words: Sequence[Token], opening: int) -> int:
    """Return the place of the bracket that closes one; the last word before the end where there is none."""
    depth = 0
    for place in range(opening, len(words)):
        depth += words[place].is_sign("(") - words[place].is_sign(")")
        if depth == 0:
            return place
    return len(words) - 2


def _aggregate(formula: str, words: Sequence[Token], condition: str) -> str | None:
    """Return an aggregate, from its name to its closing bracket, with a condition more."""
    name = words[0].value
    opening, closing = words[1].position, words[-1].position - 1
    content = formula[opening:closing].strip()
    if name == "count":
        return f"count_if({condition})"
    if name in _WITH_CONDITION:
        return f"{_WITH_CONDITION[name]}({content}, {condition})"
    if name not in _CONDITIONAL:
        return None
    depth, begins = 0, opening
    for word in words[2:-1]:
        depth += word.is_sign("(") - word.is_sign(")")
        if depth == 0 and word.is_sign(","):
            begins = word.position
    before, held = formula[opening:begins].strip(), formula[begins:closing].strip()
    both = f"{_within_and(held)} and {_within_and(condition)}"
    return f"{name}({before} {both})" if before else f"{name}({both})"


def _within_and(condition: str) -> str:
    """Return a condition as it may stand beside `and`: in brackets where it has an `or`, or is yet to be written."""
    try:
        is_plain = not any(each.is_word("or") for each in tokens(condition))
    except FormulaError:
        is_plain = False
    return condition if is_plain else f"({condition})"
