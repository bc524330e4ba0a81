"""Who may do what?"""

import streamlit as st

from lib import __version__, workspace
from lib.access.users import Role
from lib.i18n import t
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import (
    api_keys_admin,
    current_user,
    language,
    markdown,
    page_layout,
    shared_items_admin,
    users_admin,
    webhooks_admin,
)

page_layout.head(text("Settings"), text("Who may do what?"), page_help.SETTINGS)
page_layout.link_notices()
with page_layout.stop_on_error():
    space = workspace.current()
    language.choice()
    if current_user.may(Role.ADMIN):
        st.subheader(t("People"), anchor=False)
        if space.settings.has_login:
            users_admin.show(space)
        else:
            st.info(
                t("No login is set up: anyone with access can do everything. To set one up, see docs/administrator.md.")
            )
        st.subheader(t("API keys"), anchor=False)
        st.caption(t("The API answers under /v1 with the numbers of these pages; its documentation is at /v1/docs."))
        api_keys_admin.listing(space)
        st.subheader(t("New key"), anchor=False)
        api_keys_admin.create(space)
        webhooks_admin.show(space)
        shared_items_admin.show(space)
    st.subheader(t("About"), anchor=False)
    servers = {"postgresql": "PostgreSQL", "ducklake": "DuckLake"}
    store = servers.get(space.facts.engine_name) or t("an embedded DuckDB database")
    st.caption(
        t(
            "Callboard {version}. Data stored in {store}. Time zone: {zone}. Weeks begin on {day}.",
            version=__version__,
            store=store,
            zone=markdown.text(space.settings.timezone),
            day=t(space.settings.week_start.capitalize()),
        )
    )
