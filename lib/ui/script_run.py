"""Runs of pages: counted, named in what is logged while they last; and whether their session may bring files."""

from __future__ import annotations

import hashlib

from google.protobuf.message import DecodeError
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.observability import logging_config
from lib.observability.prometheus import PAGES
from lib.web.upload_permissions import UPLOADS, Check


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
    if (context := get_script_run_ctx()) and runtime.exists():
        runtime.get_instance().mark_session_nonresumable(context.session_id)


def count_values(message: bytes) -> int:
    """Return how many values of widgets, and names of what the browser has kept, a page's message holds."""
    try:
        run = BackMsg.FromString(message).rerun_script
    except DecodeError:  # the pages' server says so
        return 0
    return len(run.widget_states.widgets) + len(run.cached_message_hashes)
