"""Runs of pages: counted, named in what is logged while they last; and whether their session may bring files."""

from __future__ import annotations

import hashlib

from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib import logs
from lib.counts import PAGES
from lib.web.uploads import UPLOADS


def begin(page: str) -> None:
    """Count a run of a page, and let the log say in whose session it was."""
    PAGES.ran(page)
    context = get_script_run_ctx()
    if context is not None:
        # By the session's own id a stranger could take the session over.
        name = hashlib.sha256(context.session_id.encode()).hexdigest()[:24]
        logs.serve(logs.Served(f"ses_{name}", "RUN", f"/{page}"))


def allow_uploads() -> None:
    """Let the session of this run bring files."""
    if context := get_script_run_ctx():
        UPLOADS.allow(context.session_id)


def end_uploads() -> None:
    """Let it no more."""
    if context := get_script_run_ctx():
        UPLOADS.end(context.session_id)
