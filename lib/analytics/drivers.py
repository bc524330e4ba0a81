"""Why it moved: the change of the average score between two periods, split over the groups of a dimension.

The formula is the one of the measures' definitions ("Why it moved"), computed exactly; Kitagawa (1955), Journal of the
American Statistical Association 50, 1168-1194, with each group's mix taken against the mean of the whole. How it is
told in words is in `explanation.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.dimensions import Dimension, Named
from lib.analytics.filters import Filters
from lib.analytics.measures import METRICS, Sums
from lib.analytics.queries import ALL_GROUPS, Breakdown, breakdown, id_order
from lib.analytics.selection import Period

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

    @property
    def change(self) -> Fraction | None:
        """The change of the average score, in points: exactly the sum of the parts. None without two averages."""
        was, is_now = _mean(self.before), _mean(self.now)
        return None if was is None or is_now is None else is_now - was

    @property
    def within(self) -> Fraction:
        """What the groups' own movements come to, in points."""
        return sum((part.within for part in self.parts), Fraction())

    @property
    def mix(self) -> Fraction:
        """What the movements of the groups' shares come to, in points."""
        return sum((part.mix for part in self.parts), Fraction())

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
    middle = (whole_was + whole_is) / 2
    parts = []
    for named, before, now in pairs:
        was, is_now = _mean(before), _mean(now)
        shift = Fraction(now.scored, whole_now.scored) - Fraction(before.scored, whole_before.scored)
        if was is not None and is_now is not None:
            share = (Fraction(now.scored, whole_now.scored) + Fraction(before.scored, whole_before.scored)) / 2
            parts.append(Part(named, before, now, share * (is_now - was), shift * ((was + is_now) / 2 - middle)))
        elif (only := is_now if was is None else was) is not None:
            parts.append(Part(named, before, now, Fraction(), shift * (only - middle)))
    return tuple(sorted(parts, key=lambda part: (-abs(part.total), id_order(part.named))))


def _mean(sums: Sums) -> Fraction | None:
    found = METRICS["averageScore"].value(sums)
    return None if found is None else Fraction(found)
