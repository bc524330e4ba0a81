"""What is in here?"""

import streamlit as st

from lib import workspace
from lib.languages import t
from lib.ui import importing, page

page.head("Data", "What is in here, and how does more come in?")
with page.ended_by_errors():
    space = workspace.current()
    importing.summary(space)
    st.subheader(t("Load your own"), anchor=False)
    files = importing.upload(space)
    if files:
        mapped = importing.mapping(space, files)
        if mapped is not None:
            importing.start(space, files, *mapped)
    importing.progress(space)
    importing.history(space)
