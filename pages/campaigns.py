"""Which campaigns stand where?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.dimensions import CAMPAIGN
from lib.charts.ranking import ranking
from lib.languages import t
from lib.ui import charts, page, tables

view = page.begin("Campaigns", "Which campaigns stand where?")
found = view.answers.ask(queries.breakdown, view.filters, view.calendar, CAMPAIGN, page_size=10_000)

st.subheader(t("Average score"), anchor=False)
drawing = ranking(found.groups, CAMPAIGN.label, charts.look())
if drawing:
    charts.show(drawing, "ranking")
st.subheader(t("All figures"), anchor=False)
tables.breakdown(view, "Campaigns", CAMPAIGN, found.groups, found.total)
