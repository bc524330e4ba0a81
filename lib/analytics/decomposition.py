"""Decomposition: the change of a metric between two periods, split over the groups of a dimension.

The formula is that of Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194, computed exactly,
with each group's mix taken against the mean of the whole. A group's share is its part of what the metric is divided by.
The words for it are in `lib/reports/decomposition_text.py`.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sqlalchemy.engine import Connection

from lib.analytics.breakdowns import Breakdown, id_order, totals_by
from lib.analytics.calendar import Calendar
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.query import Filters
from lib.analytics.value_samples import added, day_variance, samples_by
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import PLAIN_MEASURES, MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, Metric, rounded
from lib.catalog.sums import LinearQuotient
from lib.catalog.uncertainty import OfValues
from lib.statistics.rounding import round_to_sum
from lib.statistics.weighted_differences import Sample, Term, WeightedDifference, weighted_difference_interval


def shown_steps(metric: Metric) -> int:
    """Return how many steps of the numbers that pages show make one of the metric's unit."""
    return int(10**metric.shown_decimals)


@dataclass(frozen=True, slots=True)
class ShownAmounts:
    """A change and its two parts as they are shown: in the metric's decimals, in which the parts add up to it."""

    within: Fraction
    mix: Fraction
    total: Fraction

    @classmethod
    def rounded(cls, within: Fraction, mix: Fraction, total: Fraction, steps: int) -> ShownAmounts:
        """Round the parts to `steps` of one, so that they add up to the change as it is shown, `total`.

        From a value below 0 to one above it both may be rounded away from the other: then the change is its own.
        """
        if abs(within + mix - total) * steps >= 1:
            total = _shown(within + mix, steps)
        first, second = round_to_sum([within * steps, mix * steps], int(total * steps))
        return cls(Fraction(first, steps), Fraction(second, steps), total)


def _shown(amount: Fraction, steps: int) -> Fraction:
    """Return an amount as it is shown, in so many steps of one."""
    return Fraction(int(rounded(amount * steps, 0) or 0), steps)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one group has to do with the change, in the metric's unit: its own movement, and that of its share.

    `before` and `now` are the group's measures in the two periods; a group without a value in one has mix alone.
    """

    named: Member
    before: MeasureTotals
    now: MeasureTotals
    within: Fraction
    mix: Fraction
    metric: Metric = AVERAGE_SCORE

    @property
    def has_value_before(self) -> bool:
        """Whether the group had what the metric is divided by."""
        return _quotient(self.metric).denominator.of(self.before) != 0

    @property
    def has_value_now(self) -> bool:
        """Whether the group has it now."""
        return _quotient(self.metric).denominator.of(self.now) != 0

    @property
    def total(self) -> Fraction:
        """The group's part of the change."""
        return self.within + self.mix

    @property
    def shown(self) -> ShownAmounts:
        """The part and what it is made of, as they are shown."""
        steps = shown_steps(self.metric)
        return ShownAmounts.rounded(self.within, self.mix, _shown(self.total, steps), steps)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The change from `compared_period` to `period` and its parts, the largest first; ties by id.

    `before` and `now` are the measures of the whole. Without a value in one of the periods there are no parts.
    `day_terms`: what days of their own make the values of the two periods vary by.
    """

    period: ResolvedPeriod
    compared_period: ResolvedPeriod
    before: MeasureTotals
    now: MeasureTotals
    parts: tuple[Contribution, ...]
    day_terms: tuple[Term, ...] = ()
    metric: Metric = AVERAGE_SCORE
    within: Fraction = field(init=False)
    mix: Fraction = field(init=False)

    def __post_init__(self) -> None:
        """Add up what the groups' own movements, and those of their shares, come to."""
        object.__setattr__(self, "within", exact_sum([part.within for part in self.parts]))
        object.__setattr__(self, "mix", exact_sum([part.mix for part in self.parts]))

    @property
    def change(self) -> Fraction | None:
        """The change of the metric, in its unit: exactly the sum of the parts. None without two values."""
        was, is_now = _value(self.metric, self.before), _value(self.metric, self.now)
        return None if was is None or is_now is None else is_now - was

    @property
    def total(self) -> Fraction:
        """The change, as the sum of its parts; 0 without two values."""
        return self.within + self.mix

    @property
    def shown(self) -> ShownAmounts:
        """The change and its parts as they are shown; the change is the difference of the two values as shown.

        Without two values all are 0.
        """
        was, is_now, steps = _value(self.metric, self.before), _value(self.metric, self.now), shown_steps(self.metric)
        total = Fraction() if was is None or is_now is None else _shown(is_now, steps) - _shown(was, steps)
        return ShownAmounts.rounded(self.within, self.mix, total, steps)

    @property
    def has_negative_shares(self) -> bool:
        """Whether a group's part of what the metric is divided by is negative, so that no shares can be told."""
        whole = _quotient(self.metric).denominator
        sides = [(self.before, [part.before for part in self.parts]), (self.now, [part.now for part in self.parts])]
        return any(whole.of(part) * whole.of(total) < 0 for total, parts in sides for part in parts)

    @property
    def within_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of what happened within the groups, their shares taken as they are.

        None with few values in one of the periods, where no group of one has two, and where evaluations have no values
        of their own, as in a ratio of sums.
        """
        kind = values_kind(self.metric, self.before, self.now)
        if kind is None:
            return None
        pairs = [(kind.values(part.before), kind.values(part.now)) for part in self.parts]
        return _within_interval(self.metric, kind, pairs, (self.before, self.now), self.day_terms)

    @property
    def mix_effect(self) -> MixEffect | None:
        """What the mix does to the change within the groups; None where that can't be told from chance."""
        return _mix_effect(self.shown, self.within_interval)


