"""Both stores from every earlier revision, with data in them as its program wrote them; and from a later one.

A new migration fails here until `FACTS_ROWS` or `STATE_ROWS` say what the one before it had in its tables.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib import __version__, cli
from lib.access.actors import SystemActor, key_actor
from lib.access.audit_log import AuditFilter, AuditLog
from lib.analytics import queries
from lib.catalog.measures import MEASURES, aggregates
from lib.errors import DatabaseVersionError
from lib.errors.codes import FailureCode
from lib.ingest import history
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import duckdb_wal, migrations, schema
from lib.store.enums import ImportResult
from lib.store.facts import FactStore
from lib.store.messages import Message
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.filters import make_filters
from tests.test_app import start

NOON = datetime(2024, 1, 1, 12)  # as the tables hold it: UTC, without saying so
EVALUATIONS: list[dict[str, Any]] = [
    {
        "id": f"e{n}", "audio_at": NOON + timedelta(days=n * 3), "day": (NOON + timedelta(days=n * 3)).date(),
        "state": n % 4 + 1, "sentiment": None if n % 5 == 0 else n % 3 + 1, "score": None if n % 7 == 0 else n * 977 % 100_001,
        "duration_seconds": None if n % 6 == 0 else n * 7, "is_ai": n % 2 == 0, "campaign_key": n % 3,
        "call_center_key": n % 2, "engagement_key": n % 2, "executive_key": n % 3, "audio_file_name": None,
        "created_at": NOON,
    }
    for n in range(120)
]  # fmt: skip
NAMED = [{"key": n, "id": f"id{n}", "name": f"Ñame {n}"} for n in (1, 2)]
IMPORT = {
    "id": "imp_1", "started_at": NOON, "finished_at": NOON, "actor": "test", "files": "[]", "mapping": None, "result": "loaded",
    "message": None, "read": 120, "added": 120, "changed": 0, "unchanged": 0, "duplicates": 0, "blank": 0, "bad": 0,
    "days": 120, "first_day": date(2024, 1, 1), "last_day": date(2024, 12, 23), "bad_rows_file": None,
}  # fmt: skip

Rows = dict[str, list[dict[str, Any]]]
FILES = {
    "imp_6": ("a.csv: can't be read: it is no file.", Message(FailureCode.FILE_NOT_REGULAR, {"name": "a.csv"})),
    "imp_7": (
        'a: "b".csv: row 3 (line 4): a quote is opened and never closed. Right would be a closing ", or "" where the '
        "text itself has one.",
        Message(FailureCode.CSV_QUOTE_OPEN, {"name": 'a: "b".csv', "row": "3", "line": "4", "quote": '"'}),
    ),
    "imp_8": (
        "a.xlsx: there is no sheet 'x' (nearest: 'y'); it has: y.",
        Message(FailureCode.OTHER, {"text": "a.xlsx: there is no sheet 'x' (nearest: 'y'); it has: y."}),
    ),
}
"""Why imports failed of their files: in words, and as it is kept afterwards."""

IMPORTS = [
    IMPORT,
    {**IMPORT, "id": "imp_2", "result": "loaded without bad rows", "actor": "this machine"},
    {**IMPORT, "id": "imp_3", "result": "nothing loaded", "actor": "Data page"},
    {**IMPORT, "id": "imp_4", "result": "failed", "actor": "API key robot (cb_live_abcdefgh)", "message": "a.csv: Ñ"},
    {**IMPORT, "id": "imp_5", "result": "failed", "message": "MemoryError"},
    *({**IMPORT, "id": number, "result": "failed", "message": words} for number, (words, _) in FILES.items()),
]

FIRST: Rows = {
    "evaluations": EVALUATIONS,
    "campaigns": NAMED,
    "call_centers": NAMED[:1],
    "engagements": NAMED[:1],
    "executives": NAMED,
    "imports": IMPORTS,
}
LISTED = [
    *((number, ImportResult.FAILED, "test", after) for number, (_, after) in reversed(FILES.items())),
    ("imp_5", ImportResult.FAILED, "test", Message(FailureCode.UNEXPECTED, {"kind": "MemoryError"})),
    (
        "imp_4",
        ImportResult.FAILED,
        key_actor("robot", "cb_live_abcdefgh"),
        Message(FailureCode.OTHER, {"text": "a.csv: Ñ"}),
    ),
    ("imp_3", ImportResult.NOTHING_LOADED, SystemActor.DATA_PAGE, None),
    ("imp_2", ImportResult.LOADED_WITHOUT_BAD_ROWS, SystemActor.LOCAL, None),
    ("imp_1", ImportResult.LOADED, "test", None),
]
"""How the imports are listed afterwards."""

OF_0006: Rows = {
    **FIRST,
    "imports": [
        {
            **IMPORT,
            "id": number,
            "result": result.value,
            "actor": actor,
            "message": json.dumps({"code": "other", "values": {"text": FILES[number][0]}})
            if number in FILES
            else None
            if after is None
            else after.to_json(),
        }
        for number, result, actor, after in LISTED
    ],
}

OF_0007: Rows = {
    **OF_0006,
    "imports": [
        row | {"message": None if after is None else after.to_json()}
        for row, (*_, after) in zip(OF_0006["imports"], LISTED, strict=True)
    ],
}

OF_0009: Rows = {
    **OF_0007,
    "replaced_evaluations": [{**EVALUATIONS[0], "data_version": 1, "replaced_in": 2}],
    "replaced_names": [{"dimension": "campaigns", "key": 2, "name": "Before", "replaced_in": 2}],
}

OF_0011: Rows = {
    **OF_0009,
    "evaluations": [
        {
            **row,
            "evaluator_key": 1,
            "form_key": 1,
            "evaluated_at": NOON,
            "recording_url": "https://calls.example/1",
            "data_version": 1,
        }
        for row in EVALUATIONS
    ],
    "replaced_evaluations": [
        {**EVALUATIONS[0], "evaluator_key": 0, "form_key": 0, "data_version": 1, "replaced_in": 2}
    ],
    "evaluators": NAMED[:1],
    "forms": NAMED[:1],
}

OF_ANSWERS = (
    *("criteria", "answers", "daily_of_scorecards", "monthly_of_scorecards", "daily_by_criterion"),
    *("monthly_by_criterion", "monthly_by_criterion_and_executive", "monthly_by_criterion_and_evaluator"),
    *("daily_total_of_scorecards", "daily_total_by_criterion"),
)

FACTS_ROWS: dict[str, Rows] = {
    **dict.fromkeys(("0001", "0002", "0003", "0004", "0005"), FIRST),
    "0006": OF_0006,
    "0007": OF_0007,
    "0008": OF_0007,
    "0009": OF_0009,
    "0010": OF_0009,
    "0011": OF_0011,
    "0012": {**OF_0011, "fields": []},  # what defines one makes its column, too
    "0013": {**OF_0011, "fields": [], **{name: [] for name in OF_ANSWERS}},
    "0014": {**OF_0011, "fields": [], **{name: [] for name in OF_ANSWERS}},
}
"""What the tables of each revision hold; those of the rollups are filled by their columns, `workspace` by the first."""

JOB = {
    "id": "job_1", "kind": "import", "status": "completed", "actor": "test", "payload": '{"files": []}',
    "progress": 100.0, "message": None, "result": '{"bad": 0}', "created_at": NOON, "started_at": NOON,
    "finished_at": NOON, "lease_until": None, "attempt": 1, "cancel_requested": False,
}  # fmt: skip
FAILED, UNDER_WAY = {"status": "failed", "result": None}, {"status": "processing", "result": None}
JOBS: list[tuple[dict[str, Any], Message | str | None]] = [
    ({**UNDER_WAY, "message": "reading (3 rows read)"}, None),
    ({**FAILED, "message": "cancelled"}, Message(FailureCode.CANCELLED)),
    ({**FAILED, "message": "Stopped; the data are as they were."}, Message(FailureCode.STOPPED)),
    ({**FAILED, "message": "given up after 3 attempts"}, Message(FailureCode.GIVEN_UP, {"attempts": 3})),
    (
        {**FAILED, "message": "it had not ended when the backup was made that was restored"},
        Message(FailureCode.UNFINISHED_IN_BACKUP),
    ),
    (
        {**FAILED, "message": "An error that should not be (KeyError); the log says more."},
        Message(FailureCode.UNEXPECTED, {"kind": "KeyError"}),
    ),
    (
        {**FAILED, "message": "The database did not answer. Nothing is lost; right would be to try again."},
        Message(FailureCode.DATABASE_UNAVAILABLE),
    ),
    (
        {
            **FAILED,
            "message": "The file is larger than 2000 MB (CALLBOARD_EXPORT_MB). Right would be fewer rows.",
        },
        Message(FailureCode.EXPORT_TOO_LARGE, {"megabytes": 2000}),
    ),
    (
        {**FAILED, "message": "7 rows were written where 8 were expected, so the file was thrown away."},
        Message(FailureCode.EXPORT_INCOMPLETE, {"written": 7, "expected": 8}),
    ),
    ({**FAILED, "message": 'a.csv: "Ñ" is wrong.'}, Message(FailureCode.OTHER, {"text": 'a.csv: "Ñ" is wrong.'})),
    (
        {"result": '{"bad": 1, "lines": ["rows read: 2"], "result": "loaded without bad rows"}'},
        '{"bad": 1, "result": "loaded_without_bad_rows"}',
    ),
]
"""Jobs as they were, and their message, or their result, afterwards."""

ORDERS = {
    '{"report": "trends", "grant": {"call_centers": ["id1", "\\u00d1"], "campaigns": []}, "shown": "\\u00d1"}': (
        '{"report": "trends", "grant": {"callCenter": ["id1", "\\u00d1"], "campaign": []}, "shown": "\\u00d1"}'
    ),
    '{"grant": {"call_centers": null, "campaigns": null}}': '{"grant": {}}',
}
"""Payloads of exports as they were, and afterwards."""

OF_0001: Rows = {
    "jobs": [
        JOB,
        {**JOB, "id": "job_2", "actor": "this machine"},
        {**JOB, "id": "job_3", "actor": "API key robot (cb_live_abcdefgh)"},
        {**JOB, "id": "job_4", "actor": "Exports page"},
        *({**JOB, **more, "id": f"job_5_{n:02}"} for n, (more, _) in enumerate(JOBS)),
        *({**JOB, "id": f"job_6_{n}", "kind": "export", "payload": before} for n, before in enumerate(ORDERS)),
    ],
    "mappings": [{"header": "digest", "toml": "[columns]\nid = 'Ñ'", "saved_at": NOON}],
}  # fmt: skip
KEY = {
    "prefix": "cb_live_abcdefgh", "name": "robot", "hash": "0" * 64, "scopes": '["analytics:read"]',
    "call_centers": '["id1"]', "campaigns": None, "created_at": NOON, "created_by": "test", "expires_at": None,
    "revoked_at": None, "last_used_at": NOON,
}  # fmt: skip
OF_0002: Rows = {
    **OF_0001,
    "api_keys": [KEY, {**KEY, "prefix": "cb_live_bcdefghi", "created_by": "Settings page"}],
    "idempotency": [
        {"api_key": "cb_live_abcdefgh", "idempotency_key": "once", "request": "1" * 64, "job": "job_1", "created_at": NOON}
    ],
}  # fmt: skip
OF_0003: Rows = {
    **OF_0002,
    "views": [
        {
            "id": "v1", "name": "Mine", "owner": "all", "shared": True, "page": "", "parameters": '{"sentiment": ["Negative"]}',
            "period": None,
            "is_default": True, "created_at": NOON, "changed_at": NOON,
        }
    ],
    "notes": [{"id": "n1", "day": date(2024, 1, 2), "text": "Ñ", "author": "test", "created_at": NOON}],
    "pinned_links": [
        {
            "id": "l1", "page": "", "parameters": '{"state": ["Failed"], "isAICall": ["true"]}', "created_at": NOON, "created_by": "test", "data_version": 1,
            "data_changed_at": NOON, "definitions": "{}", "figures": json.dumps({"x": 1}), "measures": "{}",
        }
    ],
}  # fmt: skip
PERSON = {
    "id": "p1", "issuer": None, "subject": None, "email": "ann@example.com", "name": "Ñ", "role": "viewer",
    "call_centers": None, "campaigns": '["id1"]', "created_at": NOON, "created_by": "test", "seen_at": None,
}  # fmt: skip
OF_0004: Rows = {
    **OF_0003,
    "people": [PERSON, {**PERSON, "id": "p2", "email": "bo@example.com", "created_by": "first log-in"}],
    "sessions": [{"id": "2" * 64, "person": "p1", "started_at": NOON, "seen_at": NOON, "ended_at": None}],
    "audit": [
        {"id": f"a{n:02}", "at": NOON, "actor": actor, "action": action, "subject": subject, "details": details}
        for n, (action, subject, details, actor) in enumerate(
            entry if len(entry) == 4 else (*entry, "test")
            for entry in [
                *[("export", "Ñ", '{"rows": 3}')] * 3,
                *[(action, "ann@example.com", "{}") for action in ("logged in", "logged out", "session ended")],
                *[(action, "ann@example.com", "{}") for action in ("person added", "person changed", "person removed")],
                *[(action, "robot", "{}") for action in ("key created", "key revoked", "repair", "backup", "download")],
                *[(action, "all", "{}") for action in ("saved views deleted", "notes deleted", "time zone changed")],
                ("sample data", "", '{"rows": 9}'),
                ("import", '"why": "too old".csv', '{"result": "loaded without bad rows", "import_id": "imp_2"}'),
                ("import", "b.csv", '{"result": "nothing loaded", "import_id": "imp_3"}'),
                ("session ended", "ann@example.com", '{"why": "too old"}'),
                ("session ended", "ann@example.com", '{"why": "idle for too long"}'),
                ("restore", "backup of 2024-01-01T12:00:00+00:00", '{"program": "0.1.0"}'),
                ("sample data", "", "{}", "the first start"),
                ("session ended", "ann@example.com", "{}", "time"),
                ("export", "by a user who is called so", "{}", "time"),
                ("download", "a.csv", '{"ordered_by": "API key robot (cb_live_abcdefgh)", "bytes": 3}', "signed link"),
                ("download", "a.csv", '{"ordered_by": "this machine", "bytes": 3}', "API key robot"),
                ("import", "a.csv", "{}", "Data page"),
            ]
        )
    ],
}  # fmt: skip

AUDITED = [
    *[("export", "Ñ", {"rows": 3})] * 3,
    *[(action, "ann@example.com", {}) for action in ("log_in", "log_out", "session_ended")],
    *[(action, "ann@example.com", {}) for action in ("person_added", "person_changed", "person_removed")],
    *[(action, "robot", {}) for action in ("key_created", "key_revoked", "repair", "backup", "download")],
    *[(action, "all", {}) for action in ("views_deleted", "notes_deleted", "timezone")],
    ("sample", "", {"rows": 9}),
    ("import", '"why": "too old".csv', {"result": "loaded_without_bad_rows", "import_id": "imp_2"}),
    ("import", "b.csv", {"result": "nothing_loaded", "import_id": "imp_3"}),
    ("session_ended", "ann@example.com", {"why": "too_old"}),
    ("session_ended", "ann@example.com", {"why": "idle"}),
    ("restore", "2024-01-01T12:00:00+00:00", {"program": "0.1.0"}),
    ("sample", "", {}, "system:first_start"),
    ("session_ended", "ann@example.com", {}, "system:session_timeout"),
    ("export", "by a user who is called so", {}, "time"),
    ("download", "a.csv", {"ordered_by": "key:robot (cb_live_abcdefgh)", "bytes": 3}, "system:signed_link"),
    ("download", "a.csv", {"ordered_by": "system:local", "bytes": 3}, "key:robot"),
    ("import", "a.csv", {}, "system:data_page"),
]
"""What the audit says afterwards: action, subject, details, and the actor where it is not the same for all."""

CODES: dict[str, dict[str, Any]] = {
    "job_2": {"actor": "system:local"},
    "job_3": {"actor": "key:robot (cb_live_abcdefgh)"},
    "job_4": {"actor": "system:exports_page"},
    **{
        f"job_5_{n:02}": {"result": after}
        if isinstance(after, str)
        else {"message": None if after is None else after.to_json()}
        for n, (_, after) in enumerate(JOBS)
    },
    "cb_live_bcdefghi": {"created_by": "system:settings_page"},
    "p2": {"created_by": "system:first_log_in"},
}
"""What is in other tables since they hold codes, where it is not as it was: columns by the row's primary key."""

