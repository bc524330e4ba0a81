"""Undo: an import taken back. What it added goes, what it replaced comes back, all or nothing.

An import made a version of the facts, and its rows carry it. Where a later import replaced some of them, that one has
to be undone first. What was replaced is kept for KEPT, as long as the files of bad rows are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.analytics.archived_months import archived_months, count_evaluations
from lib.analytics.archiving import bring_version_back
from lib.analytics.field_definitions import delete_sample_fields, keep_sample_fields
from lib.analytics.metric_rollups import stored_catalog_for_writing
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import NamedDimension
from lib.errors import ConflictError
from lib.errors.import_codes import ImportCode
from lib.ingest import history, loader
from lib.ingest.answer_loader import forget_criteria, forget_sets, restore_sections
from lib.ingest.history import ImportRecord
from lib.store import enums, schema
from lib.store.bulk_io import analyze, drop
from lib.store.schema import evaluations, imports, replaced_names, workspace

KEPT = timedelta(days=90)
"""How long an import can be undone: until then its replaced evaluations are kept."""


@cache
def _tables(catalog: Catalog) -> tuple[sa.Table, sa.Table]:
    """Return the temporary tables of the evaluations that go, and of those that come back."""
    going, returning = (
        sa.Table(
            name,
            sa.MetaData(),
            *(sa.Column(column.name, column.type) for column in catalog.evaluations.columns),
            prefixes=["TEMPORARY"],
        )
        for name in ("going", "returning_rows")
    )
    return going, returning


@dataclass(frozen=True, slots=True)
class UndoResult:
    """What an undo did: the import as it was listed, the evaluations that went and came back, and how many are left."""

    record: ImportRecord
    removed: int
    restored: int
    left: int


def undo(connection: Connection, catalog: Catalog, number: str, actor: str, job: str | None = None) -> UndoResult:
    """Take the import of an id back; must run inside `FactStore.write`.

    With the `job` that asks for it, it is done once, however often it is done. Raises ConflictError where there is no
    such import, or where it can't be undone; the error says why.
    """
    before = None if job is None else find_done(connection, number, job)
    if before is not None:
        return before
    record = history.find(connection, number)
    if record is None:
        raise ConflictError(ImportCode.UNDO_UNKNOWN, id=number)
    if record.why_not is not None:
        raise ConflictError(record.why_not)
    version = record.data_version
    evaluations, old = catalog.evaluations, catalog.replaced_evaluations
    going, returning = _tables(catalog)
    drop(connection, going, returning)
    bring_version_back(connection, catalog, version)
    _take(connection, going, sa.select(evaluations).where(evaluations.c.data_version == version))
    columns = evaluations.columns.keys()
    kept = sa.select(*(old.c[name] for name in columns)).where(old.c.replaced_in == version)
    _take(connection, returning, kept)
    rollup.apply(connection, catalog, returning, going)
    connection.execute(sa.delete(evaluations).where(evaluations.c.data_version == version))
    ordered = sa.select(returning).order_by(returning.c.day)
    connection.execute(sa.insert(evaluations).from_select(columns, ordered))
    connection.execute(sa.delete(old).where(old.c.replaced_in == version))
    forget_sets(connection, *(sa.select(table.c.answer_set) for table in (going, evaluations, old)))
    restore_sections(connection, version)
    if not archived_months(connection):  # whose answers may be to them
        forget_criteria(connection, catalog)
    for dimension in catalog.stored_dimensions:
        _restore_names(connection, dimension, version)
        _remove_unused_names(connection, catalog, dimension)
    drop(connection, going, returning)
    undone = {"undone_at": _change_version(connection), "undone_by": actor, "undone_job": job}
    connection.execute(sa.update(imports).where(imports.c.id == number).values(undone))
    return _result(connection, record)


def find_done(connection: Connection, number: str, job: str) -> UndoResult | None:
    """Return what a job did that undid an import; None where it did not."""
    record = history.find(connection, number)
    return _result(connection, record) if record is not None and record.undone_job == job else None


def delete_everything(connection: Connection) -> None:
    """Empty the facts but for own fields and the history of imports, for good; must run inside `FactStore.write`."""
    delete_sample_fields(connection)
    loader.clear(connection, stored_catalog_for_writing(connection), ImportCode.UNDO_DELETED)
    _change_version(connection)


def forget_old(connection: Connection) -> None:
    """Delete what was replaced longer ago than KEPT, which ends the undo of these imports; inside `FactStore.write`."""
    old = _old()
    versions = sa.select(imports.c.data_version).where(old)
    replaced = schema.replaced_evaluations
    is_old, sets = replaced.c.replaced_in.in_(versions), sa.select(replaced.c.answer_set)
    forget_sets(connection, sets.where(is_old), sets.where(~is_old), sa.select(evaluations.c.answer_set))
    for table in (replaced, replaced_names):
        connection.execute(sa.delete(table).where(table.c.replaced_in.in_(versions)))
    connection.execute(sa.update(imports).where(old).values(undo_lost=ImportCode.UNDO_TOO_OLD.value))


def has_old(connection: Connection) -> bool:
    """Return whether there is something for `forget_old` to do."""
    return connection.execute(sa.select(imports.c.id).where(_old()).limit(1)).first() is not None


def _old() -> sa.ColumnElement[bool]:
    return sa.and_(
        imports.c.data_version.is_not(None),
        imports.c.undone_at.is_(None),
        imports.c.undo_lost.is_(None),
        imports.c.finished_at < datetime.now(UTC) - KEPT,
    )


def _change_version(connection: Connection) -> datetime:
    """Say that the facts have changed, and are no sample data; return the instant."""
    keep_sample_fields(connection)
    now, version = datetime.now(UTC), workspace.c.data_version + 1
    connection.execute(sa.update(workspace).values(data_version=version, changed_at=now, is_sample=False))
    return now


def _take(connection: Connection, table: sa.Table, rows: sa.Select[tuple[object, ...]]) -> None:
    table.create(connection)
    connection.execute(sa.insert(table).from_select(table.columns.keys(), rows))
    analyze(connection, table)


def _restore_names(connection: Connection, dimension: NamedDimension, version: int | None) -> None:
    """Give names back that the import changed; one that was changed since comes back with that later import."""
    kept, names = replaced_names, dimension.table
    ours = sa.and_(kept.c.dimension == dimension.name, kept.c.replaced_in == version)
    for key, name in connection.execute(sa.select(kept.c.key, kept.c.name).where(ours)).all():
        of_key = sa.and_(kept.c.dimension == dimension.name, kept.c.key == key)
        later = sa.select(sa.func.min(kept.c.replaced_in)).where(of_key, kept.c.replaced_in > version)
        following = connection.execute(later).scalar_one()
        if following is None:
            connection.execute(sa.update(names).where(names.c.key == key).values(name=name))
        else:
            connection.execute(sa.update(kept).where(of_key, kept.c.replaced_in == following).values(name=name))
    connection.execute(sa.delete(kept).where(ours))


def _remove_unused_names(connection: Connection, catalog: Catalog, dimension: NamedDimension) -> None:
    """Delete what the evaluations that went belonged to and no evaluation belongs to any more."""
    names, column = dimension.table, dimension.column
    going, _ = _tables(catalog)
    if archived_months(connection):
        return  # evaluations that are archived may belong to them
    used = (sa.select(table.c[column]).distinct() for table in (catalog.evaluations, catalog.replaced_evaluations))
    unused = sa.except_(sa.select(going.c[column]).where(going.c[column] != enums.NO_KEY), *used)
    if connection.execute(unused.limit(1)).first() is not None:
        kept = replaced_names
        rollup.forget(connection, catalog, column, unused)
        connection.execute(sa.delete(kept).where(kept.c.dimension == dimension.name, kept.c.key.in_(unused)))
        connection.execute(sa.delete(names).where(names.c.key.in_(unused)))


def _result(connection: Connection, record: ImportRecord) -> UndoResult:
    # None of the import's rows was changed since: what it added went, what it changed came back.
    return UndoResult(record, record.added, record.changed, count_evaluations(connection))
