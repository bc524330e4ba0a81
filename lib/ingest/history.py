"""The history of imports: what each did, as it is told and as it is listed beside the facts; and what can be undone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.catalog.own_fields import OwnField
from lib.errors.codes import CodedText, restored
from lib.errors.import_codes import ImportCode
from lib.ingest.converter import RowProblem
from lib.ingest.loader import LoadResult
from lib.store.enums import LOADED_RESULTS, ImportResult
from lib.store.messages import Message
from lib.store.schema import imports, replaced_evaluations

_NOTHING = LoadResult()
PROGRAM = "POST /evaluations"  # what is listed in place of a file

MOST_POSTS = 20
"""Posts that are listed among the imports."""

PAGE_SIZE = 50
"""Imports on a page of them."""

_NEWEST = (imports.c.started_at.desc(), imports.c.id.desc())
_BY_PROGRAM = imports.c.files.startswith(json.dumps([{"name": PROGRAM}])[:-2], autoescape=True)

_NAMED = 5  # later imports that a refusal names


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    id: str
    started_at: datetime
    seconds: float
    actor: str
    files: tuple[dict[str, Any], ...]  # name, sha256, bytes
    result: ImportResult
    message: Message | None  # why it failed
    read: int = 0
    blank: int = 0
    bad: int = 0
    short_rows: int = 0  # with fewer cells than the header, the missing ones being empty
    long_rows: int = 0  # with more, which are empty
    loaded: LoadResult = _NOTHING
    problems: tuple[RowProblem, ...] = ()
    bad_rows_file: str | None = None
    warnings: tuple[CodedText, ...] = ()
    new_fields: tuple[OwnField, ...] = ()  # that were defined for it, or would be


def add(connection: Connection, report: ImportReport, names: Sequence[str], mapping: str | None) -> None:
    """List an import of files of these names, in the place of an earlier try that loaded nothing."""
    listed = connection.execute(sa.select(imports.c.result).where(imports.c.id == report.id)).scalar_one_or_none()
    if listed in LOADED_RESULTS:
        return
    statement = sa.insert(imports) if listed is None else sa.update(imports).where(imports.c.id == report.id)
    done = report.loaded
    connection.execute(
        statement.values(
            id=report.id,
            started_at=report.started_at,
            # With the facts' own instant, who knows that tells by it which imports came after.
            finished_at=done.changed_at or datetime.now(UTC),
            actor=report.actor,
            files=json.dumps(report.files or [{"name": name} for name in names]),
            mapping=mapping,
            result=report.result.value,
            message=None if report.message is None else report.message.to_json(),
            read=report.read,
            added=done.added,
            changed=done.changed,
            unchanged=done.unchanged,
            duplicates=done.duplicates,
            blank=report.blank,
            bad=report.bad,
            days=done.days,
            first_day=done.first_day,
            last_day=done.last_day,
            bad_rows_file=report.bad_rows_file,
            warnings=_warnings_to_json(report.warnings),
            data_version=done.data_version,
        )
    )


def find_loaded(connection: Connection, number: str) -> ImportReport | None:
    """Return what the import of an id loaded; None where there is none, or none that loaded anything."""
    asked = sa.select(imports).where(imports.c.id == number, imports.c.result.in_(LOADED_RESULTS))
    row = connection.execute(asked).one_or_none()
    if row is None:
        return None
    return ImportReport(
        id=row.id,
        started_at=row.started_at,
        seconds=(row.finished_at - row.started_at).total_seconds(),
        actor=row.actor,
        files=tuple(json.loads(row.files)),
        result=ImportResult(row.result),
        message=Message.from_json(row.message),
        read=row.read,
        blank=row.blank,
        bad=row.bad,
        loaded=LoadResult(
            added=row.added,
            changed=row.changed,
            unchanged=row.unchanged,
            duplicates=row.duplicates,
            exact_duplicates=None,
            days=row.days,
            first_day=row.first_day,
            last_day=row.last_day,
            changed_at=row.finished_at,
            data_version=row.data_version,
        ),
        bad_rows_file=row.bad_rows_file,
        warnings=_warnings_from_json(row.warnings),
    )


@dataclass(frozen=True, slots=True)
class LaterImport:
    """An import that changed rows of an earlier one, which can't be undone before it."""

    id: str
    started_at: datetime
    files: tuple[str, ...]  # their names

    def __str__(self) -> str:
        """Return its id, and what tells a person which it is."""
        return f"{self.id} ({', '.join(self.files)}, {self.started_at:%Y-%m-%d %H:%M} UTC)"


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import as the history lists it; `why_not` says whether it can be undone."""

    id: str
    started_at: datetime
    finished_at: datetime
    actor: str
    files: tuple[dict[str, Any], ...]
    result: ImportResult
    message: Message | None  # why it failed
    read: int
    added: int
    changed: int
    unchanged: int
    duplicates: int
    blank: int
    bad: int
    days: int
    first_day: date | None
    last_day: date | None
    bad_rows_file: str | None
    warnings: tuple[CodedText, ...]
    data_version: int | None  # of the facts, that it made; None where it changed nothing, or an earlier program did it
    undo_lost: str | None  # an ImportCode: why it can no longer be undone
    undone_at: datetime | None
    undone_by: str | None
    undone_job: str | None
    later: tuple[LaterImport, ...]  # those that changed its rows since, the newest first

    @property
    def why_not(self) -> CodedText | None:
        """Why it can't be undone; None where it can."""
        if self.undone_at is not None:
            return ImportCode.UNDO_DONE.of(id=self.id, when=f"{self.undone_at:%Y-%m-%d %H:%M} UTC")
        if self.undo_lost is not None:
            texts = (
                ImportCode.UNDO_TOO_OLD.of(id=self.id),
                ImportCode.UNDO_REPLACED.of(id=self.id),
                ImportCode.UNDO_DELETED.of(id=self.id),
            )
            return next(text for text in texts if text.code == self.undo_lost)
        if self.data_version is None:
            is_earlier = self.result in LOADED_RESULTS and bool(self.added or self.changed)
            return ImportCode.UNDO_EARLIER.of(id=self.id) if is_earlier else ImportCode.UNDO_NOTHING.of(id=self.id)
        if self.later:
            listed = "; ".join(map(str, self.later[:_NAMED])) + ("; …" if len(self.later) > _NAMED else "")
            return ImportCode.UNDO_CHANGED_SINCE.of(id=self.id, count=len(self.later), imports=listed)
        return None


