"""Texts of others, made harmless for Streamlit's Markdown."""

from __future__ import annotations

import re

from lib.errors import CallboardError, DatabaseUnavailableError, DiskFullError
from lib.i18n import t
from lib.reports import job_text
from lib.store.messages import failure_of

_LINK = re.compile(r"https?|www|@", re.IGNORECASE)
"""What addresses begin with: written whole, they would be made links; a joiner without width follows."""

_DRAWN = re.compile(r"(?<!\S)[-<>~](?=[-=>])|:(?=material/|streamlit:)")
"""What begins a dash, an arrow or an icon that would be drawn even where it is escaped; the same joiner follows."""


def text(given: str) -> str:
    """Return a text with nothing in it that Markdown would take for its own."""
    # A line's beginning has a meaning of its own: what comes is one line.
    line = _DRAWN.sub(lambda found: found[0] + "\u2060", " ".join(given.split()))
    marked = "".join(f"\\{character}" if character in "\\`*_{}[]()<>#+-.!|~$:&=" else character for character in line)
    return _LINK.sub(lambda found: found[0] + "\u2060", marked)


def problem(error: CallboardError) -> str:
    """Return what a page says of an error of ours, in Markdown."""
    return text(problem_text(error))


def problem_text(error: CallboardError) -> str:
    """Return what is said of an error of ours, in the visitor's language where it has a code.

    What a database says when it does not answer names hosts and files, which the log has and a visitor need not know.
    """
    if type(error) is DatabaseUnavailableError:
        return t("The database does not answer at the moment. Nothing is lost; reload the page in a moment.")
    if isinstance(error, DiskFullError):
        return t("The disk is full: nothing can be saved or loaded until there is room. Nothing was changed.")
    return job_text.in_words(failure_of(error))
