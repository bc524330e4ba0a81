"""The HTTP API: the query module's answers as JSON, under the names that its users know."""
