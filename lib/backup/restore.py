"""Restoring a backup: verified first, then in place of what both stores hold, all or nothing.

For an embedded store a new file is built beside it, at the migration that the backup was made at, brought up to date
as any older store is, and then put in its place (`lib/store/atomic_swap.py`). PostgreSQL takes the rows in one
transaction, from such a file where the backup is older, so that migrations run where nobody looks. Rollups are computed
anew. What the audit holds and which keys are revoked is looked at within the transaction that replaces the rest, so
that nothing is undone that was committed before it.
"""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.access import audit_log, signing
from lib.access.audit_log import Action
from lib.analytics import archiving, rollup
from lib.analytics.archived_months import count_evaluations
from lib.analytics.field_definitions import lay_out, lay_out_anew
from lib.analytics.kept_measures import retire
from lib.backup import archive, outgoing, table_io
from lib.backup.archive import Backup, Manifest, StoreSnapshot
from lib.catalog.own_fields import OwnField, OwnFieldType, catalog_with
from lib.errors import ConflictError, DatabaseHeldError, DiskFullError, StorageError, TimeZoneConflictError
from lib.errors.codes import FailureCode
from lib.jobs.queue import JobKind, JobStatus
from lib.settings import Settings
from lib.store import atomic_swap, migrations, schema
from lib.store.arrow_shapes import shape
from lib.store.bulk_io import analyze
from lib.store.facts import FactStore, checkpoint
from lib.store.messages import JobStep, Message, Tell
from lib.store.state import StateStore

_OLDER_FACTS, _OLDER_STATE = "older-facts.duckdb", "older-state.sqlite"  # on the way to PostgreSQL


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """What was restored, and what had to go with the old state: see `in_words`."""

    manifest: Manifest
    evaluations: int
    unfinished: int  # jobs that waited or ran when the backup was made
    with_secret: bool
    paused: Mapping[str, int]  # how many reports, alerts and webhooks send nothing before somebody resumes them

    @property
    def in_words(self) -> list[str]:
        """The restore as lines of text."""
        made = self.manifest
        lines = [
            f"evaluations: {self.evaluations}",
            *(f"{name.replace('_', ' ')}: {member.rows}" for name, member in made.state.tables.items() if member.rows),
            f"backup of: {made.created_at:%Y-%m-%d %H:%M:%S} UTC, by version {made.program} "
            f"(facts at migration {made.facts.revision}, state at {made.state.revision})",
        ]
        if self.unfinished:
            lines.append(f"jobs that had not ended: {self.unfinished}; they are listed as failed")
        if self.with_secret:
            lines.append("the secret that signs links is the backup's")
        if any(self.paused.values()):
            counts = ", ".join(f"{name}: {count}" for name, count in self.paused.items() if count)
            lines.append(f"paused until somebody resumes them, so that nothing is sent twice: {counts}")
        return lines


def restore(
    settings: Settings, path: Path, tell: Tell, *, replace: bool, actor: str, keep_sending: bool = False
) -> RestoreResult:
    """Put what a backup holds in the place of both stores; reports, alerts and webhooks pause, or `keep_sending`.

    Raises BackupError where the file is no whole backup, DatabaseVersionError where a newer program wrote it,
    ConflictError where the stores hold something and `replace` does not allow it to go, DatabaseHeldError where the app
    holds the embedded database, StorageError where a file can't be read or written, and what `tell` raises; the stores
    are as they were then.
    """
    with archive.opened(path) as backup, ExitStack() as stack, _disk_in_words():
        for store, part in (("facts", backup.manifest.facts), ("state", backup.manifest.state)):
            migrations.known(part.revision, store, f"the backup {path}")  # type: ignore[arg-type]  # both are stores
        _refuse_other_zone(settings, backup.manifest.timezone)
        backup.verify(lambda share: tell(share * 10, Message(JobStep.VERIFYING_BACKUP)))
        state = StateStore(settings, to=None)  # neither store is brought up where the other one is a newer program's
        stack.callback(state.close)
        try:
            facts = FactStore(settings, to=None)
        except DatabaseHeldError:
            raise DatabaseHeldError(
                "The app is running and holds the database, so nothing was restored. Right would be to end the app, to "
                "restore, and to start it again."
            ) from None
        stack.callback(facts.close)
        facts.refuse_behind()
        state.refuse_behind()
        facts.migrate()
        state.migrate()
        if not replace:
            _refuse_to_overwrite(facts, state)
        return _Restoring(settings, backup, facts, state, tell, actor, keep_sending).run()


