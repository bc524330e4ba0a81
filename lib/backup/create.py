"""Taking a backup: each store as it is at one moment, while others write.

The state is read first, whole, and then the facts as they are at a later moment: what the state speaks of (the version
that a pinned link was made of, the ids that a key is limited to) is among the facts by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from lib import __version__
from lib.access import signing
from lib.analytics.archived_months import count_evaluations
from lib.analytics.metric_definitions import stored_catalog
from lib.backup import archive, table_io
from lib.backup.archive import FORMAT, SECRET, ArchiveMember, BackupWriter, Manifest, StoreSnapshot
from lib.errors import BackupError, StorageError
from lib.errors.codes import FailureCode
from lib.settings import Settings
from lib.store import migrations, schema
from lib.store.arrow_shapes import shape
from lib.store.facts import FactStore
from lib.store.messages import JobStep, Message, Tell
from lib.store.state import StateStore


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """Where to write a backup, whether with the secret that signs links, and for which job.

    `replace` lets it take the place of a file that is there.
    """

    path: Path
    with_secret: bool
    replace: bool
    job: str | None = None


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup that was written."""

    path: Path
    bytes: int
    manifest: Manifest


def backup_of_job(job: str, path: Path) -> BackupResult | None:
    """Return the backup that was written for a job, by a process that did not live to tell of it; None without one."""
    try:
        with archive.opened(path) as backup:
            return BackupResult(path, path.stat().st_size, backup.manifest) if backup.manifest.job == job else None
    except (BackupError, StorageError):
        return None


def create(facts: FactStore, state: StateStore, settings: Settings, request: BackupRequest, tell: Tell) -> BackupResult:
    """Write a backup of both stores; the file is there when it is whole, readable by its owner.

    It says which job it was written for. Raises ConflictError where the file is there and may not be replaced,
    StorageError where it can't be written, and what `tell` raises.
    """
    with archive.create(request.path, replace=request.replace) as writing:
        tell(0, Message(JobStep.READING_STATE))
        kept_state = _state(state, writing)
        kept_facts, version, zone = _facts(facts, writing, tell)
        tell(99, Message(JobStep.WRITING_FILE))
        manifest = Manifest(
            format=FORMAT,
            program=__version__,
            created_at=datetime.now(UTC),
            timezone=zone,
            data_version=version,
            engines={"facts": facts.engine_name, "state": state.engine.dialect.name},
            facts=kept_facts,
            state=kept_state,
            secret=writing.bytes(SECRET, signing.load(settings, state)) if request.with_secret else None,
            job=request.job,
        )
        writing.finish(manifest)
    return BackupResult(request.path, request.path.stat().st_size, manifest)


def _state(state: StateStore, writing: BackupWriter) -> StoreSnapshot:
    tables = {}
    with state.snapshot() as connection:
        at = migrations.usable_revision(connection, "state")
        for table in table_io.STATE:
            name = f"state/{table.name}.parquet"
            batches = table_io.of_state(connection, table)
            tables[table.name] = writing.table(name, shape(table), batches, lambda _: None)
    return StoreSnapshot(str(at), tables)


def _facts(facts: FactStore, writing: BackupWriter, tell: Tell) -> tuple[StoreSnapshot, int, str]:
    tables: dict[str, ArchiveMember] = {}
    with facts.read() as connection:
        at = migrations.usable_revision(connection, "facts")
        held = connection.execute(sa.select(schema.workspace)).one()
        total = count_evaluations(connection)
        done = 0

        def count_rows(count: int) -> None:
            nonlocal done
            done += count
            step = Message(JobStep.COPYING_EVALUATIONS, {"done": min(done, total), "total": total})
            tell(min(98.0, done / max(1, total) * 98), step)

        for table in table_io.fact_tables(stored_catalog(connection)):
            name = f"facts/{table.name}.parquet"
            counted = count_rows if table.name == schema.evaluations.name else lambda _: None
            batches = table_io.of_facts(connection, table)
            tables[table.name] = writing.table(name, shape(table), batches, counted)
    if tables[schema.evaluations.name].rows != total:
        raise StorageError(FailureCode.BACKUP_INCOMPLETE, done=done, total=total)
    return StoreSnapshot(str(at), tables), held.data_version, held.timezone
