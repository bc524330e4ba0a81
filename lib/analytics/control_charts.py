"""Control charts of trends: which points take part, their usual range, and where the level changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lib.analytics.queries import Trend, TrendPoint
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric, Unit
from lib.catalog.uncertainty import OfBalance, OfShare, OfValues
from lib.statistics.control_charts import ChangePoint, ControlLimits, change_point, control_limits
from lib.store.enums import HISTOGRAM_BINS

_ENDS = {
    Unit.SCORE: (0.0, 10.0),
    Unit.SHARE: (0.0, 1.0),
    Unit.BALANCE: (-1.0, 1.0),
    Unit.NUMBER: (-math.inf, math.inf),
}
"""The lowest and highest values of units that have them; others have no negative values."""


@dataclass(frozen=True, slots=True)
class ControlChart:
    """The points of a trend that take part, the usual range of each, and the change of their level, if any.

    `small_points` is how many points are left out because they rest on too few evaluations.
    """

    metric: Metric
    points: tuple[TrendPoint, ...]
    limits: ControlLimits
    change: ChangePoint | None
    small_points: int

    def usual_range(self, place: int) -> tuple[float, float]:
        """Return the usual range of a point, within what the metric can be."""
        least, most = _ends(self.metric)
        return max(self.limits.low[place], least), min(self.limits.high[place], most)


def control_chart(trend: Trend, metric: Metric, today: date, histogram: Sequence[int]) -> ControlChart | None:
    """Return the control chart of a metric's trend; None where too few points take part, or they do not vary.

    Whole buckets that are over take part, with a value that rests on enough evaluations. `histogram` counts the scores
    of the selection: from it comes how skewed single scores are.
    """
    points = tuple(point for point in trend.points if _takes_part(point, metric, today))
    values = [float(metric.value(point.sums) or 0) for point in points]
    sizes = [metric.n(point.sums) or 1 for point in points]
    limits = control_limits(values, sizes, *_moments(points, metric, histogram))
    if limits is None:
        return None
    over = (point for point in trend.points if _is_over(point, today) and metric.value(point.sums) is not None)
    small = sum(metric.is_small_sample(point.sums) for point in over)
    return ControlChart(metric, points, limits, change_point(values, limits.variances), small)


def _takes_part(point: TrendPoint, metric: Metric, today: date) -> bool:
    has_value = metric.value(point.sums) is not None
    return _is_over(point, today) and has_value and not metric.is_small_sample(point.sums)


def _is_over(point: TrendPoint, today: date) -> bool:
    return not point.bucket.partial and point.bucket.last < today


def _ends(metric: Metric) -> tuple[float, float]:
    if metric.is_defined:
        return (0.0, 1.0) if isinstance(metric.uncertainty, OfShare) else (-math.inf, math.inf)
    return _ENDS.get(metric.unit, (0.0, math.inf))


def _moments(points: Sequence[TrendPoint], metric: Metric, histogram: Sequence[int]) -> tuple[float, float]:
    """Return the variance of single values within points and their third central moment; 0 for what is not known."""
    samples = [sample for point in points if (sample := _sample(metric, point.sums))]
    degrees = sum(n - 1 for n, *_ in samples)
    if degrees < 1:
        return 0.0, 0.0
    deviations = sum((n * squares - total * total) / n for n, total, squares, _ in samples)
    scale = samples[0][3]
    variance = deviations / degrees / scale**2
    if metric.unit is Unit.SCORE and not metric.is_defined:
        return variance, _third_moment(histogram)
    if not isinstance(metric.uncertainty, OfShare | OfBalance):
        return variance, 0.0
    # Values are 1, 0 or −1, so that their cubes are the values themselves.
    n, total, squares = (sum(sample[place] for sample in samples) for place in range(3))
    mean, square_mean = total / n, squares / n
    return variance, mean - 3 * mean * square_mean + 2 * mean**3


def _sample(metric: Metric, totals: MeasureTotals) -> tuple[int, int, int, int] | None:
    """Return the number of single values, their sum, that of their squares, and their scale; None if not known."""
    spread = metric.uncertainty
    if not isinstance(spread, OfValues) or not spread.count.of(totals):
        return None
    return spread.count.of(totals), spread.total.of(totals), spread.squares.of(totals), spread.scale


def _third_moment(histogram: Sequence[int]) -> float:
    """Return the third central moment of scores that are counted in bins of equal width from 0 to 10."""
    width, scored = 10 / HISTOGRAM_BINS, sum(histogram)
    if not scored:
        return 0.0
    mean = sum(count * place * width for place, count in enumerate(histogram)) / scored
    return sum(count * (place * width - mean) ** 3 for place, count in enumerate(histogram)) / scored
