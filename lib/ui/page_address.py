"""The address that the visitor's browser has the app at."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st


def base_url() -> str:
    """Return what links begin with where no setting says it: the host that was checked for this session, or ""."""
    try:
        scheme = urlsplit(st.context.url or "").scheme
    except ValueError:  # brackets that hold no address
        scheme = ""
    host = st.context.headers.get("host")
    return f"{scheme}://{host}" if host and scheme in ("http", "https") else ""