@contextmanager
def _disk_in_words() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = DiskFullError if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageError
        where = f" at {error.filename}" if error.filename else ""
        raise kind(f"The backup can't be restored; the disk refuses it{where}: {error.strerror or error}.") from None


def _refuse_other_zone(settings: Settings, zone: str) -> None:
    """Raise TimeZoneConflictError where CALLBOARD_TIMEZONE would refuse what is restored."""
    if settings.timezone_variable not in (None, zone):
        raise TimeZoneConflictError(
            f"The time zone of the backup's workspace is {zone}, and CALLBOARD_TIMEZONE says "
            f"{settings.timezone_variable}. Nothing was restored. Right would be to restore without that variable, and "
            f"then, where the days are to be those of another zone: callboard timezone {settings.timezone_variable}."
        )


def _refuse_to_overwrite(facts: FactStore, state: StateStore) -> None:
    held = []
    with facts.read() as connection:
        sample = connection.execute(sa.select(schema.workspace.c.is_sample)).scalar_one()
        count = count_evaluations(connection)
        if count and not sample:
            held.append(f"{count} evaluations")
    with state.read() as connection:
        for table in table_io.STATE:
            count = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            if count and table not in (schema.jobs, schema.idempotency, schema.sessions, schema.audit):
                held.append(f"{count} of {table.name.replace('_', ' ')}")
    if held:
        raise ConflictError(
            f"The stores hold {', '.join(held)}, which the backup would replace. Nothing was changed. To do that: "
            "callboard restore FILE --yes."
        )


