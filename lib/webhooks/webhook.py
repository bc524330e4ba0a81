"""A webhook as it is kept: where it leads, what it is called about, whose it is. How it is called lives beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

IMPORT_COMPLETED = "import.completed"
EVALUATION_CREATED = "evaluation.created"
EXPORT_READY = "export.ready"
ALERT_FIRING = "alert.firing"
ALERT_RECOVERED = "alert.recovered"
REPORT_FAILED = "report.failed"

EVENTS = (IMPORT_COMPLETED, EVALUATION_CREATED, EXPORT_READY, ALERT_FIRING, ALERT_RECOVERED, REPORT_FAILED)
"""What a webhook can be called about."""

TEST = "test"
"""The event that somebody asks for, to see that calls arrive; no webhook has to name it."""


class WebhookStatus(StrEnum):
    """Whether a webhook is called, by the codes that the table holds."""

    ACTIVE = "active"
    OFF = "off"

    @property
    def label(self) -> str:
        """The message id of the status."""
        return _STATUS_LABELS[self]


class OffReason(StrEnum):
    """Why a webhook is off, by the codes that the table holds."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    OWNER_GONE = "owner_gone"
    RESTORED = "restored"

    @property
    def label(self) -> str:
        """The message id of the reason."""
        return _REASON_LABELS[self]


class BodyFormat(StrEnum):
    """What the body of a call looks like, by the codes that the table holds."""

    GENERIC = "generic"  # the envelope, with all that there is to say
    SLACK = "slack"  # a message, as Slack's incoming webhooks take it
    TEAMS = "teams"  # a card, as workflows of Microsoft Teams take it


class NoAnswer(StrEnum):
    """What came of a call that no server answered, or that was not made, by the codes that deliveries hold."""

    TIMEOUT = "timeout"
    NO_ADDRESS = "no_address"
    ADDRESS_REFUSED = "address_refused"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    INVALID_ANSWER = "invalid_answer"
    URL_REFUSED = "url_refused"
    WEBHOOK_OFF = "webhook_off"
    NOTHING_TO_SEE = "nothing_to_see"
    CONTENT_GONE = "content_gone"

    @property
    def label(self) -> str:
        """The message id of what came of it."""
        return _ANSWER_LABELS[self]


_STATUS_LABELS = {WebhookStatus.ACTIVE: "switched on", WebhookStatus.OFF: "switched off"}

_REASON_LABELS = {
    OffReason.BY_HAND: "somebody switched it off",
    OffReason.FAILING: "its calls failed for 5 days",
    OffReason.OWNER_GONE: "its owner may not have it any more",
    OffReason.RESTORED: "it was restored from a backup",
}

_ANSWER_LABELS = {
    NoAnswer.TIMEOUT: "no answer within 10 seconds",
    NoAnswer.NO_ADDRESS: "the host has no address",
    NoAnswer.ADDRESS_REFUSED: "the host's address is not public",
    NoAnswer.CONNECTION_FAILED: "the connection failed",
    NoAnswer.TLS_FAILED: "the host could not prove who it is",
    NoAnswer.INVALID_ANSWER: "the answer was not HTTP",
    NoAnswer.URL_REFUSED: "webhooks may not go to that host any more",
    NoAnswer.WEBHOOK_OFF: "the webhook was off",
    NoAnswer.NOTHING_TO_SEE: "nothing in it that the owner may see",
    NoAnswer.CONTENT_GONE: "what it said is no longer kept",
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to call when something happens, and whose it is."""

    id: str
    url: str
    events: tuple[str, ...]
    description: str
    format: BodyFormat
    salt: str
    owner: str
    owner_id: str
    status: WebhookStatus
    off_reason: OffReason | None
    failing_since: datetime | None
    created_at: datetime
    changed_at: datetime

    @property
    def host(self) -> str:
        """The host that it leads to; the rest of a URL may be a secret."""
        return urlsplit(self.url).netloc

    @property
    def name(self) -> str:
        """What the audit calls it."""
        return f"{self.host} ({self.id})"
