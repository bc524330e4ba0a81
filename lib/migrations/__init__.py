"""The migrations of both stores: each folder is an Alembic environment of its own."""
