"""Streamlit alone: page values drawn, the URL's state, the sidebar, forms; no numbers of its own."""
