"""How far executives spread in truth, in plain sentences: what chance adds is taken out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from lib.analytics.breakdowns import MOST_WITH_DAYS, Group
from lib.analytics.cluster_spreads import score_design_effects
from lib.catalog.metrics import AVERAGE_SCORE, Unit
from lib.i18n import number
from lib.reports import formatting
from lib.reports.page import Sentences
from lib.reports.words import formatted, text
from lib.statistics.group_spread import UPPER_HALF, group_spread
from lib.store.enums import SCORE_SCALE

HELP = (
    "The averages of executives differ by chance already, the more the fewer evaluations each has. The spread is "
    "what is left without that: the standard deviation τ of true averages in this period, of executives with at "
    "least 30 scored evaluations, each counted once. It is where Σ(average − mean)² ÷ (τ² + s²/n) is the number "
    "of executives less one, with s² widened by what calls of one day have in common (Paule and Mandel; the "
    "interval is the Q-profile). If true averages are distributed like a bell, those of the upper half lie 0.80 "
    "τ above the middle and those of the lower half as far below it, so that the average would rise by half of 2 "
    "· 0.80 τ. Whether coaching gets there, the numbers do not say; different calls are part of the spread."
)


def spread_sentences(groups: Iterable[Group]) -> Sentences | None:
    """Return how far executives spread, and what there is to win; None where too few have enough evaluations."""
    enough = {
        group.named: group.sums
        for group in groups
        if group.named.id is not None and not AVERAGE_SCORE.is_small_sample(group.sums)
    }
    enough = dict(itertools.islice(enough.items(), MOST_WITH_DAYS))
    effects = score_design_effects(enough)
    spread = group_spread(
        [(sums["scored"], sums["score_sum"], sums["score_square_sum"]) for sums in enough.values()],
        SCORE_SCALE,
        [effects[member] for member in enough],
    )
    if spread is None:
        return None
    if spread.low == 0:
        words = text(
            "What executives' averages differ by can be chance alone; in truth they spread by at most ±{high} points "
            "(95 %).",
            high=formatted(number, spread.high, 2),
        )
        return Sentences((words,), text(HELP))
    return Sentences(
        (
            text(
                "Between executives, true averages spread by about ±{spread} points (95 %: {ends}; what chance adds is "
                "taken out).",
                spread=formatted(number, spread.deviation, 2),
                ends=formatted(formatting.interval, Unit.SCORE, (spread.low, spread.high)),
            ),
            text(
                "If the lower half reached the average of the upper half, the average of all would rise by about "
                "{rise}.",
                rise=formatted(number, UPPER_HALF * spread.deviation, 1),
            ),
        ),
        text(HELP),
    )
