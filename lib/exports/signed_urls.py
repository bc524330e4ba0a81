"""Signed links: they fetch one file for a time, and need no key."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.access import signing
from lib.jobs.queue import Job

LINK_SECONDS = 2 * 3600


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """The address of a file, and until when it is good."""

    url: str
    expires_at: datetime


def make(secret: bytes, base: str, job: Job, seconds: int = LINK_SECONDS) -> SignedUrl:
    """Return a link to a completed export's file, good for so long; `base` is what the link begins with."""
    name = (job.result or {})["downloadName"]
    # To the next minute, so that asking twice gives the same link.
    expires = (int(time.time()) // 60 + 1) * 60 + seconds
    signature = signing.sign(secret, job.id, name, str(expires))
    url = f"{base}/v1/downloads/{job.id}/{name}?expires={expires}&signature={signature}"
    return SignedUrl(url, datetime.fromtimestamp(expires, UTC))


def verify(secret: bytes, job: str, name: str, expires: str, signature: str) -> bool:
    """Return whether a link's parts are those of a link that was made here, and its time is not over."""
    signed = signing.verify(secret, signature, job, name, expires)
    return signed and expires.isascii() and expires.isdigit() and time.time() < int(expires)
