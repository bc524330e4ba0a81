"""Whether the facts hold together: the rollups, ids, names and days; and the mending of what the evaluations tell.

Nothing here is of use while all is well: it is for a disk, a restore or a hand in the database that went wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.analytics.archived_months import archived_months, with_all_months
from lib.analytics.sql_time import local_day
from lib.catalog.catalog import Catalog
from lib.errors import StorageError
from lib.store.bulk_io import drop
from lib.store.schema import archived_ids, criteria, evaluations, workspace

LISTED = 20


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """What is wrong, a line each: cells of the rollups that differ, at most 20; and all that is wrong elsewhere."""

    cells: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it."""
        return self.others + self.cells


def findings(connection: Connection, catalog: Catalog) -> IntegrityReport:
    """Look the facts through, archived months too; none where all is well.

    Where a file of an archive can't be read that is all that is told: without it nothing else can be held to anything.
    """
    unreadable = tuple(_unreadable_archives(connection))
    if unreadable:
        return IntegrityReport((), unreadable)
    catalog = with_all_months(connection, catalog)
    cells = tuple(_cell(each) for each in rollup.differences(connection, catalog, LISTED))
    return IntegrityReport(
        cells,
        (
            *_doubled(connection, catalog),
            *_archived_twice(connection),
            *_nameless(connection, catalog),
            *_misplaced(connection, catalog),
            *_unlike_their_answers(connection, catalog),
        ),
    )


def repair(connection: Connection, catalog: Catalog) -> list[str]:
    """Mend what the evaluations alone tell, and compute the rollups anew; return what was done, a line each.

    Must run inside `FactStore.write`. What `findings` tells afterwards can't be mended so.
    """
    done = []
    if connection.dialect.name == "duckdb":
        removed = _remove_equal_doubles(connection, catalog)
        if removed:
            done.append(f"evaluations that were there twice, equal in every column: {removed} removed")
    moved = _place(connection, catalog)
    if moved:
        done.append(f"days computed anew from their instants: {moved}")
    rollup.rebuild(connection, catalog)
    version = workspace.c.data_version + 1
    connection.execute(sa.update(workspace).values(data_version=version, changed_at=datetime.now(UTC)))
    return [*done, "the rollups were computed anew from the evaluations"]


def _cell(difference: rollup.Difference) -> str:
    return (
        f"{difference.table}, {difference.day} {difference.cell}: the rollup has {_told(difference.rollup)}, the facts "
        f"have {_told(difference.facts)}"
    )


def _told(side: dict[str, int] | None) -> str:
    if side is None:
        return "no such cell"
    return ", ".join(f"{name} {value}" for name, value in side.items() if value)


def _twice(evaluations: sa.Table) -> sa.Select[tuple[str]]:
    """Return the ids that several evaluations have."""
    return sa.select(evaluations.c.id).group_by(evaluations.c.id).having(sa.func.count() > 1)


def _doubled(connection: Connection, catalog: Catalog) -> Iterator[str]:
    if connection.dialect.name != "duckdb":
        return  # PostgreSQL's index holds it
    evaluations = catalog.evaluations
    count = connection.execute(sa.select(sa.func.count()).select_from(_twice(evaluations).subquery())).scalar_one()
    if count:
        some = ", ".join(row.id for row in connection.execute(_twice(evaluations).order_by(evaluations.c.id).limit(5)))
        yield (
            f"ids that several evaluations have: {count} (such as {some}); where they differ, an import of these "
            "evaluations puts it right, and a repair after it"
        )


def _unreadable_archives(connection: Connection) -> Iterator[str]:
    for month in archived_months(connection):
        for file in month.files.values():
            try:
                month.folder(connection).verify(month.name, file)
            except StorageError as error:
                yield error.message


def _archived_twice(connection: Connection) -> Iterator[str]:
    """Yield what is wrong with the ids of archived evaluations."""
    held, facts = archived_ids.c, evaluations.c
    both = sa.select(sa.func.count()).where(held.id.in_(sa.select(facts.id)))
    count = connection.execute(both).scalar_one()
    if count:
        yield f"evaluations that are archived, and among the others too: {count}"
    ids = connection.execute(sa.select(held.archive, sa.func.count()).group_by(held.archive))
    known = {row.archive: row[1] for row in ids}
    for month in archived_months(connection):
        if known.get(month.number, 0) != month.evaluations:
            yield f"archived evaluations of {month.name}: {month.evaluations}, with {known.get(month.number, 0)} ids"


