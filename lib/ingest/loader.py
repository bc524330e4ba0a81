"""Loading: checked rows into the facts, by id, with the rollup, in one transaction or not at all.

The rows come from a temporary table (`staging.py`). What they change is worked out there against what is known, so that
the transaction writes only what differs, and the same import twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.analytics.conditions import grant_conditions
from lib.analytics.grants import Grant
from lib.analytics.metric_rollups import catalog_for_writing
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import NamedDimension
from lib.catalog.own_fields import MOST_CATEGORIES
from lib.errors import ConflictError, FieldError
from lib.errors.codes import CodedText
from lib.errors.field_codes import FieldCode
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
from lib.ingest.mapping import AS_SCORED, Scoring
from lib.ingest.staging import staged_table, texts
from lib.store import enums, schema
from lib.store.bulk_io import MANY_ROWS, analyze, analyze_grown, bulk_insert, drop
from lib.store.schema import imports, replaced_names, workspace


@dataclass(frozen=True, slots=True)
class LoadTables:
    """The temporary tables that a load works in, as a catalog's evaluations are."""

    fact_columns: tuple[str, ...]  # what a row says; that it came with another version makes it no other row
    incoming: sa.Table  # the rows that differ from what is known, as the facts will hold them
    outgoing: sa.Table  # the rows of the facts that those replace
    known: sa.Table  # the rows of the facts that have the ids of staged ones
    measured: sa.Table  # what the rollups take of new rows, so that keys are looked up for them once


@lru_cache(maxsize=32)
def load_tables(catalog: Catalog) -> LoadTables:
    """Return the temporary tables of a catalog's evaluations; always the same, so that statements are compiled once."""
    columns = {column.name: column.type for column in catalog.evaluations.columns}
    said = tuple(name for name in columns if name != "data_version")

    def temporary(name: str, held: Iterable[str]) -> sa.Table:
        return sa.Table(name, sa.MetaData(), *(sa.Column(each, columns[each]) for each in held), prefixes=["TEMPORARY"])

    return LoadTables(
        said,
        temporary("incoming", said),
        temporary("outgoing", columns),
        temporary("known", columns),
        temporary("measured", catalog.measured_columns),
    )


@lru_cache(maxsize=32)
def _together_table(catalog: Catalog) -> sa.Table:
    """Return the table of the ids and names that staged rows have together: much fewer than there are rows."""
    names = [name for each in catalog.stored_dimensions for name in (each.staged_id, each.staged_name)]
    columns = (sa.Column(name, staged_table(catalog).c[name].type) for name in names)
    last = sa.Column("seq", sa.BigInteger)  # of the last row that has them
    return sa.Table("together", sa.MetaData(), *columns, last, prefixes=["TEMPORARY"])


given = sa.Table(
    "given",
    sa.MetaData(),
    sa.Column("dimension", sa.Text),
    sa.Column("code", sa.Integer),  # of the id
    sa.Column("id", sa.Text),
    sa.Column("name", sa.Text),
    prefixes=["TEMPORARY"],
)
"""The ids of each dimension that the staged rows have, each with the name it came with last."""


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
    grant: Grant,
    *,
    scoring: Scoring = AS_SCORED,
    replace_all: bool = False,
    is_sample: bool = False,
) -> LoadResult:
    """Bring the staged rows into the facts; must run inside `FactStore.write`. Duplicates are not counted here.

    What they replace is kept, so that `undo` can bring it back. `replace_all` empties the facts first. `is_sample`
    marks what the facts then hold as sample data. `scoring` says what the answers that a row keeps make of its score.
    Raises ConflictError where a row would replace one that the grant does not cover.
    """
    catalog = catalog_for_writing(connection, catalog.own_fields)
    if replace_all:
        clear(connection, catalog, ImportCode.UNDO_REPLACED)
    version = connection.execute(sa.select(workspace.c.data_version)).scalar_one() + 1
    staged, together, tables = staged_table(catalog), _together_table(catalog), load_tables(catalog)
    outgoing, measured = tables.outgoing, tables.measured
    had_together = [staged.c[column.name] for column in together.columns if column.name != "seq"]
    fill(connection, together, sa.select(*had_together, sa.func.max(staged.c.seq)).group_by(*had_together))
    given.create(connection)
    renamer = version if grant.everything else None
    named = {each: _name(connection, together, each, renamer) for each in catalog.stored_dimensions}
    analyze(connection, given)
    loaded, rows = _compare(connection, catalog, version, scoring)
    if loaded.changed and not grant.everything:
        visible = sa.select(sa.func.count()).select_from(outgoing).where(*grant_conditions(outgoing, grant, catalog))
        if connection.execute(visible).scalar_one() < loaded.changed:
            raise ConflictError("Nothing was loaded: some of the ids are taken.")
    moved = define_criteria(connection, version, changes_sections=grant.everything)
    if loaded.changed:
        take_out(connection, catalog, rows, version)
    elif loaded.added:
        fill(connection, measured, sa.select(*(rows.c[column.name] for column in measured.columns)))
        insert_answers(connection, version, measured)
        rollup.apply(connection, catalog, measured, None)
    put_in(connection, catalog, rows, version)
    _check_categories(connection, catalog)
    warnings = (*_warnings(connection, catalog, named, loaded), *section_warnings(moved))
    loaded = replace(loaded, warnings=warnings, answers=count_answers(connection, version))
    has_renamed = bool(moved) or any(each.renamed for each in named.values())
    if loaded.added or loaded.changed or has_renamed or replace_all:
        now = datetime.now(UTC)
        connection.execute(sa.update(workspace).values(data_version=version, changed_at=now, is_sample=is_sample))
        loaded = replace(loaded, changed_at=now, data_version=version)
        if grant.everything:
            for each in catalog.stored_dimensions:
                _confirm_names(connection, each, version)
    drop(connection, together, given, tables.known, tables.incoming, outgoing, measured)
    if loaded.added + loaded.changed >= MANY_ROWS:
        analyze_grown(connection)
    return loaded


