"""What calls are signed with, so that a receiver can tell them from anybody else's."""

from __future__ import annotations

import hashlib
import hmac

from lib.access import signing
from lib.observability import redaction
from lib.webhooks.webhook import Webhook

MARK = "whsec_"

HEADER = "X-Callboard-Signature"


def signing_secret(secret: bytes, webhook: Webhook) -> str:
    """Return the secret of a webhook: made of the workspace's, which `signing.load` returns."""
    own = MARK + signing.sign(secret, "webhook", webhook.id, webhook.salt)
    redaction.register_secrets(own)
    return own


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of HEADER: when it was signed, in seconds since 1970, and the HMAC-SHA256 of that, `.`, body."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
