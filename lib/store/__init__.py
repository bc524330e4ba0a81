"""The two stores and what differs between their databases: engines, transactions, tables, migrations, codes.

The facts are in DuckDB or PostgreSQL, the state in SQLite or PostgreSQL. Also here: bulk reads and writes, PostgreSQL's
notifications, driver errors as errors of ours, space on the disk, the data dir, DuckDB's write-ahead log, and the swap
of files after a restore. Not here: queries, which other packages write in SQLAlchemy, one text for all databases.
"""

from lib.store import outgoing_schema  # noqa: F401 - its tables are the state's, whoever asks for these
