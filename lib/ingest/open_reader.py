"""Opens a file of any format: by its content first, by its name's ending where the content could be either.

Nothing is interpreted here: what a value means is `value_parsers.py`. Meant to run in the child process of
`reader_process.py`, which has the limits that hostile files need.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest.csv_reader import open_delimited
from lib.ingest.file_signatures import (
    SIGNED_BYTES,
    is_json,
    refuse_other_archives,
    refuse_others,
    refuse_packed_tables,
)
from lib.ingest.jsonl_reader import open_json_lines
from lib.ingest.mapping import FileOptions
from lib.ingest.parquet_reader import open_parquet
from lib.ingest.reader import FileReader, Progress, Truncated, open_bytes
from lib.ingest.xlsx_reader import open_workbook


def open_source(
    path: Path, name: str, options: FileOptions, progress: Progress, named: Collection[str] | None = None
) -> FileReader:
    """Open a file by its content and its name's ending.

    With `named`, names of columns as `folded` gives them, a typed file need not make texts of all others' values.

    Raises FileError where it can't be read, MappingError where an option does not fit it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(SIGNED_BYTES)
        if start.startswith(b"\x1f\x8b"):
            with Truncated(name), open_bytes(path, name) as unpacked:
                start = unpacked.read(SIGNED_BYTES)
            refuse_packed_tables(start, name)
        size = path.stat().st_size
    except OSError as error:
        raise FileError(FailureCode.FILE_UNOPENED, name=name, error=str(error.strerror)) from None
    if size == 0:
        raise FileError(FailureCode.FILE_EMPTY, name=name)
    ending = name.lower().removesuffix(".gz").rpartition(".")[2]
    if start.startswith(b"PAR1"):
        return open_parquet(path, name, progress, named)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        refuse_other_archives(path, name)
        return open_workbook(path, name, options, progress)
    refuse_others(start, name)
    if ending in ("xlsx", "xlsm", "parquet"):
        raise FileError(FailureCode.FILE_MISNAMED, name=name, kind=ending.upper())
    if ending in ("jsonl", "ndjson", "json") or is_json(start):
        return open_json_lines(path, name, options, progress)
    return open_delimited(path, name, options, progress)
