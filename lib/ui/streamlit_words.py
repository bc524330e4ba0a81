"""The words of Streamlit itself, which it has in English alone: a script puts the visitor's language in their place.

Streamlit has no option for it. The script reads what is drawn, and what is drawn later, and knows texts by their
English; what users wrote is left as it is.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lib.i18n import LANGUAGES, current, override_language, t
from lib.ui import streamlit_internals

TEXTS = (
    # The frame.
    "Skip to main content",
    "Main menu",
    "Sidebar",
    "Collapse sidebar",
    "Expand sidebar",
    "Rerun",
    "Settings",
    "Print",
    "About",
    "Record a screencast",
    "Running...",
    "Stop",
    "Close",
    "Dismiss",
    "Connecting",
    "Connecting to Streamlit server",
    "Connection error",
    "Connection lost. Please wait for the app to reconnect, then try again.",
    "Page not found",
    "The page that you have requested does not seem to exist. Running the app's main page.",
    # Lists.
    "Open",
    "Choose options",
    "Choose an option",
    "Add options",
    "Add an option",
    "Select all",
    "Clear all",
    "Clear value",
    "No results",
    "Multiselect options",
    "Selectbox options",
    "Selected values",
    "1 option available.",
    "{count} options available.",
    "Remove {name}",
    # Days.
    "dd",
    "mm",
    "yyyy",
    "Empty",
    "day, {label}",
    "month, {label}",
    "year, {label}",
    "Choose date",
    "Choose date, {day}",
    "Clear date",
    "Selected Date: {day}",
    "Previous month",
    "Next month",
    "Use arrow keys to navigate dates. Enter to select. Escape to close.",
    # Fields.
    "Increment",
    "Decrement",
    "Invalid input.",
    "Help",
    "Help for {label}",
    "Press Enter to apply",
    "Press Enter to submit form",
    "Number is above the allowed range.",
    "Number is below the allowed range.",
    # Files.
    "Upload",
    "file upload",
    "Add files",
    "Drag and drop a file here",
    "Drag and drop files here",
    "File type not allowed.",
    "{size} per file",
    streamlit_internals.DOWNLOAD_FAILED,
    "Request timed out",
    # Charts and tables.
    "Fullscreen",
    "Close fullscreen",
    "Download as PNG",
    "Download as CSV",
    "Show data",
    "Show chart",
    "Copy Vega-Lite spec",
    "Show/hide columns",
    "Search",
    "Close Search",
    "Type to search",
    "Next Result",
    "Previous Result",
    "Clear selection",
    "Dataframe column menu",
    "Sort ascending",
    "Sort descending",
    "Copy column name",
    "Statistics",
    "Format",
    "Automatic",
    "Localized",
    "Plain",
    "Compact",
    "Percent",
    "Scientific",
    "Accounting",
    "Distance",
    "Calendar",
    "Autosize",
    "Wrap",
    "Pin column",
    "Unpin column",
    "Hide column",
    "Copy to clipboard",
    "Copied",
    "Copied!",
    "Loading...",
    "No data",
)
"""What Streamlit says, in its own words; values in braces are kept."""


def draw() -> None:
    """Have Streamlit's words in the visitor's language, and the page say which language it is in."""
    st.html(f'<script src="words/{current()}.js"></script>', unsafe_allow_javascript=True)


@cache
def script(code: str) -> str:
    """Return the script that puts a language in the place of Streamlit's words; in English there is nothing to put."""
    with override_language(code):
        words = [] if code == "en" else [(text, t(text)) for text in TEXTS]
    source = Path(__file__).with_suffix(".js").read_text("utf-8")
    return source.replace('"LANGUAGE"', json.dumps(code)).replace("words = WORDS", f"words = {json.dumps(words)}")


async def _answer(request: Request) -> Response:
    code = request.path_params["code"]
    if code not in LANGUAGES:
        return Response(status_code=404)
    return Response(script(code), media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


ROUTES = (Route("/words/{code}.js", _answer),)
"""Where browsers fetch the script."""
