"""Targets as columns of a table of groups: what each group should reach, and whether it does."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.catalog.targets import TargetState, state_of
from lib.reports import catalog_words, formatting
from lib.reports.context import PageContext
from lib.reports.table import Column, FileField
from lib.reports.target_words import STATES, has_target, target_of_group
from lib.reports.words import text

_KINDS = {TargetState.MET: "good", TargetState.MISSED: "bad", TargetState.UNSURE: "chance"}
"""What a state's color says: nothing of what the sample can't tell."""

R = TypeVar("R")


def target_columns(
    context: PageContext,
    metric: Metric,
    dimension: Dimension,
    member: Callable[[R], Member | None],
    now: Callable[[R], MeasureTotals],
) -> list[Column[R]]:
    """Return the column of a metric's target; none where no target is in force at the end of the period.

    `member` says the group of a row, None for the whole selection. A group without a target of its own has that of all.
    The score's alone is printed, as its interval is.
    """
    if not has_target(context, metric):
        return []

    def target(row: R) -> Fraction | None:
        return target_of_group(context, metric, dimension, member(row))

    def state(row: R) -> TargetState | None:
        return None if (value := target(row)) is None else state_of(metric, now(row), value)

    def state_text(row: R) -> str:
        return "" if (found := state(row)) is None else str(STATES[found])

    def words(row: R) -> str:
        value = target(row)
        if value is None:
            return ""
        target_text = formatting.value(metric.unit, value, metric.own_decimals)
        return f"{said} · {target_text}" if (said := state_text(row)) else target_text

    label = catalog_words.metric_label(metric)
    title = text("{metric}: target", metric=label)
    return [
        Column(
            title,
            words,
            help=text(
                "What the group of the row should reach at the end of the period. Not yet sure: chance alone may carry "
                "the value to the other side, or it rests on too few evaluations."
            ),
            printed=metric.name == AVERAGE_SCORE.name,
            kind=lambda row: "plain" if (found := state(row)) is None else _KINDS[found],
            in_file=(
                FileField(f"{metric.name}TargetState", text("{metric}: is the target met", metric=label), state_text),
                FileField(f"{metric.name}Target", title, lambda row: _number(target(row)), metric.unit.value),
            ),
        )
    ]


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
