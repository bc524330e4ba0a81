"""The shared query module: pages, API and exports get every number from here.

Questions (summary, breakdowns, trends, records, decomposition, like for like, ranges of ranks, the week by the hour),
what they are asked with (filters, grants, periods), what answers them (planner, sources, rollups, kept answers), and
the check of the facts. Not here: what a metric is (`lib.catalog`), formulas of statistics (`lib.statistics`), the
tables (`lib.store.schema`), and words (`lib.reports`).
"""
