"""How data come in: mapping a file's columns, reading, checking, loading."""
