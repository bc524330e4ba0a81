"""Imports: files into the facts, all or nothing, and the history of every one.

The one way in, for the command line, the Data page and the worker alike.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import stat
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlalchemy.engine import Connection

from lib.analytics import queries
from lib.analytics.field_definitions import define, delete_sample_fields
from lib.analytics.grants import EVERYTHING
from lib.analytics.workspace_zone import check_zone
from lib.catalog.catalog import Catalog
from lib.errors import CallboardError, FieldError, FileError, SampleDataError
from lib.errors.codes import FailureCode
from lib.errors.field_codes import FieldCode
from lib.ingest import bad_row_reports, history, import_warnings, loader, staging
from lib.ingest.answer_import import apply_answers, stage_lines
from lib.ingest.file_reading import InputFile, read_answers, read_files
from lib.ingest.history import ImportReport
from lib.ingest.import_run import (
    ImportProgress,
    ImportRequest,
    ImportRun,
    catalog_for,
    check_fields,
    fields_ahead,
    mapping_of,
    renewed,
    with_guessed_fields,
)
from lib.ingest.loader import LoadResult
from lib.ingest.mapping import Mapping
from lib.ingest.new_fields import requested_fields
from lib.settings import Settings
from lib.store.enums import ImportResult
from lib.store.facts import FactStore
from lib.store.messages import JobStep, failure_of

log = logging.getLogger(__name__)

_TRIES = 3
"""How often files are read anew because the fields are others than was thought."""


def run(
    facts: FactStore,
    settings: Settings,
    catalog: Catalog,
    request: ImportRequest,
    progress: Callable[[ImportProgress], None],
) -> ImportReport:
    """Import files; list the import in the history, whatever came of it.

    Bad rows are no error: the report says that nothing was loaded. Raises FileError and MappingError where a file or
    the mapping can't be used, SampleDataError where sample data are in the way, StorageError where there is no room,
    CancelledError from `progress`; the data are then as they were.
    """
    started, catalog = time.monotonic(), catalog_for(request, catalog)
    report = ImportReport(request.id or new_id(), datetime.now(UTC), 0.0, request.actor, (), ImportResult.FAILED, None)
    try:
        with facts.read() as connection:
            before = _loaded_before(connection, request)
            if before is not None:
                return before
            if queries.is_sample(connection) and not (request.replace_sample or request.dry_run):
                raise SampleDataError(FailureCode.SAMPLE_IN_THE_WAY)
        with ThreadPoolExecutor(1) as beside:
            described = beside.submit(lambda: tuple(_described(file) for file in request.files))
            try:
                mapping = mapping_of(request, catalog)
                _check_names(mapping, request.files)
                added = () if request.answers else requested_fields(mapping, catalog)
                import_run = ImportRun(facts, settings, catalog, added, request, progress, started, EVERYTHING)
                report = _run(import_run, report, described)
            finally:
                report = replace(report, files=described.result())  # what is no file at all is told first
    except BaseException as error:
        done = _committed(facts, report.id)
        if done is not None:  # what failed is the word that it is
            return done
        failed = replace(report, seconds=time.monotonic() - started, message=failure_of(error))
        if not request.dry_run and not isinstance(error, SampleDataError):
            try:
                _list(facts, failed, request)
            except CallboardError as unlisted:  # what the import failed of is what its sender has to know
                log.warning("An import that failed could not be listed: %s", unlisted.message)
        raise
    return report


def _check_names(mapping: Mapping, files: Sequence[InputFile]) -> None:
    """Raise FileError where ids made of file names and rows would be the same in two files."""
    names = [file.name for file in files]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None and any(source.row for source in mapping.columns.values()):
        raise FileError(FailureCode.FILES_OF_ONE_NAME, name=twice)


def id_of(job: str) -> str:
    """Return the id of the import that a job does."""
    return f"imp_{job.removeprefix('job_')}"


def new_id() -> str:
    """Return the id of an import that begins now."""
    return f"imp_{int(time.time() * 1000):011x}{secrets.token_hex(4)}"


def _run(import_run: ImportRun, report: ImportReport, described: Future[tuple[dict[str, Any], ...]]) -> ImportReport:
    """Read the files and load them; once more where headers name fields that are not there, or somebody changed any."""
    for _ in range(_TRIES):
        try:
            return _read_and_load(import_run, report, described)
        except FieldError as error:
            if error.reason.code is FieldCode.FIELD_UNKNOWN:
                import_run = with_guessed_fields(import_run)
            elif error.reason.code is FieldCode.FIELDS_CHANGED:
                import_run = renewed(import_run)
            else:
                raise
    return _read_and_load(import_run, report, described)


def _read_and_load(
    import_run: ImportRun, report: ImportReport, described: Future[tuple[dict[str, Any], ...]]
) -> ImportReport:
    request = import_run.request

    def reading_progress(share: float, rows: int) -> None:
        import_run.progress(ImportProgress(JobStep.READING, share * 0.6, rows))

    read_rows = read_answers if request.answers else read_files
    with (
        bad_row_reports.begin(import_run.settings, report.id) as bad_rows,
        read_rows(
            list(request.files),
            request.mapping_toml,
            bad_rows,
            import_run.settings,
            import_run.catalog,
            reading_progress,
        ) as reading,
        import_run.facts.session() as connection,
    ):

        def read() -> ImportReport:
            reading.finish()
            found = reading.outcome
            kept = bad_row_reports.publish(import_run.settings, bad_rows, report.id) if found.bad else None
            return replace(
                report,
                files=described.result(),
                read=found.read,
                blank=found.blank,
                bad=found.bad,
                short_rows=found.short_rows,
                long_rows=found.long_rows,
                problems=tuple(found.problems),
                warnings=tuple(found.warnings),
                bad_rows_file=kept,
            )

        return load(import_run, connection, reading.batches, read)


def load(
    import_run: ImportRun, connection: Connection, batches: pa.RecordBatchReader, read: Callable[[], ImportReport]
) -> ImportReport:
    """Stage the rows, and load them unless there is a reason not to; `read` tells what reading them found."""
    request = import_run.request
    if request.answers:
        return _load_answers(import_run, connection, batches, read)
    staged = staging.stage(connection, import_run.catalog, batches)
    report = read()
    report = replace(report, warnings=(*report.warnings, *import_warnings.repeated_ids(staged.repeated, report.read)))
    report = replace(report, new_fields=import_run.added)
    if report.bad and not request.skip_bad_rows:
        return _nothing_loaded(import_run, report)
    with fields_ahead(import_run) as prepared:

        def bring_in(connection: Connection) -> LoadResult:
            check_fields(connection, prepared)
            has_rows = report.read > report.blank + report.bad
            if has_rows:  # otherwise nothing takes the place of sample data
                delete_sample_fields(connection)
            define(connection, prepared.added)
            replaces = has_rows and queries.is_sample(connection)
            scoring = mapping_of(request, import_run.catalog).scoring
            return loader.apply(
                connection, prepared.catalog, staged, prepared.grant, scoring=scoring, replace_all=replaces
            )

        return _load_staged(prepared, connection, report, bring_in)


def _load_answers(
    import_run: ImportRun, connection: Connection, batches: pa.RecordBatchReader, read: Callable[[], ImportReport]
) -> ImportReport:
    """Load answers of evaluations that are there, unless there is a reason not to."""
    lines = stage_lines(connection, batches)
    report = read()
    if report.bad:  # an evaluation's answers belong together
        return _nothing_loaded(import_run, report)
    lines.check()
    report = replace(report, warnings=(*report.warnings, *lines.warnings()))
    return _load_staged(import_run, connection, report, lambda writing: apply_answers(writing, import_run.catalog))


def _nothing_loaded(import_run: ImportRun, report: ImportReport) -> ImportReport:
    """List an import that has bad rows, and loads nothing."""
    report = replace(report, result=ImportResult.NOTHING_LOADED, seconds=time.monotonic() - import_run.started)
    if not import_run.request.dry_run:
        _list(import_run.facts, report, import_run.request)
    return report


def _load_staged(
    import_run: ImportRun, connection: Connection, report: ImportReport, load: Callable[[Connection], LoadResult]
) -> ImportReport:
    """Load what is staged, or only try."""
    request = import_run.request
    import_run.progress(ImportProgress(JobStep.COMPARING, 0.65, report.read))
    result = ImportResult.LOADED_WITHOUT_BAD_ROWS if report.bad else ImportResult.LOADED
    try:
        with import_run.facts.write(connection):
            before = _loaded_before(connection, request)
            if before is not None:
                return before
            check_zone(connection, import_run.settings.timezone)
            loaded = load(connection)
            report = replace(report, loaded=loaded, result=result, warnings=(*report.warnings, *loaded.warnings))
            report = replace(report, seconds=time.monotonic() - import_run.started)
            if request.dry_run:
                raise _Rollback
            history.add(connection, report, [file.name for file in request.files], request.mapping_toml)
            import_run.progress(ImportProgress(JobStep.LOADING, 0.95, report.read))
    except _Rollback:
        report = replace(report, result=ImportResult.DRY_RUN)
    return report  # nothing may stop it from here on: it is loaded


class _Rollback(Exception):
    """Leaves the transaction of a dry run as if nothing had been."""


def _described(file: InputFile) -> dict[str, Any]:
    try:
        if not stat.S_ISREG(file.path.stat().st_mode):  # a device or a pipe may never end
            raise FileError(FailureCode.FILE_NOT_REGULAR, name=file.name)
        with file.path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return {"name": file.name, "sha256": digest, "bytes": file.path.stat().st_size}
    except FileNotFoundError:
        raise FileError(FailureCode.FILE_MISSING, name=file.name, path=str(file.path)) from None
    except OSError as error:
        raise FileError(FailureCode.FILE_UNREADABLE_WHY, name=file.name, error=str(error.strerror)) from None


def _loaded_before(connection: Connection, request: ImportRequest) -> ImportReport | None:
    """Return what an earlier try of the request loaded; None where there was none, or none that loaded anything."""
    return None if request.id is None else history.find_loaded(connection, request.id)


def _committed(facts: FactStore, number: str) -> ImportReport | None:
    """Return what an import loaded that failed, as where its connection was lost at the commit; None mostly."""
    try:
        with facts.read() as connection:
            return history.find_loaded(connection, number)
    except CallboardError:
        return None


def _list(facts: FactStore, report: ImportReport, request: ImportRequest) -> None:
    with facts.write() as connection:
        history.add(connection, report, [file.name for file in request.files], request.mapping_toml)
