"""Metrics within metrics: the formula of each put in the place of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from lib.catalog.formulas.expressions import Expression, Reference
from lib.catalog.formulas.parser import MOST_STEPS
from lib.errors import FormulaError
from lib.errors.formula_codes import FormulaCode

MOST_PARTS = 5_000
"""Parts of a formula, with those of the metrics that it is made of."""


def expanded(expression: Expression, metric: Callable[[Reference], Expression]) -> Expression:
    """Return an expression with what `metric` says of each one in it.

    Raises FormulaError for one that becomes too large, or too deep for those who go through it.
    """
    whole = _expanded(expression, metric)
    level, parts, count = 0, [whole], 0
    while parts:
        level, count = level + 1, count + len(parts)
        if count > MOST_PARTS or level > MOST_STEPS:
            raise FormulaError(1, FormulaCode.FORMULA_TOO_LARGE, most=MOST_PARTS)
        parts = [part for each in parts for part in each.parts]
    return whole


def _expanded(expression: Expression, metric: Callable[[Reference], Expression]) -> Expression:
    if isinstance(expression, Reference):
        return metric(expression)
    if not expression.parts:
        return expression
    changed: dict[str, Any] = {}
    for each in fields(expression):
        value = getattr(expression, each.name)
        if isinstance(value, Expression):
            changed[each.name] = _expanded(value, metric)
        elif isinstance(value, tuple):
            changed[each.name] = tuple(_expanded(part, metric) for part in value)
    return replace(expression, **changed)
