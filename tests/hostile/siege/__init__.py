"""A server under siege: one hostile visitor, one hostile viewer and one hostile key beside people who work."""