def _nameless(connection: Connection, catalog: Catalog) -> Iterator[str]:
    for dimension in catalog.stored_dimensions:
        key = catalog.evaluations.c[dimension.column]
        known = sa.select(dimension.table.c.key)
        found = sa.select(sa.func.count(), sa.func.count(key.distinct())).where(key.not_in(known))
        count, keys = connection.execute(found).one()
        if count:
            yield (
                f"evaluations of {dimension.plural} that have no name: {count} (of {keys} {dimension.plural}); only an "
                "import of these evaluations puts it right"
            )


def _day(connection: Connection, evaluations: sa.Table) -> sa.ColumnElement[date] | None:
    """Return the day that an evaluation should have, as SQL; None where there are none."""
    zone = ZoneInfo(connection.execute(sa.select(workspace.c.timezone)).scalar_one())
    instant = evaluations.c.audio_at
    first, last = connection.execute(sa.select(sa.func.min(instant), sa.func.max(instant))).one()
    return None if first is None else local_day(instant, zone, first, last)


def _misplaced(connection: Connection, catalog: Catalog) -> Iterator[str]:
    evaluations = catalog.evaluations
    day = _day(connection, evaluations)
    if day is not None:
        wrong = sa.select(sa.func.count()).select_from(evaluations).where(evaluations.c.day != day)
        count = connection.execute(wrong).scalar_one()
        if count:
            yield f"evaluations whose day is not that of their instant in the workspace's time zone: {count}"


def _unlike_their_answers(connection: Connection, catalog: Catalog) -> Iterator[str]:
    """Yield what is wrong between evaluations and their answers to criteria."""
    facts, held = catalog.evaluations.c, catalog.answers.c
    most = sa.case((held.points.is_not(None), sa.cast(held.max_points, sa.BigInteger)))
    sums = (
        sa.select(
            held.answer_set,
            sa.func.coalesce(sa.func.sum(sa.cast(held.points, sa.BigInteger)), 0).label("points"),
            sa.func.coalesce(sa.func.sum(most), 0).label("most"),
            sa.func.max(sa.case((sa.and_(held.points == 0, held.critical), 1), else_=0)).label("failed"),
        )
        .group_by(held.answer_set)
        .subquery()
    )
    failed = sa.case((facts.critical_failed, 1), else_=0)
    same = sa.and_(facts.answers_points == sums.c.points, facts.answers_max == sums.c.most, failed == sums.c.failed)
    counted = sa.select(sa.func.count()).select_from(
        catalog.evaluations.outerjoin(sums, sums.c.answer_set == facts.answer_set)
    )
    wrong = counted.where(facts.answer_set.is_not(None), sa.func.coalesce(same, sa.false()).is_(sa.false()))
    count = connection.execute(wrong).scalar_one()
    if count:
        yield f"evaluations whose answers are not all there: {count}; only an import of their answers puts it right"
    unknown = sa.select(sa.func.count()).where(held.criterion_key.not_in(sa.select(criteria.c.key)))
    lost = connection.execute(unknown).scalar_one()
    if lost:
        yield f"answers to criteria that have no name: {lost}; only an import of these answers puts it right"


def _place(connection: Connection, catalog: Catalog) -> int:
    evaluations = catalog.evaluations
    day, count = _day(connection, evaluations), 0
    if day is not None:
        wrong = evaluations.c.day != day
        count = connection.execute(sa.select(sa.func.count()).select_from(evaluations).where(wrong)).scalar_one()
        if count:
            connection.execute(sa.update(evaluations).where(wrong).values(day=day))
    return count


def _remove_equal_doubles(connection: Connection, catalog: Catalog) -> int:
    evaluations = catalog.evaluations
    kept = sa.Table(
        "kept",
        sa.MetaData(),
        *(sa.Column(each.name, each.type) for each in evaluations.columns),
        prefixes=["TEMPORARY"],
    )
    drop(connection, kept)
    kept.create(connection)
    of_doubled = sa.select(evaluations).where(evaluations.c.id.in_(_twice(evaluations)))
    connection.execute(sa.insert(kept).from_select(kept.columns.keys(), of_doubled.distinct()))
    different = sa.select(kept.c.id).group_by(kept.c.id).having(sa.func.count() > 1)
    connection.execute(sa.delete(kept).where(kept.c.id.in_(different)))
    counted = sa.select(sa.func.count())
    equal = evaluations.c.id.in_(sa.select(kept.c.id))
    before = connection.execute(counted.select_from(evaluations).where(equal)).scalar_one()
    left = connection.execute(counted.select_from(kept)).scalar_one()
    if before:
        connection.execute(sa.delete(evaluations).where(equal))
        connection.execute(sa.insert(evaluations).from_select(kept.columns.keys(), sa.select(kept)))
    drop(connection, kept)
    return int(before - left)
