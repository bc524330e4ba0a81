"""Who may do what?"""

import streamlit as st

from lib import __version__, workspace
from lib.ui import keys, page, plain

st.title("Settings", anchor=False)
st.html('<p class="cb-question">Which programs may ask, and for what?</p>')
with page.ended_by_errors():
    space = workspace.current()
    st.subheader("API keys", anchor=False)
    st.caption("The API answers under /v1 with the numbers of these pages; its documentation is at /v1/docs.")
    keys.listing(space)
    st.subheader("New key", anchor=False)
    keys.create(space)
    st.subheader("About", anchor=False)
    store = "an embedded DuckDB" if space.facts.embedded else "PostgreSQL"
    st.caption(
        f"Callboard {__version__}. The facts lie in {store}. Time zone: {plain.text(space.settings.timezone)}; weeks "
        f"begin on {space.settings.week_start.capitalize()}."
    )
