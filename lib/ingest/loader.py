"""Loading: checked rows into the facts, by id, with the rollup, in one transaction or not at all.

The rows come from a temporary table (`staging.py`). What they change is worked out there against what is known, so that
the transaction writes only what differs, and the same import twice changes nothing. Several imports whose rows have
different ids may be loaded together, each as a version of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import archiving, rollup
from lib.analytics.archived_months import months_of_ids, with_months
from lib.analytics.conditions import grant_conditions
from lib.analytics.grants import Grant
from lib.analytics.metric_rollups import catalog_for_writing
from lib.catalog.catalog import Catalog
from lib.errors import TakenIdsError
from lib.errors.codes import CodedText
from lib.errors.import_codes import ImportCode
from lib.ingest import import_warnings
from lib.ingest.answer_loader import (
    count_answers,
    define_criteria,
    insert_answers,
    kept_score,
    section_warnings,
    set_columns,
)
from lib.ingest.load_names import NamedIds, check_categories, confirm_names, give_keys
from lib.ingest.load_versions import Versions
from lib.ingest.mapping import AS_SCORED, Scoring
from lib.ingest.staging import StagedRows, staged_table
from lib.store import enums, schema
from lib.store.bulk_io import MANY_ROWS, analyze_grown, bulk_insert, fill
from lib.store.schema import imports, replaced_names, workspace


@dataclass(frozen=True, slots=True)
class LoadTables:
    """The temporary tables that a load works in, as a catalog's evaluations are."""

    fact_columns: tuple[str, ...]  # what a row says; that it came with another version makes it no other row
    incoming: sa.Table  # the rows that differ from what is known, as the facts will hold them
    outgoing: sa.Table  # the rows of the facts that those replace, as they are kept
    known: sa.Table  # the rows of the facts that have the ids of staged ones


@lru_cache(maxsize=32)
def load_tables(catalog: Catalog) -> LoadTables:
    """Return the temporary tables of a catalog's evaluations; always the same, so that statements are compiled once."""

    def temporary(name: str, like: sa.Table, *more: sa.Column[Any]) -> sa.Table:
        columns = (sa.Column(each.name, each.type) for each in like.columns)
        return sa.Table(name, sa.MetaData(), *columns, *more, prefixes=["TEMPORARY"])

    evaluations = catalog.evaluations
    return LoadTables(
        tuple(each.name for each in evaluations.columns if each.name != "data_version"),
        temporary("incoming", evaluations),
        temporary("outgoing", evaluations, sa.Column("replaced_in", sa.Integer)),
        temporary("known", evaluations),
    )


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did: rows by what became of them, and the days whose numbers it touched."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicates: int = 0  # rows that a later row with the same id stands for
    exact_duplicates: int | None = 0  # those of them that were the same in every column; None where nobody counted
    days: int = 0
    first_day: date | None = None
    last_day: date | None = None
    changed_at: datetime | None = None  # the facts' own; None where they are as they were
    data_version: int | None = None  # that the load made; None where the facts are as they were
    warnings: tuple[CodedText, ...] = ()
    answers: int = 0  # to criteria, that were loaded with the rows


def apply(
    connection: Connection,
    catalog: Catalog,
    staged: StagedRows,
    grant: Grant,
    *,
    scoring: Scoring = AS_SCORED,
    replace_all: bool = False,
    is_sample: bool = False,
) -> LoadResult:
    """Bring the staged rows into the facts; must run inside `FactStore.write`.

    What they replace is kept, so that `undo` can bring it back. `replace_all` empties the facts first. `is_sample`
    marks what the facts then hold as sample data. `scoring` says what the answers that a row keeps make of its score.
    Raises TakenIdsError where rows would replace some that the grant does not cover.
    """
    catalog = catalog_for_writing(connection, catalog.own_fields)
    if replace_all:
        clear(connection, catalog, ImportCode.UNDO_REPLACED)
    versions = Versions(_next_version(connection), (grant,))
    (loaded,) = _load(connection, catalog, staged, versions, (staged.count,), scoring)
    if replace_all:
        loaded = replace(loaded, data_version=versions.first)
    (loaded,) = _change_version(connection, versions, [loaded], is_sample=is_sample)
    return replace(loaded, duplicates=staged.repeated.count, exact_duplicates=staged.repeated.exact)


