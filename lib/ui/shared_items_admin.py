"""What people keep for each other, on the Settings page: how much there is, and its deletion by an administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from lib.access.users import Role
from lib.i18n import number, t
from lib.sharing.saved_views import EVERYONE
from lib.ui import current_user, inputs, markdown
from lib.workspace import Workspace


def show(workspace: Workspace) -> None:
    """Draw who has how many saved views and notes, each with the deletion of all of somebody's."""
    _of_one(workspace, "views", t("Saved views"), workspace.views.owners(), workspace.views.delete_all)
    _of_one(workspace, "notes", t("Notes"), workspace.notes.authors(), workspace.notes.delete_all)


def _of_one(
    workspace: Workspace, kind: str, label: str, counts: Mapping[str, int], delete_all: Callable[[str, str], int]
) -> None:
    if not counts:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = inputs.selectbox(
            label,
            list(counts),
            format_func=lambda owner: f"{_name(workspace, owner)} ({number(counts[owner])})",
            key=f"_owner_of_{kind}",
        )
        gone = current_user.acting(_delete, Role.ADMIN)
        st.button(t("Delete all of them"), key=f"delete-{kind}", on_click=gone, args=(delete_all, chosen))


def _name(workspace: Workspace, owner: str) -> str:
    if owner == EVERYONE:
        return t("Everybody")
    person = workspace.people.get(owner)
    return markdown.text(owner if person is None else person.actor)


def _delete(delete_all: Callable[[str, str], int], owner: str) -> None:
    delete_all(owner, current_user.actor())