STATE_OF_0006: Rows = {
    **{name: [row | CODES.get(next(iter(row.values())), {}) for row in rows] for name, rows in OF_0004.items()},
    "audit": [
        {"id": f"a{n:02}", "at": NOON, "action": action, "subject": subject, "details": json.dumps(details),
         "actor": (*actor, "test")[0]}
        for n, (action, subject, details, *actor) in enumerate(AUDITED)
    ],
}  # fmt: skip
STATE_ROWS: dict[str, Rows] = {
    "0001": OF_0001,
    "0002": OF_0002,
    "0003": OF_0003,
    "0004": OF_0004,
    "0005": OF_0004,
    "0006": STATE_OF_0006,
}
"""What the tables of each revision hold."""

GRANTS: dict[str, dict[str, Any]] = {
    "api_keys": {"grant_limits": '{"callCenter": ["id1"]}'},
    "people": {"grant_limits": '{"campaign": ["id1"]}'},
    "views": {"parameters": "{}"},
    "pinned_links": {"grant_limits": None, "parameters": '{"isAICall": ["true"]}'},
}
"""What every row of a table holds since a grant is one column."""


def afterwards(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row of an earlier revision holds now."""
    number = next(iter(row.values()))
    kept = {name: value for name, value in row.items() if name not in ("call_centers", "campaigns")}
    if table == "jobs":
        kept["payload"] = ORDERS.get(kept["payload"], kept["payload"])
    return kept | CODES.get(number, {}) | GRANTS.get(table, {})


EARLIER_FACTS = migrations.revisions("facts")[:-1]
STATE_ROWS["0007"] = {name: [afterwards(name, row) for row in rows] for name, rows in STATE_OF_0006.items()}
_MADE: dict[str, Any] = {"created_at": NOON, "changed_at": NOON}
STATE_ROWS["0008"] = STATE_ROWS["0007"] | {
    "reports": [{"id": "r1", "name": "Monday", "definition": "{}", "owner": "ana@example.com", "owner_id": "p1",
                 "status": "active", "data_version": 1, "version": 1, **_MADE}],
    "report_runs": [{"id": "run1", "report": "r1", "due_at": NOON, "reason": "schedule", "status": "sent", "attempt": 1,
                     "failures": 0, "created_at": NOON}],
    "unsubscribed": [{"subject": "r1", "address": "bob@example.com", "at": NOON}],
    "deliveries": [{"id": "d1", "channel": "mail", "cause": "run1", "subject": "r1", "address": "ana@example.com",
                    "content": "c1", "status": "sent", "attempt": 1, "failures": 0, "created_at": NOON}],
    "delivery_contents": [{"id": "c1", "content": b"mail", "created_at": NOON}],
    "webhooks": [{"id": "w1", "url": "https://hooks.example.com", "events": "[]", "description": "", "format": "json",
                  "salt": "s", "owner": "ana@example.com", "owner_id": "p1", "status": "active", **_MADE}],
    "alerts": [{"id": "al1", "name": "Score", "definition": "{}", "owner": "ana@example.com", "owner_id": "p1",
                "status": "active", "check_count": 3, "looks": 0, "version": 1, **_MADE}],
    "alert_states": [{"alert": "al1", "member": "", "name": "", "state": "normal", "settled": "normal", "since": NOON,
                      "settled_since": NOON, "streak": 3, "severity": 0.0, "announced": False}],
    "alert_changes": [{"id": "ch1", "alert": "al1", "member": "", "name": "", "at": NOON, "before": "normal",
                       "after": "firing"}],
}  # fmt: skip
EARLIER_STATE = migrations.revisions("state")[:-1]


def tables_of(connection: Connection) -> dict[str, sa.Table]:
    """Return the tables that a store has, with plain types: those of its revision, whatever today's are."""
    inspector = sa.inspect(connection)
    plain = {"BOOLEAN": sa.Boolean, "DATE": sa.Date, "TIMESTAMP": sa.DateTime, "DATETIME": sa.DateTime}
    found = {}
    for name in inspector.get_table_names():
        if not name.startswith("alembic_version"):
            columns: list[sa.Column[Any]] = [
                sa.Column(str(each["name"]), plain.get(str(each["type"]), sa.types.NullType))
                for each in inspector.get_columns(name)
            ]
            found[name] = sa.Table(name, sa.MetaData(), *columns)
    return found


def fill_rollup(connection: Connection, table: sa.Table) -> None:
    """Fill a rollup of any revision as its program did: its measures, summed by its keys and by day or month."""
    rows = schema.evaluations
    day = sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), rows.c.day), sa.Date)
    keys = [
        (day if table.name.startswith("monthly") else rows.c.day) if name == "day" else rows.c[name]
        for name in table.columns.keys()  # noqa: SIM118 - names, where iteration gives columns
        if name not in MEASURES
    ]
    measures = aggregates(rows, [column.name for column in table.columns if column.name in MEASURES])
    connection.execute(sa.insert(table).from_select(table.columns.keys(), sa.select(*keys, *measures).group_by(*keys)))


