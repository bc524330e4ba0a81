"""Which executives stand where?"""

import streamlit as st

from lib.analytics import queries
from lib.analytics.dimensions import EXECUTIVE
from lib.charts.funnel import funnel
from lib.languages import t
from lib.ui import charts, page, tables

view = page.begin("Executives", "Who stands out, and who only seems to?")
found = view.answers.ask(queries.breakdown, view.filters, view.calendar, EXECUTIVE, page_size=10_000)

st.subheader(t("Volume against score"), anchor=False)
drawing = funnel(found.groups, found.total, EXECUTIVE.label, charts.look())
if drawing:
    charts.show(drawing, "funnel")
st.subheader(t("All figures"), anchor=False)
tables.breakdown(view, "Executives", EXECUTIVE, found.groups, found.total)
