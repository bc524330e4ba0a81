"""Own fields: an import with five of them and ten criteria beside one without; questions by a category."""

from __future__ import annotations

import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

from bench import data
from bench.questions import YEAR
from bench.report import Report, timed
from lib.analytics import breakdowns, field_definitions, metric_definitions, queries, rollup
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.ingest import service
from lib.ingest.file_reading import InputFile
from lib.ingest.import_run import ImportRequest
from lib.ingest.sample_fields import SAMPLE_FIELDS
from lib.settings import Settings
from lib.store import schema
from lib.workspace import Workspace

NEW_ROWS = data.ROWS // 10
CHANNELS = [f"channel {number}" for number in range(12)]
MAPPING = """
[fields]
channel = "channel"
language = "language"
csat = { column = "csat", type = "number" }
resolved = { column = "resolved", type = "yes_no" }
remark = { column = "remark", type = "text" }

[criteria]
""" + "".join(
    f'"Question {number}" = {{ column = "q{number}", max = 5, values = {{ "N/A" = "" }} }}\n' for number in range(10)
)


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure on one engine; what was defined and loaded goes again."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "with-fields")
    workspace = Workspace(chosen)
    try:
        with workspace.facts.write() as connection:
            connection.execute(sa.update(schema.workspace).values(is_sample=False))
            field_definitions.keep_sample_fields(connection)
        _questions(report, engine, workspace)
        _imports(report, engine, workspace)
    finally:
        if engine == "postgresql":
            _take_back(workspace)
        workspace.close()
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)


def _questions(report: Report, engine: str, workspace: Workspace) -> None:
    """Give every evaluation a channel, and ask by it."""
    with workspace.facts.write() as connection:
        own = field_definitions.define(connection, [OwnField(0, "way", OwnFieldType.CATEGORY, "Way")])[0]
        names = [{"key": key, "id": name, "name": name} for key, name in enumerate(CHANNELS, 1)]
        connection.execute(sa.insert(own.names), names)
    with workspace.facts.write() as connection:
        catalog = metric_definitions.stored_catalog(connection)
        facts = catalog.evaluations
        way = 1 + sa.func.coalesce(facts.c.duration_seconds, 0) % len(CHANNELS)
        connection.execute(sa.update(facts).values({own.column: way}))
        rollup.rebuild(connection, catalog)
    zone, calendar = workspace.settings.zone, workspace.calendar
    year = Filters.from_parameters(YEAR, zone, EVERYTHING, catalog)
    of_one = Filters.from_parameters({**YEAR, own.parameter: [CHANNELS[3]]}, zone, EVERYTHING, catalog)
    dimension = catalog.filters_by_name[own.parameter]
    pairs = {
        "by an own category; yardstick: by campaign": (
            (breakdowns.breakdown, year, calendar, dimension),
            (breakdowns.breakdown, year, calendar, CAMPAIGN),
        ),
        "summary of an own category; yardstick: of all": (
            (queries.summary, of_one, calendar),
            (queries.summary, year, calendar),
        ),
    }
    for what, (asked, beside) in pairs.items():

        def ask(question: Any, *arguments: Any) -> None:
            with workspace.facts.read(workspace.settings.query_seconds) as connection:
                question(connection, *arguments)

        took, yardsticks = [], []
        for _ in range(3):  # by turns, as the machine has other things to do
            yardsticks += timed(lambda beside=beside: ask(*beside), times=7)  # type: ignore[misc]
            took += timed(lambda asked=asked: ask(*asked), times=7)  # type: ignore[misc]
        report.add("own fields", f"{what}; wanted: ratio 3", engine, took, yardstick=statistics.median(yardsticks))


def _imports(report: Report, engine: str, workspace: Workspace) -> None:
    plain = data.new_calls(NEW_ROWS)
    rows = pa.csv.read_csv(plain, convert_options=pa.csv.ConvertOptions(strings_can_be_null=False))
    count = len(rows)
    own: dict[str, list[str]] = {
        "channel": [CHANNELS[n % 12] for n in range(count)],
        "language": [("en", "es", "pt")[n % 3] for n in range(count)],
        "csat": [str(n % 41 / 8) for n in range(count)],
        "resolved": [("Y", "N", "")[n % 3] for n in range(count)],
        "remark": [f"said {n % 9973} things" if n % 4 == 0 else "" for n in range(count)],
    }
    own |= {
        f"q{number}": [str((n * 7 + number) % 6) if n % 19 else "N/A" for n in range(count)] for number in range(10)
    }
    for name, values in own.items():
        rows = rows.append_column(name, pa.array(values))
    place = rows.column_names.index("id")
    ids = pa.array([f"own_{number}" for number in rows.column(place).to_pylist()])
    path = plain.with_name("new-with-fields.csv")
    pa.csv.write_csv(rows.set_column(place, "id", ids), path)
    yardstick, took = _load(workspace, plain, None), _load(workspace, path, MAPPING)
    what = f"import of {count:,} with 5 fields and 10 criteria; yardstick: without; wanted: ratio 3"
    report.add("own fields", what, engine, [took], yardstick=yardstick)


def _load(workspace: Workspace, path: Path, mapping: str | None) -> float:
    request = ImportRequest((InputFile(path, path.name),), "bench", mapping)
    begun = time.perf_counter()
    service.run(workspace.facts, workspace.settings, workspace.catalog, request, lambda _: None)
    return (time.perf_counter() - begun) * 1000


def _take_back(workspace: Workspace) -> None:
    with workspace.facts.write() as connection:
        facts = schema.evaluations
        connection.execute(sa.delete(facts).where(sa.or_(facts.c.id.startswith("new_"), facts.c.id.startswith("own_"))))
        for table in (schema.answers, schema.criteria):
            connection.execute(sa.delete(table))
        kept = {own.name for own in SAMPLE_FIELDS}
        for own in field_definitions.own_fields(connection):
            if own.name not in kept:
                field_definitions.delete(connection, own.name)
        rollup.rebuild(connection, metric_definitions.stored_catalog(connection))
