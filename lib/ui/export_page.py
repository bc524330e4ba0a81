"""The Exports page's parts: start one, see how far each is, fetch, stop, repeat, delete."""

from __future__ import annotations

import html

import streamlit as st

from lib.access import signing
from lib.access.actors import actor_in_words
from lib.access.users import Role
from lib.analytics.calendar import Granularity
from lib.catalog.metrics import FormulaVersion
from lib.errors import InvalidParameterError
from lib.exports import file_storage, signed_urls
from lib.exports.reports import FORMATS, REPORT_LABELS, REPORTS
from lib.exports.service import RECORD_REPORTS, ExportRequest, check_period, exported_grant
from lib.i18n import LANGUAGES, current, file_size, override_language, t, t_plural
from lib.jobs.queue import Job, JobKind, JobStatus, JobSummary, Queue
from lib.reports import catalog_words, formatting, job_text
from lib.reports.archived_text import archived_caption
from lib.reports.context import PageContext
from lib.reports.formula_versions import version_words
from lib.ui import current_user, inputs, markdown, page_address, page_layout
from lib.workspace import Workspace

_LISTED = 20


def start(space: Workspace, context: PageContext) -> None:
    """Draw what to export, of the filters in force, and the button that starts it."""
    with st.form("export", border=True):
        left, middle, right = st.columns(3)
        report = inputs.selectbox(t("Report"), REPORTS, place=left, format_func=lambda name: t(REPORT_LABELS[name]))
        form = inputs.selectbox(t("Format"), FORMATS, place=middle, format_func=str.upper)
        width = inputs.selectbox(
            t("Interval (trend)"),
            [each.value for each in Granularity],
            place=right,
            format_func=lambda value: t(value.capitalize()),
        )
        metrics = _metrics(context)
        for caption in archived_caption(context):
            st.caption(markdown.text(str(caption.words)))
        if st.form_submit_button(t("Start export"), type="primary"):
            try:
                check_period(report, context.filters, context.summary.period, context.calendar, Granularity(width))
            except InvalidParameterError as error:
                st.error(markdown.problem(error))
                return
            words_by_language = {code: _shown(context, code) for code in LANGUAGES}
            own = () if report in RECORD_REPORTS else metrics
            order = ExportRequest(
                report, form, context.filters, Granularity(width), words_by_language["en"], own
            )  # files speak English
            payload = {**order.to_json(), "shown_in": words_by_language, **_ordered_here()}
            space.queue.add(JobKind.EXPORT, payload, current_user.actor())


def _ordered_here() -> dict[str, str]:
    """Return what a payload says of the visitor: who it is, and at which address the app is seen."""
    return {"owner": current_user.current().id, "base_url": page_address.base_url()}


def _metrics(context: PageContext) -> tuple[str, ...]:
    """Draw the choice of the workspace's metrics, which a report has beside its own figures; return their names."""
    names = context.defined_metrics
    if not names:
        return ()
    labels = {name: str(catalog_words.metric_label(context.catalog.all_metrics[name])) for name in names}
    chosen = inputs.multiselect(
        t("Metrics"),
        names,
        names,
        format_func=lambda name: labels[name],
        help=t("Columns of a report; evaluations and answers have none."),
    )
    return tuple(chosen)


def history(workspace: Workspace) -> None:
    """Draw the exports, newest first; while one is under way, it moves by itself."""
    st.subheader(t("Recent exports"), anchor=False)
    moving = any(not job.ended for job in _newest(workspace))
    st.fragment(_jobs, run_every=1.0 if moving else None)(workspace, moving)


def _jobs(workspace: Workspace, was_moving: bool) -> None:
    current_user.begin_by_itself(Role.ANALYST)
    newest = _newest(workspace)
    if was_moving and all(job.ended for job in newest):
        st.rerun()
    listed, published = 0, file_storage.published(workspace.settings)
    for summary in newest:
        job = workspace.queue.get(summary.id)  # one after another: their payloads may be long
        if job is not None and _may_see(job):
            listed += 1
            with st.container(border=True):
                _job(workspace, job, has_file=(job.result or {}).get("file") in published)
    if not listed:
        page_layout.empty(
            t("No export yet"),
            t_plural(
                "Files are kept for {count} hour.", "Files are kept for {count} hours.", workspace.settings.export_hours
            ),
        )


def _newest(workspace: Workspace) -> list[JobSummary]:
    """Return the newest exports of the visitor's own, of everybody for an admin."""
    everybody = current_user.may(Role.ADMIN)
    return workspace.queue.newest((JobKind.EXPORT,), _LISTED, None if everybody else current_user.actor())


def _may_see(job: Job) -> bool:
    """Return whether an export holds nothing beyond what the visitor may see."""
    return current_user.current().grant.covers(exported_grant(job))


def _job(workspace: Workspace, job: Job, *, has_file: bool) -> None:
    zone = workspace.settings.zone
    label, form = t(REPORT_LABELS[job.payload["report"]]), job.payload["format"].upper()
    asked = formatting.instant(job.created_at.astimezone(zone))
    shown = job.payload.get("shown_in", {}).get(current()) or job.payload["shown"]
    st.html(
        f"<b>{html.escape(label)}</b> · {form} · {html.escape(shown)}<br>"
        f'<span class="cb-note">{html.escape(actor_in_words(job.actor))}, {asked} ({html.escape(zone.key)})</span>'
    )
    queue = workspace.queue
    if not job.ended:
        doing = t("waiting") if job.message is None else job_text.in_words(job.message)
        st.progress(job.progress / 100, text=doing)
        st.button(
            t("Stop"), key=f"stop-{job.id}", on_click=current_user.acting(queue.cancel, Role.ANALYST), args=(job.id,)
        )
        return
    if job.status is JobStatus.FAILED:
        why = "" if job.message is None else job_text.in_words(job.message)
        st.error(t("Failed: {why}", why=markdown.text(why)))
    with st.container(horizontal=True, vertical_alignment="center"):
        result = job.result or {}
        if job.status is JobStatus.COMPLETED and has_file:
            link = html.escape(signed_urls.make(signing.load(workspace.settings, workspace.state), "", job).url)
            size = file_size(result["bytes"])
            told = t_plural("{count} row, {size}", "{count} rows, {size}", result["rows"], size=size)
            versions = [FormulaVersion(**each) for each in result.get("metrics", ())]
            told = " · ".join([told, *(str(version_words(each)) for each in versions)])
            st.html(
                f'<a class="cb-download" href="{link}" download>{html.escape(t("Download"))}</a> '
                f'<span class="cb-note">{html.escape(told)}</span>'
            )
        st.button(
            t("Repeat"),
            key=f"repeat-{job.id}",
            on_click=current_user.acting(_repeat, Role.ANALYST),
            args=(queue, job.id),
        )
        deleting = current_user.acting(_delete, Role.ANALYST)
        st.button(t("Delete"), key=f"delete-{job.id}", on_click=deleting, args=(workspace, job.id))


def _shown(context: PageContext, code: str) -> str:
    with override_language(code):
        return context.selection_text


def _repeat(queue: Queue, number: str) -> None:
    job = queue.get(number)
    if job is not None and _may_see(job):  # the grant may have been narrowed since the page was drawn
        queue.add(JobKind.EXPORT, {**job.payload, **_ordered_here()}, current_user.actor())


def _delete(workspace: Workspace, number: str) -> None:
    workspace.queue.delete(number)
    file_storage.remove(workspace.settings, number)
