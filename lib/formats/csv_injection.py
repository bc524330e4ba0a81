"""What a spreadsheet would take for a formula, made harmless. One rule for every file that Callboard writes."""

from __future__ import annotations

import re

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula begins with; the wide signs are taken for the others where one writes Japanese or Chinese."""

NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
"""A number begins like a formula and is none; the pattern means the same to Python and to both engines."""


def escape_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe before it where it might; numbers stay."""
    if not text.startswith(STARTS) or re.fullmatch(NUMBER, text):
        return text
    return "'" + text
