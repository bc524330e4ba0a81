"""An import as a database's own hands would do it: COPY, one insert with the unique index, the rollups by SQL."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import rollup
from lib.catalog.catalog import Catalog
from lib.ingest.loader import load_tables
from lib.store.bulk_io import analyze
from lib.store.enums import NO_KEY, SCORE_SCALE
from lib.workspace import Workspace

_KEYS = {
    "campaign_key": ("campaigns", "campaignId"),
    "call_center_key": ("call_centers", "callCenterId"),
    "engagement_key": ("engagements", "engagementId"),
    "executive_key": ("executives", "executiveId"),
    "evaluator_key": ("evaluators", "evaluatorId"),
    "form_key": ("forms", "form"),
}
_VALUES = {
    "id": "by_hand.id",
    "audio_at": '"audioDate"::timestamptz',
    "day": """(("audioDate"::timestamptz) AT TIME ZONE 'UTC')::date""",
    "state": "CASE state WHEN 'Pending' THEN 1 WHEN 'Processing' THEN 2 WHEN 'Completed' THEN 3 ELSE 4 END",
    "sentiment": "CASE sentiment WHEN 'Positive' THEN 1 WHEN 'Neutral' THEN 2 WHEN 'Negative' THEN 3 END",
    "score": f'round("averageNote"::numeric * {SCORE_SCALE})::int',
    "duration_seconds": '"durationInSeconds"::int',
    "is_ai": '"isAICall"::boolean',
    **{column: f"coalesce({table}.key, {NO_KEY})" for column, (table, _) in _KEYS.items()},
    "audio_file_name": '"audioFileName"',
    "created_at": '"createdAt"::timestamptz',
    "evaluated_at": '"evaluatedAt"::timestamptz',
    "recording_url": '"recordingUrl"',
}


def load(workspace: Workspace, path: Path) -> float:
    """Load a CSV of evaluations into PostgreSQL in one transaction, and take it back; return what it took, in ms.

    Nothing is checked, and nothing is kept for an undo; all names are known.
    """
    with workspace.facts.write() as connection:
        begun = time.perf_counter()
        _load(connection, workspace.catalog, path)
        took = (time.perf_counter() - begun) * 1000
        connection.rollback()
    return took


def _load(connection: Connection, catalog: Catalog, path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        columns = [name.strip('"') for name in file.readline().strip().split(",")]
    plain = sa.Table("by_hand", sa.MetaData(), *(sa.Column(name, sa.Text) for name in columns), prefixes=["TEMPORARY"])
    plain.create(connection)
    driver: Any = connection.connection.driver_connection
    with (
        path.open("rb") as file,
        driver.cursor() as cursor,
        cursor.copy("COPY by_hand FROM STDIN (FORMAT csv, HEADER)") as copy,
    ):
        while chunk := file.read(1 << 20):
            copy.write(chunk)
    rows = load_tables(catalog).incoming  # a temporary table like that of the facts
    rows.drop(connection, checkfirst=True)
    rows.create(connection)
    joins = "".join(f' LEFT JOIN {table} ON {table}.id = by_hand."{named}"' for table, named in _KEYS.values())
    lacking = [each.name for each in catalog.evaluations.c if each.name not in _VALUES and not each.nullable]
    values = {**_VALUES, **dict.fromkeys(lacking, str(NO_KEY))}  # own fields, of which the file has none
    connection.exec_driver_sql(
        f"INSERT INTO {rows.name} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM by_hand{joins}"
    )
    analyze(connection, rows)
    ordered = sa.select(rows).order_by(rows.c.day)
    connection.execute(sa.insert(catalog.evaluations).from_select(rows.columns.keys(), ordered))
    rollup.apply(connection, catalog, rows, None, have_answers=False)
    rows.drop(connection)
    plain.drop(connection)
