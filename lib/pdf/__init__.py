"""A page's value as PDF: its cards, sentences, charts and tables set on sheets by Typst; no numbers of its own."""
