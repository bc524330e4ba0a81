"""All that knows a database: engines, tables, migrations, rows by the million, room on the disk."""
