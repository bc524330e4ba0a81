"""The history of a report: its runs, what became of each mail, and the mails themselves."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from lib.access.users import Role
from lib.analytics.grants import Grant
from lib.delivery.answer_text import answer_in_words
from lib.delivery.mail_message import message_id
from lib.delivery.outbox import Delivery
from lib.i18n import file_size, t, t_plural
from lib.mail.content import MailContent
from lib.reports import formatting, job_text
from lib.scheduled_reports.report_text import DELIVERY_LABELS, REASON_LABELS, RUN_LABELS, recipients_text
from lib.scheduled_reports.repository import ScheduledReport
from lib.scheduled_reports.runs import ReportRun, RunStatus
from lib.ui import current_user, data_grid, inputs, page_layout, report_draft, report_preview
from lib.workspace import Workspace

PAGE_SIZE = 20
"""Runs that are drawn at once."""

_PAGE, _RUN, _MAIL, _READS = "_report_run_page", "_report_run", "_report_mail", "_report_reads"
_OPEN = (RunStatus.QUEUED, RunStatus.SENDING)


def show(space: Workspace, report: ScheduledReport) -> None:
    """Draw the runs of a report, the newest first; while one is under way, they move by themselves."""
    st.subheader(t("History"), anchor=False)
    newest, _ = space.outgoing.runs.of_report(report.id, 0, PAGE_SIZE)
    is_moving = any(run.status in _OPEN and not _waits_long(run) for run in newest)
    st.fragment(_history, run_every=1.0 if is_moving else None)(space, report.id, is_moving)


def _waits_long(run: ReportRun) -> bool:
    """Return whether a run is tried again only after minutes, so that nothing moves until then."""
    return run.status is RunStatus.QUEUED and run.failures > 0


def _history(space: Workspace, report: str, was_moving: bool) -> None:
    current_user.begin_by_itself(Role.ANALYST)
    if report_draft.stored(space, report) is None:
        return
    page_key = f"{_PAGE}-{report}"
    page = int(st.session_state.get(page_key, 1))
    runs, count = space.outgoing.runs.of_report(report, (page - 1) * PAGE_SIZE, PAGE_SIZE)
    if was_moving and not any(run.status in _OPEN for run in runs):
        st.rerun()
    if not count:
        page_layout.empty(t("It has not gone out yet"), t("Each time that it goes out is listed here for 90 days."))
        return
    mails = space.outbox.of_causes([each.id for each in runs])
    zone = space.settings.zone
    _runs(runs, mails, zone)
    inputs.page_number(-(-count // PAGE_SIZE), page_key)
    if not runs:
        return
    by_id = {each.id: each for each in runs}
    run = by_id[
        inputs.selectbox(
            t("Recipients of"),
            list(by_id),
            format_func=lambda chosen: _run_name(by_id.get(chosen), zone),
            key=f"{_RUN}-{report}",
            width=380,
        )
    ]
    _recipients(space, mails[run.id])


def _runs(runs: list[ReportRun], mails: dict[str, list[Delivery]], zone: ZoneInfo) -> None:
    rows = [
        {
            t("Due"): _local(each.due_at, zone),
            t("Reason"): t(REASON_LABELS[each.reason]),
            t("Status"): t(RUN_LABELS[each.status]),
            t("Problem"): "" if each.error is None else job_text.in_words(each.error),
            t("Recipients"): _names(mails[each.id], each),
            t("Started"): _local(each.started_at, zone),
            t("Finished"): _local(each.finished_at, zone),
        }
        for each in runs
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        height=data_grid.list_height(len(rows)),
        placeholder=formatting.NOTHING,
        alt=t_plural("{count} run, the newest first", "{count} runs, the newest first", len(rows)),
    )
    st.caption(t("Times: {zone}", zone=zone.key))


def _recipients(space: Workspace, mails: list[Delivery]) -> None:
    """Draw what became of the mails of a run, and what shows one of them."""
    if not mails:
        st.caption(t("No mail was made."))
        return
    sender = space.settings.mail_from
    rows = [
        {
            t("Address"): each.address,
            t("Status"): t(DELIVERY_LABELS[each.status]),
            t("Answer of the server"): answer_in_words(each) or "",
            t("Size"): "" if each.bytes is None else file_size(each.bytes),
            t("Message-ID"): message_id(each.id, sender),
        }
        for each in mails
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        height=data_grid.list_height(len(rows)),
        placeholder=formatting.NOTHING,
        alt=t_plural("{count} recipient of the run", "{count} recipients of the run", len(rows)),
    )
    kept = {each.id: each for each in mails if each.content is not None}
    if not kept:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = inputs.selectbox(
            t("Mail to"),
            list(kept),
            format_func=lambda number: kept[number].address if number in kept else number,
            key=f"{_MAIL}-{mails[0].cause}",
            width=380,
        )
        reads = st.toggle(t("Show the mail"), key=_READS)
    if reads:
        _mail(space, kept[chosen])


def _mail(space: Workspace, mail: Delivery) -> None:
    """Draw a mail as it went out, where the visitor may see all that it says."""
    kept = space.outbox.content(str(mail.content))
    if kept is None:
        st.caption(t("This mail is no longer kept."))
        return
    content = MailContent.from_bytes(kept)
    if not current_user.current().grant.covers(content.grant or Grant()):
        st.info(t("This mail says more than you may see."))
        return
    report_preview.draw(content)


def _names(mails: list[Delivery], run: ReportRun) -> str:
    if run.recipient is not None:
        return run.recipient
    return mails[0].address if len(mails) == 1 else recipients_text(len(mails)) if mails else ""


def _run_name(run: ReportRun | None, zone: ZoneInfo) -> str:
    if run is None:
        return ""
    return f"{formatting.instant(run.due_at.astimezone(zone))} · {t(REASON_LABELS[run.reason])}"


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if moment is None else moment.astimezone(zone).replace(tzinfo=None)
