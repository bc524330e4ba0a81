"""An export from its order to its file: what is asked for, the rows written, and that none is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.filters import Filters, Grant
from lib.analytics.selection import period_in_force
from lib.database import Facts
from lib.errors import StorageError
from lib.exports import evaluations, files, reports
from lib.exports.tables import about
from lib.exports.writing import Writer
from lib.settings import Settings

_CHECK_ROOM_BATCHES = 20


@dataclass(frozen=True, slots=True)
class Order:
    """What to export: a report, a format, filters, and in words what that is."""

    report: str
    form: str
    filters: Filters
    granularity: Granularity
    shown: str

    def to_json(self) -> dict[str, Any]:
        """Return the order as a job's payload."""
        return {
            "report": self.report,
            "format": self.form,
            "filters": self.filters.to_parameters(),
            "granularity": self.granularity.value,
            "grant": asdict(self.filters.grant),
            "shown": self.shown,
        }

    @classmethod
    def from_json(cls, payload: dict[str, Any], zone: ZoneInfo) -> Order:
        """Return the order that a payload holds."""
        grant = grant_of(payload)
        asked = Filters.from_parameters(payload["filters"], zone, grant)
        width = Granularity(payload["granularity"])
        return cls(payload["report"], payload["format"], asked, width, payload["shown"])


def grant_of(payload: dict[str, Any]) -> Grant:
    """Return what the one who gave an order may see."""
    kept = payload["grant"]
    return Grant(*(None if kept[name] is None else tuple(kept[name]) for name in ("call_centers", "campaigns")))


def run(
    facts: Facts,
    settings: Settings,
    calendar: Calendar,
    order: Order,
    job: str,
    attempt: int,
    tell: Callable[[float, str], None],
) -> dict[str, Any]:
    """Write an export; return its file, its rows and the dates in force.

    Raises StorageError where there is no room or where rows are missing; nothing is published then.
    """
    written = files.partial(settings, job, attempt)
    try:
        with facts.read() as connection:
            period = period_in_force(connection, order.filters, calendar)
            if order.report == "evaluations":
                rows = _evaluations(connection, settings, calendar, order, written, tell)
            else:
                table = reports.table(connection, order.report, order.filters, calendar, order.granularity, order.shown)
                rows = len(table.rows)
                written.write_bytes(table.csv() if order.form == "csv" else table.xlsx())
        files.check_room(settings, written)
        tell(99, "checking the file")
        ready = files.publish(settings, written, job, attempt, order.form)
    except OSError as error:
        raise StorageError(f"The file could not be written: {error.strerror or error}.") from None
    finally:
        written.unlink(missing_ok=True)
    ends = [None if end is None else end.isoformat() for end in (period.date_from, period.date_to)]
    return {
        "file": ready.name,
        "bytes": ready.size,
        "sha256": ready.sha256,
        "rows": rows,
        "downloadName": files.download_name(order.report, order.form, *ends),
    }


def _evaluations(
    connection: Connection,
    settings: Settings,
    calendar: Calendar,
    order: Order,
    written: Any,
    tell: Callable[[float, str], None],
) -> int:
    expected = evaluations.count(connection, order.filters, calendar)
    zone = order.filters.zone(calendar.zone).key
    told = about("Evaluations", order.shown, zone, [], expected)
    shape = pa.schema([*evaluations.EXPORTED, ("audioOffset", pa.int32()), ("createdOffset", pa.int32())])
    writer = Writer(written, order.form, expected, (*told, ("Rows expected", str(expected))), shape)
    try:
        sent = 0
        for number, batch in enumerate(evaluations.stream(connection, order.filters, calendar)):
            writer.write(batch)
            sent += len(batch)
            tell(min(98.0, sent / max(1, expected) * 98), f"{sent} of {expected} rows")
            if number % _CHECK_ROOM_BATCHES == 0:
                files.check_room(settings, written)
        rows = writer.finish()
    finally:
        writer.close()
    if rows != expected:
        raise StorageError(f"{rows} rows were written where {expected} were expected, so the file was thrown away.")
    return rows
