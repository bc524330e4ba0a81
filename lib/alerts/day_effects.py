"""How alike the calls of one day are, from the days before a window, so that a short window says when it changes.

Pages take how days differ from the window itself. A level that dropped two days ago makes the days of a week differ by
that very drop, which then hides in its own error. An alert takes the resemblance of days from earlier days instead: as
one intraclass correlation of a call with another one of its day, which all members share, and of a member its own
where that is larger. The variance of a window's value is then that of independent calls, v, times 1 + (n·Σw² − 1)·ρ,
with Σw² the share of the calls in the day of one of them (Kish 1965, Survey Sampling, 5.4); its degrees of freedom are
put together of both parts as Satterthwaite does. A single day can be compared in this way, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.statistics.clusters import LEAST_DAYS, ClusterSpread, day_correlation

Key = TypeVar("Key")

REFERENCE_DAYS = 28
"""Days before a window from which it is known how alike the calls of one day are."""


@dataclass(frozen=True, slots=True)
class DayEffect:
    """How alike calls of one day are: 0 where they have nothing in common. `degrees` is how well that is known."""

    correlation: float
    degrees: float


def day_effects(
    metric: Metric, reference: Mapping[Key, MeasureTotals]
) -> tuple[DayEffect | None, dict[Key, DayEffect]]:
    """Return how alike days are of all members together, and of each member of which that can be said.

    None where no member has two days, and for metrics whose days are not known. The degrees of freedom of all are those
    of the member that has the most: the days are the same ones.
    """
    groups: dict[Key, tuple[float, float, ClusterSpread]] = {}
    for key, totals in reference.items():
        spread = totals.days.get(metric.name)
        error = None if metric.uncertainty is None else metric.uncertainty.independent_error(totals)
        if spread is not None and error is not None and error[1] > 0:
            groups[key] = float(error[0]), error[1] * error[0], spread
    if not groups:
        return None, {}
    shared = day_correlation(groups.values())
    everybody = DayEffect(shared, max(spread.degrees for *_, spread in groups.values()))
    own = {}
    for key, group in groups.items():
        correlation = day_correlation([group]) if group[2].clusters >= LEAST_DAYS else 0.0
        own[key] = DayEffect(correlation, group[2].degrees) if correlation > shared else everybody
    return everybody, own


def with_day_effect(metric: Metric, totals: MeasureTotals, effect: DayEffect | None) -> MeasureTotals:
    """Return a window's totals with the spread of its days that the resemblance of earlier days makes.

    They stay as they are where that is not known, or where the metric's kind of uncertainty knows no days.
    """
    if effect is None or metric.uncertainty is None:
        return totals
    error = metric.uncertainty.independent_error(totals)
    if error is None or not error[1]:
        return totals
    n, independent = error
    spread = totals.days.get(metric.name) or ClusterSpread(1, 0.0, 1.0, 1.0)
    extra = independent * max(0.0, (n * spread.concentration - 1) * effect.correlation)
    variance = independent + extra
    degrees = variance**2 / (independent**2 / (n - 1) + extra**2 / effect.degrees)
    made = replace(spread, variance=variance, degrees=max(1.0, degrees))
    return totals.with_days({**totals.days, metric.name: made})
