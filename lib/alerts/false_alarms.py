"""How sure an alert has to be that something is worse than before: a budget of false firings for each alert.

An alert that compares a thousand executives every day makes 91,000 comparisons a quarter, and at 95 % chance alone
would make thousands of them fire. Here each alert has a budget: chance alone fires it FALSE_FIRINGS_A_QUARTER times a
quarter in expectation, once a year, however many members it has and however often it looks. The budget is shared out
evenly over the quarter's days and the members (Bonferroni), and over the looks of one day by 6/(π²k²), which adds up
to one over all looks k. By the union bound that holds whatever looks and members have in common, as windows that
overlap and calls of one day do.
"""

from __future__ import annotations

import math

from lib.statistics.intervals import CONFIDENCE

FALSE_FIRINGS_A_QUARTER = 0.25
"""How often chance alone fires an alert in a quarter, in expectation: once a year."""

QUARTER_DAYS = 91

_LEAST = 1e-12
"""No comparison is held to less; the quantiles lose their digits there."""


def look_share(look: int) -> float:
    """Return the share of a day's budget that the look of a number, from 1, may spend."""
    return 6 / (math.pi * look) ** 2


def comparison_confidence(members: int, look: int) -> float:
    """Return the confidence of a two-sided test, of which one side counts, for one member at one look of a day."""
    spent = FALSE_FIRINGS_A_QUARTER * look_share(look) / (QUARTER_DAYS * max(1, members))
    return max(CONFIDENCE, 1 - 2 * max(spent, _LEAST))