def apply_together(
    connection: Connection, catalog: Catalog, staged: StagedRows, grants: Sequence[Grant], counts: Sequence[int]
) -> list[LoadResult]:
    """Bring the staged rows of posts into the facts as `apply` does, those of each sender as an import of its own.

    Of each there is its grant, and how many rows it has; `load_versions.py` says how rows are told apart. Raises
    NotTogetherError where posts have to be loaded one after the other.
    """
    catalog = catalog_for_writing(connection, catalog.own_fields)
    versions = Versions(_next_version(connection), tuple(grants), by_post=True)
    loaded = _load(connection, catalog, staged, versions, counts, AS_SCORED)
    return _change_version(connection, versions, loaded, is_sample=False)


def _next_version(connection: Connection) -> int:
    return int(connection.execute(sa.select(workspace.c.data_version)).scalar_one()) + 1


def _change_version(
    connection: Connection, versions: Versions, loaded: Sequence[LoadResult], *, is_sample: bool
) -> list[LoadResult]:
    """Say that the facts have changed, where any import changed them, and when."""
    if all(each.data_version is None for each in loaded):
        return list(loaded)
    now = datetime.now(UTC)
    connection.execute(sa.update(workspace).values(data_version=versions.last, changed_at=now, is_sample=is_sample))
    if sum(each.added + each.changed for each in loaded) >= MANY_ROWS:
        analyze_grown(connection)
    return [each if each.data_version is None else replace(each, changed_at=now) for each in loaded]


def _load(
    connection: Connection,
    catalog: Catalog,
    staged: StagedRows,
    versions: Versions,
    counts: Sequence[int],
    scoring: Scoring,
) -> list[LoadResult]:
    """Load rows; what has changed anything has a version, but the facts are not told of it yet."""
    named = give_keys(connection, catalog, staged, versions)
    has_known = _compare(connection, catalog, staged, versions, named, scoring)
    loaded = _count(connection, catalog, versions, counts, has_known=has_known)
    has_changed = any(each.changed for each in loaded)
    if has_changed:
        _check_visible(connection, catalog, versions)
    moved: tuple[str, ...] = ()
    if staged.has_answers:
        moved = define_criteria(connection, versions)
    incoming = load_tables(catalog).incoming
    if staged.has_answers and any(each.added or each.changed for each in loaded):
        insert_answers(connection, versions, incoming)
        loaded = [
            replace(each, answers=count_answers(connection, version))
            for each, version in zip(loaded, versions.all, strict=True)
        ]
    if has_changed:
        take_out(connection, catalog, are_few=staged.are_few)
    elif any(each.added for each in loaded):
        has = staged.has_answers  # new rows have those alone that they came with
        rollup.apply(connection, catalog, incoming, None, are_few=staged.are_few, have_answers=has)
    put_in(connection, catalog, are_few=staged.are_few)
    check_categories(connection, catalog, named)
    done = []
    for version, each in zip(versions.all, loaded, strict=True):
        warnings = (*_warnings(connection, catalog, named, each, version), *section_warnings(moved))
        renamed = any(given.replaced is not None and given.version == version for ids in named for given in ids.given)
        is_change = each.added or each.changed or renamed or moved
        done.append(replace(each, warnings=warnings, data_version=version if is_change else None))
    made = {each.data_version for each in done if each.data_version is not None}
    confirm_names(connection, named, {version for version in made if versions.renames(version)})
    return done


def _check_visible(connection: Connection, catalog: Catalog, versions: Versions) -> None:
    """Raise TakenIdsError where rows that go are not covered by the grant of who replaces them."""
    outgoing = load_tables(catalog).outgoing
    taken: list[str] = []
    for grant in {grant for grant in versions.grants if not grant.everything}:
        theirs = [version for version in versions.all if versions.grants[version - versions.first] == grant]
        rows = sa.select(outgoing.c.id).where(outgoing.c.replaced_in.in_(theirs))
        taken += connection.scalars(sa.except_(rows, rows.where(*grant_conditions(outgoing, grant, catalog))))
    if taken:
        raise TakenIdsError(taken)


