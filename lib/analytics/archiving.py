"""Archiving: the evaluations of a month, with their answers, go to files, and come back.

The files are on the disk before the transaction ends that takes the rows out of the facts and names the files, so that
a crash leaves either. Rollups stay as they are. What changes something must run inside `FactStore.write`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.archived_months import ArchivedMonth, archived_months, month_of_row, months_of_ids, with_months
from lib.analytics.calendar import Granularity, next_bucket
from lib.analytics.sql_time import bucket_start
from lib.catalog.catalog import Catalog
from lib.errors import StorageError
from lib.errors.archive_codes import ArchiveCode
from lib.store import schema
from lib.store.archive_files import ArchiveFile, ArchiveFolder
from lib.store.archived_rows import ARCHIVE, IS_ARCHIVED, archived_shape
from lib.store.bulk_io import analyze_grown, bulk_insert, drop, fill, stream_batches
from lib.store.enums import NO_KEY
from lib.store.facts import archive_folder
from lib.store.schema import archived_ids, archives, returned_ids, workspace

READ_FOR = timedelta(minutes=5)
"""A question that began before an archive ended has ended after so long, and its files can go."""


def months_before(connection: Connection, end: date) -> list[date]:
    """Return the months before a day, by their first, that evaluations are in which are not archived."""
    day = schema.evaluations.c.day
    month = bucket_start(day, Granularity.MONTHLY, "monday").label("month")
    found = connection.scalars(sa.select(month).where(day < end.replace(day=1)).distinct()).all()
    return sorted(found)


def archive_month(
    connection: Connection, catalog: Catalog, month: date, location: str, actor: str, job: str
) -> ArchivedMonth:
    """Archive the evaluations of a month; those that were archived before of it come into the same files.

    An empty location means where the settings say. Raises StorageError where the files can't be written.
    """
    for before in archived_months(connection):
        if before.month == month:
            restore_month(connection, catalog, before)
    facts, answers = catalog.evaluations, catalog.answers
    ours = sa.and_(facts.c.day >= month, facts.c.day < next_bucket(month, Granularity.MONTHLY))
    sets = sa.select(facts.c.answer_set).where(ours, facts.c.answer_set.is_not(None))
    columns = (sa.func.min, sa.func.max)
    count, *ends = connection.execute(
        sa.select(
            sa.func.count(),
            *(end(facts.c.audio_at) for end in columns),
            *(end(facts.c.data_version) for end in columns),
        ).where(ours)
    ).one()
    number = 1 + (connection.execute(sa.select(sa.func.max(archives.c.number))).scalar_one() or 0)
    rows = {facts: sa.select(facts).where(ours).order_by(facts.c.audio_at, facts.c.id)}
    if connection.execute(sets.limit(1)).first() is not None:
        of_ours = sa.select(answers).where(answers.c.answer_set.in_(sets))
        rows[answers] = of_ours.order_by(answers.c.answer_set, answers.c.criterion_key)
    folder = ArchiveFolder(location, archive_folder(connection))
    files = _written(connection, folder, f"{month:%Y-%m}", number, job, rows)
    if files[facts.name].rows != count:
        raise StorageError(ArchiveCode.ARCHIVE_UNWRITTEN, month=f"{month:%Y-%m}", why="not every row was read")
    connection.execute(
        sa.insert(archives).values(
            number=number,
            month=month,
            location=location,
            files=json.dumps({table: asdict(file) for table, file in files.items()}),
            evaluations=count,
            **dict(zip(("first_at", "last_at", "first_version", "last_version"), ends, strict=True)),
            fields_used=json.dumps(_fields_used(connection, catalog, ours)),
            archived_at=datetime.now(UTC),
            archived_by=actor,
        )
    )
    ids = sa.select(facts.c.id, sa.literal_column(str(number))).where(ours)
    with bulk_insert(connection, archived_ids):
        connection.execute(sa.insert(archived_ids).from_select(["id", "archive"], ids))
    connection.execute(sa.delete(answers).where(answers.c.answer_set.in_(sets)))
    connection.execute(sa.delete(facts).where(ours))
    analyze_grown(connection)
    _raise_version(connection)
    return month_of_row(connection.execute(sa.select(archives).where(archives.c.number == number)).one())


def _written(
    connection: Connection,
    folder: ArchiveFolder,
    month: str,
    number: int,
    job: str,
    rows: Mapping[sa.Table, sa.Select[tuple[object, ...]]],
) -> dict[str, ArchiveFile]:
    """Write the rows of tables to a file each; where one can't be written, no file is left."""
    names = {table: f"{month}/{table.name}-{number}-{job}.parquet" for table in rows}
    files = {}
    try:
        for table, chosen in rows.items():
            numbered = chosen.add_columns(sa.cast(sa.literal_column(str(number)), sa.Integer).label(ARCHIVE))
            shape = archived_shape(table)
            batches = stream_batches(connection, numbered, shape)
            files[table.name] = folder.write(month, names[table], shape, batches)
    except BaseException:
        for name in names.values():
            folder.remove(name)
        raise
    return files


def restore_month(connection: Connection, catalog: Catalog, month: ArchivedMonth) -> None:
    """Bring the evaluations of an archived month back. Its files stay until nobody can be reading them.

    Raises StorageError where a file is not there, or not as it was written.
    """
    for file in month.files.values():
        month.folder(connection).verify(month.name, file)
    drop(connection, _insert_returning(connection, catalog, (month,), sa.select(archived_ids.c.id)))
    for table in (archived_ids, returned_ids):
        connection.execute(sa.delete(table).where(table.c.archive == month.number))
    _end(connection, archives.c.number == month.number)
    _raise_version(connection)


