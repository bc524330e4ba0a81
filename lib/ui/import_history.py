"""The Data page's history of imports: what each did, what takes it back, and what deletes everything."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.access.actors import actor_in_words
from lib.access.users import Role
from lib.i18n import number, t, t_plural
from lib.ingest.history import PAGE_SIZE, ImportRecord, count_by_source, entries_of
from lib.jobs.queue import JobKind, JobStatus
from lib.reports import formatting, import_text, job_text
from lib.ui import current_user, inputs, job_progress, markdown, page_layout
from lib.workspace import Workspace


def draw(workspace: Workspace) -> None:
    """Draw every import, what can be done about one of them, and the deletion of all data."""
    st.subheader(t("Import history"), anchor=False)
    _progress(workspace)
    with workspace.facts.read() as connection:
        of_files, of_posts = count_by_source(connection)
    if of_files or of_posts:
        posted = _choose_posted() if of_files and of_posts else bool(of_posts)
        count = of_posts if posted else of_files
        page = inputs.page_number(-(-count // PAGE_SIZE), f"_history_page_{'posts' if posted else 'files'}")
        with workspace.facts.read() as connection:
            records = entries_of(connection, page, posted=posted)
        _table(workspace, records)
        _one(workspace, records)
    else:
        page_layout.empty(t("No import yet"), t("What is imported, here or with callboard import, is listed here."))
    _delete_all(workspace)


def _choose_posted() -> bool:
    """Draw the choice of what is listed: programs may post many times a second, which would hide the files."""
    names = {False: t("From files"), True: t("Sent over the API")}
    chosen = inputs.radio(t("Show"), [*names], format_func=names.__getitem__, horizontal=True, key="_history_posted")
    return bool(chosen)


def _table(workspace: Workspace, records: list[ImportRecord]) -> None:
    zone = workspace.settings.zone
    frame = pd.DataFrame(
        [
            {
                t("When"): record.started_at.astimezone(zone).replace(tzinfo=None),
                t("Who"): actor_in_words(record.actor),
                t("Files"): ", ".join(file["name"] for file in record.files),
                t("Result"): t("undone") if record.undone_at else t(record.result.label),
                t("Warnings"): len(record.warnings),
                t("Read"): record.read,
                t("Added"): record.added,
                t("Changed"): record.changed,
                t("Unchanged"): record.unchanged,
                t("Blank"): record.blank,
                t("Bad"): record.bad,
                t("Days"): record.days,
                t("Seconds"): round((record.finished_at - record.started_at).total_seconds(), 1),
                "SHA-256": ", ".join(file.get("sha256", "") for file in record.files),
                t("Message"): None if record.message is None else job_text.in_words(record.message),
            }
            for record in records
        ]
    )
    told = t_plural("{count} import", "{count} imports, newest first", len(records))
    st.dataframe(frame, hide_index=True, width="stretch", placeholder=formatting.NOTHING, alt=told)


def _one(workspace: Workspace, records: list[ImportRecord]) -> None:
    """Draw the warnings of an import that is chosen, and what undoes it, or why it can't be undone."""
    names = {record.id: _name(workspace, record) for record in records}
    chosen = inputs.selectbox(
        t("Import"), list(names), format_func=lambda each: names[each], key=f"_history_import-{records[0].id}"
    )
    record = next(each for each in records if each.id == chosen)
    for warning in record.warnings:
        st.warning(markdown.text(job_text.in_words(warning)))
    why_not = record.why_not
    if why_not is not None:
        st.caption(markdown.text(job_text.in_words(why_not)))
    elif st.button(t("Undo this import"), icon=":material/undo:", key="_history_undo"):
        _confirm_undo(workspace, record)


def _name(workspace: Workspace, record: ImportRecord) -> str:
    when = formatting.instant(record.started_at.astimezone(workspace.settings.zone))
    files = ", ".join(file["name"] for file in record.files)
    counts = t("added: {added}, changed: {changed}", added=number(record.added), changed=number(record.changed))
    return f"{when} · {files} · {counts} · {record.id}"


def _confirm_undo(workspace: Workspace, record: ImportRecord) -> None:
    @st.dialog(t("Undo this import?"))
    def confirm() -> None:
        current_user.begin_by_itself(Role.ADMIN)
        st.write(markdown.text(_name(workspace, record)))
        st.write(
            t(
                "The evaluations that it added ({added}) go; those that it changed ({changed}) become what they were.",
                added=number(record.added),
                changed=number(record.changed),
            )
        )
        if st.button(t("Undo it"), type="primary"):
            job_progress.start(workspace, JobKind.UNDO, {"id": record.id})

    confirm()


def _delete_all(workspace: Workspace) -> None:
    with st.expander(t("Delete all data"), key="_history_delete"):
        st.write(t("All evaluations and names are deleted, for good. The list of imports and the audit stay."))
        name = workspace.settings.name
        typed = inputs.text_input(t("To delete them, type the workspace's name: {name}", name=name), key="_delete_name")
        if st.button(t("Delete all data"), icon=":material/delete_forever:", key="_delete_all"):
            if typed.strip() == name:
                job_progress.start(workspace, JobKind.DELETE_ALL, {"name": typed})
            st.error(t("Nothing was deleted: that is not the workspace's name."))


def _progress(workspace: Workspace) -> None:
    """Draw the undo or the deletion under way, or what came of the last one."""
    job = job_progress.last(workspace, (JobKind.UNDO, JobKind.DELETE_ALL))
    if job is None:
        return
    if not job.ended:
        job_progress.watch(workspace, job.id)
    elif job.status is not JobStatus.COMPLETED:
        st.error(markdown.text("" if job.message is None else job_text.in_words(job.message)))
    elif job.kind == JobKind.UNDO:
        st.success("  \n".join(markdown.text(line) for line in import_text.undo_in_words(job.result or {})))
    else:
        deleted = (job.result or {})["evaluations"]
        st.success(t_plural("All data deleted: {count} evaluation.", "All data deleted: {count} evaluations.", deleted))
