"""The HTTP API: the query module's answers as JSON, under the names that its users know.

Also here: evaluations that a program sends, orders of exports, how much one key may ask, errors over HTTP, and the
OpenAPI description. Not here: keys and grants (`lib.access`), how sent evaluations are read (`lib.ingest.api_records`)
and written (`lib.jobs.tasks`), and what every request to the server passes first (`lib.web`).
"""