def take_out(connection: Connection, catalog: Catalog, rows: sa.FromClause, version: int) -> None:
    """Keep the rows in `outgoing` apart, and take them out of the facts; the rollups change to what `rows` will be."""
    outgoing, evaluations = load_tables(catalog).outgoing, catalog.evaluations
    insert_answers(connection, version, rows)
    rollup.apply(connection, catalog, rows, outgoing)
    kept = sa.select(outgoing, sa.literal(version, sa.Integer))
    connection.execute(
        sa.insert(catalog.replaced_evaluations).from_select([*outgoing.columns.keys(), "replaced_in"], kept)
    )
    connection.execute(sa.delete(evaluations).where(evaluations.c.id.in_(sa.select(outgoing.c.id))))


def put_in(connection: Connection, catalog: Catalog, rows: sa.FromClause, version: int) -> None:
    """Put rows into the facts, as of a version."""
    names = load_tables(catalog).fact_columns
    ordered = sa.select(*(rows.c[name] for name in names), sa.literal(version, sa.Integer)).order_by(rows.c.day)
    with bulk_insert(connection, schema.evaluations):  # whose indexes are declared there
        connection.execute(sa.insert(catalog.evaluations).from_select([*names, "data_version"], ordered))


def clear(connection: Connection, catalog: Catalog, why: ImportCode) -> None:
    """Take everything out of the facts but the history of imports, none of which can be undone afterwards, for `why`.

    Must run inside `FactStore.write`; who calls it brings the version of the facts up.
    """
    for table in (catalog.evaluations, catalog.replaced_evaluations, replaced_names, schema.answers, schema.criteria):
        connection.execute(sa.delete(table))
    rollup.clear(connection, catalog)
    for dimension in catalog.stored_dimensions:
        connection.execute(sa.delete(dimension.table).where(dimension.table.c.key != enums.NO_KEY))
    could = sa.and_(imports.c.data_version.is_not(None), imports.c.undone_at.is_(None), imports.c.undo_lost.is_(None))
    connection.execute(sa.update(imports).where(could).values(undo_lost=why.value))


@dataclass(frozen=True, slots=True)
class _Named:
    """What an import did to the names of a dimension: the last key before it, and names as they were and became."""

    highest: int
    renamed: tuple[tuple[str, str], ...]


def _warnings(
    connection: Connection, catalog: Catalog, named: dict[NamedDimension, _Named], loaded: LoadResult
) -> Iterator[CodedText]:
    """Yield what is odd about rows that were loaded."""
    staged, outgoing = staged_table(catalog), load_tables(catalog).outgoing
    if loaded.changed:
        examples = connection.scalars(sa.select(outgoing.c.id).order_by(outgoing.c.id).limit(4)).all()
        yield from import_warnings.replaced_rows(loaded.changed, examples)
    came: dict[str, list[str]] = {}
    for dimension, name in connection.execute(sa.select(given.c.dimension, sa.func.coalesce(given.c.name, given.c.id))):
        came.setdefault(dimension, []).append(name)
    for each, done in named.items():
        names = came.get(each.name, ())
        new = [name for _, name in done.renamed]
        yield from import_warnings.alike_names(connection, each, names, done.highest, new)
        yield from import_warnings.changed_names(each, done.renamed)
    if loaded.added or loaded.changed:
        yield from import_warnings.busy_days(connection, staged, loaded.first_day, loaded.last_day)


