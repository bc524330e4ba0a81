"""The entry script: page set-up, sidebar, navigation. It runs before every page."""

import streamlit as st

from lib import workspace
from lib.ui import page, sidebar, state, style

st.set_page_config(page_title="Callboard", page_icon="pages/static/icon.svg", layout="wide", initial_sidebar_state=300)
st.html(style.sheet())

pages = [
    st.Page("overview.py", title="Overview", default=True),
    st.Page("campaigns.py", title="Campaigns"),
    st.Page("call_centers.py", title="Call centers"),
    st.Page("executives.py", title="Executives"),
    st.Page("trends.py", title="Trends"),
    st.Page("evaluations.py", title="Evaluations"),
    st.Page("exports.py", title="Exports"),
    st.Page("data.py", title="Data"),
    st.Page("settings.py", title="Settings"),
]
chosen = st.navigation(pages, position="hidden")
with page.ended_by_errors():
    space = workspace.current()
    state.load(space.settings.zone)
    sidebar.show(pages, space.answers, space.calendar)
chosen.run()
