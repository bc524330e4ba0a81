"""Where numbers come from: the rollups and the facts. Each says whether it can answer a question, and gives its rows.

A rollup gives its whole months by month where days are not asked for, with the facts for the days that it does not
hold, and for those that an instant cuts. The facts can answer everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import archived_months, catalog_between, with_archived_rows, with_months
from lib.analytics.calendar import ONE_DAY, Calendar, Granularity, day_start, next_bucket
from lib.analytics.conditions import fact_conditions, fact_key, grant_conditions, keys_by_column
from lib.analytics.extra_columns import extra_columns
from lib.analytics.grants import Grant
from lib.analytics.query import Filters, Moment, first_instant, last_instant
from lib.analytics.sql_time import local_day
from lib.catalog.answers import answer_rows
from lib.catalog.catalog import Catalog
from lib.catalog.measures import ANSWER_MEASURES, SCORECARD_NAMES, ExtraColumn, find_measure, of_each
from lib.catalog.rollups import Rollup
from lib.store import schema
from lib.store.archived_rows import with_archived

_OF_SCORECARDS = frozenset({"criterion_key", *ANSWER_MEASURES, *SCORECARD_NAMES})
"""What only evaluations with answers to criteria have."""

_INSTANT = timedelta(microseconds=1)
"""The stores tell no two instants apart that are closer."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a question needs of its source: columns of keys and measures, and whether its days are the workspace's."""

    columns: frozenset[str]
    days: bool = True  # in the workspace's zone, not in another one


@dataclass(frozen=True, slots=True)
class QuerySource:
    """The rows that a question's numbers come from: with a day, keys and measures.

    The rollups' rows are the same object whenever a question has the same form, so that what is made of them can be
    kept; what was asked for comes by their parameters' `values`. With `has_facts`, some rows are of one evaluation.
    """

    rows: sa.FromClause
    measures: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    has_facts: bool = False


