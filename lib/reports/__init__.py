"""Pages as values: what each says about a query, and the words for it; no Streamlit and no file format."""