def _name(connection: Connection, together: sa.Table, dimension: NamedDimension, version: int | None) -> _Named:
    """Give every id of the staged rows a key, and the name it came with last.

    `version` is the one that changes names. Without it known names stay: who sees a part of the data has no say in
    what others read.
    """
    names = dimension.table
    id_column, name_column = together.c[dimension.staged_id], together.c[dimension.staged_name]
    pairs = (
        sa.select(id_column.label("id"), name_column.label("name"), sa.func.max(together.c.seq).label("seq"))
        .where(id_column.is_not(None))
        .group_by(id_column, name_column)
        .subquery()
    )
    # The last name that came with the id; where none did, the id.
    place = sa.func.row_number().over(
        partition_by=pairs.c.id, order_by=(sa.case((pairs.c.name.is_(None), 1), else_=0), pairs.c.seq.desc())
    )
    ranked = sa.select(pairs, place.label("place")).subquery()
    name_texts = texts.alias()
    last = (
        sa.select(sa.literal(dimension.name), ranked.c.id, texts.c.text, name_texts.c.text)
        .join(texts, texts.c.code == ranked.c.id)
        .outerjoin(name_texts, name_texts.c.code == ranked.c.name)
        .where(ranked.c.place == 1)
    )
    connection.execute(sa.insert(given).from_select(["dimension", "code", "id", "name"], last))
    ours = given.c.dimension == dimension.name
    renamed = connection.execute(
        sa.select(names.c.key, names.c.name.label("before"), given.c.name)
        .join(given, names.c.id == given.c.id)
        .where(ours, given.c.name.is_not(None), given.c.name != names.c.name)
    ).all()
    renamed = [] if version is None else renamed
    for key, before, name in renamed:
        connection.execute(sa.update(names).where(names.c.key == key).values(name=name))
        kept = {"dimension": dimension.name, "key": key, "name": before, "replaced_in": version}
        connection.execute(sa.insert(replaced_names).values(kept))
    highest = connection.execute(sa.select(sa.func.max(names.c.key))).scalar_one()
    number = sa.func.row_number().over(order_by=given.c.id) + highest
    taken = sa.exists().where(names.c.id == given.c.id)
    connection.execute(
        sa.insert(names).from_select(
            ["key", "id", "name"],
            sa.select(number, given.c.id, sa.func.coalesce(given.c.name, given.c.id)).where(ours, ~taken),
        )
    )
    return _Named(highest, tuple((row.before, row.name) for row in renamed))


def _check_categories(connection: Connection, catalog: Catalog) -> None:
    """Raise FieldError where the evaluations have come to have more categories of an own field than they may.

    Names that only replaced evaluations have do not count; they are looked for where there are many.
    """
    for dimension in catalog.stored_dimensions:
        if not dimension.is_own:
            continue
        names, key = dimension.table.c, catalog.evaluations.c[dimension.column]
        known = connection.execute(sa.select(sa.func.count()).where(names.key != enums.NO_KEY)).scalar_one()
        if known > MOST_CATEGORIES:
            used = sa.select(sa.func.count(key.distinct())).where(key != enums.NO_KEY)
            count = connection.execute(used).scalar_one()
            if count > MOST_CATEGORIES:
                own = next(own for own in catalog.own_fields if own.parameter == dimension.name)
                raise FieldError(
                    FieldCode.TOO_MANY_CATEGORIES, name=own.name, count=f"{count:,}", most=f"{MOST_CATEGORIES:,}"
                )


def _confirm_names(connection: Connection, dimension: NamedDimension, version: int) -> None:
    """Keep that this version gave names which an earlier one had changed: an undo of that one leaves them as they are.

    They are kept as names that this version replaced by the same, so that they go when it is undone, too.
    """
    names, kept = dimension.table, replaced_names
    changed = sa.exists().where(kept.c.dimension == dimension.name, kept.c.key == names.c.key)
    same = (
        sa.select(sa.literal(dimension.name), names.c.key, names.c.name, sa.literal(version, sa.Integer))
        .join(given, given.c.id == names.c.id)
        .where(given.c.dimension == dimension.name, given.c.name == names.c.name, changed)
        .where(~changed.where(kept.c.replaced_in == version))
    )
    connection.execute(sa.insert(kept).from_select(["dimension", "key", "name", "replaced_in"], same))


