"""What calls are signed with, so that a receiver can tell them from anybody else's."""

from __future__ import annotations

import hashlib
import hmac

from lib.access import signing
from lib.observability import redaction
from lib.settings import Settings
from lib.webhooks.webhook import Webhook

MARK = "whsec_"

HEADER = "X-Callboard-Signature"


def signing_secret(settings: Settings, webhook: Webhook) -> str:
    """Return the secret of a webhook: made of the workspace's, so that the database holds none."""
    secret = MARK + signing.sign(signing.load(settings), "webhook", webhook.id, webhook.salt)
    redaction.register_secrets(secret)
    return secret


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of HEADER: when it was signed, in seconds since 1970, and the HMAC-SHA256 of that, `.`, body."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
