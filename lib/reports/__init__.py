"""What pages say in words: numbers, filters and explanations; no Streamlit."""
