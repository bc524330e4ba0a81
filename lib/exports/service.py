"""An export from its order to its file: what is asked for, the rows written, and that none is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from lib.analytics import queries
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.grants import Grant
from lib.analytics.metric_names import METRICS_PARAMETER, check_metric_names
from lib.analytics.planner import ResolvedPeriod, resolve_period
from lib.analytics.query import Filters, local_date
from lib.analytics.workspace_zone import check_zone
from lib.catalog.catalog import Catalog
from lib.errors import InvalidParameterError, StorageError
from lib.errors.codes import FailureCode
from lib.errors.parameter_codes import ParameterCode
from lib.exports import answers, evaluations, file_storage, reports, table_process
from lib.exports.evaluations import EvaluationExport
from lib.exports.file_storage import ExportRoom
from lib.exports.table_files import about
from lib.exports.xlsx_process import Writer
from lib.jobs.queue import Job, JobKind, Queue
from lib.reports.formula_versions import versions_of
from lib.settings import Settings
from lib.store.bulk_io import write_csv
from lib.store.facts import FactStore
from lib.store.messages import JobStep, Message, Tell

_CHECK_ROOM_BATCHES = 20
_PROBE_ROWS = 1_000  # written first, to learn how long a row is


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export: a report, a format, filters, and in words what that is."""

    report: str
    form: str
    filters: Filters
    granularity: Granularity
    shown: str
    metrics: tuple[str, ...] = ()  # whose figures stand beside the report's own

    def to_json(self) -> dict[str, Any]:
        """Return the order as a job's payload."""
        return {
            "report": self.report,
            "format": self.form,
            "filters": self.filters.to_parameters(),
            "granularity": self.granularity.value,
            "grant": self.filters.grant.to_json(),
            "shown": self.shown,
            "metrics": list(self.metrics),
        }

    def narrowed(self, grant: Grant) -> ExportRequest:
        """Return the order for one who may see no more than a grant lets them."""
        return replace(self, filters=replace(self.filters, grant=self.filters.grant.narrowed(grant)))

    @classmethod
    def from_json(cls, payload: dict[str, Any], zone: ZoneInfo, catalog: Catalog) -> ExportRequest:
        """Return the order that a payload holds."""
        filters = Filters.from_parameters(payload["filters"], zone, Grant.of(payload.get("grant", {})), catalog)
        width = Granularity(payload["granularity"])
        metrics = tuple(payload.get("metrics", ()))
        return cls(payload["report"], payload["format"], filters, width, payload["shown"], metrics)


def run(
    facts: FactStore,
    settings: Settings,
    calendar: Calendar,
    order: ExportRequest,
    job: str,
    attempt: int,
    tell: Tell,
) -> dict[str, Any]:
    """Write an export; return its file, its rows and the dates in force.

    Raises StorageError where there is no room or where rows are missing, TimeZoneChangedError where the settings' zone
    is not the workspace's any more, and InvalidParameterError for a metric that is gone; nothing is published then.
    """
    metrics = check_metric_names(order.metrics, order.filters.catalog)
    of_metrics = [order.filters.catalog.all_metrics[name] for name in metrics]
    written = file_storage.partial(settings, job, attempt)
    digest, room = file_storage.Digest(written), file_storage.find_room(settings)
    try:
        with facts.read() as connection:
            check_zone(connection, settings.timezone)
            period = resolve_period(connection, order.filters, calendar)
            if order.report in RECORD_REPORTS:
                rows = _records(connection, room, calendar, order, written, digest, tell)
            else:
                asked = order.report, order.filters, calendar, order.granularity, order.shown, metrics
                table = reports.table(connection, *asked)
                rows = len(table.rows)
                written.write_bytes(table.csv() if order.form == "csv" else table_process.xlsx(table.workbook))
        file_storage.find_room(settings).check(written)  # others may have been written meanwhile
        tell(99, Message(JobStep.CHECKING_FILE))
        ready = file_storage.publish(settings, written, digest, job, attempt, order.form)
    except OSError as error:
        raise StorageError(FailureCode.EXPORT_UNWRITTEN, error=error.strerror or str(error)) from None
    finally:
        written.unlink(missing_ok=True)
    ends = [None if end is None else end.isoformat() for end in (period.date_from, period.date_to)]
    return {
        "file": ready.name,
        "bytes": ready.size,
        "sha256": ready.sha256,
        "rows": rows,
        "downloadName": file_storage.download_name(order.report, order.form, *ends),
        "metrics": [asdict(each) for each in versions_of(of_metrics)],
        "grant": order.filters.grant.to_json(),
    }


