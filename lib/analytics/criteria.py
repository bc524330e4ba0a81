"""Criteria: the answers of a selection by the question of a scorecard, and by what their evaluations belong to.

The answers of one evaluation are in `evaluation_answers`. What moved the score is in `score_parts.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import answers_of_archived, archived_months
from lib.analytics.calendar import Bucket, Calendar, Granularity
from lib.analytics.cluster_spreads import SharedSpreads, day_spreads, day_spreads_by, executive_spreads_by
from lib.analytics.members import member_names
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.planner import source as source_of
from lib.analytics.query import Filters, first_instant, last_instant, local_date
from lib.analytics.sql_time import bucket_start
from lib.catalog.criteria import CRITERION, Criterion
from lib.catalog.criterion_metrics import AVERAGE_SHARE, CRITERION_METRICS, CRITICAL_FAIL_RATE
from lib.catalog.dimensions import Dimension, Member
from lib.catalog.measures import ANSWER_NAMES, SCORECARD_NAMES, MeasureTotals, sums
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.store import schema
from lib.store.enums import OWN_SCALE

UNCERTAIN = tuple(name for name, metric in CRITERION_METRICS.items() if metric.uncertainty is not None)
"""The metrics of criteria that have intervals."""


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion, and the measures of its answers in a selection."""

    criterion: Criterion
    sums: MeasureTotals


@dataclass(frozen=True, slots=True)
class CriteriaTable:
    """The criteria that a selection has answers to, in the order of their scorecards; evaluations are of all of it."""

    period: ResolvedPeriod
    rows: tuple[CriterionRow, ...]
    evaluations: MeasureTotals  # how many have answers, and in how many a critical criterion failed


@dataclass(frozen=True, slots=True)
class CriteriaByMember:
    """The answers of a selection by criterion and by the groups of a dimension."""

    cells: Mapping[tuple[Criterion, Member], MeasureTotals]


@dataclass(frozen=True, slots=True)
class CriterionSharedSpreads:
    """How executives spread around the changes of criteria."""

    criteria: Mapping[Criterion, SharedSpreads]


