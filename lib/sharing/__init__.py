"""What people keep and hand on: saved views, notes on days, pinned links and what changed since one was made.

Not here: how they are shown (`lib.ui`), and the parameters of links (`lib.reports.page_links`).
"""
