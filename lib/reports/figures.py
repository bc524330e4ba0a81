"""What charts are of: the frozen data of each kind. `lib/charts` draws them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lib.analytics.breakdowns import Group
from lib.analytics.calendar import Granularity
from lib.analytics.control_charts import ControlChart
from lib.analytics.decomposition import Decomposition
from lib.analytics.heatmap import Heatmap
from lib.analytics.queries import Trend
from lib.analytics.rank_ranges import GroupRanks
from lib.analytics.score_parts import ScoreParts
from lib.analytics.standardization import StandardizedScores
from lib.catalog.criteria import Criterion
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric
from lib.reports.words import Words
from lib.statistics import intervals
from lib.statistics.overdispersion import overdispersion
from lib.store.enums import SCORE_SCALE


@dataclass(frozen=True, slots=True)
class TrendNote:
    """A few words pinned to a day."""

    day: date
    text: str


@dataclass(frozen=True, slots=True)
class TrendFigure:
    """A metric over time: one course, or several by their names; the compared period's lies behind."""

    courses: tuple[tuple[Words, Trend], ...]
    metric: Metric
    compared: Trend | None = None
    notes: tuple[TrendNote, ...] = ()
    height: int = 300
    counted: str = "evaluations"  # the measure that says how many there are
    targets: tuple[float | None, ...] = ()  # what the metric should be in each bucket; empty without targets


@dataclass(frozen=True, slots=True)
class ControlChartFigure:
    """A metric over time within its usual range."""

    chart: ControlChart
    granularity: Granularity
    notes: tuple[TrendNote, ...] = ()
    height: int = 300


@dataclass(frozen=True, slots=True)
class HistogramFigure:
    """How many evaluations have each score, and how many had in the compared period; empty without one."""

    counts: tuple[int, ...]
    before: tuple[int, ...] = ()


MOST_RANKED = 25
"""So many groups a ranking draws, those with the most evaluations."""


@dataclass(frozen=True, slots=True)
class RankingFigure:
    """Groups by average score, beside the average of the whole, and what they were in the compared period."""

    dimension: Dimension
    groups: Sequence[Group]
    total: MeasureTotals
    ranks: GroupRanks
    before: Mapping[Member, MeasureTotals] | None = None


LEAST_FUNNEL_GROUPS = 3
"""Fewer groups than these make no funnel."""


@dataclass(frozen=True, slots=True)
class FunnelFigure:
    """Groups by their number of scores and average score, within limits of chance or, adjusted, of the usual spread."""

    dimension: Dimension
    groups: Sequence[Group]
    total: MeasureTotals
    is_adjusted: bool = False

    @property
    def has_limits(self) -> bool:
        """Whether there are enough groups, and a spread of single scores to take limits from."""
        scored = sum(1 for group in self.groups if group.sums["scored"] and group.named.id is not None)
        return scored >= LEAST_FUNNEL_GROUPS and bool(standard_deviation(self.total))


def funnel_distances(groups: Sequence[Group], total: MeasureTotals) -> list[float]:
    """Return how far groups with enough scores lie from the average of the whole, in standard errors."""
    deviation = standard_deviation(total)
    enough = [
        each.sums for each in groups if each.named.id is not None and not AVERAGE_SCORE.is_small_sample(each.sums)
    ]
    if not deviation:
        return []
    mean = total["score_sum"] / total["scored"]
    return [
        (sums["score_sum"] / sums["scored"] - mean) / SCORE_SCALE * math.sqrt(sums["scored"]) / deviation
        for sums in enough
    ]


def funnel_deviation(groups: Sequence[Group], total: MeasureTotals, *, is_adjusted: bool) -> float | None:
    """Return the standard deviation that the expected range is of: adjusted, √φ times as large where φ is above 1."""
    deviation, distances = standard_deviation(total), funnel_distances(groups, total)
    if deviation and len(distances) >= LEAST_FUNNEL_GROUPS and is_adjusted:
        return deviation * math.sqrt(max(1.0, overdispersion(distances)))
    return deviation


def standard_deviation(totals: MeasureTotals) -> float | None:
    """Return the standard deviation of single scores, in points; None with fewer than two."""
    return intervals.standard_deviation(totals["scored"], totals["score_sum"], totals["score_square_sum"], SCORE_SCALE)


@dataclass(frozen=True, slots=True)
class StandardizedFigure:
    """Groups by their scores like for like, beside the scores as they are."""

    dimension: Dimension
    scores: StandardizedScores


@dataclass(frozen=True, slots=True)
class WaterfallFigure:
    """The way of a metric from one period to another, part by part."""

    decomposition: Decomposition
    before: Words
    now: Words


@dataclass(frozen=True, slots=True)
class HeatmapFigure:
    """A metric by weekday and hour; `days` is the same selection by day."""

    heatmap: Heatmap
    metric: Metric
    days: Trend


MOST_MEMBERS, MOST_CRITERIA = 30, 40
"""So many groups and criteria a map draws, those with the most answers."""


@dataclass(frozen=True, slots=True)
class CriteriaMapFigure:
    """The average share of criteria, in the order of their scorecards, by the groups of a dimension.

    Groups come with the most answers first; cells without answers are left out.
    """

    dimension: Dimension
    criteria: tuple[Criterion, ...]
    members: tuple[Member, ...]
    cells: Mapping[tuple[Criterion, Member], MeasureTotals]

    @property
    def drawn_criteria(self) -> tuple[Criterion, ...]:
        """The criteria that are drawn."""
        counts = dict.fromkeys(self.criteria, 0)
        for (criterion, _), totals in self.cells.items():
            counts[criterion] += totals["answered"]
        most = set(sorted(counts, key=lambda each: -counts[each])[:MOST_CRITERIA])
        return tuple(each for each in self.criteria if each in most)

    @property
    def drawn_members(self) -> tuple[Member, ...]:
        """The groups that are drawn."""
        return self.members[:MOST_MEMBERS]


@dataclass(frozen=True, slots=True)
class ScorePartsFigure:
    """The way of the average score from one period to another by criteria, part by part.

    `answers` are those of the criteria now. Of a small sample no part is good or bad.
    """

    parts: ScoreParts
    before: Words
    now: Words
    answers: Mapping[Criterion, MeasureTotals]
    is_small_sample: bool = False


Figure = (
    TrendFigure
    | ControlChartFigure
    | HistogramFigure
    | RankingFigure
    | FunnelFigure
    | StandardizedFigure
    | WaterfallFigure
    | HeatmapFigure
    | CriteriaMapFigure
    | ScorePartsFigure
)
"""What a chart is of."""
