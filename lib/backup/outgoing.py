"""What goes out of a restored workspace: nothing that was on its way, and nothing by itself before somebody says so.

The workspace that was backed up may go on, and two that send the same would each send it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.errors.codes import FailureCode
from lib.store.messages import Message
from lib.store.outgoing_schema import alerts, deliveries, report_runs, reports, webhooks

_RESTORED = "restored"  # a PauseReason, an AlertPause and an OffReason
_PAUSED = {"status": "paused", "pause_reason": _RESTORED, "next_at": None}
_OFF = {"status": "off", "off_reason": _RESTORED}


def pause(connection: Connection) -> dict[str, int]:
    """Pause active reports and alerts, and switch webhooks off; return how many of each that were."""
    return {
        table.name: connection.execute(sa.update(table).where(table.c.status == "active").values(values)).rowcount
        for table, values in ((reports, _PAUSED), (alerts, _PAUSED), (webhooks, _OFF))
    }


def end_deliveries(connection: Connection) -> None:
    """End what was on its way when a backup was made, as it may have arrived since."""
    now = datetime.now(UTC)
    reason = FailureCode.UNFINISHED_IN_BACKUP
    ended = {"status": "failed", "try_at": None, "lease_until": None, "finished_at": now}
    connection.execute(sa.update(deliveries).values(content=None))
    on_its_way = deliveries.c.finished_at.is_(None)
    connection.execute(sa.update(deliveries).where(on_its_way).values({**ended, "answer": reason.value}))
    open_runs = report_runs.c.finished_at.is_(None)
    connection.execute(sa.update(report_runs).where(open_runs).values({**ended, "error": Message(reason).to_json()}))
