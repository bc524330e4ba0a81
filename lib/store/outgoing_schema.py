"""The state's tables of what goes out: reports, alerts, webhooks, and their deliveries. No queries."""

from __future__ import annotations

import sqlalchemy as sa

from lib.store.schema import STATE, UtcDateTime

reports = sa.Table(  # pages that go to people by mail; lib/scheduled_reports/definition.py says what one holds
    "reports",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),  # JSON
    sa.Column("owner", sa.Text, nullable=False),  # who; lib/access/actors.py has the forms
    sa.Column("owner_id", sa.Text, nullable=False),  # a person's id, a key's prefix, or `local`
    sa.Column("status", sa.Text, nullable=False),  # a ReportStatus
    sa.Column("pause_reason", sa.Text),  # a PauseReason, where Callboard paused it
    sa.Column("next_at", UtcDateTime),  # when it is due; null where nothing but a hand or an import makes it so
    sa.Column("data_version", sa.BigInteger, nullable=False),  # of the facts, from which on an import makes it due
    sa.Column("last_period", sa.Text),  # that went out after an import: its first and last day
    sa.Column("version", sa.Integer, nullable=False),  # grows with every change
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Index("reports_next", "next_at"),
)

report_runs = sa.Table(
    "report_runs",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),  # grows with time
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),  # a RunReason: what made it due
    sa.Column("status", sa.Text, nullable=False),  # a RunStatus
    sa.Column("error", sa.Text),  # why it failed: a Message as JSON
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),  # attempts that ended with an error
    sa.Column("try_at", UtcDateTime),  # when it may be claimed; null once it is made
    sa.Column("lease_until", UtcDateTime),
    sa.Column("recipient", sa.Text),  # the one address that it is for, where somebody sends it to themselves
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.UniqueConstraint("report", "due_at", name="report_runs_due"),
    sa.Index("report_runs_try", "try_at"),
)

unsubscribed = sa.Table(  # who wants no more mail of a report or an alert
    "unsubscribed",
    STATE,
    sa.Column("subject", sa.Text, primary_key=True),  # the id of the report or the alert
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
)

deliveries = sa.Table(  # what goes out, once to each address for each cause
    "deliveries",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),  # grows with time
    sa.Column("channel", sa.Text, nullable=False),  # a Channel
    sa.Column("cause", sa.Text, nullable=False),  # the id of the run, the change of an alert or the event
    sa.Column("subject", sa.Text, nullable=False),  # the id of the report, the alert or the webhook
    sa.Column("address", sa.Text, nullable=False),  # of mail, or the id of a webhook
    sa.Column("content", sa.Text),  # the id of what goes out; null where nothing does
    sa.Column("status", sa.Text, nullable=False),  # a DeliveryStatus
    sa.Column("answer", sa.Text),  # what the server said last, or a code of why nothing goes out
    sa.Column("bytes", sa.Integer),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),  # attempts that were refused, or not answered
    sa.Column("try_at", UtcDateTime),  # when it may be claimed; null once it has ended
    sa.Column("lease_until", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.UniqueConstraint("cause", "channel", "address", name="deliveries_once"),
    sa.Index("deliveries_try", "channel", "try_at"),
    sa.Index("deliveries_subject", "subject"),
)

delivery_contents = sa.Table(  # what deliveries carry, which several may share
    "delivery_contents",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),  # a mail (lib/mail/content.py) or an event's JSON
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("delivery_contents_created", "created_at"),
)

webhooks = sa.Table(
    "webhooks",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("events", sa.Text, nullable=False),  # JSON: the names of events
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("format", sa.Text, nullable=False),  # a BodyFormat
    sa.Column("salt", sa.Text, nullable=False),  # what tells its signing secret from others made of the same secret
    sa.Column("owner", sa.Text, nullable=False),  # who; lib/access/actors.py has the forms
    sa.Column("owner_id", sa.Text, nullable=False),  # a person's id, a key's prefix, or `local`
    sa.Column("status", sa.Text, nullable=False),  # a WebhookStatus
    sa.Column("off_reason", sa.Text),  # an OffReason; null while it is active
    sa.Column("failing_since", UtcDateTime),  # null while the last delivery succeeded
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
)

alerts = sa.Table(  # lib/alerts/definition.py says what one holds
    "alerts",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),  # JSON
    sa.Column("owner", sa.Text, nullable=False),  # who; lib/access/actors.py has the forms
    sa.Column("owner_id", sa.Text, nullable=False),  # a person's id, a key's prefix, or `local`
    sa.Column("status", sa.Text, nullable=False),  # an AlertStatus
    sa.Column("pause_reason", sa.Text),  # an AlertPause, where Callboard paused it
    sa.Column("next_at", UtcDateTime),  # when it is checked next; null where an import alone makes that so
    sa.Column("lease_until", UtcDateTime),  # of the process that checks it
    sa.Column("checked_at", UtcDateTime),
    sa.Column("checked_version", sa.BigInteger),  # the data_version that was looked at last
    sa.Column("check_count", sa.BigInteger, nullable=False),  # grows with every check that is written down
    sa.Column("looked_on", sa.Date),  # the day of the last look at new data, in the alert's zone
    sa.Column("looks", sa.Integer, nullable=False),  # at new data, on that day
    sa.Column("failure", sa.Text),  # why the last check failed: a Message as JSON
    sa.Column("failed_at", UtcDateTime),  # since when checks fail
    sa.Column("attend_at", UtcDateTime),  # when something is to be told without a check
    sa.Column("snoozed_until", UtcDateTime),
    sa.Column("version", sa.Integer, nullable=False),  # grows with every change
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Index("alerts_next", "next_at"),
)

alert_states = sa.Table(  # of each member that an alert looks at, or of the whole
    "alert_states",
    STATE,
    sa.Column("alert", sa.Text, primary_key=True),
    sa.Column("member", sa.Text, primary_key=True),  # its id; empty for the whole
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # an AlertState
    sa.Column("settled", sa.Text, nullable=False),  # ok or firing: what it is but for faults and what is not yet sure
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("settled_since", UtcDateTime, nullable=False),
    sa.Column("streak", sa.Integer, nullable=False),  # checks in a row that speak for the other settled state
    sa.Column("value", sa.Float),
    sa.Column("low", sa.Float),
    sa.Column("high", sa.Float),
    sa.Column("n", sa.BigInteger),
    sa.Column("threshold", sa.Float),
    sa.Column("severity", sa.Float, nullable=False),  # how far beyond the threshold: the worst are named first
    sa.Column("announced", sa.Boolean, nullable=False),  # whether people know it as firing
    sa.Column("reminded_at", UtcDateTime),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("remark", sa.Text),
)

alert_changes = sa.Table(
    "alert_changes",
    STATE,
    sa.Column("id", sa.Text, primary_key=True),  # grows with time
    sa.Column("alert", sa.Text, nullable=False),
    sa.Column("member", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("before", sa.Text, nullable=False),  # an AlertState
    sa.Column("after", sa.Text, nullable=False),  # an AlertState
    sa.Column("value", sa.Float),
    sa.Column("low", sa.Float),
    sa.Column("high", sa.Float),
    sa.Column("n", sa.BigInteger),
    sa.Column("threshold", sa.Float),
    sa.Column("cause", sa.Text),  # of the deliveries that told it; null where none did
    sa.Index("alert_changes_alert", "alert", "id"),
)
