"""Backups: both stores in one file that does not depend on the engine, and back.

Not here: how files are swapped in place of others (`lib.store.atomic_swap`), and the commands (`lib.cli`).
"""
