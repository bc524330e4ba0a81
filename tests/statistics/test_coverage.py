"""That coverage changed is said where it did, and seldom where it did not, however young the calls are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lib.catalog.measures import MeasureTotals
from lib.reports.coverage import coverage_change
from tests.statistics.worlds import DRAWS, most

Period = list[MeasureTotals]
"""The measures of each day, the newest first."""


def _periods(
    seed: int, calls: int, completed: tuple[float, float], scored: tuple[float, float], wait_days: float = 0.0
) -> Iterator[tuple[Period, Period]]:
    """Yield 30 days and the 30 before, of which so many are completed, and scored, now and before.

    With `wait_days`, calls wait for their evaluation so long on average; the last day of the first is today.
    """
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        sides = []
        for place in range(2):
            days = []
            for age in range(30 * place, 30 * place + 30):
                n = rng.poisson(calls / 30)
                ended = rng.binomial(n, 1 - np.exp(-(age + 0.5) / wait_days) if wait_days else 1.0)
                done = rng.binomial(ended, completed[place])
                days.append(
                    MeasureTotals(
                        evaluations=n,
                        pending=n - ended,
                        failed=ended - done,
                        completed=done,
                        scored=rng.binomial(done, scored[place]),
                    )
                )
            sides.append(days)
        yield sides[0], sides[1]


def _said(periods: Iterator[tuple[Period, Period]]) -> tuple[int, int]:
    """Return how often something is said, and how often of completed evaluations."""
    either = of_completed = 0
    for now, before in periods:
        change = coverage_change(MeasureTotals.total(now), MeasureTotals.total(before), now)
        of_completed += change.completed is not None
        either += change.completed is not None or change.scored is not None
    return either, of_completed


@pytest.mark.simulation
@pytest.mark.parametrize("calls", [60, 300, 3000])
@pytest.mark.parametrize("share", [0.6, 0.95])
def test_where_nothing_changed_it_is_seldom_said(calls: int, share: float) -> None:
    either, _ = _said(_periods(1, calls, (share, share), (share, share)))
    assert either <= most(0.05, DRAWS)


@pytest.mark.simulation
@pytest.mark.parametrize("calls", [60, 300, 3000, 30_000])
@pytest.mark.parametrize("wait_days", [0.5, 2.0, 4.0])
def test_calls_that_still_wait_are_no_change(calls: int, wait_days: float) -> None:
    either, _ = _said(_periods(2, calls, (0.95, 0.95), (0.9, 0.9), wait_days))
    assert either <= most(0.05, DRAWS)


@pytest.mark.simulation
@pytest.mark.parametrize("wait_days", [0.0, 2.0])
def test_a_change_is_found_though_calls_wait(wait_days: float) -> None:
    _, of_completed = _said(_periods(3, 3000, (0.8, 0.95), (0.9, 0.9), wait_days))
    assert of_completed >= 0.95 * DRAWS
