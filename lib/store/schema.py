"""The tables of both stores. No queries.

The facts (`FACTS`) live in DuckDB or PostgreSQL, the state (`STATE`) in SQLite or PostgreSQL. The facts' rollups are
added to them by `catalog/rollups.py`, from the measures; what of the state goes out to people is in
`outgoing_schema.py`. The migrations build these tables; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

FACTS = sa.MetaData()
STATE = sa.MetaData()


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant: timezone-aware in Python, UTC without a zone in the database."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else value.replace(tzinfo=UTC)


workspace = sa.Table(
    "workspace",
    FACTS,
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),  # one row, 1
    sa.Column("data_version", sa.BigInteger, nullable=False),  # grows with every change of the facts
    sa.Column("timezone", sa.Text, nullable=False),  # the zone that `evaluations.day` was computed in
    sa.Column("is_sample", sa.Boolean, nullable=False),  # the facts are sample data
    sa.Column("changed_at", UtcDateTime, nullable=False),
)


def names_table(table: str, tables: sa.MetaData = FACTS) -> sa.Table:
    """Return a table of what evaluations belong to."""
    return sa.Table(
        table,
        tables,
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, unique=True),  # null in the row NO_KEY alone
        sa.Column("name", sa.Text, nullable=False),
    )


campaigns = names_table("campaigns")
call_centers = names_table("call_centers")
engagements = names_table("engagements")
executives = names_table("executives")
evaluators = names_table("evaluators")
forms = names_table("forms")

fields = sa.Table(  # that a workspace defined; lib/catalog/own_fields.py says what follows from each
    "fields",
    FACTS,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # of its column
    sa.Column("name", sa.Text, unique=True, nullable=False),
    sa.Column("type", sa.Text, nullable=False),  # an OwnFieldType
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("unit", sa.Text),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("is_sample", sa.Boolean, nullable=False),  # it came with sample data, and goes with them
)

metrics = sa.Table(  # that a workspace defined, each version; lib/catalog/own_metrics.py says what follows from each
    "metrics",
    FACTS,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),  # from 1; the last one counts
    sa.Column("definition", sa.Text, nullable=False),  # JSON
    sa.Column("archived", sa.Boolean, nullable=False),  # the same in all versions of a metric
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),  # who; lib/access/actors.py has the forms
)

metric_rollups = sa.Table(  # sets of rollups that hold measures of own metrics; the last one is kept up to date
    "metric_rollups",
    FACTS,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # of its tables
    sa.Column("measures", sa.Text, nullable=False),  # JSON: their names
    sa.Column("retired_at", UtcDateTime),  # since when nobody keeps it up to date; its tables are about to go
)

evaluations = sa.Table(
    "evaluations",
    FACTS,
    # Unique; PostgreSQL holds that by an index, and on DuckDB, where such an index makes loading eight times slower,
    # the one writer holds it.
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("audio_at", UtcDateTime, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("sentiment", sa.SmallInteger),
    sa.Column("score", sa.Integer),
    sa.Column("duration_seconds", sa.Integer),
    sa.Column("is_ai", sa.Boolean, nullable=False),
    sa.Column("campaign_key", sa.Integer, nullable=False),
    sa.Column("call_center_key", sa.Integer, nullable=False),
    sa.Column("engagement_key", sa.Integer, nullable=False),
    sa.Column("executive_key", sa.Integer, nullable=False),
    sa.Column("evaluator_key", sa.Integer, nullable=False),
    sa.Column("form_key", sa.Integer, nullable=False),
    sa.Column("audio_file_name", sa.Text),
    sa.Column("created_at", UtcDateTime),
    sa.Column("evaluated_at", UtcDateTime),
    sa.Column("recording_url", sa.Text),
    # The `data_version` that brought the row as it is; null where a program did that which kept none.
    sa.Column("data_version", sa.Integer),
    # Its answers to a scorecard's criteria: what they are kept under, and all of them in short; null where it has none.
    sa.Column("answer_set", sa.BigInteger),
    sa.Column("answers_digest", sa.BigInteger),  # the same for the same answers
    sa.Column("answers_points", sa.BigInteger),  # of those that are applicable, in 1/OWN_SCALE of a point
    sa.Column("answers_max", sa.BigInteger),  # the most that these could have, in the same
    sa.Column("critical_failed", sa.Boolean),  # whether one got no points that had to
)

EVALUATION_INDEXES = (
    sa.Index("evaluations_id", evaluations.c.id, unique=True).ddl_if(dialect="postgresql"),
    # Instants alone: ids beside them made it more than twice as long, and what it finds is sorted by id either way.
    sa.Index("evaluations_newest", evaluations.c.audio_at).ddl_if(dialect="postgresql"),
)

criteria = sa.Table(  # the questions of scorecards, each known by its name and its form
    "criteria",
    FACTS,
    sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("form", sa.Text),  # null: of none
    sa.Column("section", sa.Text),  # null: in none
)

answers = sa.Table(
    "answers",
    FACTS,
    sa.Column("answer_set", sa.BigInteger, nullable=False),  # of one evaluation, or of one that was replaced
    sa.Column("criterion_key", sa.Integer, nullable=False),
    sa.Column("points", sa.Integer),  # in 1/OWN_SCALE of a point; null: not applicable
    sa.Column("max_points", sa.Integer),  # as points; null only where the answer is not applicable
    sa.Column("critical", sa.Boolean, nullable=False),  # to get no points fails the call
    # In 1/SHARE_SCALE, null where the answer is not applicable: points ÷ max_points, and what the missing points are of
    # the most that all answers of the evaluation could have.
    sa.Column("share", sa.Integer),
    sa.Column("lost", sa.Integer),
    sa.Column("comment", sa.Text),
)

ANSWERS_INDEX = sa.Index("answers_set", answers.c.answer_set).ddl_if(dialect="postgresql")

replaced_evaluations = sa.Table(  # as they were, so that an import can be undone
    "replaced_evaluations",
    FACTS,
    *(sa.Column(column.name, column.type, nullable=column.nullable) for column in evaluations.columns),
    sa.Column("replaced_in", sa.Integer, nullable=False),  # the `data_version` that replaced the row
)

replaced_names = sa.Table(
    "replaced_names",
    FACTS,
    sa.Column("dimension", sa.Text, nullable=False),
    sa.Column("key", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),  # as it was before
    sa.Column("replaced_in", sa.Integer, nullable=False),
)

imports = sa.Table(
    "imports",
    FACTS,
    sa.Column("id", sa.Text, primary_key=True),  # grows with time
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # who; lib/access/actors.py has the forms
    sa.Column("files", sa.Text, nullable=False),  # JSON: [{"name", "sha256", "bytes"}]
    sa.Column("mapping", sa.Text),  # the mapping's TOML, where there was one
    sa.Column("result", sa.Text, nullable=False),  # an ImportResult
    sa.Column("message", sa.Text),  # why it failed: a Message as JSON
    sa.Column("read", sa.BigInteger, nullable=False),
    sa.Column("added", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("unchanged", sa.BigInteger, nullable=False),
    sa.Column("duplicates", sa.BigInteger, nullable=False),  # rows of the import that a later row of it replaced
    sa.Column("blank", sa.BigInteger, nullable=False),
    sa.Column("bad", sa.BigInteger, nullable=False),
    sa.Column("days", sa.Integer, nullable=False),  # days touched
    sa.Column("first_day", sa.Date),
    sa.Column("last_day", sa.Date),
    sa.Column("bad_rows_file", sa.Text),  # its name in the data dir's folder of reports
    sa.Column("warnings", sa.Text),  # JSON: a list of coded texts
    sa.Column("data_version", sa.Integer),  # that it made; null where it changed nothing, or kept no replaced rows
    sa.Column("undo_lost", sa.Text),  # an ImportCode: why it can no longer be undone
    sa.Column("undone_at", UtcDateTime),
    sa.Column("undone_by", sa.Text),  # who, as `actor`
    sa.Column("undone_job", sa.Text),  # the job that did it, which is not to fail when it is done again
)

jobs = sa.Table(
    "jobs",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),  # grows with time
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # queued | processing | completed | failed
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("payload", sa.Text, nullable=False),  # JSON
    sa.Column("progress", sa.Float, nullable=False),  # 0 to 100
    sa.Column("message", sa.Text),  # what it is doing, or why it failed: a Message as JSON
    sa.Column("result", sa.Text),  # JSON
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("lease_until", UtcDateTime),  # a job whose lease ran out may be claimed again
    sa.Column(
        "attempt", sa.Integer, nullable=False
    ),  # grows with every claim; a stale worker's writes carry an old one
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Index("jobs_status", "status", "created_at"),
)

api_keys = sa.Table(
    "api_keys",
    STATE,
    sa.Column("prefix", sa.Text, primary_key=True),  # the part of the key that may be shown
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),  # SHA-256 of the whole key
    sa.Column("scopes", sa.Text, nullable=False),  # JSON
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("grant_limits", sa.Text),  # JSON: {dimension: ids that it may see}; null for everything
)

idempotency = sa.Table(
    "idempotency",
    STATE,
    sa.Column("api_key", sa.Text, primary_key=True),  # the prefix of the API key that used it
    sa.Column("idempotency_key", sa.Text, primary_key=True),
    sa.Column("request", sa.Text, nullable=False),  # SHA-256 of what was asked for
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

mappings = sa.Table(
    "mappings",
    STATE,
    sa.Column("header", sa.Text, primary_key=True),  # SHA-256 of the header that the mapping is for
    sa.Column("toml", sa.Text, nullable=False),
    sa.Column("saved_at", UtcDateTime, nullable=False),
)

views = sa.Table(
    "views",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),  # others than the owner see it
    sa.Column("page", sa.Text, nullable=False),  # its URL path; empty for the overview
    sa.Column("parameters", sa.Text, nullable=False),  # JSON: {name: [value, …]}, as in the URL
    sa.Column("period", sa.Text),  # a preset's name, where the dates are relative
    sa.Column("is_default", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("owner", "name", name="views_name"),
)

VIEWS_DEFAULT = sa.Index(  # one default for each owner
    "views_default", views.c.owner, unique=True, sqlite_where=views.c.is_default, postgresql_where=views.c.is_default
)

notes = sa.Table(
    "notes",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("notes_day", "day"),
)

pinned_links = sa.Table(
    "pinned_links",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("page", sa.Text, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),  # JSON: {name: [value, …]}; the dates are fixed
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("data_version", sa.BigInteger, nullable=False),  # of the facts that the figures are of
    sa.Column("data_changed_at", UtcDateTime, nullable=False),  # when the facts came to be so
    sa.Column("definitions", sa.Text, nullable=False),  # JSON: {metric or term: what it means}
    sa.Column("figures", sa.Text, nullable=False),  # JSON: {metric: rounded value}
    sa.Column("measures", sa.Text, nullable=False),  # JSON: {measure: sum}, what the figures were computed from
    sa.Column("grant_limits", sa.Text),  # JSON: {dimension: ids that its maker might see}; null for everything
)

people = sa.Table(
    "people",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("issuer", sa.Text),  # who says that it is them; null until they first log in
    sa.Column("subject", sa.Text),  # what the issuer calls them; never another person's
    sa.Column("email", sa.Text),  # in lower case; by it a person is known who has not logged in yet
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),  # none | viewer | analyst | admin
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("seen_at", UtcDateTime),
    sa.Column("grant_limits", sa.Text),  # JSON: {dimension: ids that they may see}; null for everything
    sa.UniqueConstraint("issuer", "subject", name="people_subject"),
    sa.UniqueConstraint("email", name="people_email"),
)

secrets = sa.Table(  # what several processes sign with, on PostgreSQL; lib/access/signing.py says when
    "secrets",
    STATE,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

sessions = sa.Table(
    "sessions",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),  # SHA-256 of what the issuer said at the log-in
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Index("sessions_person", "person"),
)

audit = sa.Table(  # the store refuses to change or delete a row of it
    "audit",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),  # grows with time
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # who; lib/access/actors.py has the forms
    sa.Column("action", sa.Text, nullable=False),  # did what: an Action
    sa.Column("subject", sa.Text, nullable=False),  # to what
    sa.Column("details", sa.Text, nullable=False),  # JSON: {what: value}, some of them codes
    sa.Index("audit_at", "at"),
    sqlite_with_rowid=False,  # by a row id a row could be replaced
)
