"""Writes a workbook in a child process, so that pages and API stay quick while it works.

The child takes a pickled `WorkbookFile` from standard input and writes it to standard output; run as
`python -m lib.exports.table_process MEGABYTES SECONDS`, which are what it may take.
"""

from __future__ import annotations

import pickle
import sys

from lib.errors import StorageError
from lib.errors.codes import FailureCode
from lib.exports.workbook import WorkbookFile
from lib.formats import child_process

MOST_MEGABYTES, MOST_SECONDS = 2_048, 120
"""What a workbook may take; the largest page takes a fraction of both."""


def xlsx(workbook: WorkbookFile) -> bytes:
    """Return a workbook as XLSX. Raises StorageError where the child could not write it."""
    try:
        limits = (str(MOST_MEGABYTES), str(MOST_SECONDS))
        return child_process.run("lib.exports.table_process", *limits, given=pickle.dumps(workbook))
    except StorageError as error:
        raise StorageError(FailureCode.EXPORT_UNWRITTEN, error=error.reason) from None


if __name__ == "__main__":
    child_process.end_with_parent()
    child_process.make_way()
    child_process.limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        sys.stdout.buffer.write(pickle.load(sys.stdin.buffer).xlsx())  # noqa: S301 - our own parent wrote it
    except MemoryError:
        sys.exit("it takes more memory than it may")
