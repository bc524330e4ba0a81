"""The note on a page that the data have changed since it was drawn; `pages/static/new_data.js` shows it."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from lib.i18n import current, t

SCRIPT = '<script src="app/static/new_data.js"></script>'


def place(version: int) -> str:
    """Return where the note of a page will stand, as HTML; the page is of a version of the data."""
    source = html.escape(f"data_version?{urlencode({'lang': current()})}")
    return f'<div class="cb-new-data" role="status" data-version="{version}" data-source="{source}"></div>'


def note(version: int) -> None:
    """Draw the note of a page that says its version of the data nowhere else."""
    st.html(place(version))
    refresh()


def refresh() -> None:
    """Draw the button that the note presses for its reader; nobody sees it, and all it does is a run of the page."""
    st.button(t("Refresh"), key="cb-refresh")