def entries(connection: Connection, limit: int = 100) -> list[ImportRecord]:
    """Return the imports, newest first; of those that programs posted, the newest MOST_POSTS alone.

    Programs may post many times a second, which is not to push the files out of sight.
    """
    posted = sa.select(imports.c.id).where(_BY_PROGRAM).order_by(*_NEWEST).limit(MOST_POSTS)
    listed = sa.or_(~_BY_PROGRAM, imports.c.id.in_(posted))
    return _records(connection, sa.select(imports).where(listed).order_by(*_NEWEST).limit(limit))


def entries_of(connection: Connection, page: int, *, posted: bool) -> list[ImportRecord]:
    """Return the imports of files, or those that programs posted, newest first, by pages of PAGE_SIZE."""
    listed = sa.select(imports).where(_BY_PROGRAM if posted else ~_BY_PROGRAM).order_by(*_NEWEST)
    return _records(connection, listed.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE))


def count_by_source(connection: Connection) -> tuple[int, int]:
    """Return how many imports of files are listed, and how many that programs posted."""
    posted = sa.func.coalesce(sa.func.sum(sa.case((_BY_PROGRAM, 1), else_=0)), 0)
    count, of_programs = connection.execute(sa.select(sa.func.count(), posted).select_from(imports)).one()
    return int(count - of_programs), int(of_programs)


def find(connection: Connection, number: str) -> ImportRecord | None:
    """Return the import of an id as it is listed; None where there is none."""
    return next(iter(_records(connection, sa.select(imports).where(imports.c.id == number))), None)


def _records(connection: Connection, listed: sa.Select[Any]) -> list[ImportRecord]:
    rows = connection.execute(listed).all()
    later = _later(connection, [row.data_version for row in rows if row.data_version is not None])
    return [
        ImportRecord(
            **{
                **{name: row._mapping[name] for name in ImportRecord.__dataclass_fields__ if name != "later"},
                "files": tuple(json.loads(row.files)),
                "result": ImportResult(row.result),
                "message": Message.from_json(row.message),
                "warnings": _warnings_from_json(row.warnings),
                "later": later.get(row.data_version, ()),
            }
        )
        for row in rows
    ]


def _later(connection: Connection, versions: Sequence[int]) -> dict[int, tuple[LaterImport, ...]]:
    """Return the imports that changed rows of others, and those that changed theirs, by the version of the others."""
    changed_in = _changed_in(connection, versions)
    needed = {version: _reached(version, changed_in) for version in changed_in if version in {*versions}}
    if not needed:
        return {}
    found = (
        sa.select(imports.c.data_version, imports.c.id, imports.c.started_at, imports.c.files)
        .where(imports.c.data_version.in_(set().union(*needed.values())))
        .order_by(imports.c.data_version.desc())
    )
    listed = {
        version: LaterImport(number, started_at, tuple(file["name"] for file in json.loads(files)))
        for version, number, started_at, files in connection.execute(found)
    }
    return {version: tuple(listed[each] for each in listed if each in later) for version, later in needed.items()}


def _changed_in(connection: Connection, versions: Iterable[int]) -> dict[int, set[int]]:
    """Return in which versions rows of some versions were changed, and rows of these in turn."""
    old, found, asked = replaced_evaluations, defaultdict[int, set[int]](set), set(versions)
    frontier = asked
    while frontier:
        pairs = sa.select(old.c.data_version, old.c.replaced_in).where(old.c.data_version.in_(frontier)).distinct()
        for version, later in connection.execute(pairs):
            found[version].add(later)
        frontier = {later for version in frontier for later in found.get(version, ())} - asked
        asked |= frontier
    return dict(found)


def _reached(version: int, changed_in: dict[int, set[int]]) -> set[int]:
    """Return the versions that have to go before a version can: those that changed its rows, and so on."""
    reached: set[int] = set()
    frontier = changed_in[version]
    while frontier:
        reached |= frontier
        frontier = {later for each in frontier for later in changed_in.get(each, ())} - reached
    return reached


def _warnings_to_json(warnings: Iterable[CodedText]) -> str:
    return json.dumps([asdict(warning) for warning in warnings], ensure_ascii=False)


def _warnings_from_json(text: str | None) -> tuple[CodedText, ...]:
    return () if text is None else tuple(map(restored, json.loads(text)))


def bad_rows_files(connection: Connection) -> list[str]:
    """Return the names of the files of bad rows that imports left."""
    return list(connection.scalars(sa.select(imports.c.bad_rows_file).where(imports.c.bad_rows_file.is_not(None))))


def count_imports(connection: Connection) -> int:
    """Return how many imports are listed."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(imports)).scalar_one())
