"""Decomposition: the change of the average score between two periods, split over the groups of a dimension.

The formula is that of Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194, computed exactly,
with each group's mix taken against the mean of the whole. The words for it are in `lib/reports/decomposition_text.py`.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.breakdowns import Breakdown, id_order, totals_by
from lib.analytics.calendar import Calendar
from lib.analytics.planner import ResolvedPeriod, resolve_period, source
from lib.analytics.query import Filters
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import MeasureTotals, sums
from lib.catalog.metrics import AVERAGE_SCORE, rounded
from lib.statistics.rounding import round_to_sum
from lib.statistics.weighted_differences import Sample, Term, WeightedDifference, day_term, weighted_difference_interval
from lib.store.enums import SCORE_SCALE

SHOWN = Fraction(1, 200)
"""What a part must come to, in points, to be seen in two decimals."""

_STEPS = 10**AVERAGE_SCORE.unit.decimals
"""How many steps of the numbers that are shown make a point."""


@dataclass(frozen=True, slots=True)
class ShownAmounts:
    """A change and its two parts as they are shown: in two decimals, in which the parts add up to the change."""

    within: Fraction
    mix: Fraction
    total: Fraction

    @classmethod
    def rounded(cls, within: Fraction, mix: Fraction, total: Fraction) -> ShownAmounts:
        """Round the parts to two decimals that add up to the change as it is shown, `total`."""
        steps = round_to_sum([within * _STEPS, mix * _STEPS], int(total * _STEPS))
        return cls(Fraction(steps[0], _STEPS), Fraction(steps[1], _STEPS), total)


def _shown(amount: Fraction) -> Fraction:
    """Return an amount of points as it is shown."""
    return Fraction(int(rounded(amount * _STEPS, 0) or 0), _STEPS)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one group has to do with the change, in points of the score: its own movement, and that of its share.

    `before` and `now` are the group's measures in the two periods; a group without scores in one has mix alone.
    """

    named: Member
    before: MeasureTotals
    now: MeasureTotals
    within: Fraction
    mix: Fraction

    @property
    def total(self) -> Fraction:
        """The group's part of the change, in points."""
        return self.within + self.mix

    @property
    def shown(self) -> ShownAmounts:
        """The part and what it is made of, as they are shown."""
        return ShownAmounts.rounded(self.within, self.mix, _shown(self.total))


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The change from `compared_period` to `period` and its parts, the largest first; ties by id.

    `before` and `now` are the measures of the whole. Without a score in one of the periods there are no parts.
    `day_terms`: what days of their own make the averages of the two periods vary by.
    """

    period: ResolvedPeriod
    compared_period: ResolvedPeriod
    before: MeasureTotals
    now: MeasureTotals
    parts: tuple[Contribution, ...]
    day_terms: tuple[Term, ...] = ()
    within: Fraction = field(init=False)
    mix: Fraction = field(init=False)

    def __post_init__(self) -> None:
        """Add up what the groups' own movements, and those of their shares, come to in points."""
        object.__setattr__(self, "within", exact_sum([part.within for part in self.parts]))
        object.__setattr__(self, "mix", exact_sum([part.mix for part in self.parts]))

    @property
    def change(self) -> Fraction | None:
        """The change of the average score, in points: exactly the sum of the parts. None without two averages."""
        was, is_now = _mean(self.before), _mean(self.now)
        return None if was is None or is_now is None else is_now - was

    @property
    def total(self) -> Fraction:
        """The change in points, as the sum of its parts; 0 without two averages."""
        return self.within + self.mix

    @property
    def shown(self) -> ShownAmounts:
        """The change and its parts as they are shown; the change is the difference of the two averages as shown.

        Without two averages all are 0.
        """
        was, is_now = _mean(self.before), _mean(self.now)
        total = Fraction() if was is None or is_now is None else _shown(is_now) - _shown(was)
        return ShownAmounts.rounded(self.within, self.mix, total)

    @property
    def within_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of what happened within the groups, in points, their shares taken as they are.

        None with few scores in one of the periods, or where no group of one has two.
        """
        pairs = [(_sample(part.before), _sample(part.now)) for part in self.parts]
        return _within_interval(pairs, self.before, self.now, self.day_terms)

    @property
    def mix_effect(self) -> MixEffect | None:
        """What the mix does to the change within the groups; None where that can't be told from chance."""
        return _mix_effect(self.shown, self.within_interval)