class MixEffect(enum.Enum):
    """What a mix that goes the other way does to the change that happened within the groups."""

    MASKS = "masks"  # the average goes the other way, or stays
    DAMPENS = "dampens"  # the average goes the same way, by half as much or less


def decomposition(
    connection: Connection,
    filters: Filters,
    compared: Filters,
    calendar: Calendar,
    dimension: Dimension,
    name: str = AVERAGE_SCORE.name,
) -> Decomposition:
    """Return why a metric of `filters` is another than that of `compared`, by the groups of a dimension.

    The two should differ in their periods alone. Groups without a value in both periods are left out. The metric is
    one that can be split (`Metric.linear`).
    """
    metric = filters.catalog.all_metrics[name]
    now, before = (_all_groups(connection, asked, calendar, dimension, metric) for asked in (filters, compared))
    kind = values_kind(metric, before.total, now.total) if now.groups and before.groups else None
    read = () if kind is None else (compared, filters)
    terms = tuple(day_variance(connection, asked, calendar, kind.sums) for asked in read if kind is not None)
    return decompose(now, before, terms, metric)


def values_kind(metric: Metric, before: MeasureTotals, now: MeasureTotals) -> OfValues | None:
    """Return the kind of a metric whose evaluations have each a value, exact in its squares; None for others."""
    kind = None if metric.uncertainty is None else metric.uncertainty.of_values(before, now)
    return None if kind is None or kind.is_rough else kind