def take_out(connection: Connection, catalog: Catalog, *, are_few: bool = False) -> None:
    """Keep the rows in `outgoing` apart, and take them out of the facts; the rollups change to what `incoming` has."""
    tables, evaluations = load_tables(catalog), catalog.evaluations
    outgoing = tables.outgoing
    archiving.bring_back(connection, catalog, sa.select(outgoing.c.id))
    rollup.apply(connection, catalog, tables.incoming, outgoing, are_few=are_few)
    connection.execute(
        sa.insert(catalog.replaced_evaluations).from_select(outgoing.columns.keys(), sa.select(outgoing))
    )
    connection.execute(sa.delete(evaluations).where(evaluations.c.id.in_(sa.select(outgoing.c.id))))


def put_in(connection: Connection, catalog: Catalog, *, are_few: bool = False) -> None:
    """Put the rows in `incoming` into the facts."""
    incoming = load_tables(catalog).incoming
    with nullcontext() if are_few else bulk_insert(connection, schema.evaluations):  # whose indexes are declared there
        ordered = sa.select(incoming).order_by(incoming.c.day)
        connection.execute(sa.insert(catalog.evaluations).from_select(incoming.columns.keys(), ordered))


def clear(connection: Connection, catalog: Catalog, why: ImportCode) -> None:
    """Take everything out of the facts but the history of imports, none of which can be undone afterwards, for `why`.

    Must run inside `FactStore.write`; who calls it brings the version of the facts up.
    """
    for table in (catalog.evaluations, catalog.replaced_evaluations, replaced_names, schema.answers, schema.criteria):
        connection.execute(sa.delete(table))
    archiving.end_all(connection)
    rollup.clear(connection, catalog)
    for dimension in catalog.stored_dimensions:
        connection.execute(sa.delete(dimension.table).where(dimension.table.c.key != enums.NO_KEY))
    could = sa.and_(imports.c.data_version.is_not(None), imports.c.undone_at.is_(None), imports.c.undo_lost.is_(None))
    connection.execute(sa.update(imports).where(could).values(undo_lost=why.value))


def _warnings(
    connection: Connection, catalog: Catalog, named: Sequence[NamedIds], loaded: LoadResult, version: int
) -> Iterator[CodedText]:
    """Yield what is odd about the rows that were loaded as a version."""
    incoming, outgoing = load_tables(catalog).incoming.c, load_tables(catalog).outgoing.c
    if loaded.changed:
        ours = sa.select(outgoing.id).where(outgoing.replaced_in == version)
        examples = connection.scalars(ours.order_by(outgoing.id).limit(4)).all()
        yield from import_warnings.replaced_rows(loaded.changed, examples)
    for each in named:
        yield from each.warnings(connection, version)
    if loaded.added or loaded.changed:
        days = sa.select(incoming.day).where(incoming.data_version == version)
        count = loaded.added + loaded.changed
        yield from import_warnings.busy_days(connection, days, count, loaded.first_day, loaded.last_day)


def _compare(
    connection: Connection,
    catalog: Catalog,
    staged: StagedRows,
    versions: Versions,
    named: Sequence[NamedIds],
    scoring: Scoring,
) -> bool:
    """Fill `incoming` with the staged rows that are new or differ, as the facts will hold them.

    Where any are known, `outgoing` gets the facts that they replace. Returns whether any are.
    """
    rows, tables, evaluations = staged_table(catalog), load_tables(catalog), catalog.evaluations
    known, incoming, outgoing = tables.known, tables.incoming, tables.outgoing
    archived = months_of_ids(connection, sa.select(rows.c.id))
    held = with_months(connection, catalog, archived, answers=False).evaluations
    same = sa.select(*(held.c[each.name] for each in evaluations.columns)).join(rows, rows.c.id == held.c.id)
    # Ids mostly grow with time, so that what is new lies beyond what is held, and an index says so at once.
    fill(connection, known, same.where(held.c.id.between(staged.lowest, staged.highest)), are_few=staged.are_few)
    is_known = connection.execute(sa.select(known.c.id).limit(1)).first() is not None
    keyed = _keyed(connection, catalog, versions, named, known if is_known else None, scoring)
    if not is_known:
        fill(connection, incoming, sa.select(keyed), are_few=staged.are_few)
        return False
    plain = [name for name in tables.fact_columns if name not in ("id", "answer_set")]
    differs = sa.or_(*(known.c[name].is_distinct_from(keyed.c[name]) for name in plain))
    replaced = sa.select(known, keyed.c.data_version.label("replaced_in")).join(keyed, known.c.id == keyed.c.id)
    fill(connection, outgoing, replaced.where(differs), are_few=staged.are_few)
    new = ~sa.exists().where(known.c.id == keyed.c.id)
    replacing = sa.exists().where(outgoing.c.id == keyed.c.id)
    fill(connection, incoming, sa.select(keyed).where(sa.or_(new, replacing)), are_few=staged.are_few)
    return True


