"""Alerts: metrics that are watched, the states of what is watched, and what is told of their changes."""