def mix_masks(
    connection: Connection,
    filters: Filters,
    compared: Filters,
    calendar: Calendar,
    dimension: Dimension,
    name: str = AVERAGE_SCORE.name,
) -> bool:
    """Return whether the mix of `decomposition` masks: of many groups much sooner, as their values alone are read.

    The metric is a mean, a share or a balance (`OfValues`) as it is, neither scaled nor moved.
    """
    metric = filters.catalog.all_metrics[name]
    kind = metric.uncertainty
    if not isinstance(kind, OfValues):
        raise ValueError(f"{name} is not a mean of values")
    now, before = (samples_by(connection, asked, calendar, dimension, kind.sums) for asked in (filters, compared))
    whole_now, whole_before = (added(side.values()) for side in (now, before))
    if not whole_now[0] or not whole_before[0]:
        return False
    factor, steps = _quotient(metric).factor, shown_steps(metric)
    was, is_now = (Fraction(whole[1], whole[0]) * factor for whole in (whole_before, whole_now))
    keys = before.keys() & now.keys()
    counts = whole_before[0], whole_now[0]
    within = exact_sum([_within(before[key][:2], now[key][:2], *counts, factor) for key in keys])
    shown = ShownAmounts.rounded(within, is_now - was - within, _shown(is_now, steps) - _shown(was, steps), steps)
    terms = tuple(day_variance(connection, asked, calendar, kind.sums) for asked in (compared, filters))
    if kind.is_rough or min(counts) < metric.minimum:
        return False
    ends = _interval(metric, [(before[key], now[key]) for key in keys], counts, terms)
    return _mix_effect(shown, ends) is MixEffect.MASKS


def _all_groups(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension, metric: Metric
) -> Breakdown:
    """Return all groups of a dimension, in no order."""
    period = resolve_period(connection, filters, calendar)
    groups = totals_by(connection, filters, calendar, dimension, (metric.name,) if metric.is_own else ())
    return Breakdown(period, groups, MeasureTotals.total(group.sums for group in groups), len(groups), 1, len(groups))


def _mix_effect(shown: ShownAmounts, within: tuple[float, float] | None) -> MixEffect | None:
    """Return what the mix does to the change within, of which there is the 95 % interval."""
    if within is None or within[0] <= 0 <= within[1] or shown.within * shown.mix >= 0:
        return None
    if shown.within * shown.total <= 0:
        return MixEffect.MASKS
    return MixEffect.DAMPENS if 2 * abs(shown.mix) >= abs(shown.within) else None


def _within_interval(
    metric: Metric,
    kind: OfValues,
    pairs: Iterable[tuple[Sample, Sample]],
    whole: tuple[MeasureTotals, MeasureTotals],
    day_terms: Sequence[Term],
) -> tuple[float, float] | None:
    """Return the 95 % interval of the change within groups, of which the values before and now are given."""
    if any(map(metric.is_small_sample, whole)):
        return None
    return _interval(metric, pairs, (kind.count.of(whole[0]), kind.count.of(whole[1])), day_terms)


def _interval(
    metric: Metric, pairs: Iterable[tuple[Sample, Sample]], counts: tuple[int, int], day_terms: Sequence[Term]
) -> tuple[float, float] | None:
    """Return the same interval of so many values before and now."""
    m, n = counts
    differences = [
        WeightedDifference((was[0] / m + is_now[0] / n) / 2, was, is_now)
        for was, is_now in pairs
        if was[0] and is_now[0]
    ]
    ends = weighted_difference_interval(differences, day_terms=day_terms)
    if ends is None:
        return None
    factor = _quotient(metric).factor
    low, high = sorted(end * factor.numerator / factor.denominator for end in ends)
    return low, high


def _within(before: tuple[int, int], now: tuple[int, int], all_before: int, all_now: int, factor: Fraction) -> Fraction:
    """Return what a group's own movement comes to, times a factor; each side is what it is divided by, and the sum.

    In whole numbers that are divided once: there may be many groups.
    """
    m, n = before[0], now[0]
    moved = (now[1] * m - before[1] * n) * factor.numerator  # of the mean, in units of 1/(m · n · denominator)
    return Fraction((n * all_before + m * all_now) * moved, 2 * all_before * all_now * m * n * factor.denominator)


def decompose(
    found: Breakdown, compared: Breakdown, day_terms: tuple[Term, ...] = (), metric: Metric = AVERAGE_SCORE
) -> Decomposition:
    """Return why a metric of a breakdown is another than that of the same one about another period.

    Both hold all groups of the same dimension, with the metric's measures; `day_terms` is of both (`day_variance`).
    """
    nothing = MeasureTotals.nothing(tuple(dict.fromkeys((*PLAIN_MEASURES, *metric.measures))))
    now, before = ({group.named: group.sums for group in each.groups} for each in (found, compared))
    pairs = [(named, before.get(named, nothing), now.get(named, nothing)) for named in {**before, **now}]
    whole = (compared.total if before else nothing, found.total if now else nothing)
    return Decomposition(found.period, compared.period, *whole, _parts(pairs, *whole, metric), day_terms, metric)