def _compare(
    connection: Connection, catalog: Catalog, version: int, scoring: Scoring
) -> tuple[LoadResult, sa.FromClause]:
    """Return what the staged rows change, and those of them that are new or differ, as the facts will hold them.

    `outgoing` is filled with the facts that they replace, where they replace any.
    """
    staged, tables, evaluations = staged_table(catalog), load_tables(catalog), catalog.evaluations
    known, incoming, outgoing = tables.known, tables.incoming, tables.outgoing
    ends = sa.select(sa.func.count(), sa.func.min(staged.c.id), sa.func.max(staged.c.id))
    total, lowest, highest = connection.execute(ends).one()
    same = sa.select(evaluations).join(staged, staged.c.id == evaluations.c.id)
    # Ids mostly grow with time, so that what is new lies beyond what is held, and an index says so at once.
    fill(connection, known, same.where(evaluations.c.id.between(lowest, highest)))
    is_known = connection.execute(sa.select(known.c.id).limit(1)).first() is not None
    keyed = _keyed(catalog, version, known if is_known else None, scoring)
    rows: sa.FromClause = keyed
    different, changed, days = total, 0, sa.select(staged.c.day)
    if is_known:
        plain = [name for name in tables.fact_columns if name not in ("id", "answer_set")]
        differs = sa.or_(*(known.c[name].is_distinct_from(keyed.c[name]) for name in plain))
        fill(connection, outgoing, sa.select(known).join(keyed, known.c.id == keyed.c.id).where(differs))
        new = ~sa.exists().where(known.c.id == keyed.c.id)
        replacing = sa.exists().where(outgoing.c.id == keyed.c.id)
        fill(connection, incoming, sa.select(keyed).where(sa.or_(new, replacing)))
        rows = incoming
        changed = connection.execute(sa.select(sa.func.count()).select_from(outgoing)).scalar_one()
        different = connection.execute(sa.select(sa.func.count()).select_from(incoming)).scalar_one()
        days = sa.select(sa.union(sa.select(incoming.c.day), sa.select(outgoing.c.day)).subquery().c.day)
    touched = days_of(connection, days)
    return LoadResult(different - changed, changed, total - different, 0, 0, *touched), rows


def days_of(connection: Connection, days: sa.Select[Any]) -> tuple[int, date | None, date | None]:
    """Return how many days there are among some, and the first and the last of them."""
    touched = days.distinct().subquery()
    ends = sa.select(sa.func.count(), sa.func.min(touched.c.day), sa.func.max(touched.c.day))
    count, first, last = connection.execute(ends).one()
    return count, first, last


def fill(connection: Connection, table: sa.Table, rows: sa.Select[Any]) -> None:
    """Make a temporary table of rows."""
    table.create(connection)
    connection.execute(sa.insert(table).from_select(table.columns.keys(), rows))
    analyze(connection, table)


def _keyed(catalog: Catalog, version: int, known: sa.Table | None, scoring: Scoring) -> sa.Subquery:
    """Return the staged rows with the keys of their names and sets of answers, as the facts will hold them.

    `known` are the rows of the facts that have their ids; None where none has.
    """
    staged, fact_columns = staged_table(catalog), load_tables(catalog).fact_columns
    joined: sa.FromClause = staged if known is None else staged.outerjoin(known, known.c.id == staged.c.id)
    columns: dict[str, sa.ColumnElement[Any]] = {name: staged.c[name] for name in fact_columns if name in staged.c}
    columns |= set_columns(staged, known, version)
    if known is not None:
        columns["score"] = kept_score(staged, known, scoring)
    for dimension in catalog.stored_dimensions:
        names = dimension.table
        keys = (
            sa.select(given.c.code, names.c.key)
            .join(names, names.c.id == given.c.id)
            .where(given.c.dimension == dimension.name)
            .subquery(f"given_{names.name}")
        )
        joined = joined.outerjoin(keys, keys.c.code == staged.c[dimension.staged_id])
        columns[dimension.column] = sa.func.coalesce(keys.c.key, enums.NO_KEY).label(dimension.column)
    return sa.select(*(columns[name] for name in fact_columns)).select_from(joined).subquery("keyed")