def fill(connection: Connection, rows: Rows, of: sa.MetaData) -> None:
    """Fill every table that there is but the other store's; one that nothing is known of fails."""
    other = set(schema.STATE.tables if of is schema.FACTS else schema.FACTS.tables)
    tables = {name: table for name, table in tables_of(connection).items() if name not in other}
    for name, table in tables.items():
        if rows.get(name):
            connection.execute(sa.insert(table), rows[name])
    for name, table in tables.items():
        if of is schema.FACTS and "day" in table.columns and "evaluations" in table.columns:
            fill_rollup(connection, table)
        elif name == "workspace":
            connection.execute(sa.update(table).values(data_version=1))
        else:
            assert name in rows, f"what the table {name} held at this revision is to be said in {__name__}"


def figures(workspace: Workspace) -> tuple[int, ...]:
    found = workspace.answers.run(queries.summary, make_filters(), workspace.calendar).sums
    return (
        found["evaluations"],
        found["completed"],
        found["scored"],
        found["score_sum"],
        found["positive"],
        found["duration_sum"],
        found["duration_square_sum"],
    )


def by_hand() -> tuple[int, ...]:
    done = [each for each in EVALUATIONS if each["state"] == 3]
    scores = [each["score"] for each in done if each["score"] is not None]
    return (
        len(EVALUATIONS), len(done), len(scores), sum(scores), sum(each["sentiment"] == 1 for each in done),
        sum(each["duration_seconds"] or 0 for each in done),
        sum((each["duration_seconds"] or 0) ** 2 for each in done),
    )  # fmt: skip


