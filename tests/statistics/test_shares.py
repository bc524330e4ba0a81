"""Tests of shares and of several claims at once, held against SciPy and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lib.statistics.shares import count_unsettled_days, share_difference_p_value


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_difference_of_shares(n: int, m: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    found = share_difference_p_value((a, n), (b, m))
    if a + b in (0, n + m):
        assert found == 1
    else:
        theirs = stats.chi2_contingency([[a, n - a], [b, m - b]], correction=True).pvalue
        assert found == pytest.approx(theirs, rel=1e-6, abs=1e-12)


def test_nothing_differs_from_no_calls() -> None:
    assert share_difference_p_value((0, 0), (3, 5)) == 1


def test_unsettled_days_by_hand() -> None:
    settled = (5, 100)
    # All of today's wait and half of yesterday's; of the day before about as many as of older ones.
    assert count_unsettled_days([(100, 100), (50, 100), (6, 100), settled, settled], (50, 1000)) == 2
    assert count_unsettled_days([settled] * 20, (50, 1000)) == 0
    assert count_unsettled_days([(0, 100), settled], (100, 1000)) == 0  # fewer wait, not more
    assert count_unsettled_days([(0, 0), (0, 0), (9, 9)], (50, 1000)) == 3
    assert count_unsettled_days([(9, 9)], (0, 0)) == 0  # there is nothing to tell them from
    assert count_unsettled_days([], (50, 1000)) == 0
