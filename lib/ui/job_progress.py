"""The job that a visitor of the Data page asked for last; while it is under way, what it does and what stops it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

from lib.access.users import Role
from lib.i18n import t
from lib.jobs.queue import Job, JobKind
from lib.reports import job_text
from lib.ui import current_user
from lib.workspace import Workspace

_JOB = "_last_job"


def start(workspace: Workspace, kind: JobKind, payload: dict[str, Any]) -> None:
    """Put a job of an administrator into the queue, and draw the page anew."""
    current_user.require_role(Role.ADMIN)
    owned = {**payload, "owner": current_user.current().id}
    st.session_state[_JOB] = workspace.queue.add(kind, owned, current_user.actor()).id
    st.rerun()


def last(workspace: Workspace, kinds: Collection[JobKind]) -> Job | None:
    """Return the job that was asked for last, where it is of some kinds."""
    number = st.session_state.get(_JOB)
    job = None if number is None else workspace.queue.get(number)
    return job if job is not None and job.kind in kinds else None


def forget() -> None:
    """Draw no job any more."""
    st.session_state[_JOB] = None


@st.fragment(run_every=0.5)
def watch(workspace: Workspace, number: str) -> None:
    """Draw a job until it has ended; then the page is drawn anew."""
    current_user.begin_by_itself(Role.ADMIN)
    job = workspace.queue.get(number)
    if job is None or job.ended:
        st.rerun()
    else:
        doing = t("waiting") if job.message is None else job_text.in_words(job.message)
        st.progress(job.progress / 100, text=f"{doing} …")
        if st.button(t("Stop"), key=f"stop-{number}"):
            current_user.require_role(Role.ADMIN)
            workspace.queue.cancel(number)
