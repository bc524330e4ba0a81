"""Messages of alerts as chat programs take them: JSON bodies of Slack's incoming webhooks, and of Teams' workflows."""

from __future__ import annotations

from typing import Any

from lib.alerts.words import AlertMessage

_SLACK_HEADER, _SLACK_TEXT = 150, 3_000
"""Characters that Slack takes of a header, and of a section."""


def slack_body(message: AlertMessage) -> dict[str, Any]:
    """Return a message in Slack's blocks, with a plain text for notifications."""
    lines = [_slack_text(each) for each in message.sentences]
    lines += [f"• {_slack_text(_row(message, row))}" for row in message.rows]
    links = " · ".join(f"<{each.address}|{_slack_text(each.label)}>" for each in message.links)
    return {
        "text": _slack_text(message.subject),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": message.subject[:_SLACK_HEADER]}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(lines)[:_SLACK_TEXT]}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": links[:_SLACK_TEXT]}]},
        ],
    }


def teams_body(message: AlertMessage) -> dict[str, Any]:
    """Return a message as an adaptive card, with a table of the members that are named."""
    rows = [message.columns, *message.rows]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": [
            {"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": True, "text": message.subject},
            *({"type": "TextBlock", "wrap": True, "text": each} for each in message.sentences),
            {
                "type": "Table",
                "firstRowAsHeader": True,
                "columns": [{"width": 1} for _ in message.columns],
                "rows": [
                    {
                        "type": "TableRow",
                        "cells": [
                            {"type": "TableCell", "items": [{"type": "TextBlock", "wrap": True, "text": cell}]}
                            for cell in row
                        ],
                    }
                    for row in rows
                ],
            },
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": each.label, "url": each.address}
            for each in message.links
            if each.address.startswith(("http://", "https://"))
        ],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _row(message: AlertMessage, row: tuple[str, ...]) -> str:
    return ", ".join(f"{column}: {cell}" for column, cell in zip(message.columns, row, strict=True))


def _slack_text(text: str) -> str:
    """Return a text in which nothing is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
