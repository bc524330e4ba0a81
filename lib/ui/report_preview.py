"""Mails of reports as pages show them: before they go out, and as they went out."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lib.access.owners import Owner
from lib.analytics import queries
from lib.errors import CallboardError
from lib.i18n import file_size, t
from lib.mail.content import MailContent
from lib.mail.preview import preview_html
from lib.scheduled_reports.definition import ReportDefinition
from lib.scheduled_reports.preview import preview
from lib.ui import current_user, markdown
from lib.workspace import Workspace

FRAME_HEIGHT = 720
"""Pixels; the mail is scrolled within its frame."""

_MADE = "_report_preview"


def make(space: Workspace, definition: ReportDefinition, owner: Owner) -> None:
    """Make a mail of a report, to be drawn by `draw_made`; say why where it can't be made."""
    try:
        with st.spinner(t("Making the mail …")):
            content = preview(definition, owner, current_user.current().grant, space)
    except CallboardError as error:
        st.session_state.pop(_MADE, None)
        st.error(markdown.problem(error))
        return
    st.session_state[_MADE] = (_mark(space, definition), content)


def draw_made(space: Workspace, definition: ReportDefinition) -> None:
    """Draw the mail that was made of a report, as long as the report and the data are as they were then."""
    mark, content = st.session_state.get(_MADE, (None, None))
    if content is None or mark != _mark(space, definition):
        return
    st.caption(t("As you may see it. Others get what they may see."))
    draw(content)
    if definition.attachments:
        names = ", ".join(each.upper() for each in definition.attachments)
        st.caption(t("Attached when it goes out: {names}.", names=names))


def draw(content: MailContent) -> None:
    """Draw a mail: its subject, its HTML in a frame that runs no script, and the names of its files."""
    st.markdown(f"**{markdown.text(content.subject)}**")
    with st.container(border=True, key="cb-mail"):
        st.iframe(preview_html(content), height=FRAME_HEIGHT, alt=t("The mail: {subject}", subject=content.subject))
    if content.attachments:
        files = ", ".join(f"{each.file_name} ({file_size(len(each.content))})" for each in content.attachments)
        st.caption(t("Attached: {files}.", files=markdown.text(files)))


def _mark(space: Workspace, definition: ReportDefinition) -> tuple[Any, ...]:
    """Return what a mail of a report depends on: what is ordered, the data, and what the visitor may see."""
    version = space.answers.run(queries.status).data_version
    return (definition.to_row(), version, current_user.current().grant)
