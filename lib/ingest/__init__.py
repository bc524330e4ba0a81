"""How evaluations come in: mappings, readers of files, conversion and checks, loading, the history of imports.

Also here: uploads that wait for their import, evaluations that a program sends, and sample data. Not here: the queue
that imports wait in (`lib.jobs`), the Data page (`lib.ui.import_page`) and the rollups (`lib.analytics.rollup`).
"""
