"""Links by which who gets mail of a report or an alert wants no more of it: signed, good without a log-in."""

from __future__ import annotations

from urllib.parse import quote

from lib.access import signing

_PURPOSE = "unsubscribe"


def make(secret: bytes, base: str, subject: str, address: str) -> str:
    """Return the link of an address; `base` is what it begins with."""
    signature = signing.sign(secret, _PURPOSE, subject, address)
    return f"{base}/v1/unsubscribe/{subject}?address={quote(address, safe='')}&signature={signature}"


def verify(secret: bytes, subject: str, address: str, signature: str) -> bool:
    """Return whether a link's parts are those of one that was made here."""
    return signing.verify(secret, signature, _PURPOSE, subject, address)
