"""Takes the survey of a file: goes through all its rows, a column at a time, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.catalog.catalog import Catalog
from lib.errors import FileError
from lib.errors.codes import CodedText, FailureCode
from lib.ingest.column_tally import LONGEST, ColumnTally
from lib.ingest.converter import Batch
from lib.ingest.layout import Layout, find_layout
from lib.ingest.list_tally import ListTally
from lib.ingest.mapping import FileOptions, shortened
from lib.ingest.open_reader import open_source
from lib.ingest.reader import MalformedRow
from lib.ingest.survey import CellExample, SampleRow, Survey

_NOT_ENCODED = (FailureCode.CSV_WRONG_BYTE, FailureCode.JSONL_NOT_ENCODED, FailureCode.JSON_NOT_ENCODED)

_SAMPLED = 12
"""Rows of the sample."""

_SEARCHED = 10_000
"""Rows that are searched for a sample, past those that are blank."""

_COLUMN_CHARACTERS, _FILE_CHARACTERS = 200_000, 8_000_000
"""Characters that the distinct values of a column, and of all columns, may have."""


def take_survey(
    path: Path, name: str, options: FileOptions | None, catalog: Catalog, progress: Callable[[float, int], None]
) -> Survey:
    """Return the survey of a file; `progress` is told the share of its bytes and the number of rows read.

    Without options the header's row is found out, too; an encoding that no mapping names, in any case.

    Raises FileError and MappingError.
    """
    given = options or FileOptions()
    try:
        return _survey_of(path, name, options, given.encoding, catalog, progress)
    except FileError as error:
        encoding = _encoding_for(error)
        if given.encoding is not None or encoding is None:
            raise
    return _survey_of(path, name, options, encoding, catalog, progress)


def _survey_of(
    path: Path,
    name: str,
    options: FileOptions | None,
    encoding: str | None,
    catalog: Catalog,
    progress: Callable[[float, int], None],
) -> Survey:
    layout = find_layout(path, name, options, encoding, catalog)
    size = path.stat().st_size if path.exists() else 0
    done = 0

    def advanced(count: int) -> None:
        nonlocal done
        done += count

    source = open_source(path, name, layout.options, advanced)
    rows = _RowTally(source.header)
    with ThreadPoolExecutor(1) as pool:  # while one batch is tallied, the next is read
        before: Future[None] | None = None
        for batch, odd in source.batches:
            if before is not None:
                before.result()
            before = pool.submit(rows.add, batch, odd)
            progress(min(1.0, done / max(1, size)), rows.count)
        if before is not None:
            before.result()
    return replace(
        rows.result(name),
        first_rows=layout.first_rows,
        sheets=layout.sheets,
        sheet=layout.sheet,
        encoding=source.encoding or layout.options.encoding,
        delimiter=source.delimiter,
        header_row=max(source.header_row, layout.options.header_row),
        is_1904=source.is_1904,
        detected=_detected(options, layout),
    )


def _detected(options: FileOptions | None, layout: Layout) -> tuple[str, ...]:
    """Return which options were found out from the file."""
    given = options or FileOptions()
    names = [name for name in ("sheet", "encoding", "delimiter") if getattr(given, name) is None]
    names += ["header_row"] if options is None else []
    return tuple(name for name in names if name != "sheet" or layout.sheets)


def _encoding_for(error: FileError) -> str | None:
    """Return the encoding that a file which is not UTF-8 may have; None where something else is wrong with it."""
    if error.reason.code not in _NOT_ENCODED:
        return None
    right = error.reason.values.get("right")
    named = right.values.get("encoding") if isinstance(right, CodedText) else None
    return str(named or "cp1252")


class _RowTally:
    """Tallies the rows of a file, column by column."""

    def __init__(self, header: Sequence[str]) -> None:
        room = min(_COLUMN_CHARACTERS, _FILE_CHARACTERS // max(1, len(header)))
        self._columns = [ColumnTally(name, room) for name in header]
        self._lists: dict[int, ListTally] = {}
        self._header = tuple(header)
        self._sample: list[SampleRow] = []
        self.count = self._blank = self._malformed = 0

    def add(self, batch: Batch, odd: list[MalformedRow]) -> None:
        """Add a batch, and the rows that have no cells to look at."""
        broken = sum(row.problem is not None for row in odd)
        self.count += len(batch.numbers) + len(odd)
        self._malformed += broken
        self._blank += len(odd) - broken + _blank_rows(batch)
        kinds = batch.kinds or (None,) * len(self._columns)
        for tally, column, column_kinds in zip(self._columns, batch.columns, kinds, strict=True):
            tally.add(column, column_kinds)
        for place, values in batch.nested.items():
            self._lists.setdefault(place, ListTally(self._header[place])).add(values())
        self._sample += _sampled(batch, _SAMPLED - len(self._sample))

    def result(self, file: str) -> Survey:
        """Return the survey as far as the rows say it."""
        columns = [tally.result() for tally in self._columns]
        for place, lists in self._lists.items():
            columns[place] = replace(columns[place], listed=lists.result())
        return Survey(file, self._header, tuple(columns), self.count, self._blank, self._malformed, tuple(self._sample))


def _blank_rows(batch: Batch) -> int:
    """Return how many rows of a batch have no text in any column."""
    blank = np.ones(len(batch.numbers), dtype=bool)
    for column in batch.columns:
        if not blank.any():
            break
        texts = column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
        left = texts.filter(pa.array(blank))
        empty = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(left), ""), True)
        blank[blank] = empty.to_numpy(zero_copy_only=False)
    return int(blank.sum())


def _sampled(batch: Batch, most: int) -> list[SampleRow]:
    """Return the first rows of a batch that are not blank."""
    rows: list[SampleRow] = []
    if most <= 0:
        return rows
    width = len(batch.columns)
    for start in range(0, min(len(batch.numbers), _SEARCHED), most):
        columns = [column.slice(start, most).to_pylist() for column in batch.columns]
        for place, cells in enumerate(zip(*columns, strict=True), start):
            if len(rows) < most and any(cell and cell.strip() for cell in cells):
                kinds = [0 if each is None else int(each[place]) for each in batch.kinds or (None,) * width]
                texts = [shortened((cell or "").strip(), LONGEST) for cell in cells]
                rows.append(SampleRow(int(batch.numbers[place]), tuple(map(CellExample, texts, kinds))))
        if len(rows) == most:
            break
    return rows
