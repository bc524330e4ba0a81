"""The bodies of calls: an event as programs read it, or as a chat shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import orjson

from lib.webhooks.events import Event
from lib.webhooks.webhook import BodyFormat

_CARD = {
    "type": "AdaptiveCard",
    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "version": "1.4",
}


def render(event: Event, form: BodyFormat, evaluations: Sequence[dict[str, Any]]) -> bytes:
    """Return an event as the body of a call; `evaluations` are the rows of those that it names."""
    if form is BodyFormat.SLACK:
        return orjson.dumps({"text": _slack_text(event.text)})
    if form is BodyFormat.TEAMS:
        card = {**_CARD, "body": [{"type": "TextBlock", "text": event.text, "wrap": True}]}
        content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        return orjson.dumps({"type": "message", "attachments": [content]})
    data = {**event.data, "evaluations": evaluations} if event.evaluations else event.data
    timestamp = event.at.astimezone(UTC).isoformat(timespec="milliseconds")
    return orjson.dumps({"id": event.id, "event": event.name, "timestamp": timestamp, "data": data})


def _slack_text(text: str) -> str:
    """Return a text in which nothing is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
