"""The entry script: page set-up, who is there, sidebar, navigation. It runs before every page."""

import streamlit as st

from lib import workspace
from lib.access.users import Role
from lib.i18n import t
from lib.reports.pages import PAGES
from lib.ui import (
    current_user,
    language,
    login,
    page_layout,
    script_run,
    share_links,
    sidebar,
    streamlit_words,
    style,
    url_state,
)

with script_run.turn():
    st.set_page_config(
        page_title="Callboard", page_icon="pages/static/icon.svg", layout="wide", initial_sidebar_state=300
    )
    language.choose()
    st.html(style.sheet())
    streamlit_words.draw()

    first = next(iter(PAGES.values()))
    sections = {
        t("Analyze"): [
            st.Page(f"{page.name}.py", icon=f":material/{page.icon}:", title=str(page.title), default=page is first)
            for page in PAGES.values()
        ]
        + [st.Page("live.py", icon=":material/sensors:", title=t("Live"))],
        t("Data"): [
            st.Page("own_metrics.py", icon=":material/function:", title=t("Metrics")),
            st.Page("exports.py", icon=":material/download:", title=t("Exports")),
            st.Page("reports.py", icon=":material/schedule_send:", title=t("Reports")),
            st.Page("alerts.py", icon=":material/notifications:", title=t("Alerts")),
            st.Page("data.py", icon=":material/database:", title=t("Data")),
        ],
        t("Administration"): [
            st.Page("audit.py", icon=":material/history:", title=t("Audit")),
            st.Page("settings.py", icon=":material/tune:", title=t("Settings")),
        ],
    }
    # The role that a page takes, by its URL path; the others any.
    NEEDS = {
        **dict.fromkeys(("exports", "reports", "alerts"), Role.ANALYST),
        **dict.fromkeys(("data", "audit"), Role.ADMIN),
    }

    chosen = st.navigation(sections, position="hidden")
    script_run.begin(chosen.url_path or first.name)  # the first page is the one without a path
    with page_layout.stop_on_error():
        space = workspace.current()
        if current_user.enter(space) is None:
            login.show(space)
        st.session_state["_page"] = chosen.url_path
        share_links.follow(space, [page for pages in sections.values() for page in pages])
        url_state.load(space.settings.zone)
        open_to_visitor = {
            label: [page for page in pages if current_user.may(NEEDS.get(page.url_path, Role.VIEWER))]
            for label, pages in sections.items()
        }
        sidebar.show(open_to_visitor, space, chosen.url_path)
        current_user.require_role(NEEDS.get(chosen.url_path, Role.VIEWER))
    chosen.run()
