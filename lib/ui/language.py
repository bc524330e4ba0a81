"""The visitor's language: what the link says, else the browser's own."""

from __future__ import annotations

import streamlit as st

from lib import i18n
from lib.i18n import LANGUAGES, t
from lib.ui import inputs


def choose() -> None:
    """Take the language of this run; must come before any text."""
    i18n.use((st.context.locale or "").partition("-")[0].lower())
    st.session_state["_default_lang"] = i18n.current()
    asked = st.query_params.get("lang") or st.session_state.get("lang")
    if asked in LANGUAGES:
        i18n.use(asked)


def choice() -> None:
    """Draw the choice of the language."""
    if not st.session_state.get("lang"):
        st.session_state["lang"] = i18n.current()
    inputs.selectbox(
        t("Language"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, key="lang", on_change=_chosen, width=240
    )


def _chosen() -> None:
    if st.session_state["lang"] in LANGUAGES:
        st.query_params["lang"] = st.session_state["lang"]  # what the link says comes first
