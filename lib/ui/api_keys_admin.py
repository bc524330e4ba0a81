"""The Settings page's part about API keys: make, list, revoke."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from lib.access import api_keys
from lib.access.actors import actor_in_words
from lib.analytics.grants import EVERYTHING
from lib.errors import CallboardError
from lib.i18n import t, t_plural
from lib.reports import formatting
from lib.reports.table import MOST_ROWS
from lib.ui import current_user, data_grid, grant_form, inputs, markdown, page_layout
from lib.workspace import Workspace

EXPIRY: dict[str, timedelta | None] = {
    "Never": None,
    "30 days": timedelta(days=30),
    "90 days": timedelta(days=90),
    "1 year": timedelta(days=365),
}
"""How long a key holds."""

_NEW_KEY = "_new_key"
"""Where a key that was just made waits to be shown."""


def create(workspace: Workspace) -> None:
    """Draw the form that makes a key; the key is shown once, and the list above has it by then."""
    if text := st.session_state.pop(_NEW_KEY, None):
        st.success(t("Copy the key now. It is not shown again."))
        st.code(text, language=None)
    with st.form("key", border=True):
        left, right = st.columns(2)
        name = left.text_input(t("Name"), placeholder=t("What the key is for"), max_chars=200)
        expiry = inputs.selectbox(t("Expires after"), list(EXPIRY), 2, place=right, format_func=lambda name: t(name))
        scopes = inputs.multiselect(t("Scopes"), api_keys.SCOPES, ["analytics:read"])
        grant = grant_form.choose(workspace, EVERYTHING, "new-key")
        made = st.form_submit_button(t("Create key"), type="primary")
    if made:
        try:
            st.session_state[_NEW_KEY], _ = api_keys.create(
                workspace.state, name, scopes, current_user.actor(), grant, workspace.catalog, EXPIRY[expiry]
            )
        except CallboardError as error:
            st.error(markdown.problem(error))
        else:
            st.rerun()


def listing(workspace: Workspace) -> None:
    """Draw every key, and a way to revoke one."""
    found = api_keys.all_keys(workspace.state)
    if not found:
        page_layout.empty(t("No keys yet"), t("Use a key to call the API: Authorization: Bearer cb_live_…"))
        return
    zone = workspace.settings.zone
    frame = pd.DataFrame(
        [
            {
                t("Key"): key.prefix + "…",
                t("Name"): key.name,
                t("State"): t(key.status),
                t("Scopes"): ", ".join(key.scopes),
                **grant_form.columns(workspace, key.grant),
                t("Made by"): actor_in_words(key.created_by),
                t("Expires"): key.expires_at.astimezone(zone).replace(tzinfo=None) if key.expires_at else None,
                t("Last used"): key.last_used_at.astimezone(zone).replace(tzinfo=None) if key.last_used_at else None,
            }
            for key in found[:MOST_ROWS]
        ]
    )
    told = t_plural("{count} API key", "{count} API keys", len(found))
    st.dataframe(frame, hide_index=True, width="stretch", placeholder=formatting.NOTHING, alt=told)
    data_grid.say_cut(len(frame), len(found), t("the newest first"))
    active = {key.prefix: f"{key.prefix}… ({key.name})" for key in found if key.status == "active"}
    if active:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = inputs.selectbox(t("Revoke"), list(active), None, format_func=active.__getitem__, width=360)
            if st.button(t("Revoke for good"), disabled=chosen is None) and chosen is not None:
                api_keys.revoke(workspace.state, chosen, current_user.actor())
                st.rerun()
