"""The Audit page's parts: which entries, the entries, and their downloads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from lib.access.actors import actor_in_words
from lib.access.audit_log import Action, AuditEntry, AuditFilter
from lib.access.users import Role
from lib.exports import table_process
from lib.exports.table_files import CSV_TYPE, XLSX_TYPE, TableExport
from lib.i18n import current, override_language, t, t_plural
from lib.reports import formatting
from lib.reports.file_columns import FileColumn
from lib.ui import current_user, inputs, page_layout
from lib.workspace import Workspace

PAGE_SIZE = 200

MOST = 100_000
"""Entries that a file holds, the newest of those asked for; the file says how many there are."""


def show(space: Workspace) -> None:
    """Draw the choice of entries, a page of them, newest first, and the buttons that download them all."""
    asked = _choice(space)
    count = space.audit.count(asked)
    if not count:
        page_layout.empty(
            t("Nothing to show"),
            t("Log-ins, imports, exports, downloads, and changes of keys and access are written down here."),
        )
        return
    page = inputs.page_number(-(-count // PAGE_SIZE), "_audit_page")
    entries = space.audit.entries(asked, PAGE_SIZE, (page - 1) * PAGE_SIZE)
    first = (page - 1) * PAGE_SIZE + 1
    st.caption(
        t(
            "{first} to {last} of {count}, newest first.",
            first=formatting.count(first),
            last=formatting.count(first + len(entries) - 1),
            count=formatting.count(count),
        )
    )
    _table(space, entries)
    _downloads(space, asked)


def _choice(space: Workspace) -> AuditFilter:
    """Draw the filters."""
    columns = st.columns([1, 1, 2, 2], gap="small")
    first, last = (
        inputs.day_input(label, key, place=place)
        for place, label, key in zip(columns, (t("From"), t("To")), ("_audit_from", "_audit_to"), strict=False)
    )
    actors = inputs.multiselect(
        t("Who"), space.audit.actors(), place=columns[2], format_func=actor_in_words, placeholder=t("Everybody")
    )
    actions = inputs.multiselect(
        t("Action"), list(Action), place=columns[3], format_func=lambda action: t(action.label), placeholder=t("All")
    )
    return AuditFilter(space.settings.zone, first, last, tuple(actors), tuple(actions))


def _table(space: Workspace, entries: list[AuditEntry]) -> None:
    zone = space.settings.zone
    frame = pd.DataFrame(
        [
            {
                t("When"): entry.at.astimezone(zone).replace(tzinfo=None),
                t("Who"): actor_in_words(entry.actor),
                t("Action"): t(entry.action.label),
                t("Object"): entry.subject_in_words,
                t("Details"): entry.details_in_words,
            }
            for entry in entries
        ]
    )
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(633, 35 * (len(frame) + 1) + 3),
        column_config={t("When"): st.column_config.DatetimeColumn(format=f"{inputs.DAY_FORMATS[current()]} HH:mm:ss")},
        alt=t_plural("{count} entry", "{count} entries, newest first", len(frame)),
    )


def _downloads(space: Workspace, asked: AuditFilter) -> None:
    """Draw the buttons that download every entry asked for; the files speak English."""
    zone = space.settings.zone
    fields = (
        FileColumn("at", "instant"),
        FileColumn("actor"),
        FileColumn("action"),
        FileColumn("subject"),
        FileColumn("details"),
    )

    def table() -> TableExport:
        with override_language("en"):
            rows: tuple[tuple[Any, ...], ...] = tuple(
                (
                    entry.at.astimezone(zone),
                    actor_in_words(entry.actor),
                    entry.action.label,
                    entry.subject_in_words,
                    entry.details_in_files,
                )
                for entry in space.audit.entries(asked, MOST)
            )
        counted = f"{len(rows)} of {space.audit.count(asked)}"
        about = (("Table", "Audit"), ("Time zone", zone.key), ("Rows", counted))
        return TableExport("Audit", fields, rows, about)

    makers: tuple[tuple[str, str, str, Callable[[], bytes]], ...] = (
        (t("Download CSV"), "csv", CSV_TYPE, lambda: table().csv()),
        (t("Download XLSX"), "xlsx", XLSX_TYPE, lambda: table_process.xlsx(table().workbook)),
    )
    with st.container(horizontal=True, gap="small"):
        for label, ending, kind, make in makers:
            name = f"callboard-audit-{date.today().isoformat()}.{ending}"
            taken = current_user.taking(make, name, Role.ADMIN)
            st.download_button(label, taken, name, kind, on_click="ignore", key=f"audit-{ending}")