class MixEffect(enum.Enum):
    """What a mix that goes the other way does to the change that happened within the groups."""

    MASKS = "masks"  # the average goes the other way, or stays
    DAMPENS = "dampens"  # the average goes the same way, by half as much or less


def decomposition(
    connection: Connection, filters: Filters, compared: Filters, calendar: Calendar, dimension: Dimension
) -> Decomposition:
    """Return why the average score of `filters` is another than that of `compared`, by the groups of a dimension.

    The two should differ in their periods alone. Groups without a score in both periods are left out.
    """
    now, before = (_all_groups(connection, asked, calendar, dimension) for asked in (filters, compared))
    terms = tuple(day_variance(connection, asked, calendar) for asked in (compared, filters))
    return decompose(now, before, terms)


def day_variance(connection: Connection, filters: Filters, calendar: Calendar) -> Term:
    """Return what days of their own make the average score of a selection vary by (`day_term`)."""
    read = source(connection, filters, calendar, (), ("scored", "score_sum", "score_square_sum"), by_day=True)
    asked = sa.select(*sums(read.rows, read.measures)).group_by(read.rows.c.day)
    rows = sorted(
        tuple(map(int, row)) for row in connection.execute(asked, read.values)
    )  # sums of floats have an order
    return day_term([(scored, total, squares) for scored, total, squares in rows if scored])


def mix_masks(
    connection: Connection, filters: Filters, compared: Filters, calendar: Calendar, dimension: Dimension
) -> bool:
    """Return whether the mix of `decomposition` masks: of many groups much sooner, as their scores alone are read."""
    now, before = (_scores(connection, asked, calendar, dimension) for asked in (filters, compared))
    totals_now, totals_before = (_totals(side.values()) for side in (now, before))
    was, is_now = _mean(totals_before), _mean(totals_now)
    if was is None or is_now is None:
        return False
    keys = before.keys() & now.keys()
    counts = totals_before["scored"], totals_now["scored"]
    within = exact_sum([_within(before[key][:2], now[key][:2], *counts) for key in keys])
    shown = ShownAmounts.rounded(within, is_now - was - within, _shown(is_now) - _shown(was))
    terms = tuple(day_variance(connection, asked, calendar) for asked in (compared, filters))
    ends = _within_interval([(before[key], now[key]) for key in keys], totals_before, totals_now, terms)
    return _mix_effect(shown, ends) is MixEffect.MASKS


def _scores(connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension) -> dict[int, Sample]:
    """Return each group's scores by the group's key; without groups that have none."""
    read = source(connection, filters, calendar, [dimension.column], ("scored", "score_sum", "score_square_sum"))
    key = read.rows.c[dimension.column]
    asked = sa.select(key, *sums(read.rows, read.measures)).group_by(key)
    rows = connection.execute(asked, read.values).fetchall()
    return {key: (int(scored), int(total), int(squares)) for key, scored, total, squares in rows if scored}


def _totals(samples: Iterable[Sample]) -> MeasureTotals:
    """Return the measures of scores altogether."""
    scored, total, squares = [sum(column) for column in zip((0, 0, 0), *samples, strict=True)]
    return MeasureTotals(scored=scored, score_sum=total, score_square_sum=squares)


def _sample(totals: MeasureTotals) -> Sample:
    return totals["scored"], totals["score_sum"], totals["score_square_sum"]


def _all_groups(connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension) -> Breakdown:
    """Return all groups of a dimension, in no order."""
    period = resolve_period(connection, filters, calendar)
    groups = totals_by(connection, filters, calendar, dimension)
    return Breakdown(period, groups, MeasureTotals.total(group.sums for group in groups), len(groups), 1, len(groups))


