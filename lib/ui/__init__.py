"""What pages are made of: the URL's state, the sidebar, cards, tables, charts."""