class _Restoring:
    """One restore, under way: a backup, and the stores that it takes the place of."""

    def __init__(
        self,
        settings: Settings,
        backup: Backup,
        facts: FactStore,
        state: StateStore,
        tell: Tell,
        actor: str,
        keep_sending: bool,
    ) -> None:
        self.settings, self.backup, self.facts, self.state, self.tell = settings, backup, facts, state, tell
        self.actor, self.made = actor, backup.manifest
        self.own_fields = _own_fields(backup)
        self.catalog = catalog_with(self.own_fields)
        with facts.read() as connection:
            held = connection.execute(sa.select(schema.workspace.c.data_version)).scalar_one()
        # Beyond what any answer that is kept was given for; others may write to PostgreSQL until it is locked.
        self.version = max(held, self.made.data_version) + 1
        self.unfinished = 0
        self.keep_sending = keep_sending
        self.paused: Mapping[str, int] = {}

    def run(self) -> RestoreResult:
        """Build, replace, and return what was done."""
        try:
            with ExitStack() as building:
                new_facts = self._built_facts(building)
                with ExitStack() as changing:
                    within = None
                    if self.settings.facts_file is None:
                        within = changing.enter_context(self.facts.write())
                        self._replace_facts(within, new_facts)
                    new_state = self._built_state(building)  # its links name the version of the facts
                    if self.settings.state_file is None:
                        same_server = self.settings.state_database_url == self.settings.facts_url
                        together = same_server and self.settings.lake is None  # which has transactions of its own
                        changed = self.state.transaction(within if together else None)
                        self._replace_state(changing.enter_context(changed), new_state)
            self._put_in_place()
        except BaseException:
            atomic_swap.abandon(self.settings.facts_file, self.settings.state_file)
            self._forget_older()
            raise
        self._forget_older()
        if self.made.secret is not None:
            signing.replace(self.settings, self.state, self.backup.bytes(self.made.secret))
        evaluations = self.made.facts.tables[schema.evaluations.name].rows
        return RestoreResult(self.made, evaluations, self.unfinished, self.made.secret is not None, self.paused)

    def _built_facts(self, building: ExitStack) -> FactStore | None:
        """Return a new embedded store of the backup's facts, brought up to date; None where it takes none."""
        file, part = self.settings.facts_file, self.made.facts
        if file is None and part.revision == migrations.revisions("facts")[-1]:
            return None
        path = atomic_swap.restoring(file or self.settings.data_dir.absolute() / _OLDER_FACTS)
        new = FactStore(self.settings.model_copy(update={"database_url": f"duckdb:///{path}"}), to=part.revision)
        building.callback(new.close)
        with new.write() as connection:
            _empty(connection, part, [own.names.name for own in self.own_fields])
        with new.write() as connection:
            lay_out(connection, self.own_fields, self.own_fields)
            for name, batches in self._kept(part):
                table_io.into_facts(connection, name, self._counted(batches))
        new.migrate()
        if file is not None:
            with new.write() as connection:
                self._complete_facts(connection)
            with new.session() as connection:
                checkpoint(connection)  # closing it would do so, too, and not tell of a full disk
        return new

    def _built_state(self, building: ExitStack) -> StateStore | None:
        """Return a new SQLite store of the backup's state, brought up to date; None where it takes none."""
        file, part = self.settings.state_file, self.made.state
        if file is None and part.revision == migrations.revisions("state")[-1]:
            return None
        path = atomic_swap.restoring(file or self.settings.data_dir.absolute() / _OLDER_STATE)
        new = StateStore(self.settings.model_copy(update={"state_url": f"sqlite:///{path}"}), to=part.revision)
        building.callback(new.close)
        with new.transaction() as connection:
            _empty(connection, part)
            for name, batches in self._kept(part):
                table_io.into_state(connection, name, batches)
        new.migrate()
        if file is not None:
            with new.transaction() as connection:
                self._complete_state(connection)
            with new.read() as connection:
                # As with the facts. That the log is gone, `atomic_swap.decided` sees.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return new

    def _replace_facts(self, connection: Connection, new: FactStore | None) -> None:
        held = connection.execute(sa.select(schema.workspace.c.data_version)).scalar_one()
        self.version = max(self.version, held + 1)
        lay_out_anew(connection, self.own_fields)
        for table in table_io.fact_tables(catalog_with(())):
            connection.execute(sa.delete(table))
        archiving.end_all(connection)
        tables = table_io.fact_tables(self.catalog)
        with ExitStack() as reading:
            found = self._kept(self.made.facts)
            if new is not None:
                source = reading.enter_context(new.read())
                found = ((table.name, _reader(table, table_io.of_facts(source, table))) for table in tables)
            for name, batches in found:
                table_io.into_facts(connection, name, self._counted(batches))
        for table in tables:
            analyze(connection, table)
        self._complete_facts(connection)

    def _replace_state(self, connection: Connection, new: StateStore | None) -> None:
        revoked = _revoked(connection)
        for table in reversed(schema.STATE.sorted_tables):
            if table not in (schema.audit, schema.secrets):
                connection.execute(sa.delete(table))
        known = set(connection.scalars(sa.select(schema.audit.c.id)))
        with ExitStack() as reading:
            found = self._kept(self.made.state)
            if new is not None:
                source = reading.enter_context(new.read())
                found = ((table.name, _reader(table, table_io.of_state(source, table))) for table in table_io.STATE)
            for name, batches in found:
                unknown = known if name == schema.audit.name else frozenset[str]()
                table_io.into_state(connection, name, batches, without=unknown)
        keys = schema.api_keys
        for prefix, when in revoked.items():
            connection.execute(sa.update(keys).where(keys.c.prefix == prefix).values(revoked_at=when))
        self._complete_state(connection)

    def _complete_facts(self, connection: Connection) -> None:
        """Make what is computed from the facts."""
        self.tell(80, Message(JobStep.COMPUTING_ROLLUPS))
        connection.execute(sa.update(schema.workspace).values(data_version=self.version))
        rollup.rebuild(connection, self.catalog)
        retire(connection)  # the rollups of metrics: they are of what was there before

    def _complete_state(self, connection: Connection) -> None:
        """Take what was of the moment out of the state: jobs under way, exports, as their files are in no backup."""
        jobs, links = schema.jobs, schema.pinned_links
        connection.execute(sa.delete(schema.idempotency))
        connection.execute(sa.delete(jobs).where(jobs.c.kind == JobKind.EXPORT))
        open_jobs = jobs.c.status.not_in([JobStatus.COMPLETED, JobStatus.FAILED])
        self.unfinished = connection.execute(
            sa.select(sa.func.count()).select_from(jobs).where(open_jobs, jobs.c.kind != JobKind.BACKUP)
        ).scalar_one()
        ended = {
            "status": JobStatus.FAILED,
            "message": Message(FailureCode.UNFINISHED_IN_BACKUP).to_json(),
            "finished_at": datetime.now(UTC),
            "lease_until": None,
        }
        connection.execute(sa.update(jobs).where(open_jobs).values(ended))
        outgoing.end_deliveries(connection)
        if not self.keep_sending:
            self.paused = outgoing.pause(connection)
        # These links were made of the very facts that are restored.
        same = links.c.data_version == self.made.data_version
        connection.execute(sa.update(links).where(same).values(data_version=self.version))
        made_at = self.made.created_at.isoformat(timespec="seconds")
        audit_log.record(connection, self.actor, Action.RESTORE, made_at, program=self.made.program)

    def _put_in_place(self) -> None:
        self.tell(99, Message(JobStep.SWAPPING))
        stores = (self.settings.facts_file, self.settings.state_file)
        if any(stores):
            with atomic_swap.decided(*stores):
                self.facts.close()
                self.state.close()
                atomic_swap.apply_swap(*stores)

    def _forget_older(self) -> None:
        for name in (_OLDER_FACTS, _OLDER_STATE):
            atomic_swap.restoring(self.settings.data_dir.absolute() / name)

    def _kept(self, part: StoreSnapshot) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        return ((name, self.backup.batches(member)) for name, member in part.tables.items())

    def _counted(self, batches: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Tell how many rows were taken of how many."""
        total = self.made.facts.tables[schema.evaluations.name].rows
        if "audio_at" not in batches.schema.names or "replaced_in" in batches.schema.names:
            return batches

        def counting() -> Iterator[pa.RecordBatch]:
            done = 0
            for batch in batches:
                yield batch
                done += len(batch)
                step = Message(JobStep.COPYING_EVALUATIONS, {"done": done, "total": total})
                self.tell(10 + done / max(1, total) * 70, step)

        return pa.RecordBatchReader.from_batches(batches.schema, counting())


def _own_fields(backup: Backup) -> tuple[OwnField, ...]:
    """Return the own fields of a backup; those made by older programs know none."""
    member = backup.manifest.facts.tables.get(schema.fields.name)
    if member is None:
        return ()
    rows = [row for batch in backup.batches(member) for row in batch.to_pylist()]
    fields = (OwnField(**{**row, "type": OwnFieldType(row["type"])}) for row in rows)
    return tuple(sorted(fields, key=lambda own: own.number))


def _revoked(connection: Connection) -> dict[str, datetime]:
    """Return the keys of a PostgreSQL state that are revoked; no backup makes them good again.

    Until the transaction ends others wait to look a key up, so that none is revoked that is about to be replaced.
    """
    keys = schema.api_keys
    connection.exec_driver_sql(f"LOCK TABLE {keys.name} IN ACCESS EXCLUSIVE MODE")
    ended = sa.select(keys.c.prefix, keys.c.revoked_at).where(keys.c.revoked_at.is_not(None))
    return {row.prefix: row.revoked_at for row in connection.execute(ended)}


def _empty(connection: Connection, part: StoreSnapshot, but: Collection[str] = ()) -> None:
    """Take out what migrations put into new tables; some are not there yet."""
    for name in reversed(part.tables):
        if name not in but:
            connection.execute(sa.delete(sa.table(name)))


def _reader(table: sa.Table, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(shape(table), batches)
