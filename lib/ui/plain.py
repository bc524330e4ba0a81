"""Texts of others, made harmless for Streamlit's Markdown."""

from __future__ import annotations


def text(given: str) -> str:
    """Return a text with nothing in it that Markdown would take for its own."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:" else character for character in given)
