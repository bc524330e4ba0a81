"""Values of evaluations as counts, sums and sums of squares: by group, and what days make means vary by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.planner import source
from lib.analytics.query import Filters
from lib.catalog.dimensions import Dimension
from lib.catalog.measures import sums
from lib.catalog.sums import Sum
from lib.statistics.weighted_differences import Sample, Term, day_term

ValueSums = tuple[Sum, Sum, Sum]
"""How many evaluations have a value, the sum of the values, and that of their squares."""


SCORES: ValueSums = (Sum(("scored",)), Sum(("score_sum",)), Sum(("score_square_sum",)))


def day_variance(connection: Connection, filters: Filters, calendar: Calendar, values: ValueSums = SCORES) -> Term:
    """Return what days of their own make the mean of values of a selection vary by (`day_term`)."""
    read = source(connection, filters, calendar, (), _names(values), by_day=True)
    asked = sa.select(*sums(read.rows, read.measures)).group_by(read.rows.c.day)
    # In order, as sums of floats have one.
    days = sorted(_sample(values, read.measures, row) for row in connection.execute(asked, read.values))
    return day_term([day for day in days if day[0]])


def samples_by(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension, values: ValueSums
) -> dict[int, Sample]:
    """Return each group's values by the group's key; without groups that have none."""
    read = source(connection, filters, calendar, [dimension.column], _names(values))
    key = read.rows.c[dimension.column]
    asked = sa.select(key, *sums(read.rows, read.measures)).group_by(key)
    rows = connection.execute(asked, read.values).fetchall()
    samples = ((key, _sample(values, read.measures, row)) for key, *row in rows)
    return {key: sample for key, sample in samples if sample[0]}


def _names(values: ValueSums) -> tuple[str, ...]:
    """Return the measures that sums are made of."""
    return tuple(dict.fromkeys(name for each in values for name in (*each.plus, *each.minus)))


def _sample(values: ValueSums, names: Sequence[str], row: Iterable[Any]) -> Sample:
    """Return how many values there are, and their sums, of a row that holds the measures of these names."""
    held = {name: int(amount or 0) for name, amount in zip(names, row, strict=True)}
    count, total, squares = (each.of(held) for each in values)
    return count, total, squares


def added(samples: Iterable[Sample]) -> Sample:
    """Return values altogether."""
    count, total, squares = (sum(column) for column in zip((0, 0, 0), *samples, strict=True))
    return count, total, squares
