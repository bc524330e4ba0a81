"""Who may do what?"""

import streamlit as st

from lib import __version__, workspace
from lib.languages import t
from lib.ui import keys, language, page, plain

page.head("Settings", "Which programs may ask, and for what?")
with page.ended_by_errors():
    space = workspace.current()
    language.choice()
    st.subheader(t("API keys"), anchor=False)
    st.caption(t("The API answers under /v1 with the numbers of these pages; its documentation is at /v1/docs."))
    keys.listing(space)
    st.subheader(t("New key"), anchor=False)
    keys.create(space)
    st.subheader(t("About"), anchor=False)
    store = t("an embedded DuckDB") if space.facts.embedded else "PostgreSQL"
    st.caption(
        t(
            "Callboard {version}. The facts lie in {store}. Time zone: {zone}; weeks begin on {day}.",
            version=__version__,
            store=store,
            zone=plain.text(space.settings.timezone),
            day=t(space.settings.week_start.capitalize()),
        )
    )
