"""Runs of pages: how many there may be at once; counted, named in the log; whether their session may bring files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib import workspace
from lib.observability import logging_config
from lib.observability.prometheus import PAGES
from lib.ui import streamlit_internals
from lib.web.turns import Turns
from lib.web.upload_permissions import UPLOADS, Check

_TURNS = Turns(of_one=2, in_all=8)
"""Runs at once of one person, and of all: more of them would only interrupt each other."""


@contextmanager
def turn() -> Iterator[None]:
    """Run a page when its turn comes. All who have not logged in share the turns of one person."""
    context, space = get_script_run_ctx(), workspace.opened()
    who = ""
    if context is not None and space is not None:
        who = str(context.user_info.get("sub") or "") if space.settings.has_login else context.session_id
    with _TURNS.take(who):
        yield


def begin(page: str) -> None:
    """Count a run of a page, and let the log say in whose session it was."""
    PAGES.count_run(page)
    context = get_script_run_ctx()
    if context is not None:
        # By the session's own id a stranger could take the session over.
        name = hashlib.sha256(context.session_id.encode()).hexdigest()[:24]
        logging_config.serve(logging_config.RequestContext(f"ses_{name}", "RUN", f"/{page}"))


def allow_uploads(check: Check) -> None:
    """Let the session of this run bring files as long as a check holds."""
    if context := get_script_run_ctx():
        UPLOADS.allow(context.session_id, check)


def end_uploads() -> None:
    """Let it no more."""
    if context := get_script_run_ctx():
        UPLOADS.end(context.session_id)


def forget_at_close() -> None:
    """Keep nothing of the session of this run once its connection is gone: nobody is logged in who could come back."""
    if context := get_script_run_ctx():
        streamlit_internals.forget_at_close(context.session_id)
