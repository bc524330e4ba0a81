"""Holm's procedure, by hand."""

from __future__ import annotations

from lib.statistics.multiple_tests import holm


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.02]) == [True, True]  # 0.02 to 0.025, then 0.04 to 0.05
    assert holm([0.04, 0.03]) == [False, False]
    assert holm([0.001, 0.5, 0.03, 0.02]) == [True, False, False, False]  # 0.02 > 0.05/3
    assert holm([]) == []
