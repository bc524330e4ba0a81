"""Pure statistics: numbers in, numbers out.

Intervals, tests, ranges of ranks, control charts, spreads between groups, shrinkage, sample sizes, and rounding. Not
here: which metric has which interval (`lib.catalog.metrics`), SQL (`lib.analytics`), and what pages say of it
(`lib.reports`). `docs/statistics.md` says what each sentence rests on.
"""
