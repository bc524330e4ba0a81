"""Backups: both stores in one file that does not depend on the engine, and back."""
