"""Figures as columns of a table: a metric with its interval, its change, and the mark of few evaluations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lib.analytics.cluster_spreads import SharedSpreads
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, FEW_EVALUATIONS, Metric
from lib.reports import changes, formatting
from lib.reports.changes import Delta
from lib.reports.table import Column, Look
from lib.reports.words import Words, text

R = TypeVar("R")
Of = Callable[[R], MeasureTotals]


def metric(which: Metric, now: Of[R], *, printed: bool = True) -> list[Column[R]]:
    """Return a metric's column, and the one of its interval where it has one; of both the score's alone is printed."""
    columns: list[Column[R]] = [
        Column(
            text(which.label),
            lambda row: which.rounded(now(row)),
            lambda row: formatting.metric(which, now(row)),
            Look.NUMBER,
            text(which.help),
            printed=printed,
        )
    ]
    if which.uncertainty is not None:
        columns.append(
            Column(
                text("{metric}: 95 % CI", metric=text(which.label)),
                lambda row: formatting.interval(which.unit, which.interval(now(row))),
                printed=which is AVERAGE_SCORE,
            )
        )
    return columns


def change(
    which: Metric,
    before: Callable[[R], MeasureTotals | None],
    now: Of[R],
    executives: Callable[[R], SharedSpreads],
) -> Column[R]:
    """Return the column of a metric's change, colored by whether it is good, gray where it may be chance."""

    def delta(row: R) -> Delta | None:
        return changes.delta(which, before(row), now(row), executives(row).get(which.name))

    return Column(
        text("{metric}: change", metric=text(which.label)),
        lambda row: changes.change_amount(which, before(row), now(row)),
        lambda row: moved.words if (moved := delta(row)) else formatting.NOTHING,
        Look.NUMBER,
        text(
            "▲ ▼: statistically significant. Gray and ≈: not significant. No sign: not tested (counts, or under "
            "{few} evaluations).",
            few=FEW_EVALUATIONS,
        ),
        lambda row: moved.kind if (moved := delta(row)) else "chance",
    )


def count(label: Words, amount: Callable[[R], int], *, printed: bool = True) -> Column[R]:
    """Return a column of whole numbers."""
    return Column(label, amount, lambda row: formatting.count(amount(row)), printed=printed)


def note(now: Of[R]) -> Column[R]:
    """Return the column that marks rows whose score rests on few."""
    return Column(text("Note"), lambda row: formatting.small_sample(now(row)))
