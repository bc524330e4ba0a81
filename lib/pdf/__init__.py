"""A page as PDF: its cards, charts and tables set on sheets."""
