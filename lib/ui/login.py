"""What those see who are not logged in, or wait for a role; and who is logged in, in the sidebar."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from lib.access.users import Role
from lib.i18n import t
from lib.ui import current_user, markdown
from lib.workspace import Workspace


def show(space: Workspace) -> NoReturn:
    """Draw the way in, and end the page there."""
    waiting = current_user.waiting()
    with st.container(key="cb-login", width=440, gap="small"):
        st.html('<div class="cb-brand"><span class="cb-mark" aria-hidden="true"></span>Callboard</div>')
        if waiting is not None:
            st.title(t("Almost there"), anchor=False)
            st.write(
                t(
                    "You are logged in as {who}, and have no role yet. An administrator can give you one on the "
                    "Settings page; reload this page then.",
                    who=markdown.text(waiting.actor),
                )
            )
            st.button(t("Log out"), on_click=current_user.log_out, args=(space,), key="log-out")
        else:
            st.title(t("Call quality, in figures"), anchor=False)
            told = (
                t("Your session has ended. Log in again to go on.") if current_user.ended() else t("Log in to go on.")
            )
            st.write(told)
            st.button(t("Log in"), type="primary", on_click=st.login, key="log-in")
    st.stop()


def account(space: Workspace) -> None:
    """Draw who is logged in, and the way out; nothing where there is no login."""
    if not space.settings.has_login:
        return
    person = current_user.current()
    with st.container(key="cb-account", gap=None):
        limited = not person.grant.everything
        role = t("{role}, limited", role=t(person.role.value)) if limited else t(person.role.value)
        st.caption(f"{markdown.text(person.name)} · {role}")
        st.button(
            t("Log out"),
            on_click=current_user.log_out,
            args=(space,),
            key="log-out",
            type="tertiary",
            icon=":material/logout:",
            help=t("Ends the session in all tabs of this browser."),
        )


ROLES = {
    Role.NONE: "No access yet",
    Role.VIEWER: "Viewer: can view pages",
    Role.ANALYST: "Analyst: can also download files and write notes",
    Role.ADMIN: "Admin: can also manage keys, access and data; sees everything",
}
"""What each role is called where one is chosen."""
