"""Why it moved: the change of the average score between two periods, split over the groups of a dimension.

The formula is the one of the measures' definitions ("Why it moved"), computed exactly; Kitagawa (1955), Journal of the
American Statistical Association 50, 1168-1194, with each group's mix taken against the mean of the whole. How it is
told in words is in `explanation.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.dimensions import Dimension, Named
from lib.analytics.filters import Filters
from lib.analytics.measures import METRICS, Sums
from lib.analytics.queries import ALL_GROUPS, Breakdown, breakdown, id_order
from lib.analytics.selection import Period
from lib.codes import SCORE_SCALE

SHOWN = Fraction(1, 200)
"""What a part must come to, in points, to be seen in two decimals."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one group has to do with the change, in points of the score: its own movement, and that of its share.

    `before` and `now` are the group's measures in the two periods; a group without scores in one has mix alone.
    """

    named: Named
    before: Sums
    now: Sums
    within: Fraction
    mix: Fraction

    @property
    def total(self) -> Fraction:
        """The group's part of the change, in points."""
        return self.within + self.mix


@dataclass(frozen=True, slots=True)
class Drivers:
    """The change from `compared_period` to `period` and its parts, the largest first; ties by id.

    `before` and `now` are the measures of the whole. Without a score in one of the periods there are no parts.
    """

    period: Period
    compared_period: Period
    before: Sums
    now: Sums
    parts: tuple[Part, ...]
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
    def hidden(self) -> bool:
        """Whether the mix hides what happened within: it goes the other way, and takes at least half of it away.

        False where what happened within is too little to be seen.
        """
        within, mix = self.within, self.mix
        return abs(within) >= SHOWN and within * mix < 0 and 2 * abs(mix) >= abs(within)


def drivers(
    connection: Connection, filters: Filters, compared: Filters, calendar: Calendar, dimension: Dimension
) -> Drivers:
    """Return why the average score of `filters` is another than that of `compared`, by the groups of a dimension.

    The two should differ in their periods alone. Groups without a score in both periods are left out.
    """
    found, other = (
        breakdown(connection, asked, calendar, dimension, page_size=ALL_GROUPS) for asked in (filters, compared)
    )
    return between(found, other)


def between(found: Breakdown, compared: Breakdown) -> Drivers:
    """Return why the average score of a breakdown is another than that of the same one about another period.

    Both hold all groups of the same dimension.
    """
    now, before = ({group.named: group.sums for group in each.groups} for each in (found, compared))
    pairs = [(named, before.get(named, Sums()), now.get(named, Sums())) for named in {**before, **now}]
    parts = _parts(pairs, compared.total, found.total)
    return Drivers(found.period, compared.period, compared.total, found.total, parts)


def _parts(pairs: list[tuple[Named, Sums, Sums]], whole_before: Sums, whole_now: Sums) -> tuple[Part, ...]:
    whole_was, whole_is = _mean(whole_before), _mean(whole_now)
    if whole_was is None or whole_is is None:
        return ()
    double_middle = whole_was + whole_is
    found = (_part(each, whole_before.scored, whole_now.scored, double_middle) for each in pairs)
    return tuple(sorted(filter(None, found), key=lambda part: (*_descending(part), id_order(part.named))))


def _part(pair: tuple[Named, Sums, Sums], all_before: int, all_now: int, double_middle: Fraction) -> Part | None:
    """Return a group's part of the change, in whole numbers that are divided once: there may be many groups."""
    named, before, now = pair
    m, n = before.scored, now.scored
    if not m and not n:
        return None
    everything = all_before * all_now
    shift = n * all_before - m * all_now  # of the shares, in units of 1/everything
    if m and n:
        moved = now.score_sum * m - before.score_sum * n  # of the mean, in units of 1/(m · n · SCORE_SCALE)
        within = Fraction((n * all_before + m * all_now) * moved, 2 * everything * m * n * SCORE_SCALE)
        double_mean = (now.score_sum * m + before.score_sum * n, m * n * SCORE_SCALE)
    else:
        within = Fraction()
        double_mean = (2 * (now.score_sum + before.score_sum), (m + n) * SCORE_SCALE)
    top, bottom = double_middle.numerator, double_middle.denominator
    mix = Fraction(shift * (double_mean[0] * bottom - top * double_mean[1]), 2 * everything * double_mean[1] * bottom)
    return Part(named, before, now, within, mix)


def _descending(part: Part) -> tuple[float, Fraction]:
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


def _mean(sums: Sums) -> Fraction | None:
    found = METRICS["averageScore"].value(sums)
    return None if found is None else Fraction(found)
