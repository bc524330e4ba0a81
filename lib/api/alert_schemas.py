"""The shapes of alerts, for the OpenAPI: what is sent, and what is answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from lib.alerts.definition import ConditionType
from lib.i18n import LANGUAGES


class AlertBody(BaseModel):
    """What an alert is to be; a change leaves as it is what is left out."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: Any = Field(None, description="1 to 80 characters.", examples=["Score of Lima"])
    metric: Any = Field(None, description="A metric by its name, built-in or own.", examples=["averageScore"])
    parameters: Any = Field(
        None,
        description="Filters, and in place of dates a period such as last7.",
        examples=[{"callCenterId": ["cc_3"], "period": "last7"}],
    )
    by: Any = Field(None, description="A dimension of which each member has a state; null: the whole has one.")
    condition: Any = Field(
        None,
        description=f"`type` is one of {', '.join(ConditionType)}; below and above have `value` and, where the alert "
        "ends elsewhere, `endsAt`; no_data has `hours`.",
        examples=[{"type": "below", "value": 7.0, "endsAt": 7.2}],
    )
    minimum: Any = Field(None, description="Below so many evaluations nothing is said; default: the metric's own.")
    checks: Any = Field(None, description="Checks in a row that it takes to fire and to recover; 1 to 20, default 1.")
    schedule: Any = Field(
        None,
        description="After each import, which is the default, or by a cron line in an IANA zone.",
        examples=[{"after": "import"}, {"cron": "0 8 * * 1", "timezone": "America/Santiago"}],
    )
    recipients: Any = Field(None, description="Addresses that mail goes to.", examples=[["ann@example.com"]])
    webhooks: Any = Field(None, description="Ids of webhooks.")
    reminderHours: Any = Field(None, description="Hours between reminders while it fires; null: none.")
    language: Any = Field(None, description=f"Of its messages: one of {', '.join(LANGUAGES)}.")
    status: Any = Field(None, description="active or paused.")
    version: Any = Field(None, description="Of a change: the version that it is made for; else the last one.")


class SnoozeBody(BaseModel):
    """Until when nothing is told; with neither of both it is told again."""

    model_config = ConfigDict(extra="forbid", strict=True)
    hours: Any = Field(None, description="So many hours from now.")
    until: Any = Field(None, description="An instant with its offset.")


class AcknowledgeBody(BaseModel):
    """That somebody looks after what fires: no reminders come of it."""

    model_config = ConfigDict(extra="forbid", strict=True)
    remark: Any = Field(None, description="A line of text.")
    member: Any = Field(None, description="The id of one member; all that fire without it.")


class AlertStateRow(BaseModel):
    """The state of a member, or of the whole."""

    member: str | None = Field(description="Its id; null for the whole.")
    name: str | None
    state: Literal["ok", "pending", "firing", "recovering", "no_data", "error"]
    since: str
    value: float | None = Field(description="Of no_data: the hours since the last evaluation.")
    interval: list[float | None] | None = Field(description="95 % interval: low, high.")
    n: int | None
    threshold: float | None = Field(description="What the value is held against.")
    acknowledgedBy: str | None
    remark: str | None


class AlertDetail(BaseModel):
    """An alert, as it was sent, with its states: firing ones first, the worst first."""

    id: str
    name: str
    metric: str
    parameters: dict[str, Any]
    by: str | None
    condition: dict[str, Any]
    minimum: int
    checks: int
    schedule: dict[str, Any]
    recipients: list[str]
    unsubscribed: list[str] = Field(description="The recipients who want no more mail of it, and get none.")
    webhooks: list[str]
    reminderHours: int | None
    language: str
    status: Literal["active", "paused"]
    pauseReason: str | None = Field(description="Why Callboard paused it.")
    owner: str
    version: int
    checkedAt: str | None
    nextCheckAt: str | None = Field(description="null where an import makes it due.")
    error: str | None = Field(description="Why the last check failed.")
    snoozedUntil: str | None
    stateCounts: dict[str, int]
    states: list[AlertStateRow]


class AlertList(BaseModel):
    """Alerts, by name."""

    data: list[AlertDetail]
    page: int
    pageSize: int
    totalCount: int


class AlertDelivery(BaseModel):
    """What went out of a change, to whom, and what came of it."""

    channel: Literal["mail", "webhook"]
    address: str = Field(description="Of mail, or the id of a webhook.")
    status: str
    answer: str | None
    finishedAt: str | None


class AlertChangeRow(BaseModel):
    """A change of state; from and to are the same where a reminder was told."""

    id: str
    member: str | None
    name: str | None
    at: str
    before: str
    after: str
    value: float | None
    interval: list[float | None] | None
    n: int | None
    threshold: float | None
    deliveries: list[AlertDelivery]


class AlertHistory(BaseModel):
    """Changes of states, the newest first."""

    data: list[AlertChangeRow]
    page: int
    pageSize: int
    totalCount: int