@dataclass(frozen=True, slots=True)
class CriterionTrend:
    """The answers to a criterion in every bucket of the period, none left out."""

    period: ResolvedPeriod
    granularity: Granularity
    points: tuple[tuple[Bucket, MeasureTotals], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a criterion. Points are exact; None where the criterion was not applicable."""

    criterion: Criterion
    points: float | None
    max_points: float | None
    critical: bool
    comment: str | None

    @property
    def has_failed(self) -> bool:
        """Whether a critical criterion got no points."""
        return self.critical and self.points == 0


def criteria(connection: Connection, filters: Filters, calendar: Calendar) -> CriteriaTable:
    """Return the criteria that the evaluations of a selection have answers to, and how their days spread."""
    period = resolve_period(connection, filters, calendar)
    source = source_of(connection, filters, calendar, (CRITERION.column,), ANSWER_NAMES)
    found = connection.execute(_by_criterion(source.rows, ()), source.values).all()
    known = criteria_by_key(connection)
    days = day_spreads_by(connection, filters, calendar, UNCERTAIN, CRITERION).groups if found else {}
    days_by_key = {int(member.id or 0): spreads for member, spreads in days.items()}
    totals = {key: MeasureTotals.from_values(values, ANSWER_NAMES) for key, *values in found}
    rows = [
        CriterionRow(criterion, totals[key].with_days(days_by_key.get(key, {})))
        for key, criterion in known.items()
        if key in totals
    ]
    return CriteriaTable(period, tuple(rows), scorecard_totals(connection, filters, calendar))


def executive_spreads_by_criterion(
    connection: Connection, filters: Filters, compared: Filters, calendar: Calendar
) -> CriterionSharedSpreads:
    """Return how executives spread around the changes of criteria from `compared` to `filters`."""
    asked = connection, filters, compared, calendar, (AVERAGE_SHARE.name,), CRITERION
    known = criteria_by_key(connection)
    spreads = executive_spreads_by(*asked).groups
    return CriterionSharedSpreads({known[int(member.id or 0)]: each for member, each in spreads.items()})


def answer_totals(connection: Connection, filters: Filters, calendar: Calendar) -> MeasureTotals:
    """Return all that is counted and summed of answers, and of evaluations with answers, in a selection."""
    found: list[int] = []
    for names, keys in ((SCORECARD_NAMES, ()), (ANSWER_NAMES, (CRITERION.column,))):
        source = source_of(connection, filters, calendar, keys, names)
        found += connection.execute(sa.select(*sums(source.rows, names)), source.values).one()
    return MeasureTotals.from_values(found, (*SCORECARD_NAMES, *ANSWER_NAMES))


def scorecard_totals(connection: Connection, filters: Filters, calendar: Calendar) -> MeasureTotals:
    """Return how many evaluations have answers, in how many a critical criterion failed, and how days spread."""
    names = CRITICAL_FAIL_RATE.measures
    source = source_of(connection, filters, calendar, (), names)
    values = connection.execute(sa.select(*sums(source.rows, names)), source.values).one()
    days = day_spreads(connection, filters, calendar, (CRITICAL_FAIL_RATE.name,))
    return MeasureTotals.from_values(values, names).with_days(days)


def criteria_by(connection: Connection, filters: Filters, calendar: Calendar, dimension: Dimension) -> CriteriaByMember:
    """Return the answers of a selection by criterion and group of a dimension; without cells that have none."""
    keys = (CRITERION.column, dimension.column)
    source = source_of(connection, filters, calendar, keys, ANSWER_NAMES)
    found = connection.execute(_by_criterion(source.rows, (dimension,)), source.values).all()
    known = criteria_by_key(connection)
    members = member_names(connection, dimension, {row[1] for row in found})
    return CriteriaByMember(
        {
            (known[key], members[group]): MeasureTotals.from_values(values, ANSWER_NAMES)
            for key, group, *values in found
            if key in known
        }
    )


def criterion_trend(
    connection: Connection, filters: Filters, calendar: Calendar, criterion: Criterion, granularity: Granularity
) -> CriterionTrend:
    """Return the answers to one criterion in every day, week or month of the period."""
    period = resolve_period(connection, filters, calendar)
    key = next((key for key, known in criteria_by_key(connection).items() if known == criterion), None)
    if key is None or period.date_from is None or period.date_to is None:
        return CriterionTrend(period, granularity, ())
    by_day = granularity is not Granularity.MONTHLY
    source = source_of(connection, filters, calendar, (CRITERION.column,), ANSWER_NAMES, by_day=by_day)
    start = bucket_start(source.rows.c.day, granularity, calendar.week_start).label("start")
    by_bucket = sa.select(start, *sums(source.rows, ANSWER_NAMES)).where(source.rows.c[CRITERION.column] == key)
    rows = connection.execute(by_bucket.group_by(sa.literal_column("1")), source.values)
    totals = {day: MeasureTotals.from_values(values, ANSWER_NAMES) for day, *values in rows}
    zone = filters.zone(calendar.zone)
    first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
    nothing = MeasureTotals.nothing(ANSWER_NAMES)
    begins, ends = first_instant(period.date_from, zone), last_instant(period.date_to, zone)
    cut = begins > first_instant(first, zone), ends < last_instant(last, zone)
    buckets = calendar.buckets(first, last, granularity, *cut)
    return CriterionTrend(period, granularity, tuple((bucket, totals.get(bucket.first, nothing)) for bucket in buckets))


def has_answers(connection: Connection) -> bool:
    """Return whether any evaluation has answers."""
    is_here = connection.execute(sa.select(schema.answers.c.answer_set).limit(1)).first() is not None
    return is_here or any(schema.answers.name in month.files for month in archived_months(connection))


def criteria_by_key(connection: Connection) -> dict[int, Criterion]:
    """Return all criteria, in the order of forms, and within one in that in which they were first answered."""
    held = schema.criteria.c
    rows = connection.execute(sa.select(schema.criteria).order_by(held.form.asc().nulls_last(), held.key))
    return {row.key: Criterion(row.name, row.form, row.section) for row in rows}


def sorted_rows(rows: Sequence[CriterionRow], sort: str | None) -> list[CriterionRow]:
    """Return rows in an order that is asked for (`-` before it: descending); None leaves that of the scorecards.

    Those without the value come last, and ties stay in the order of the scorecards. Raises InvalidParameterError for
    what rows can't be sorted by.
    """
    if sort is None:
        return list(rows)
    field = sort.removeprefix("-")
    names = ("criterion", "section", "form")
    known = (*names, *CRITERION_METRICS)
    if field not in known:
        hint = nearest(field, known)
        raise InvalidParameterError(
            "sort", ParameterCode.NOT_A_FIELD, value=sort[:60], hint=hint, known=", ".join(known)
        )

    def value(row: CriterionRow) -> Any:
        if field in CRITERION_METRICS:
            return CRITERION_METRICS[field].rounded(row.sums)
        return getattr(row.criterion, "name" if field == "criterion" else field)

    return in_order(rows, value, is_descending=sort.startswith("-"))


def in_order(
    rows: Sequence[CriterionRow], value: Callable[[CriterionRow], Any], *, is_descending: bool
) -> list[CriterionRow]:
    """Return rows in the order of a value; those without it come last, and ties stay as they are."""
    present = [row for row in rows if value(row) is not None]
    present.sort(key=value, reverse=is_descending)
    return [*present, *(row for row in rows if value(row) is None)]


def evaluation_answers(
    connection: Connection, answer_set: int | None, archived_id: str | None = None
) -> tuple[Answer, ...]:
    """Return the answers of an evaluation by its set, in the order of the scorecard; none where it has no set.

    Of an archived evaluation its id is needed, too.
    """
    if answer_set is None:
        return ()
    if archived_id is None:
        chosen = sa.select(schema.answers).where(schema.answers.c.answer_set == answer_set)
        rows: Sequence[Mapping[str, Any]] = [row._asdict() for row in connection.execute(chosen)]
    else:
        rows = answers_of_archived(connection, archived_id, answer_set)
    known = criteria_by_key(connection)
    return tuple(
        Answer(
            known[row["criterion_key"]],
            None if row["points"] is None else row["points"] / OWN_SCALE,
            None if row["max_points"] is None else row["max_points"] / OWN_SCALE,
            row["critical"],
            row["comment"],
        )
        for row in sorted(rows, key=lambda row: row["criterion_key"])
    )


@lru_cache(maxsize=512)
def _by_criterion(rows: sa.FromClause, dimensions: tuple[Dimension, ...]) -> sa.Select[Any]:
    """Return the sums by criterion, and by dimensions, where there are answers."""
    keys = [rows.c[each.column] for each in (CRITERION, *dimensions)]
    some = sa.or_(sa.func.sum(rows.c.answered) != 0, sa.func.sum(rows.c.not_applicable) != 0)
    return sa.select(*keys, *sums(rows, ANSWER_NAMES)).group_by(*keys).having(some)
