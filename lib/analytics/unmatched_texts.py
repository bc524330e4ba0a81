"""Texts in formulas that no group has: most are misspelt, and a condition with one is met by nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from lib.analytics.grants import Grant
from lib.analytics.queries import options
from lib.catalog.catalog import Catalog
from lib.catalog.formulas.calculation import Calculation
from lib.catalog.formulas.expressions import Aggregate, Expression, Membership
from lib.catalog.metrics import Metric


@dataclass(frozen=True, slots=True)
class UnmatchedText:
    """A text, the dimension that it is compared with, and the names of that one's groups in sight."""

    text: str
    dimension: str
    known: tuple[str, ...]


def unmatched_texts(
    connection: Connection, metric: Metric, grant: Grant, catalog: Catalog
) -> tuple[UnmatchedText, ...]:
    """Return the texts of a metric's formula that are neither the id nor the name of a group in sight."""
    if not isinstance(metric.formula, Calculation):
        return ()
    unmatched = []
    dimensions = {each.name: each for each in catalog.dimensions}
    for name, texts in _texts(metric.formula.expression).items():
        members = options(connection, dimensions[name], grant, catalog)
        known = {each for member in members for each in (member.id, member.name)}
        names = tuple(member.name for member in members)
        unmatched += [UnmatchedText(text, name, names) for text in texts if text not in known]
    return tuple(unmatched)


def _texts(expression: Expression) -> dict[str, dict[str, None]]:
    """Return the texts that dimensions are compared with, by the dimension's name, each once."""
    texts: dict[str, dict[str, None]] = {}
    for each in expression.walk():
        parts = (each.value, each.condition) if isinstance(each, Aggregate) else (each,)
        for part in parts:
            for inner in part.walk() if part is not None else ():
                if isinstance(inner, Membership):
                    texts.setdefault(inner.dimension, {}).update(dict.fromkeys(inner.members))
    return texts