def exported_grant(job: Job) -> Grant:
    """Return what may be seen in an export: in its file, by the limits that it was written with, else as ordered."""
    result = job.result or {}
    return Grant.of(result["grant"] if "grant" in result else job.payload.get("grant", {}))


RECORD_REPORTS = {"evaluations": evaluations.evaluation_export, "answers": answers.answer_export}
"""The reports of what evaluations hold themselves, a row each."""


def _records(
    connection: Connection,
    room: ExportRoom,
    calendar: Calendar,
    order: ExportRequest,
    written: Path,
    digest: file_storage.Digest,
    tell: Tell,
) -> int:
    chosen = RECORD_REPORTS[order.report](connection, order.filters, calendar)
    if order.form == "csv":
        rows = _csv(connection, room, chosen, written, digest, tell)
    else:
        zone = order.filters.zone(calendar.zone).key
        about_sheet = about(order.report.capitalize(), order.shown, zone, [], chosen.rows)
        about_sheet = (*about_sheet, ("Rows expected", str(chosen.rows)))
        rows = _workbook(connection, room, chosen, about_sheet, written, tell)
    if rows != chosen.rows:
        raise StorageError(FailureCode.EXPORT_INCOMPLETE, written=rows, expected=chosen.rows)
    return rows


def _csv(
    connection: Connection,
    room: ExportRoom,
    chosen: EvaluationExport,
    written: Path,
    digest: file_storage.Digest,
    tell: Tell,
) -> int:
    probe = write_csv(connection, chosen.texts.limit(_PROBE_ROWS), written, lambda _: None)
    row_bytes = written.stat().st_size / max(1, probe)

    def advance(size: int) -> None:
        share = min(1.0, size / row_bytes / max(1, chosen.rows))
        counts = {"done": round(share * chosen.rows), "total": chosen.rows}
        tell(share * 98, Message(JobStep.WRITING_ABOUT_ROWS, counts))
        room.check(written)
        digest.advance()

    return write_csv(connection, chosen.texts, written, advance)


def _workbook(
    connection: Connection,
    room: ExportRoom,
    chosen: EvaluationExport,
    about_sheet: tuple[tuple[str, ...], ...],
    written: Path,
    tell: Tell,
) -> int:
    writer = Writer(written, chosen.rows, about_sheet, chosen.shape)
    try:
        sent = 0
        for number, batch in enumerate(chosen.batches(connection)):
            writer.write(batch)
            sent += len(batch)
            step = Message(JobStep.WRITING_ROWS, {"done": sent, "total": chosen.rows})
            tell(min(98.0, sent / max(1, chosen.rows) * 98), step)
            if number % _CHECK_ROOM_BATCHES == 0:
                room.check(written)
        return writer.finish()
    finally:
        writer.close()


def export_metrics(names: Sequence[str], report: str, catalog: Catalog) -> tuple[str, ...]:
    """Return the metrics that an order adds. Raises InvalidParameterError for what is none, or where none can be."""
    if names and report in RECORD_REPORTS:
        known = ", ".join(each for each in reports.REPORTS if each not in RECORD_REPORTS)
        raise InvalidParameterError(METRICS_PARAMETER, ParameterCode.METRICS_OF_REPORTS, known=known)
    return check_metric_names(names, catalog)


def check_period(report: str, filters: Filters, period: ResolvedPeriod, calendar: Calendar, width: Granularity) -> None:
    """Raise InvalidParameterError where a report can't be of a period: a trend that would have too many points."""
    if report == reports.TRENDS and period.date_from is not None and period.date_to is not None:
        zone = filters.zone(calendar.zone)
        first, last = local_date(period.date_from, zone), local_date(period.date_to, zone)
        queries.check_points(calendar, first, last, width)


def remove_expired(queue: Queue, settings: Settings) -> None:
    """Delete the exports whose time is over, with their files."""
    for kind in (JobKind.EXPORT, JobKind.MAILED_FILE):
        for number in queue.delete_older(kind, timedelta(hours=settings.export_hours)):
            file_storage.remove(settings, number)
    file_storage.remove_old(settings)
