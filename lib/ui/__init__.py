"""Streamlit alone: page values drawn, the URL's state, the sidebar, forms; no numbers of its own.

Also here: who the visitor is and what they may open, Streamlit's own words, and what is done to its internals
(`streamlit_internals`). Not here: what a page says (`lib.reports`), and how a chart looks (`lib.charts`).
"""
