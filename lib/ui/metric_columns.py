"""Figures as columns of a grid: a metric with its interval, its change, and the mark of few evaluations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.i18n import t
from lib.reports import formatting
from lib.ui import deltas
from lib.ui.data_grid import GridColumn
from lib.ui.deltas import Delta
from lib.ui.style import palette

R = TypeVar("R")
Of = Callable[[R], MeasureTotals]


def metric(which: Metric, now: Of[R], *, printed: bool = True) -> list[GridColumn[R]]:
    """Return a metric's column, and the one of its interval where it has one; of both the score's alone is printed."""
    columns: list[GridColumn[R]] = [
        GridColumn(
            t(which.label),
            lambda row: which.rounded(now(row)),
            st.column_config.NumberColumn(help=t(which.help)),
            lambda row: formatting.metric(which, now(row)),
            printed=printed,
        )
    ]
    if which.uncertainty is not None:
        label = t("{metric}: 95 %", metric=t(which.label))
        columns.append(
            GridColumn(
                label,
                lambda row: formatting.interval(which.unit, which.interval(now(row))),
                printed=which is AVERAGE_SCORE,
            )
        )
    return columns


def change(which: Metric, before: Callable[[R], MeasureTotals | None], now: Of[R]) -> GridColumn[R]:
    """Return the column of a metric's change, colored by whether it is good, gray where it may be chance."""

    def found(row: R) -> Delta | None:
        return deltas.change(which, before(row), now(row))

    def told(row: R) -> str:
        moved = found(row)
        return moved.told if moved else formatting.NOTHING

    def color(row: R) -> str:
        moved, colors = found(row), palette()
        shades = {"good": colors.positive, "bad": colors.negative, "chance": colors.muted}
        return shades.get(moved.kind, colors.text) if moved else colors.muted

    return GridColumn(
        t("{metric}: change", metric=t(which.label)),
        lambda row: deltas.amount(which, before(row), now(row)),
        st.column_config.NumberColumn(help=t("Grey and ≈: can't be told from chance.")),
        told,
        color,
    )


def count(label: str, amount: Callable[[R], int], *, printed: bool = True) -> GridColumn[R]:
    """Return a column of whole numbers."""
    return GridColumn(label, amount, text=lambda row: formatting.count(amount(row)), printed=printed)


def note(now: Of[R]) -> GridColumn[R]:
    """Return the column that marks rows with few evaluations."""
    return GridColumn(t("Note"), lambda row: t("few evaluations") if AVERAGE_SCORE.is_small_sample(now(row)) else "")
