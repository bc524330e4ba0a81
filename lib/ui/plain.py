"""Texts of others, made harmless for Streamlit's Markdown."""

from __future__ import annotations

import re

from lib.errors import CallboardError

_LINK = re.compile(r"https?|www|@", re.IGNORECASE)
"""What addresses begin with: written whole, they would be made links; a joiner without width follows."""


def text(given: str) -> str:
    """Return a text with nothing in it that Markdown would take for its own."""
    marked = "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:" else character for character in given)
    return _LINK.sub(lambda found: found[0] + "\u2060", marked)


def problem(error: CallboardError) -> str:
    """Return what a page says of an error of ours: the one place that would say it in the visitor's language.

    The layers below the pages write their messages in English, for the API and the command line too.
    """
    return text(error.message)
