"""Figures as columns of a table: a metric with its interval, its change, and the mark of few evaluations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from lib.analytics.cluster_spreads import SharedSpreads
from lib.catalog.dimensions import Dimension, EnumDimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, Unit, rounded
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.i18n import t
from lib.reports import catalog_words, changes, formatting
from lib.reports.changes import Delta
from lib.reports.table import Column, FileField, Look
from lib.reports.words import Words, text

CHANGED = ("totalEvaluations", "averageScore")
"""The metrics whose change has a column of its own."""

_NO_ENDS = (None, None)

R = TypeVar("R")
Of = Callable[[R], MeasureTotals]


def metric(which: Metric, now: Of[R], *, printed: bool = True) -> list[Column[R]]:
    """Return a metric's column, and the one of its interval where it has one; of both the score's alone is printed."""
    label = catalog_words.metric_label(which)
    columns: list[Column[R]] = [
        Column(
            label,
            lambda row: which.rounded(now(row)),
            lambda row: formatting.metric(which, now(row)),
            Look.NUMBER,
            catalog_words.metric_help(which),
            printed=printed,
            in_file=(metric_field(which, now),),
        )
    ]
    if which.uncertainty is not None:
        columns.append(
            Column(
                text("{metric}: 95 % CI", metric=label),
                lambda row: formatting.metric_interval(which, which.interval(now(row))),
                printed=which is AVERAGE_SCORE,
                in_file=interval_fields(which.name, label, which.unit, lambda row: which.rounded_interval(now(row))),
            )
        )
    return columns


def metric_field(which: Metric, now: Of[R]) -> FileField[R]:
    """Return a metric as a column of a file."""
    label = catalog_words.metric_label(which)
    return FileField(which.name, label, lambda row: which.rounded(now(row)), which.unit.value, which)


def shown_names(members: Iterable[Member], member: Callable[[R], Member | None]) -> Callable[[R], str]:
    """Return what names the groups of rows so that those called alike can be told apart; without one it is the total.

    Files have a column of the id besides, so that names stay as they are there.
    """
    alike = formatting.namesakes(members)

    def name(row: R) -> str:
        return t("Total") if (named := member(row)) is None else formatting.distinct_name(named, alike)

    return name


def member_fields(
    dimension: Dimension, member: Callable[[R], Member | None], name: Callable[[R], str]
) -> tuple[FileField[R], ...]:
    """Return the name and the id of a group as columns of a file; `name` says that of the whole selection too."""

    def id_of(row: R) -> str | None:
        return each.id if (each := member(row)) else None

    def name_of(row: R) -> str | None:
        said = name(row)
        return None if member(row) is None and said == formatting.NOTHING else said  # a group may be called so

    label = catalog_words.label(dimension)
    if isinstance(dimension, EnumDimension):
        return (FileField(dimension.parameter, label, name_of),)
    named = FileField(dimension.name_field, label, name_of)
    if dimension.name_field == dimension.parameter:
        return (named,)
    return named, FileField(dimension.parameter, text(dimension.id_label), id_of)


def interval_fields(
    name: str, label: Words, unit: Unit, ends: Callable[[R], tuple[float | None, float | None] | None]
) -> tuple[FileField[R], ...]:
    """Return the ends of a value's interval as columns of a file."""
    return (
        FileField(
            f"{name}Low", text("{metric}: 95 %, low", metric=label), lambda row: (ends(row) or _NO_ENDS)[0], unit.value
        ),
        FileField(
            f"{name}High",
            text("{metric}: 95 %, high", metric=label),
            lambda row: (ends(row) or _NO_ENDS)[1],
            unit.value,
        ),
    )


def change(
    which: Metric,
    before: Callable[[R], MeasureTotals | None],
    now: Of[R],
    executives: Callable[[R], SharedSpreads],
    *,
    is_tested: bool = True,
) -> Column[R]:
    """Return the column of a metric's change, colored by whether it is good, gray where it may be chance."""
    if which.uncertainty is None:
        help = text("Changes of counts are not tested for significance.")
    elif is_tested:
        help = text(
            "▲ ▼: statistically significant. Gray and ≈: not significant. No sign: not tested (under {few} "
            "evaluations).",
            few=FEW_EVALUATIONS,
        )
    else:
        help = text("Changes of single days, weeks and months are not tested for significance.")

    def delta(row: R) -> Delta | None:
        return changes.delta(which, before(row), now(row), executives(row).get(which.name))

    return Column(
        text("{metric}: change", metric=catalog_words.metric_label(which)),
        lambda row: changes.change_amount(which, before(row), now(row)),
        lambda row: moved.words if (moved := delta(row)) else formatting.NOTHING,
        Look.NUMBER,
        help,
        lambda row: moved.kind if (moved := delta(row)) else "chance",
        in_file=_change_fields(which, before, now, delta),
    )


def has_changes(which: Metric, before: Callable[[R], MeasureTotals | None], now: Of[R], rows: Iterable[R]) -> bool:
    """Return whether any row has a change of a metric: a column of dashes alone says nothing."""
    return any(changes.change_amount(which, before(row), now(row)) is not None for row in rows)


NO_CHANGES = text("No changes are shown: no whole row has a value in both periods.")
"""What is said where columns of changes are left out."""


def _change_fields(
    which: Metric, before: Callable[[R], MeasureTotals | None], now: Of[R], delta: Callable[[R], Delta | None]
) -> tuple[FileField[R], ...]:
    """Return what a metric was, by how much it changed and what that means as columns of a file."""

    def was(row: R) -> float | None:
        return None if (totals := before(row)) is None else which.rounded(totals)

    def amount(row: R) -> float | None:
        change = changes.change_amount(which, before(row), now(row))
        return None if change is None else rounded(change, 4)

    def meaning(row: R) -> str | None:
        return str(moved.meaning) if (moved := delta(row)) and moved.meaning else None

    label = catalog_words.metric_label(which)
    kind = "change" if which.unit in (Unit.COUNT, Unit.SECONDS) else "points"
    return (
        FileField(f"{which.name}Before", text("{metric}: before", metric=label), was, which.unit.value),
        FileField(f"{which.name}Change", text("{metric}: change", metric=label), amount, kind),
        FileField(f"{which.name}ChangeMeaning", text("{metric}: meaning of the change", metric=label), meaning),
    )


def count(label: Words, amount: Callable[[R], int], name: str, *, printed: bool = True) -> Column[R]:
    """Return a column of whole numbers, by its label and its name in the API."""
    in_file = (FileField(name, label, amount, "count"),)
    return Column(label, amount, lambda row: formatting.count(amount(row)), printed=printed, in_file=in_file)


def note(now: Of[R]) -> Column[R]:
    """Return the column that marks rows whose score rests on few."""

    def words(row: R) -> str:
        return formatting.small_sample(now(row))

    return Column(text("Note"), words, in_file=(FileField("fewEvaluations", text("Note"), words),))
