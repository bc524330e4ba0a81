"""E-mail addresses by which people are known: plain ones alone, as what only looks the same must not be the same."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"[^@\s]{1,200}@[^@\s]{1,200}")


def plain_address(text: str) -> str:
    """Return an e-mail address in small letters; an empty text for what is none, or not plain enough to compare."""
    trimmed = text.strip()
    return trimmed.lower() if trimmed.isascii() and _ADDRESS.fullmatch(trimmed) else ""