def _parts(
    pairs: list[tuple[Member, MeasureTotals, MeasureTotals]],
    whole_before: MeasureTotals,
    whole_now: MeasureTotals,
    metric: Metric,
) -> tuple[Contribution, ...]:
    if _value(metric, whole_before) is None or _value(metric, whole_now) is None:
        return ()
    split = _Split(metric, _quotient(metric), whole_before, whole_now)
    found = (split.part(*each) for each in pairs)
    return tuple(sorted(filter(None, found), key=lambda part: (*_descending(part), id_order(part.named))))


class _Split:
    """Splits the change of a metric over groups, in whole numbers that are divided once: there may be many."""

    def __init__(
        self, metric: Metric, quotient: LinearQuotient, whole_before: MeasureTotals, whole_now: MeasureTotals
    ) -> None:
        """Take the metric, what it is divided by, and the measures of the whole."""
        self._metric, self._top, self._bottom = metric, quotient.numerator, quotient.denominator
        self._factor = quotient.factor
        self._all_before, self._all_now = self._bottom.of(whole_before), self._bottom.of(whole_now)
        double_middle = Fraction(self._top.of(whole_before), self._all_before)
        self._double_middle = double_middle + Fraction(self._top.of(whole_now), self._all_now)

    def part(self, named: Member, before: MeasureTotals, now: MeasureTotals) -> Contribution | None:
        """Return a group's part of the change; None for a group without values."""
        (m, was), (n, is_now) = ((self._bottom.of(totals), self._top.of(totals)) for totals in (before, now))
        if not (m or n or was or is_now):
            return None
        all_before, all_now, factor = self._all_before, self._all_now, self._factor
        shift = n * all_before - m * all_now  # of the shares, in units of 1/(all_before · all_now)
        top, bottom = self._double_middle.numerator, self._double_middle.denominator
        if m and n:
            within = _within((m, was), (n, is_now), all_before, all_now, factor)
            mean = is_now * m + was * n, m * n  # twice as much
            moved, parts = shift * (mean[0] * bottom - top * mean[1]), mean[1]
        else:
            within, parts = Fraction(), 1
            moved = 2 * (is_now * all_before - was * all_now) * bottom - shift * top
        mix = Fraction(moved * factor.numerator, 2 * all_before * all_now * parts * bottom * factor.denominator)
        if not m and not n:
            within, mix = mix, within
        return Contribution(named, before, now, within, mix, self._metric)


def _descending(part: Contribution) -> tuple[float, Fraction]:
    """Return what to sort parts by, the largest first: exact, but compared as fractions only where need be."""
    size = abs(part.total)
    return -float(size), -size


def exact_sum(amounts: Sequence[Fraction]) -> Fraction:
    """Add up fractions by pairs, and the pairs by pairs: one after another, the denominator of many grows too long."""
    pairs = [(amount.numerator, amount.denominator) for amount in amounts] or [(0, 1)]
    while len(pairs) > 1:
        left = pairs[:-1:2]
        added = []
        for (a, b), (c, d) in zip(left, pairs[1::2], strict=True):
            common = math.gcd(b, d)
            added.append((a * (d // common) + c * (b // common), b // common * d))
        pairs = added + pairs[2 * len(left) :]
    return Fraction(*pairs[0])


def _value(metric: Metric, totals: MeasureTotals) -> Fraction | None:
    found = metric.value(totals)
    return None if found is None else Fraction(found)


def _quotient(metric: Metric) -> LinearQuotient:
    if metric.linear is None:
        raise ValueError(f"{metric.name} can't be split: it is not one sum divided by another")
    return metric.linear
