"""What alerts ask of the facts: measures of all members of a dimension, their courses, and when they last had data.

Each is a question as `QueryCache` asks them: a connection first, and hashable arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import breakdowns, queries
from lib.analytics.archived_months import with_archived_rows
from lib.analytics.breakdowns import GroupTotals
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.conditions import fact_conditions, fact_key
from lib.analytics.grouped_trends import MemberTrends, trends_of_all
from lib.analytics.members import member_names
from lib.analytics.queries import Trend
from lib.analytics.query import Filters
from lib.catalog.dimensions import Dimension, FlagDimension, Member

MOST_MEMBERS = 5_000
"""So many members of a dimension an alert looks at, those with the most evaluations."""

MOST_CHARTS = 1_000
"""So many members have a control chart looked at, those with the most evaluations."""

WHOLE_MEMBER = Member("", "")
"""What stands for the whole selection."""


@dataclass(frozen=True, slots=True)
class NewestInstants:
    """When members last had an evaluation; without members that had none in the days that were looked at."""

    groups: Mapping[Member, datetime]


def member_totals(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension | None, metric: str
) -> GroupTotals:
    """Return the measures of each member with how its days spread around a metric; of the whole without a dimension."""
    if dimension is None:
        return GroupTotals({WHOLE_MEMBER: queries.own_totals(connection, filters, calendar, (metric,))})
    groups = breakdowns.totals_by(connection, filters, calendar, dimension, (metric,))
    largest = sorted(groups, key=lambda group: (-group.sums["evaluations"], breakdowns.id_order(group.named)))
    kept = largest[:MOST_MEMBERS]
    are_all = len(kept) == len(largest)
    with_days = breakdowns.with_days(connection, filters, calendar, dimension, kept, (metric,), are_all=are_all)
    return GroupTotals({group.named: group.sums for group in with_days})


def member_trends(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension | None, metric: str
) -> MemberTrends:
    """Return the daily course of each member; of the whole without a dimension."""
    if dimension is None:
        own = () if metric in filters.catalog.metrics else (metric,)
        course: Trend = queries.trend(connection, filters, calendar, Granularity.DAILY, own)
        return MemberTrends({WHOLE_MEMBER: course})
    return trends_of_all(connection, filters, calendar, dimension, metric, MOST_CHARTS)


def newest_instants(
    connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension | None
) -> NewestInstants:
    """Return when each member last had an evaluation; the whole without a dimension."""
    filters = with_archived_rows(connection, filters, calendar)
    facts = filters.catalog.evaluations
    newest = sa.func.max(facts.c.audio_at)
    where = fact_conditions(filters, calendar)
    if dimension is None:
        last = connection.execute(sa.select(newest).where(*where)).scalar_one()
        return NewestInstants({} if last is None else {WHOLE_MEMBER: last})
    key = fact_key(facts, dimension.column)
    rows = connection.execute(sa.select(key, newest).where(*where).group_by(sa.literal_column("1"))).all()
    own = {bool(key) if isinstance(dimension, FlagDimension) else key: last for key, last in rows}
    names = member_names(connection, dimension, set(own))
    return NewestInstants({names[key]: last for key, last in own.items() if key in names})
