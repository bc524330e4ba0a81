"""The Settings page's part about API keys: make, list, revoke."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from lib.access import keys
from lib.analytics import queries
from lib.analytics.dimensions import CALL_CENTER, CAMPAIGN
from lib.errors import CallboardError
from lib.ui import page, plain
from lib.workspace import Workspace

_EXPIRY: dict[str, timedelta | None] = {
    "Never": None,
    "30 days": timedelta(days=30),
    "90 days": timedelta(days=90),
    "1 year": timedelta(days=365),
}


def create(workspace: Workspace) -> None:
    """Draw the form that makes a key; the key is shown once."""
    with st.form("key", border=True):
        left, right = st.columns(2)
        name = left.text_input("Name", placeholder="What the key is for", max_chars=200)
        expiry = right.selectbox("Expires after", list(_EXPIRY), index=2)
        scopes = st.multiselect("Scopes", keys.SCOPES, default=["analytics:read"])
        limits = []
        for place, dimension in zip(st.columns(2), (CALL_CENTER, CAMPAIGN), strict=True):
            named = {each.id: each.name for each in workspace.answers.ask(queries.options, dimension) if each.id}
            label = f"May see these {dimension.plural} alone"
            limits.append(place.multiselect(label, list(named), format_func=named.__getitem__, placeholder="All"))
        made = st.form_submit_button("Create key", type="primary")
    if made:
        try:
            text, _ = keys.create(workspace.state, name, scopes, "Settings page", limits[0], limits[1], _EXPIRY[expiry])
        except CallboardError as error:
            st.error(plain.text(error.message))
        else:
            st.success("Copy the key now; it is kept as a hash, and not shown again.")
            st.code(text, language=None)


def listing(workspace: Workspace) -> None:
    """Draw every key, and a way to revoke one."""
    found = keys.all_keys(workspace.state)
    if not found:
        page.empty("No keys yet", "Programs ask the API with a key: Authorization: Bearer cb_live_…")
        return
    zone = workspace.settings.zone
    frame = pd.DataFrame(
        [
            {
                "Key": key.prefix + "…",
                "Name": key.name,
                "State": key.status,
                "Scopes": ", ".join(key.scopes),
                "Call centers": "all" if key.grant.call_centers is None else ", ".join(key.grant.call_centers),
                "Campaigns": "all" if key.grant.campaigns is None else ", ".join(key.grant.campaigns),
                "Made by": key.created_by,
                "Expires": key.expires_at.astimezone(zone).replace(tzinfo=None) if key.expires_at else None,
                "Last used": key.last_used_at.astimezone(zone).replace(tzinfo=None) if key.last_used_at else None,
            }
            for key in found
        ]
    )
    st.dataframe(frame, hide_index=True, width="stretch", alt=f"{len(found)} API keys")
    active = {key.prefix: f"{key.prefix}… ({key.name})" for key in found if key.status == "active"}
    if active:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("Revoke", list(active), format_func=active.__getitem__, index=None, width=360)
            if st.button("Revoke for good", disabled=chosen is None) and chosen is not None:
                keys.revoke(workspace.state, chosen)
                st.rerun()
