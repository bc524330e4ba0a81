"""What goes out to people and programs: reports, alerts, webhooks, and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "reports",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("pause_reason", sa.Text),
        sa.Column("next_at", sa.DateTime),
        sa.Column("data_version", sa.BigInteger, nullable=False),
        sa.Column("last_period", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_index("reports_next", "reports", ["next_at"])
    op.create_table(
        "report_runs",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("try_at", sa.DateTime),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("recipient", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
        sa.UniqueConstraint("report", "due_at", name="report_runs_due"),
    )
    op.create_index("report_runs_try", "report_runs", ["try_at"])
    op.create_table(
        "unsubscribed",
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("bytes", sa.Integer),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("try_at", sa.DateTime),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.UniqueConstraint("cause", "channel", "address", name="deliveries_once"),
    )
    op.create_index("deliveries_try", "deliveries", ["channel", "try_at"])
    op.create_index("deliveries_subject", "deliveries", ["subject"])
    op.create_table(
        "delivery_contents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
    )
    op.create_index("delivery_contents_created", "delivery_contents", ["created_at"])
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("off_reason", sa.Text),
        sa.Column("failing_since", sa.DateTime),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("definition", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("pause_reason", sa.Text),
        sa.Column("next_at", sa.DateTime),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("checked_at", sa.DateTime),
        sa.Column("checked_version", sa.BigInteger),
        sa.Column("check_count", sa.BigInteger, nullable=False),
        sa.Column("looked_on", sa.Date),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("failed_at", sa.DateTime),
        sa.Column("attend_at", sa.DateTime),
        sa.Column("snoozed_until", sa.DateTime),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("changed_at", sa.DateTime, nullable=False),
    )
    op.create_index("alerts_next", "alerts", ["next_at"])
    op.create_table(
        "alert_states",
        sa.Column("alert", sa.Text, primary_key=True),
        sa.Column("member", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("settled_since", sa.DateTime, nullable=False),
        sa.Column("streak", sa.Integer, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        sa.Column("n", sa.BigInteger),
        sa.Column("threshold", sa.Float),
        sa.Column("severity", sa.Float, nullable=False),
        sa.Column("announced", sa.Boolean, nullable=False),
        sa.Column("reminded_at", sa.DateTime),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("remark", sa.Text),
    )
    op.create_table(
        "alert_changes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("alert", sa.Text, nullable=False),
        sa.Column("member", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        sa.Column("n", sa.BigInteger),
        sa.Column("threshold", sa.Float),
        sa.Column("cause", sa.Text),
    )
    op.create_index("alert_changes_alert", "alert_changes", ["alert", "id"])