@pytest.mark.parametrize("revision", EARLIER_FACTS)
def test_facts_of_an_earlier_revision(settings: Settings, revision: str) -> None:
    assert revision in FACTS_ROWS, f"what facts at {revision} held is to be said in {__name__}"
    older = FactStore(settings, to=revision)
    with older.write() as connection:
        fill(connection, FACTS_ROWS[revision], schema.FACTS)
    older.close()
    workspace = Workspace(settings)
    assert figures(workspace) == by_hand()
    assert TASKS["check"](workspace, {}, lambda *_: None)["lines"] == ()
    with workspace.facts.read() as connection:
        assert migrations.revision(connection, "facts") == migrations.revisions("facts")[-1]
        for name, rows in FACTS_ROWS[revision].items():
            held = sa.select(sa.func.count()).select_from(schema.FACTS.tables[name])
            none = bool(rows) and rows[0].get("key") == 1  # and the one for none
            assert connection.execute(held).scalar_one() == len(rows) + none
        listed = history.entries(connection)
        assert [(entry.id, entry.result, entry.actor, entry.message) for entry in listed] == LISTED
    workspace.close()


@pytest.mark.parametrize("revision", EARLIER_STATE)
def test_state_of_an_earlier_revision(settings: Settings, revision: str) -> None:
    assert revision in STATE_ROWS, f"what the state at {revision} held is to be said in {__name__}"
    older, rows = StateStore(settings, to=revision), STATE_ROWS[revision]
    with older.transaction() as connection:
        fill(connection, rows, schema.STATE)
    older.close()
    StateStore(settings).close()
    again = StateStore(settings)
    with again.read() as connection:
        tables = tables_of(connection)
        for name in rows.keys() - {"audit"}:
            expected = [afterwards(name, row) for row in rows[name]]
            columns = [tables[name].c[column] for column in expected[0]]
            found = [dict(row._mapping) for row in connection.execute(sa.select(*columns).order_by(columns[0]))]
            assert found == expected
        assert set(schema.STATE.tables) <= set(tables)
    if "audit" in rows:
        entries = AuditLog(again).entries(AuditFilter(ZoneInfo("UTC")), 100)
        told = [(entry.action, entry.subject, entry.details, entry.actor) for entry in reversed(entries)]
        assert told == [each if len(each) == 4 else (*each, "test") for each in AUDITED]
        for change in (sa.update(schema.audit).values(actor="somebody else"), sa.delete(schema.audit)):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), again.engine.begin() as connection:
                connection.execute(change)
    again.close()