def _mix_effect(shown: ShownAmounts, within: tuple[float, float] | None) -> MixEffect | None:
    """Return what the mix does to the change within, of which there is the 95 % interval."""
    if within is None or within[0] <= 0 <= within[1] or shown.within * shown.mix >= 0:
        return None
    if shown.within * shown.total <= 0:
        return MixEffect.MASKS
    return MixEffect.DAMPENS if 2 * abs(shown.mix) >= abs(shown.within) else None


def _within_interval(
    pairs: Iterable[tuple[Sample, Sample]], before: MeasureTotals, now: MeasureTotals, day_terms: Sequence[Term]
) -> tuple[float, float] | None:
    """Return the 95 % interval of the change within groups, of which the scores before and now are given."""
    if AVERAGE_SCORE.is_small_sample(before) or AVERAGE_SCORE.is_small_sample(now):
        return None
    m, n = before["scored"], now["scored"]
    differences = [
        WeightedDifference((was[0] / m + is_now[0] / n) / 2, was, is_now)
        for was, is_now in pairs
        if was[0] and is_now[0]
    ]
    return weighted_difference_interval(differences, SCORE_SCALE, day_terms=day_terms)


def _within(before: tuple[int, int], now: tuple[int, int], all_before: int, all_now: int) -> Fraction:
    """Return what a group's own movement comes to, in points; each side is how many scores there are, and their sum.

    In whole numbers that are divided once: there may be many groups.
    """
    m, n = before[0], now[0]
    moved = now[1] * m - before[1] * n  # of the mean, in units of 1/(m · n · SCORE_SCALE)
    return Fraction((n * all_before + m * all_now) * moved, 2 * all_before * all_now * m * n * SCORE_SCALE)


def decompose(found: Breakdown, compared: Breakdown, day_terms: tuple[Term, ...] = ()) -> Decomposition:
    """Return why the average score of a breakdown is another than that of the same one about another period.

    Both hold all groups of the same dimension; `day_terms` is of both (`day_variance`).
    """
    now, before = ({group.named: group.sums for group in each.groups} for each in (found, compared))
    pairs = [
        (named, before.get(named, MeasureTotals()), now.get(named, MeasureTotals())) for named in {**before, **now}
    ]
    parts = _parts(pairs, compared.total, found.total)
    return Decomposition(found.period, compared.period, compared.total, found.total, parts, day_terms)


def _parts(
    pairs: list[tuple[Member, MeasureTotals, MeasureTotals]], whole_before: MeasureTotals, whole_now: MeasureTotals
) -> tuple[Contribution, ...]:
    whole_was, whole_is = _mean(whole_before), _mean(whole_now)
    if whole_was is None or whole_is is None:
        return ()
    double_middle = whole_was + whole_is
    found = (_part(each, whole_before["scored"], whole_now["scored"], double_middle) for each in pairs)
    return tuple(sorted(filter(None, found), key=lambda part: (*_descending(part), id_order(part.named))))


def _part(
    pair: tuple[Member, MeasureTotals, MeasureTotals], all_before: int, all_now: int, double_middle: Fraction
) -> Contribution | None:
    """Return a group's part of the change; None for a group without scores."""
    named, before, now = pair
    m, n = before["scored"], now["scored"]
    if not m and not n:
        return None
    everything = all_before * all_now
    shift = n * all_before - m * all_now  # of the shares, in units of 1/everything
    if m and n:
        within = _within((m, before["score_sum"]), (n, now["score_sum"]), all_before, all_now)
        double_mean = (now["score_sum"] * m + before["score_sum"] * n, m * n * SCORE_SCALE)
    else:
        within = Fraction()
        double_mean = (2 * (now["score_sum"] + before["score_sum"]), (m + n) * SCORE_SCALE)
    top, bottom = double_middle.numerator, double_middle.denominator
    mix = Fraction(shift * (double_mean[0] * bottom - top * double_mean[1]), 2 * everything * double_mean[1] * bottom)
    return Contribution(named, before, now, within, mix)


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


def _mean(sums: MeasureTotals) -> Fraction | None:
    found = AVERAGE_SCORE.value(sums)
    return None if found is None else Fraction(found)
