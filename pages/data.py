"""What is in here?"""

import streamlit as st

from lib import workspace
from lib.i18n import t
from lib.reports.words import text
from lib.ui import import_page, page_layout

page_layout.head(text("Data"), text("What is in here, and how does more come in?"))
with page_layout.stop_on_error():
    space = workspace.current()
    import_page.summary(space)
    st.subheader(t("Load your own"), anchor=False)
    files = import_page.upload(space)
    if files:
        mapped = import_page.mapping(space, files)
        if mapped is not None:
            import_page.start(space, files, *mapped)
    import_page.progress(space)
    import_page.history(space)