def version_table(store: migrations.Store) -> sa.TableClause:
    return sa.table(f"alembic_version_{store}", sa.column("version_num"))


def contents(settings: Settings) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in settings.data_dir.glob("*.*") if path.suffix in (".duckdb", ".sqlite")
    }


def revision_of(settings: Settings, store: migrations.Store) -> str | None:
    engine = sa.create_engine(settings.facts_url if store == "facts" else settings.state_database_url)
    with engine.connect() as connection:
        found = migrations.revision(connection, store)
    engine.dispose()
    return found


@pytest.fixture
def call(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Call a command that fails; give its exit code, and all that it said."""
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_DATABASE_URL", settings.database_url)

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["callboard", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("store", ["facts", "state"])
def test_a_newer_store_is_refused_and_both_are_left_as_they_are(
    settings: Settings, store: migrations.Store, call: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """The other store is older, and would be migrated otherwise."""
    facts, state = FactStore(settings, to=EARLIER_FACTS[-1]), StateStore(settings, to=EARLIER_STATE[-1])
    with facts.write() if store == "facts" else state.transaction() as connection:
        connection.execute(sa.update(version_table(store)).values(version_num="9999"))
    facts.close()
    state.close()
    before = contents(settings)
    calls = tmp_path / "calls.csv"
    calls.write_text("id,audioDate\na,2024-01-01\n")
    known = migrations.revisions(store)[-1]
    told = f"its {store} are at migration 9999, which this version ({__version__}) knows up to {known}. Nothing was changed."
    with pytest.raises(DatabaseVersionError) as error:
        Workspace(settings)
    assert told in error.value.message
    commands = [
        ["check"],
        ["check", "--repair"],
        ["import", str(calls)],
        ["sample"],
        ["backup", str(tmp_path / "b.zip")],
    ]
    for command in [*commands, *([["keys", "list"]] if store == "state" else [])]:
        code, output = call(*command)
        assert (code, told in output, "Traceback" in output) == (2, True, False), (command, output)
    if not settings.database_url and store == "facts":
        done = start(settings.data_dir)
        assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr
    assert contents(settings) == before and not (tmp_path / "b.zip").exists()
    found = {each: revision_of(settings, each) for each in ("facts", "state")}
    assert found == {"facts": EARLIER_FACTS[-1], "state": EARLIER_STATE[-1], store: "9999"}


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_a_file_of_a_newer_duckdb_is_refused(settings: Settings) -> None:
    Workspace(settings).close()
    path = settings.facts_file
    assert path is not None
    content = bytearray(path.read_bytes())
    content[12:20] = struct.pack("<Q", 99)  # the form's number, in the first block, which begins with its checksum
    content[:8] = struct.pack("<Q", duckdb_wal.checksum(bytes(content[8:4096])))
    path.write_bytes(content)
    with pytest.raises(DatabaseVersionError, match="A newer version of Callboard wrote the database"):
        Workspace(settings)
    assert path.read_bytes() == content
