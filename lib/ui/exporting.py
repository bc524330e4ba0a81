"""The Exports page's parts: start one, see how far each is, fetch, stop, repeat, delete."""

from __future__ import annotations

import html

import streamlit as st

from lib.analytics import format
from lib.analytics.calendar import Granularity
from lib.exports import files, links
from lib.exports.reports import FORMATS, REPORTS
from lib.exports.run import Order
from lib.jobs.queue import COMPLETED, FAILED, Job, Queue
from lib.ui import page, plain
from lib.ui.view import View
from lib.workspace import EXPORT, Workspace

_LABELS = {
    "evaluations": "Evaluations, one row each",
    "campaigns": "Campaigns",
    "call-centers": "Call centers",
    "executives": "Executives",
    "trends": "Trend",
    "summary": "Summary",
}
_LISTED = 20


def start(view: View) -> None:
    """Draw what to export, of the filters in force, and the button that starts it."""
    with st.form("export", border=True):
        left, middle, right = st.columns(3)
        report = left.selectbox("Report", REPORTS, format_func=_LABELS.__getitem__)
        form = middle.selectbox("Format", FORMATS, format_func=str.upper)
        width = right.selectbox("Granularity (trend)", [each.value for each in Granularity], format_func=str.capitalize)
        if st.form_submit_button("Start export", type="primary"):
            order = Order(report, form, view.filters, Granularity(width), view.shown)
            view.workspace.queue.add(EXPORT, order.to_json(), "Exports page")


def history(workspace: Workspace) -> None:
    """Draw the exports, newest first; while one is under way, it moves by itself."""
    st.subheader("Exports so far", anchor=False)
    moving = any(not job.ended for job in workspace.queue.newest((EXPORT,), _LISTED))
    st.fragment(_jobs, run_every=1.0 if moving else None)(workspace, moving)


def _jobs(workspace: Workspace, was_moving: bool) -> None:
    found = workspace.queue.newest((EXPORT,), _LISTED)
    if was_moving and all(job.ended for job in found):
        st.rerun()
    if not found:
        page.empty("No export yet", f"Files are kept for {workspace.settings.export_hours} hours.")
    for job in found:
        with st.container(border=True):
            _job(workspace, job)


def _job(workspace: Workspace, job: Job) -> None:
    zone = workspace.settings.zone
    label, form = _LABELS[job.payload["report"]], job.payload["format"].upper()
    asked = format.instant(job.created_at.astimezone(zone))
    st.html(
        f"<b>{html.escape(label)}</b> · {form} · {html.escape(job.payload['shown'])}<br>"
        f'<span class="cb-note">{html.escape(job.actor)}, {asked} ({html.escape(zone.key)})</span>'
    )
    queue = workspace.queue
    if not job.ended:
        st.progress(job.progress / 100, text=job.message or "waiting")
        st.button("Stop", key=f"stop-{job.id}", on_click=queue.cancel, args=(job.id,))
        return
    if job.status == FAILED:
        st.error(plain.text(f"Failed: {job.message}"))
    with st.container(horizontal=True, vertical_alignment="center"):
        result = job.result or {}
        if job.status == COMPLETED and (files.folder(workspace.settings) / result["file"]).exists():
            link = html.escape(links.make(workspace.settings, "", job))
            size = f"{result['bytes'] / 2**20:.1f} MB" if result["bytes"] >= 2**20 else f"{result['bytes']:,} bytes"
            st.html(
                f'<a class="cb-download" href="{link}" download>Download</a> '
                f'<span class="cb-note">{format.count(result["rows"])} rows, {size}</span>'
            )
        st.button("Repeat", key=f"repeat-{job.id}", on_click=_repeat, args=(queue, job))
        st.button("Delete", key=f"delete-{job.id}", on_click=_delete, args=(workspace, job))


def _repeat(queue: Queue, job: Job) -> None:
    queue.add(EXPORT, job.payload, "Exports page")


def _delete(workspace: Workspace, job: Job) -> None:
    workspace.queue.delete(job.id)
    files.remove(workspace.settings, job.id)
