"""What is in here?"""

import html

import streamlit as st

from lib import workspace
from lib.ui import importing, page

st.title("Data", anchor=False)
st.html(f'<p class="cb-question">{html.escape("What is in here, and how does more come in?")}</p>')
with page.ended_by_errors():
    space = workspace.current()
    importing.summary(space)
    st.subheader("Load your own", anchor=False)
    files = importing.upload(space)
    if files:
        mapped = importing.mapping(space, files)
        if mapped is not None:
            importing.start(space, files, *mapped)
    importing.progress(space)
    importing.history(space)