def bring_back(connection: Connection, catalog: Catalog, ids: sa.Select[tuple[object, ...]]) -> None:
    """Bring those evaluations back, of some ids, that are archived, so that they can be changed; the others stay."""
    months = months_of_ids(connection, ids)
    if not months:
        return
    returning = _insert_returning(connection, catalog, months, ids)
    came = sa.select(returning.c.id)
    held = sa.select(archived_ids.c.id, archived_ids.c.archive, returning.c.answer_set)
    numbered = held.join(returning, returning.c.id == archived_ids.c.id)
    connection.execute(sa.insert(returned_ids).from_select(["id", "archive", "answer_set"], numbered))
    connection.execute(sa.delete(archived_ids).where(archived_ids.c.id.in_(came)))
    left = sa.select(sa.func.count()).where(archived_ids.c.archive == archives.c.number).scalar_subquery()
    theirs = archives.c.number.in_([each.number for each in months])
    connection.execute(sa.update(archives).where(theirs).values(evaluations=left))
    drop(connection, returning)


def bring_version_back(connection: Connection, catalog: Catalog, version: int | None) -> None:
    """Bring those archived evaluations back that a version of the facts brought."""
    months = [
        each
        for each in archived_months(connection)
        if version is not None
        and each.first_version is not None
        and each.last_version is not None
        and each.first_version <= version <= each.last_version
    ]
    if months:
        facts = with_months(connection, catalog, months, answers=False).evaluations
        bring_back(connection, catalog, sa.select(facts.c.id).where(facts.c.data_version == version))


def end_all(connection: Connection) -> None:
    """Forget all that is archived, as where everything is deleted; the files go with `remove_ended`."""
    for table in (archived_ids, returned_ids):
        connection.execute(sa.delete(table))
    _end(connection, sa.true())


def ended_archives(connection: Connection, *, at_once: bool = False) -> tuple[ArchivedMonth, ...]:
    """Return the archives whose files can go: those that ended READ_FOR ago; `at_once`, all that ended."""
    until = datetime.now(UTC) - (timedelta() if at_once else READ_FOR)
    return tuple(map(month_of_row, connection.execute(sa.select(archives).where(archives.c.ended_at <= until))))


def remove_files(connection: Connection, ended: ArchivedMonth) -> bool:
    """Delete the files of an archive that ended; return whether they are gone."""
    folder = ended.folder(connection)
    return all(folder.remove(file.name) for file in ended.files.values())


def forget(connection: Connection, ended: ArchivedMonth) -> None:
    """Forget an archive whose files are gone."""
    connection.execute(sa.delete(archives).where(archives.c.number == ended.number))


def _insert_returning(
    connection: Connection, catalog: Catalog, months: tuple[ArchivedMonth, ...], ids: sa.Select[tuple[object, ...]]
) -> sa.Table:
    """Put the evaluations of ids that are archived in months into the facts; return a temporary table of them."""
    held, facts, answers = with_months(connection, catalog, months), catalog.evaluations, catalog.answers
    numbers = [each.number for each in months]
    returning, found = _returning(facts), held.evaluations.c
    known = sa.select(archived_ids.c.id).where(archived_ids.c.archive.in_(numbers), archived_ids.c.id.in_(ids))
    chosen = sa.select(*(found[each.name] for each in facts.columns))
    fill(connection, returning, chosen.where(found[IS_ARCHIVED], found.id.in_(known)))
    sets = sa.select(returning.c.answer_set).where(returning.c.answer_set.is_not(None))
    answered = held.answers.c
    theirs = sa.select(*(answered[each.name] for each in answers.columns))
    with bulk_insert(connection, answers):
        theirs = theirs.where(answered[IS_ARCHIVED], answered.answer_set.in_(sets)).order_by(answered.answer_set)
        connection.execute(sa.insert(answers).from_select(answers.columns.keys(), theirs))
    with bulk_insert(connection, schema.evaluations):  # whose indexes are declared there
        ordered = sa.select(returning).order_by(returning.c.day)
        connection.execute(sa.insert(facts).from_select(returning.columns.keys(), ordered))
    return returning


@cache
def _returning(facts: sa.Table) -> sa.Table:
    columns = (sa.Column(each.name, each.type) for each in facts.columns)
    return sa.Table("returning_archived", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


def _fields_used(connection: Connection, catalog: Catalog, ours: sa.ColumnElement[bool]) -> list[str]:
    facts, fields = catalog.evaluations, catalog.own_fields
    if not fields:
        return []
    columns = [facts.c[own.column] for own in fields]
    tests = [
        sa.exists().where(ours, column != NO_KEY if own.is_category else column.is_not(None))
        for own, column in zip(fields, columns, strict=True)
    ]
    row = connection.execute(
        sa.select(*(test.label(own.column) for test, own in zip(tests, fields, strict=True)))
    ).one()
    return [own.column for own, is_used in zip(fields, row, strict=True) if is_used]


def _end(connection: Connection, which: sa.ColumnElement[bool]) -> None:
    ended = sa.update(archives).where(which, archives.c.ended_at.is_(None)).values(ended_at=datetime.now(UTC))
    connection.execute(ended)


def _raise_version(connection: Connection) -> None:
    """Say that answers may look otherwise; the data are as they were, and so is when they changed."""
    connection.execute(sa.update(workspace).values(data_version=workspace.c.data_version + 1))
