"""What data is loaded?"""

import streamlit as st

from lib import workspace
from lib.i18n import t
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import import_history, import_page, new_data, page_layout

page_layout.head(text("Data"), text("What data is loaded? Add more."), page_help.DATA)
with page_layout.stop_on_error():
    space = workspace.current()
    new_data.note(import_page.summary(space).data_version)
    st.subheader(t("Load your own"), anchor=False)
    files = import_page.upload(space)
    import_page.templates(space.import_catalog)
    draft = import_page.mapping(space, files) if files else None
    if draft is not None:
        import_page.start(space, files, draft)
    import_page.progress(space, draft)
    import_history.draw(space)
