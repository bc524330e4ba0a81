"""What a spreadsheet would take for a formula, made harmless. One rule for every file that Callboard writes."""

from __future__ import annotations

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe before it where it might; numbers stay."""
    if not text.startswith(_STARTS):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text
