"""Which call centers stand where?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.dimensions import CALL_CENTER
from lib.charts.ranking import ranking
from lib.languages import t
from lib.ui import charts, page, tables

view = page.begin("Call centers", "Which call centers stand where?")
found = view.answers.ask(queries.breakdown, view.filters, view.calendar, CALL_CENTER, page_size=10_000)

st.subheader(t("Average score"), anchor=False)
drawing = ranking(found.groups, CALL_CENTER.label, charts.look())
if drawing:
    charts.show(drawing, "ranking")
st.subheader(t("All figures"), anchor=False)
tables.breakdown(view, "Call centers", CALL_CENTER, found.groups, found.total)
