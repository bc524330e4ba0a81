"""Writes a table's workbook in a child process, so that pages and API stay quick while it works.

The child takes a pickled `TableExport` from standard input and writes the workbook to standard output; run as
`python -m lib.exports.table_process`.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

from lib.errors import StorageError
from lib.exports.table_files import TableExport
from lib.formats import child_process


def xlsx(table: TableExport) -> bytes:
    """Return the table as XLSX. Raises StorageError where the child could not write it."""
    done = subprocess.run(
        [sys.executable, "-m", "lib.exports.table_process"],
        input=pickle.dumps(table),
        capture_output=True,
        check=False,
        env={**os.environ, **child_process.ENVIRONMENT},
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise StorageError(f"The file could not be written: {lines[-1] if lines else 'the writer ended'}.")
    return done.stdout


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.load(sys.stdin.buffer).xlsx())  # noqa: S301 - our own parent wrote it
