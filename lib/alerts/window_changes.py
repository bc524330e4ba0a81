"""Windows of many members against those before them: each judged by the metric's own test of change. Pure.

What the test allows for: days, by how alike the calls of one day were earlier (`day_effects.py`); executives who are in
both windows; and how many members are compared how often (`false_alarms.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from lib.alerts.conditions import Judgment, WindowComparison, is_too_few, judge_change
from lib.alerts.day_effects import day_effects, with_day_effect
from lib.alerts.false_alarms import comparison_confidence
from lib.catalog.measures import NOTHING, MeasureTotals
from lib.catalog.metrics import Metric
from lib.statistics.clusters import SharedSpread

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ComparedWindows(Generic[Key]):
    """The totals of members in a window, in the one before, and in the days from which day effects are known.

    They say how days spread around the metric. `executives` say how those who are in both windows spread around the
    change of each member.
    """

    now: Mapping[Key, MeasureTotals]
    before: Mapping[Key, MeasureTotals]
    reference: Mapping[Key, MeasureTotals]
    executives: Mapping[Key, SharedSpread | None]


def judge_changes(metric: Metric, windows: ComparedWindows[Key], look: int, minimum: int) -> dict[Key, Judgment]:
    """Judge each member of a window against the one before, at the look of a day of this number, from 1.

    Intervals are those that pages show.
    """
    shared, own = day_effects(metric, windows.reference)
    tested = sum(
        not is_too_few(metric, totals, minimum) and not is_too_few(metric, windows.before.get(member, NOTHING), minimum)
        for member, totals in windows.now.items()
    )
    confidence = comparison_confidence(tested, look)
    judged = {}
    for member, totals in windows.now.items():
        effect = own.get(member, shared)
        compared = WindowComparison(
            with_day_effect(metric, windows.before.get(member, NOTHING), effect),
            with_day_effect(metric, totals, effect),
            windows.executives.get(member),
            confidence,
        )
        judged[member] = replace(judge_change(metric, compared, minimum), interval=metric.interval(totals))
    return judged
