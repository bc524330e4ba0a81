"""Imports and exports beside the engine's own COPY, on a copy or in a transaction that leaves the data as they were."""

from __future__ import annotations

import shutil
import statistics
import time
from typing import Any

import sqlalchemy as sa

from bench import by_hand, data
from bench.report import Report, timed
from lib.analytics.calendar import Granularity
from lib.analytics.field_definitions import keep_sample_fields
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.exports import file_storage
from lib.exports import service as exporting
from lib.exports.evaluations import evaluation_export
from lib.exports.service import ExportRequest
from lib.ingest import service
from lib.ingest.file_reading import InputFile
from lib.ingest.import_run import ImportRequest
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.bulk_io import write_csv
from lib.workspace import Workspace

NEW_ROWS = data.ROWS // 10
BATCHES = 12


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure a large import, small ones and an export on one engine; then hold the rollups to the facts."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "changed")
    workspace = Workspace(chosen)
    try:
        take_for_own(workspace)
        _export(report, engine, workspace)
        _batches(report, engine, workspace)
        _import(report, engine, workspace)
        found = TASKS["check"](workspace, {}, lambda *_: None)
        print(f"check after the changes: {found['differences']} differences in {found['evaluations']} evaluations")
        if engine == "postgresql":
            take_back(workspace)
    finally:
        workspace.close()
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)


def take_for_own(workspace: Workspace) -> None:
    """Have sample data taken for a workspace's own, which what is loaded does not replace."""
    with workspace.facts.write() as connection:
        connection.execute(sa.update(schema.workspace).values(is_sample=False))
        keep_sample_fields(connection)


def _export(report: Report, engine: str, workspace: Workspace) -> None:
    asked = {"dateFrom": ["2026-07-01"], "dateTo": ["2026-10-15"]}
    filters = Filters.from_parameters(asked, workspace.settings.zone, EVERYTHING, BUILT_IN)
    order = ExportRequest("evaluations", "csv", filters, Granularity.DAILY, "a part")
    path = file_storage.folder(workspace.settings) / "yardstick.csv"

    def export() -> None:
        facts, calendar = workspace.facts, workspace.calendar
        exporting.run(facts, workspace.settings, calendar, order, "job_bench", 1, lambda *_: None)

    def copy() -> None:
        with workspace.facts.read() as connection:
            write_csv(
                connection, evaluation_export(connection, filters, workspace.calendar).values, path, lambda _: None
            )

    yardstick = statistics.median(timed(copy, times=5, warm=1))
    took = timed(export, times=5, warm=1)
    with workspace.facts.read() as connection:
        rows = evaluation_export(connection, filters, workspace.calendar).rows
    what = f"export of {rows:,} evaluations as CSV; yardstick: the engine's COPY of them; wanted: ratio 1.5"
    report.add("exports", what, engine, took, yardstick=yardstick)
    path.unlink()
    file_storage.remove(workspace.settings, "job_bench")


def _batches(report: Report, engine: str, workspace: Workspace) -> None:
    numbers = iter(range(BATCHES + 3))

    def load() -> None:
        number = next(numbers)
        objects = [
            {
                "id": f"batch_{time.time_ns()}_{place}",
                "audioDate": f"2026-10-{place % 28 + 1:02}T10:00:00Z",
                "averageNote": "7.5",
                "campaignId": f"camp_70{place % 9 + 1}",
                "callCenterId": "cc_mad",
                "executiveId": f"exec_{1001 + place + number}",
            }
            for place in range(100)
        ]
        workspace.write_evaluations(objects, "bench", EVERYTHING)

    report.add("imports", "a batch of 100", engine, timed(load, times=BATCHES), bound=300)


def _import(report: Report, engine: str, workspace: Workspace) -> None:
    path = data.new_calls(NEW_ROWS)
    with path.open(encoding="utf-8") as file:
        columns = file.readline().strip().replace('"', "").split(",")
    with workspace.facts.session() as connection, connection.begin():
        plain = sa.Table(
            "plain", sa.MetaData(), *(sa.Column(name, sa.Text) for name in columns), prefixes=["TEMPORARY"]
        )
        plain.create(connection)
        begun = time.perf_counter()
        _copy(connection, path)
        yardstick = (time.perf_counter() - begun) * 1000
    request = ImportRequest((InputFile(path, path.name),), "bench")
    begun = time.perf_counter()
    service.run(workspace.facts, workspace.settings, workspace.catalog, request, lambda _: None)
    took = (time.perf_counter() - begun) * 1000
    what = f"{NEW_ROWS:,} from CSV; yardstick: the engine's COPY into a plain table; wanted: ratio 2.5"
    report.add("imports", what, engine, [took], yardstick=yardstick)
    if engine == "postgresql":
        take_back(workspace)
        by_hands = by_hand.load(workspace, path)
        what = f"{NEW_ROWS:,} from CSV; yardstick: the same by hand, unchecked, in one transaction; wanted: ratio 1.5"
        report.add("imports", what, engine, [took], yardstick=by_hands)


def _copy(connection: sa.Connection, path: Any) -> None:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "duckdb":
        import duckdb

        rows = duckdb.connect().read_csv(str(path), all_varchar=True).to_arrow_table()
        driver.register("incoming_rows", rows)
        connection.exec_driver_sql("INSERT INTO plain SELECT * FROM incoming_rows")
        return
    statement = "COPY plain FROM STDIN (FORMAT csv, HEADER)"
    with path.open("rb") as file, driver.cursor() as cursor, cursor.copy(statement) as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)


def take_back(workspace: Workspace) -> None:
    """Leave PostgreSQL's data as they were: delete the new rows, and put the rollups together anew."""
    from lib.analytics import rollup

    with workspace.facts.write() as connection:
        facts = schema.evaluations
        new = sa.or_(facts.c.id.startswith("new_"), facts.c.id.startswith("batch_"))
        connection.execute(sa.delete(facts).where(new))
        rollup.rebuild(connection, workspace.catalog)
