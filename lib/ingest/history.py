"""The history of imports: what each did, as it is told and as it is listed beside the facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.ingest.converter import RowProblem
from lib.ingest.loader import LoadResult
from lib.store.enums import LOADED_RESULTS, ImportResult
from lib.store.messages import Message
from lib.store.schema import imports

_NOTHING = LoadResult()


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
    loaded: LoadResult = _NOTHING
    problems: tuple[RowProblem, ...] = ()
    bad_rows_file: str | None = None


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
        ),
        bad_rows_file=row.bad_rows_file,
    )


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import as the history lists it."""

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


def entries(connection: Connection, limit: int = 100) -> list[ImportRecord]:
    """Return the imports, newest first."""
    columns = [imports.c[name] for name in ImportRecord.__dataclass_fields__]
    newest = sa.select(*columns).order_by(imports.c.started_at.desc(), imports.c.id.desc()).limit(limit)
    return [
        ImportRecord(
            **{
                **row._mapping,
                "files": tuple(json.loads(row.files)),
                "result": ImportResult(row.result),
                "message": Message.from_json(row.message),
            }
        )
        for row in connection.execute(newest)
    ]


def count_imports(connection: Connection) -> int:
    """Return how many imports are listed."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(imports)).scalar_one())