def _count(
    connection: Connection, catalog: Catalog, versions: Versions, counts: Sequence[int], *, has_known: bool
) -> list[LoadResult]:
    """Return what became of the rows of each import, of which it has so many, and the days that it touches."""
    incoming, outgoing = load_tables(catalog).incoming.c, load_tables(catalog).outgoing.c
    touched = sa.select(incoming.data_version.label("version"), incoming.day, sa.literal(0).label("goes"))
    rows: sa.FromClause = touched.subquery()
    if has_known:
        gone = sa.select(outgoing.replaced_in, outgoing.day, sa.literal(1))
        rows = sa.union_all(touched, gone).subquery()
    day = rows.c.day
    asked = sa.select(
        rows.c.version,
        sa.func.count().label("rows"),
        sa.func.sum(rows.c.goes).label("gone"),
        sa.func.count(day.distinct()).label("days"),
        sa.func.min(day).label("first"),
        sa.func.max(day).label("last"),
    )
    found = {row.version: row for row in connection.execute(asked.group_by(rows.c.version))}
    loaded = []
    for version, count in zip(versions.all, counts, strict=True):
        row = found.get(version)
        if row is None:
            loaded.append(LoadResult(unchanged=count))
            continue
        changed = int(row.gone)
        added = row.rows - 2 * changed
        unchanged = count - added - changed
        loaded.append(LoadResult(added, changed, unchanged, 0, 0, row.days, row.first, row.last))
    return loaded


def loaded_ids(
    connection: Connection, catalog: Catalog, loaded: Sequence[LoadResult]
) -> tuple[frozenset[str] | None, frozenset[str]]:
    """Return the ids of the rows that a load has put in, None for all of them, and of those that it has taken out."""
    if not any(each.changed or each.unchanged for each in loaded):
        return None, frozenset()
    tables = load_tables(catalog)
    came, went = (frozenset(connection.scalars(sa.select(each.c.id))) for each in (tables.incoming, tables.outgoing))
    return came, went


def days_of(connection: Connection, days: sa.Select[Any]) -> tuple[int, date | None, date | None]:
    """Return how many days there are among some, and the first and the last of them."""
    touched = days.distinct().subquery()
    ends = sa.select(sa.func.count(), sa.func.min(touched.c.day), sa.func.max(touched.c.day))
    count, first, last = connection.execute(ends).one()
    return count, first, last


def _keyed(
    connection: Connection,
    catalog: Catalog,
    versions: Versions,
    named: Sequence[NamedIds],
    known: sa.Table | None,
    scoring: Scoring,
) -> sa.Subquery:
    """Return the staged rows with the keys of their names and sets of answers, as the facts will hold them.

    `known` are the rows of the facts that have their ids; None where none has.
    """
    staged, fact_columns = staged_table(catalog), load_tables(catalog).fact_columns
    joined: sa.FromClause = staged if known is None else staged.outerjoin(known, known.c.id == staged.c.id)
    columns: dict[str, sa.ColumnElement[Any]] = {name: staged.c[name] for name in fact_columns if name in staged.c}
    columns["data_version"] = versions.column(staged.c.seq).label("data_version")
    columns |= set_columns(staged, known, versions)
    if known is not None:
        columns["score"] = kept_score(staged, known, scoring)
    for each in named:
        joined, key = each.join(connection, joined, staged.c[each.dimension.staged_id])
        columns[each.dimension.column] = sa.func.coalesce(key, enums.NO_KEY).label(each.dimension.column)
    return (
        sa.select(*(columns[each.name] for each in catalog.evaluations.columns)).select_from(joined).subquery("keyed")
    )
