"""Texts of others, made harmless for Streamlit's Markdown."""

from __future__ import annotations

from lib.errors import CallboardError


def text(given: str) -> str:
    """Return a text with nothing in it that Markdown would take for its own."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:" else character for character in given)


def problem(error: CallboardError) -> str:
    """Return what a page says of an error of ours: the one place that would say it in the visitor's language.

    The layers below the pages write their messages in English, for the API and the command line too.
    """
    return text(error.message)
