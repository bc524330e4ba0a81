"""The names that an import's rows came with: each id gets a key, and the name that it came with last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import Grouping

from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import NamedDimension
from lib.catalog.own_fields import MOST_CATEGORIES
from lib.errors import FieldError
from lib.errors.codes import CodedText
from lib.errors.field_codes import FieldCode
from lib.ingest import import_warnings
from lib.ingest.load_versions import POST_ROWS, Versions, shifted_right
from lib.ingest.staging import StagedRows, staged_table
from lib.store import enums
from lib.store.bulk_io import analyze, create_anew, fill, load_batches
from lib.store.schema import replaced_names

_FEW_IDS = 1_000
"""So many ids are asked for one by one; for more, a whole table of names is read."""


@dataclass(frozen=True, slots=True)
class GivenName:
    """An id that a version brings, its key, and the name that it came with last, if any did."""

    id: str
    key: int
    name: str | None
    version: int
    is_new: bool
    replaced: str | None  # the name that it had before, where this one takes its place


@dataclass(frozen=True, slots=True)
class NamedIds:
    """What an import did to the names of a dimension; `keys` are by the codes of the staged ids."""

    dimension: NamedDimension
    keys: tuple[int, ...]
    given: tuple[GivenName, ...]

    def join(
        self, connection: Connection, rows: sa.FromClause, code: sa.ColumnElement[int]
    ) -> tuple[sa.FromClause, sa.ColumnElement[int]]:
        """Return rows, with what is needed beside them to know their keys by the codes of their ids; and their keys."""
        if not self.keys:
            return rows, sa.literal(enums.NO_KEY, sa.Integer)
        if len(self.keys) <= _FEW_IDS:
            keys = sa.literal([*self.keys], sa.ARRAY(sa.Integer))
            return rows, Grouping(keys)[code + 1]  # PostgreSQL wants parentheses about a list that is looked up in
        table = _keys_table(self.dimension.column)
        create_anew(connection, table)
        codes = pa.table({"code": pa.array(range(len(self.keys)), pa.int32()), "key": pa.array(self.keys, pa.int32())})
        load_batches(connection, table, codes.to_reader())
        analyze(connection, table)
        return rows.outerjoin(table, table.c.code == code), table.c.key

    def warnings(self, connection: Connection, version: int) -> Iterator[CodedText]:
        """Yield what is odd about the names that a version brought."""
        given = [each for each in self.given if each.version == version]
        names = [each.name or each.id for each in given]
        new = [each.name or each.id for each in given if each.is_new or each.replaced is not None]
        yield from import_warnings.alike_names(connection, self.dimension, names, new)
        renamed = [(each.replaced, each.name or "") for each in given if each.replaced is not None]
        yield from import_warnings.changed_names(self.dimension, renamed)


_Given = dict[int, list[tuple[int, str | None]]]
"""By the codes of ids: the last row of each post, in their order, and the name that the id came with."""


def give_keys(connection: Connection, catalog: Catalog, staged: StagedRows, versions: Versions) -> tuple[NamedIds, ...]:
    """Give every id of the staged rows a key, and the name that it came with last from who may rename."""
    given = _given_names(connection, catalog, staged, versions)
    known = _known(connection, catalog, staged)
    return tuple(
        _named(connection, each, staged.texts[each.staged_id], given[each], known[each], versions)
        for each in catalog.stored_dimensions
    )


def _named(
    connection: Connection,
    dimension: NamedDimension,
    ids: Sequence[str],
    came: _Given,
    known: Mapping[str, tuple[int, str]],
    versions: Versions,
) -> NamedIds:
    new = sorted(ids[code] for code in came if ids[code] not in known)
    highest = connection.execute(sa.select(sa.func.max(dimension.table.c.key))).scalar_one() if new else 0
    keys = {**{each: key for each, (key, _) in known.items()}, **{each: highest + n for n, each in enumerate(new, 1)}}
    given: list[GivenName] = []
    names: dict[str, str] = {}
    for code, in_turn in came.items():
        number = ids[code]
        before = known[number][1] if number in known else None
        names[number], of_id = _in_turn(number, keys[number], before, in_turn, versions)
        given += of_id
    _write(connection, dimension, given, names)
    return NamedIds(dimension, tuple(keys.get(each, enums.NO_KEY) for each in ids), tuple(given))


def _in_turn(
    number: str, key: int, before: str | None, came: Sequence[tuple[int, str | None]], versions: Versions
) -> tuple[str, list[GivenName]]:
    """Return the name that an id has in the end, as if one post came after the other, and what each version gave it.

    `before` is None for a new id.
    """
    current, creator = before, None
    last: dict[int, str | None] = {}  # the names that versions gave last, and below those that were then the id's
    became: dict[int, str] = {}
    for seq, name in came:
        version = versions.of(seq)
        last[version] = last.pop(version, None) if name is None else name
        if current is None:
            creator, current = version, name or number
        elif name is not None and name != current and versions.renames(version):
            current = name
        else:
            continue
        became.pop(version, None)
        became[version] = current
    replaced: dict[int, str] = {}
    earlier = before
    for version, name in _in_order(became):
        if earlier is not None and name != earlier:
            replaced[version] = earlier
        earlier = name
    given = [
        GivenName(number, key, name, version, version == creator, replaced.get(version))
        for version, name in last.items()
    ]
    return current or number, given


def _in_order(became: dict[int, str]) -> list[tuple[int, str]]:
    """Return the names that versions gave one after the other, without those that a lower version replaced.

    An undo goes by the order of the versions.
    """
    kept: list[tuple[int, str]] = []
    for version, name in reversed(became.items()):
        if not kept or version < kept[-1][0]:
            kept.append((version, name))
    return kept[::-1]


def _write(
    connection: Connection, dimension: NamedDimension, given: Sequence[GivenName], names: Mapping[str, str]
) -> None:
    """Write down new names, and those that take the place of others, which are kept. `names` are by id."""
    table = dimension.table
    new = {each.id: each.key for each in given if each.is_new}
    if new:
        columns = [[*new.values()], [*new], [names[each] for each in new]]
        shape = pa.schema([("key", pa.int32()), ("id", pa.string()), ("name", pa.string())])
        load_batches(connection, table, pa.table(columns, schema=shape).to_reader())
    for each in given:
        if each.replaced is not None:
            connection.execute(sa.update(table).where(table.c.key == each.key).values(name=names[each.id]))
            kept = {"dimension": dimension.name, "key": each.key, "name": each.replaced, "replaced_in": each.version}
            connection.execute(sa.insert(replaced_names).values(kept))


def _given_names(
    connection: Connection, catalog: Catalog, staged: StagedRows, versions: Versions
) -> dict[NamedDimension, _Given]:
    """Return the ids of the staged rows, with the last row of each post that named one, and the name.

    An id that came without a name has the last row that has it.
    """
    rows: sa.Table = staged_table(catalog)
    seq = rows.c.seq
    if not staged.are_few:  # of what they have together there is much less
        rows, seq = _together(connection, catalog), _together_table(catalog).c.seq
    of_post = [shifted_right(seq, POST_ROWS)] if versions.by_post else []
    pairs = [
        sa.select(
            sa.literal(place, sa.Integer).label("place"),
            rows.c[each.staged_id].label("id"),
            rows.c[each.staged_name].label("name"),
            sa.func.max(seq).label("seq"),
        )
        .where(rows.c[each.staged_id].is_not(None))
        .group_by(rows.c[each.staged_id], rows.c[each.staged_name], *of_post)
        for place, each in enumerate(catalog.stored_dimensions)
        if staged.texts[each.staged_id]
    ]
    found: dict[NamedDimension, _Given] = {each: {} for each in catalog.stored_dimensions}
    if not pairs:
        return found
    named: dict[tuple[int, int, int], tuple[int, str | None]] = {}  # by place, post and code
    for place, code, name_code, last in sorted(
        connection.execute(sa.union_all(*pairs)).all(), key=lambda row: (row.name is not None, row.seq)
    ):
        texts = staged.texts[catalog.stored_dimensions[place].staged_name]
        named[place, versions.post(last), code] = last, None if name_code is None else texts[name_code]
    for (place, _, code), came in sorted(named.items(), key=lambda item: item[0][:2]):
        found[catalog.stored_dimensions[place]].setdefault(code, []).append(came)
    return found


def _known(
    connection: Connection, catalog: Catalog, staged: StagedRows
) -> dict[NamedDimension, dict[str, tuple[int, str]]]:
    """Return the key and the name of known ids among those of the staged rows, by dimension and id."""
    found: dict[NamedDimension, dict[str, tuple[int, str]]] = {each: {} for each in catalog.stored_dimensions}
    asked = []
    for place, each in enumerate(catalog.stored_dimensions):
        ids, names = staged.texts[each.staged_id], each.table.c
        if ids:
            of_ids = names.id.in_(ids) if len(ids) <= _FEW_IDS else names.id.is_not(None)
            columns = (sa.literal(place, sa.Integer).label("place"), names.key, names.id, names.name)
            asked.append(sa.select(*columns).where(of_ids))
    for place, key, number, name in connection.execute(sa.union_all(*asked)) if asked else ():
        found[catalog.stored_dimensions[place]][number] = key, name
    return found


@cache
def _keys_table(column: str) -> sa.Table:
    """Return the table of a dimension's keys by the codes of its staged ids."""
    columns = (sa.Column(name, sa.Integer) for name in ("code", "key"))
    return sa.Table(f"given_{column}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])


@lru_cache(maxsize=32)
def _together_table(catalog: Catalog) -> sa.Table:
    """Return the table of the ids and names that staged rows have together."""
    names = [name for each in catalog.stored_dimensions for name in (each.staged_id, each.staged_name)]
    columns = (sa.Column(name, staged_table(catalog).c[name].type) for name in names)
    last = sa.Column("seq", sa.BigInteger)  # of the last row that has them
    return sa.Table("together", sa.MetaData(), *columns, last, prefixes=["TEMPORARY"])


def _together(connection: Connection, catalog: Catalog) -> sa.Table:
    table, staged = _together_table(catalog), staged_table(catalog)
    had = [staged.c[column.name] for column in table.columns if column.name != "seq"]
    fill(connection, table, sa.select(*had, sa.func.max(staged.c.seq)).group_by(*had))
    return table


def confirm_names(connection: Connection, named: Sequence[NamedIds], made: Collection[int | None]) -> None:
    """Keep that versions gave names which earlier ones had changed: an undo of those leaves them as they are.

    They are kept as names that the version replaced by the same, so that they go when it is undone, too. `made` are the
    versions that there are now.
    """
    came = {
        (ids.dimension.name, each.key): each
        for ids in named
        for each in ids.given
        if each.name is not None and not each.is_new and each.version in made
    }
    kept = replaced_names.c
    changed = sa.select(kept.dimension, kept.key, kept.replaced_in)
    if len(came) <= _FEW_IDS:
        changed = changed.where(kept.key.in_({key for _, key in came}))
    versions: dict[tuple[str, int], set[int]] = {}
    for dimension, key, version in connection.execute(changed) if came else ():
        versions.setdefault((dimension, key), set()).add(version)
    same = [
        {"dimension": place[0], "key": place[1], "name": each.name, "replaced_in": each.version}
        for place, each in came.items()
        if place in versions and each.version not in versions[place]
    ]
    if same:
        connection.execute(sa.insert(replaced_names), same)


def check_categories(connection: Connection, catalog: Catalog, named: Sequence[NamedIds]) -> None:
    """Raise FieldError where the evaluations have come to have more categories of an own field than they may.

    Names that only replaced evaluations have do not count; they are looked for where there are many.
    """
    for ids in named:
        dimension = ids.dimension
        if not dimension.is_own or not ids.given:
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