class Source(Protocol):
    """What can answer questions. `is_facts` says whether it reads the evaluations themselves, which takes longer."""

    is_facts: bool

    def can_answer(self, needs: Needs) -> bool:
        """Return whether it has what a question needs."""

    def rows(
        self,
        connection: Connection,
        filters: Filters,
        calendar: Calendar,
        keys: Sequence[str],
        measures: Sequence[str],
        *,
        by_day: bool,
    ) -> QuerySource:
        """Return the rows that the filters choose; with `by_day`, their days are kept."""

    def first_and_last_day(self, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
        """Return the first and last day of all that may be seen with a grant."""

    def keys_in_use(self, column: str, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
        """Return the keys of the evaluations that may be seen with a grant, each once."""


class RollupSource:
    """A rollup, with the facts for days that it does not hold."""

    is_facts = False

    def __init__(self, rollup: Rollup) -> None:
        """Answer from a rollup."""
        self._rollup = rollup
        self._columns = frozenset(rollup.tables[0].columns.keys())
        # One that does not hold all evaluations answers only what is asked of those that it holds.
        self._asked_for = frozenset() if "evaluations" in self._columns else self._columns & _OF_SCORECARDS

    def can_answer(self, needs: Needs) -> bool:
        """Return whether the rollup has the keys and measures, and days do."""
        is_meant = not self._asked_for or not self._asked_for.isdisjoint(needs.columns)
        return needs.days and is_meant and needs.columns <= self._columns

    def rows(
        self,
        connection: Connection,
        filters: Filters,
        calendar: Calendar,
        keys: Sequence[str],
        measures: Sequence[str],
        *,
        by_day: bool,
    ) -> QuerySource:
        """Return the rows of the days asked for, of its tables and of the facts."""
        chosen = keys_by_column(connection, filters)
        parts = [
            _with_archived(connection, filters.catalog, part, measures)
            for part in self._parts(filters, calendar, by_day=by_day)
        ]
        values: dict[str, Any] = {_chosen(column): ids for column, ids in chosen.items()}
        for number, part in enumerate(parts):
            values |= {f"from_{number}": part.first} if part.first is not None else {}
            values |= {f"until_{number}": part.end} if part.end is not None else {}
        shape = tuple((part.table, part.first is not None, part.end is not None) for part in parts)
        has_facts = any(_is_facts(part.table) for part in parts)
        rows = _united(shape, tuple(keys), tuple(measures), tuple(chosen))
        return QuerySource(rows, tuple(measures), values, has_facts)

    def first_and_last_day(self, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
        """Return the first and last day on which there is anything."""
        rows = self._rollup.daily
        if rows is None:
            return FactsSource().first_and_last_day(grant, catalog)
        days = non_empty_days(rows, grant_conditions(rows, grant, catalog)).c
        return sa.select(sa.func.min(days.day), sa.func.max(days.day))

    def keys_in_use(self, column: str, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
        """Return the keys that add up to something."""
        rows = self._rollup.tables[-1]
        counted = ("answered", "not_applicable") if self._rollup.of_answers else ("evaluations",)
        key, some = rows.c[column], sa.or_(*(sa.func.sum(rows.c[name]) != 0 for name in counted))
        return sa.select(key).where(*grant_conditions(rows, grant, catalog)).group_by(key).having(some)

    def _parts(self, filters: Filters, calendar: Calendar, *, by_day: bool) -> list[_TableRange]:
        """Return the tables that together hold what is asked for, each with which of its days or instants."""
        first, end, cut = _whole_days(filters, calendar.zone)
        if first is not None and end is not None and first >= end:
            return cut
        return [*self._day_parts(filters.catalog, first, end, calendar.zone, by_day=by_day), *cut]

    def _day_parts(
        self, catalog: Catalog, first: date | None, end: date | None, zone: ZoneInfo, *, by_day: bool
    ) -> list[_TableRange]:
        """Return the tables that together hold the days from `first` until before `end`; None where it is open."""
        whole_from, whole_until = first, end  # the whole months between
        if first is not None and first.day > 1:
            whole_from = next_bucket(first.replace(day=1), Granularity.MONTHLY)
        if end is not None:
            whole_until = end.replace(day=1)
        no_month = whole_from is not None and whole_until is not None and whole_from >= whole_until

        def days(first: date | None, end: date | None) -> _TableRange:
            if self._rollup.daily is not None:
                return _TableRange(self._rollup.daily, first, end)
            begins, ends = (None if day is None else day_start(day, zone) for day in (first, end))
            return _TableRange(catalog.evaluations, begins, ends)

        if by_day or self._rollup.monthly is None or no_month:
            return [days(first, end)]
        parts = [_TableRange(self._rollup.monthly, whole_from, whole_until)]
        if first != whole_from:
            parts.append(days(first, whole_from))
        if end != whole_until:
            parts.append(days(whole_until, end))
        return parts


class FactsSource:
    """The evaluations themselves, of which every question can be asked."""

    is_facts = True

    def can_answer(self, needs: Needs) -> bool:  # noqa: ARG002 - whatever it is
        """Return that they can answer."""
        return True

    def rows(
        self,
        connection: Connection,
        filters: Filters,
        calendar: Calendar,
        keys: Sequence[str],
        measures: Sequence[str],
        *,
        by_day: bool,  # noqa: ARG002 - each row has its day
    ) -> QuerySource:
        """Return a row an evaluation, with the measures of each."""
        extras = dict.fromkeys(extra for name in measures for extra in find_measure(name).extras)
        found = fact_rows(connection, filters, calendar, tuple(extras), answers=_of_answers(measures))
        rows = _rows(found.facts, found.day, keys, measures, found.conditions, found.answers).subquery()
        return QuerySource(rows, tuple(measures), has_facts=True)

    def first_and_last_day(self, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
        """Return the first and last day of an evaluation."""
        facts = catalog.evaluations
        return sa.select(sa.func.min(facts.c.day), sa.func.max(facts.c.day)).where(
            *grant_conditions(facts, grant, catalog)
        )

    def keys_in_use(self, column: str, grant: Grant, catalog: Catalog) -> sa.Select[Any]:
        """Return the keys that an evaluation has."""
        facts = catalog.evaluations
        return sa.select(fact_key(facts, column)).where(*grant_conditions(facts, grant, catalog)).distinct()


@dataclass(frozen=True, slots=True)
class FactRows:
    """The evaluations that filters choose: those of the rows that meet the conditions, and the day of each."""

    facts: sa.FromClause
    day: sa.ColumnElement[Any]
    conditions: Sequence[sa.ColumnElement[bool]]
    answers: sa.Table = schema.answers


def fact_rows(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    extras: Sequence[ExtraColumn] = (),
    *,
    answers: bool = False,
) -> FactRows:
    """Return the evaluations that filters choose, archived ones too, with what measures need beside their columns.

    With `answers`, those of archived evaluations are there as well.
    """
    answers = answers or any(each.criterion is not None for each in extras)
    filters = with_archived_rows(connection, filters, calendar, answers=answers)
    facts: sa.FromClause = filters.catalog.evaluations
    conditions, zone = fact_conditions(filters, calendar), filters.zone(calendar.zone)
    first, last = (datetime.now(UTC),) * 2
    if extras or filters.timezone is not None:
        first, last = (end or datetime.now(UTC) for end in first_and_last(connection, filters))
    if extras:
        more = extra_columns(filters.catalog, extras, zone, first, last)
        facts, conditions = sa.select(*facts.c, *more).where(*conditions).subquery("chosen_evaluations"), []
    day: sa.ColumnElement[Any] = facts.c.day
    if filters.timezone is not None:
        day = local_day(facts.c.audio_at, zone, first, last).label("day")
    return FactRows(facts, day, conditions, filters.catalog.answers)


def first_and_last(connection: Connection, filters: Filters) -> tuple[datetime | None, datetime | None]:
    """Return the first and the last instant of all that may be seen with a grant; None where there is nothing."""
    catalog, months = filters.catalog.stored, archived_months(connection)
    if not filters.grant.everything:
        catalog = with_months(connection, catalog, months, answers=False)
    facts = catalog.evaluations
    column = facts.c.audio_at
    visible = grant_conditions(facts, filters.grant, catalog)
    ends = list(connection.execute(sa.select(sa.func.min(column), sa.func.max(column)).where(*visible)).one())
    if filters.grant.everything:  # archives say so themselves
        ends += [end for each in months for end in (each.first_at, each.last_at)]
    known = [each for each in ends if each is not None]
    return (min(known), max(known)) if known else (None, None)


def non_empty_days(rollup: sa.Table, where: Sequence[sa.ColumnElement[bool]] = ()) -> sa.Subquery:
    """Return the days on which there are evaluations, with how many."""
    total = sa.func.sum(rollup.c.evaluations)
    days = sa.select(rollup.c.day, total.label("evaluations")).where(*where)
    return days.group_by(rollup.c.day).having(total != 0).subquery()


@dataclass(frozen=True, slots=True)
class _TableRange:
    """A table, and its days or instants from `first` until before `end`; None where it is open."""

    table: sa.Table
    first: Moment | None
    end: Moment | None


def _whole_days(filters: Filters, zone: ZoneInfo) -> tuple[date | None, date | None, list[_TableRange]]:
    """Return the whole days asked for, from a first until before an end, and the facts of the days that are cut.

    None where it is open. Where no day is whole, the end does not lie after the first, and the facts are all of it.
    """
    first = begin = filters.date_from
    last = filters.date_to
    end = None if last is None else last + ONE_DAY
    if isinstance(begin, datetime):
        first = begin.astimezone(zone).date()
        if begin > day_start(first, zone):
            first += ONE_DAY
    if isinstance(last, datetime):
        end = last.astimezone(zone).date()
        if last >= last_instant(end, zone):
            end += ONE_DAY
    after = None if last is None else last_instant(last, zone) + _INSTANT
    if first is not None and end is not None and first >= end:
        begins = None if begin is None else first_instant(begin, zone)
        return first, end, [_TableRange(filters.catalog.evaluations, begins, after)]
    cut = []
    if isinstance(begin, datetime) and first is not None and begin < day_start(first, zone):
        cut.append(_TableRange(filters.catalog.evaluations, begin, day_start(first, zone)))
    if isinstance(last, datetime) and end is not None and last >= day_start(end, zone):
        cut.append(_TableRange(filters.catalog.evaluations, day_start(end, zone), after))
    return first, end, cut


def _with_archived(connection: Connection, catalog: Catalog, part: _TableRange, measures: Sequence[str]) -> _TableRange:
    """Return a range of the facts with the evaluations that are archived of it; one of a rollup as it is."""
    if not _is_facts(part.table):
        return part
    first, end = (each if isinstance(each, datetime) else None for each in (part.first, part.end))
    between = catalog_between(connection, catalog, first, end, answers=_of_answers(measures))
    return replace(part, table=between.evaluations)


def _of_answers(measures: Sequence[str]) -> bool:
    """Return whether measures are of answers to criteria."""
    return not ANSWER_MEASURES.keys().isdisjoint(measures)


@lru_cache(maxsize=512)
def _united(
    parts: tuple[tuple[sa.Table, bool, bool], ...],
    keys: tuple[str, ...],
    measures: tuple[str, ...],
    chosen: tuple[str, ...],
) -> sa.Subquery:
    """Return the rows of tables' days, each with whether it has a first and an end, where columns have chosen values.

    Kept, as making it and finding its text again took as long as the engine takes to answer.
    """
    arms = []
    for number, (table, begins, ends) in enumerate(parts):
        day = _day(table)
        where = [day >= sa.bindparam(f"from_{number}", type_=day.type)] if begins else []
        where += [day < sa.bindparam(f"until_{number}", type_=day.type)] if ends else []
        where += [table.c[name].in_(sa.bindparam(_chosen(name), expanding=True)) for name in chosen]
        answers = schema.answers if table.name == schema.evaluations.name else with_archived(schema.answers)
        arms.append(_rows(table, table.c.day, keys, measures, where, answers))
    return arms[0].subquery() if len(arms) == 1 else sa.union_all(*arms).subquery()


def _chosen(column: str) -> str:
    """Return the parameter that holds the values that a column may have."""
    return f"chosen_{column}"


def _day(table: sa.Table) -> sa.Column[Any]:
    """Return the column that says what day a table's row is of."""
    return table.c.audio_at if _is_facts(table) else table.c.day


def _is_facts(table: sa.FromClause) -> bool:
    """Return whether rows are those of the evaluations, with whatever own fields and extra columns."""
    names = schema.evaluations.name, with_archived(schema.evaluations).name
    return not isinstance(table, sa.Table) or table.name in names


def _rows(
    table: sa.FromClause,
    day: sa.ColumnElement[Any],
    keys: Sequence[str],
    measures: Sequence[str],
    where: Sequence[sa.ColumnElement[bool]],
    answers: sa.Table,
) -> sa.Select[Any]:
    """Return rows of a rollup, or of the facts, or their answers, with the measures of each."""
    if not _is_facts(table):
        return sa.select(day, *(table.c[name] for name in (*keys, *measures))).where(*where)
    if not _of_answers(measures):
        return sa.select(day, *(fact_key(table, key) for key in keys), *of_each(table, measures)).where(*where)
    columns = [column for column in table.columns if column.name != "day"]
    rows = answer_rows(sa.select(*columns, day.label("day")).where(*where).subquery("chosen"), answers, *keys)
    return sa.select(rows.c.day, *(fact_key(rows, key) for key in keys), *of_each(rows, measures))
