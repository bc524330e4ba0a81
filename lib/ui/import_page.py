"""The Data page's parts: upload, mapping, progress, bad rows.

The form of the mapping is in `mapping_form`, the imports so far are in `import_history`; what an import does is in
`lib.ingest`.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from lib.access.users import Role
from lib.analytics import queries
from lib.catalog.catalog import Catalog
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE
from lib.i18n import day, number, t, t_plural
from lib.ingest import bad_row_reports, saved_mappings, template, uploads
from lib.ingest.file_reading import InputFile
from lib.ingest.mapping_toml import MAX_MAPPING, write_mapping
from lib.jobs.queue import Job, JobKind, JobStatus
from lib.reports import formatting, import_text, job_text
from lib.store.enums import ImportResult
from lib.ui import current_user, job_progress, mapping_form, markdown, page_layout
from lib.ui.mapping_form import MappingDraft
from lib.workspace import Workspace

FILE_TYPES = ["csv", "tsv", "txt", "gz", "xlsx", "xlsm", "parquet", "json", "jsonl", "ndjson", "toml"]

_FILES, _STAMP, _BASE = "_import_files", "_import_stamp", "_import_base"


def upload(workspace: Workspace) -> tuple[InputFile, ...]:
    """Draw the upload; return the files that were brought, kept on disk."""
    current_user.allow_uploads()
    brought = st.file_uploader(
        t("Files with evaluations"),
        type=FILE_TYPES,
        accept_multiple_files=True,
        help=t("CSV, XLSX, Parquet or JSON, gzipped or not; a mapping (.toml) may come along."),
    )
    session = st.session_state
    stamp = "|".join(sorted(f"{file.file_id}" for file in brought))
    if session.get(_STAMP) != stamp:
        session[_STAMP], session[_FILES] = None, ()  # so it stays where the files can't be kept; then it is tried again
        job_progress.forget()
        session[_BASE] = next((_text(file) for file in brought if _is_toml(file)), None)
        data = [file for file in brought if not _is_toml(file)]
        folder = hashlib.sha256(stamp.encode()).hexdigest()[:24]
        session[_FILES] = uploads.keep(workspace.settings, data, folder) if data else ()
        session[_STAMP] = stamp
    files: tuple[InputFile, ...] = session.get(_FILES, ())
    return files


def templates(catalog: Catalog) -> None:
    """Draw what downloads an empty file and an empty mapping to fill in."""
    with st.container(horizontal=True, gap="small"):
        for label, make, name, kind in (
            (t("Template (CSV)"), template.csv, "callboard-template.csv", CSV_TYPE),
            (t("Template (XLSX)"), template.xlsx, "callboard-template.xlsx", XLSX_TYPE),
            (t("Template of a mapping (TOML)"), template.mapping, "callboard-mapping.toml", "application/toml"),
        ):
            made = functools.partial(make, catalog)
            st.download_button(
                label, made, name, kind, on_click="ignore", type="tertiary", icon=":material/download:", key=name
            )


def mapping(workspace: Workspace, files: tuple[InputFile, ...]) -> MappingDraft | None:
    """Draw the form of the files' mapping; return None where one of them can't be read."""
    return mapping_form.show(workspace, files, st.session_state[_BASE], st.session_state[_STAMP])


def start(workspace: Workspace, files: tuple[InputFile, ...], draft: MappingDraft) -> None:
    """Draw the buttons that check and load; a load keeps the mapping for files of this header."""
    with st.container(horizontal=True):
        off = not draft.is_complete
        check = st.button(t("Validate"), help=t("Read and check every row; save nothing."), disabled=off)
        load = st.button(t("Load"), type="primary", disabled=off)
        toml = write_mapping(draft.mapping)
        st.download_button(
            t("Download mapping (TOML)"),
            toml,
            "mapping.toml",
            "application/toml",
            on_click="ignore",
            disabled=draft.is_undecided,
        )
    if (check or load) and not off:
        _ask(workspace, files, draft, dry_run=check, skip=False)


def progress(workspace: Workspace, draft: MappingDraft | None) -> None:
    """Draw the import under way, or what came of the last one, unless the form says another mapping by now."""
    job = job_progress.last(workspace, (JobKind.IMPORT,))
    if job is None:
        return
    if not job.ended:
        job_progress.watch(workspace, job.id)
        return
    if draft is None or job.payload["mapping"] != write_mapping(draft.mapping):
        return
    if job.status is JobStatus.COMPLETED:
        _report(workspace, job, draft)
    else:
        why = "" if job.message is None else job_text.in_words(job.message)
        st.error(t("Nothing was loaded. {why}", why=markdown.text(why)))


def summary(workspace: Workspace) -> queries.DatasetStatus:
    """Draw what the database holds."""
    status = workspace.answers.run(queries.status)
    zone = workspace.settings.zone
    counted = f"<b>{formatting.count(status.evaluations)}</b>"
    held = (
        t_plural("{count} sample evaluation", "{count} sample evaluations", status.evaluations, count=counted)
        if status.is_sample
        else t_plural("{count} evaluation", "{count} evaluations", status.evaluations, count=counted)
    )
    if status.first_day and status.last_day:
        held = t("{what}, {first} to {last}", what=held, first=day(status.first_day), last=day(status.last_day))
    changed = t("changed {when} ({zone})", when=formatting.instant(status.changed_at.astimezone(zone)), zone=zone.key)
    st.html(f'<p class="cb-shown">{held} · {changed}</p>')
    page_layout.notices(status, is_data=True)
    return status


def _text(file: Any) -> str:
    """Return the text of a mapping, no more of it than shows that it is too long."""
    return str(file.getvalue()[: MAX_MAPPING + 1].decode("utf-8", "replace"))


def _is_toml(file: Any) -> bool:
    return bool(file.name.lower().endswith(".toml"))


def _ask(workspace: Workspace, files: tuple[InputFile, ...], draft: MappingDraft, *, dry_run: bool, skip: bool) -> None:
    """Put the import into the queue; where it would replace sample data, ask first."""

    def queue() -> None:
        payload: dict[str, Any] = {
            "files": [(str(file.path.absolute()), file.name) for file in files],
            "uploads": [(each.stored_name, each.name) for each in uploads.stored_uploads(files)],
            "mapping": write_mapping(draft.mapping),
            "dry_run": dry_run,
            "skip_bad_rows": skip,
            "replace_sample": not draft.is_of_answers,
            "answers": draft.is_of_answers,
        }
        current_user.require_role(Role.ADMIN)
        if not dry_run and not draft.is_of_answers:
            saved_mappings.keep(workspace.state, draft.survey.header, payload["mapping"])
        job_progress.start(workspace, JobKind.IMPORT, payload)

    if dry_run or draft.is_of_answers or not workspace.answers.run(queries.status).is_sample:
        queue()

    @st.dialog(t("Replace the sample data?"))
    def confirm() -> None:
        current_user.begin_by_itself(Role.ADMIN)
        st.write(
            t(
                "The app holds sample data. They are deleted when your own evaluations are loaded, and no undo brings "
                "them back."
            )
        )
        with st.container(horizontal=True):
            if st.button(t("Replace them"), type="primary"):
                queue()
            if st.button(t("Cancel")):
                st.rerun()

    confirm()


def _report(workspace: Workspace, job: Job, draft: MappingDraft) -> None:
    result = job.result or {}
    told = "  \n".join(markdown.text(line) for line in import_text.in_words(result))
    bad = result["bad"]
    if result["result"] == ImportResult.DRY_RUN:
        st.info(t("Nothing was saved. This is what loading would do:"))
    (st.warning if bad else st.success)(told)
    for warning in import_text.warnings_in_words(result):
        st.warning(markdown.text(warning))
    if not bad:
        return
    st.subheader(t_plural("{count} bad row", "{count} bad rows", bad), anchor=False)
    if result["problems"]:  # an import that was told of after a crash has them in its file alone
        frame = pd.DataFrame(map(import_text.problem_in_words, result["problems"])).rename(
            columns={
                "file": t("File"),
                "row": t("Row"),
                "column": t("Column"),
                "value": t("Value"),
                "problem": t("What is wrong"),
                "right": t("What would be right"),
            }
        )
        st.dataframe(
            frame, hide_index=True, width="stretch", alt=t_plural("{count} problem", "{count} problems", len(frame))
        )
        if bad > len(frame):
            st.caption(t("The first {count} problems; the file has every bad row.", count=number(len(frame))))
    good = result["read"] - bad
    with st.container(horizontal=True):
        name = Path(result["bad_rows_file"]).name
        reading = functools.partial(bad_row_reports.read, workspace.settings, name)
        st.download_button(
            t("Download the bad rows"),
            current_user.taking(reading, name, Role.ADMIN),
            "bad-rows.csv",
            CSV_TYPE,
            on_click="ignore",
            disabled=not bad_row_reports.is_kept(workspace.settings, name),
        )
        files = tuple(InputFile(Path(path), name) for path, name in job.payload["files"])
        loaded = job.payload.get("skip_bad_rows") and not job.payload.get("dry_run")
        if (
            good
            and not (loaded or draft.is_of_answers)
            and st.button(t_plural("Load the good row", "Load the {count} good rows", good), type="primary")
        ):
            _ask(workspace, files, draft, dry_run=False, skip=True)
