"""The highest of many averages is too high by chance; without luck it is not."""

from __future__ import annotations

import numpy as np
import pytest

from lib.statistics.shrinkage import shrink
from tests.statistics.worlds import DRAWS


def test_by_hand() -> None:
    # Variances of 1 and values 1 and 5: 8 between them, of which 1 is chance; 7/8 of the way from 3.
    assert shrink([(1.0, 1.0), (5.0, 1.0)]) == pytest.approx([3 - 2 * 7 / 8, 3 + 2 * 7 / 8])
    assert shrink([(3.0, 1.0), (3.5, 1.0)]) == pytest.approx([3.25, 3.25])  # less than chance explains
    assert shrink([(3.0, 1.0)]) == [3.0]


@pytest.mark.simulation
@pytest.mark.parametrize("groups", [5, 20, 100])
def test_the_highest_average_without_luck(groups: int) -> None:
    """Its mean error is less than a third of that of the average itself, and less than .05 points."""
    rng = np.random.default_rng(groups)
    raw, shrunken = [], []
    for _ in range(DRAWS):
        true = 7 + rng.normal(size=groups) * 0.3
        variances = 2.25 / rng.choice([30, 60, 200], groups)
        seen = true + rng.normal(size=groups) * np.sqrt(variances)
        best = int(seen.argmax())
        raw.append(seen[best] - true[best])
        estimates = shrink(list(zip(seen.tolist(), variances.tolist(), strict=True)))
        shrunken.append(estimates[best] - true[best])
    assert abs(np.mean(shrunken)) < max(np.mean(raw) / 3, 0.05)
    assert np.mean(np.abs(shrunken)) < np.mean(np.abs(raw))
