"""Measurements against yardsticks, each pair in one run: `make bench`."""
