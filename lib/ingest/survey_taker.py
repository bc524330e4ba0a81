"""Takes the survey of a file: goes through all its rows, a column at a time, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lib.ingest.converter import Batch
from lib.ingest.mapping import FileOptions, shortened
from lib.ingest.open_reader import open_source
from lib.ingest.survey import MAX_VALUES, CellExample, ColumnSurvey, SampleRow, Survey
from lib.ingest.text_cleaning import Texts

_EXAMPLES = 3
_SAMPLED = 12
_LONGEST = 200
"""Characters of an example."""


def take_survey(path: Path, name: str, options: FileOptions | None, progress: Callable[[float, int], None]) -> Survey:
    """Return the survey of a file; `progress` is told the share of its bytes and the number of rows read.

    Raises FileError and MappingError.
    """
    options = options or FileOptions()
    size = path.stat().st_size if path.exists() else 0
    done = 0

    def advanced(count: int) -> None:
        nonlocal done
        done += count

    source = open_source(path, name, options, advanced)
    tallies = [ColumnTally(column) for column in source.header]
    rows = malformed = 0
    sample: list[SampleRow] = []
    for batch, odd in source.batches:
        rows += len(batch.numbers) + len(odd)
        malformed += sum(row.problem is not None for row in odd)
        for tally, column in zip(tallies, batch.columns, strict=True):
            tally.add(column)
        sample += _sampled(batch, _SAMPLED - len(sample))
        progress(min(1.0, done / max(1, size)), rows)
    columns = tuple(tally.result() for tally in tallies)
    return Survey(
        name, source.header, columns, rows, malformed=malformed, sample=tuple(sample), header_row=options.header_row
    )


class ColumnTally:
    """Counts the values of one column, batch by batch."""

    def __init__(self, name: str) -> None:
        """Begin with none."""
        self._name = name
        self._filled = 0
        self._values: dict[str, int] | None = {}

    def add(self, column: Texts) -> None:
        """Count the cells of a batch."""
        texts = column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
        counted = pc.value_counts(pc.utf8_trim_whitespace(texts).drop_null())
        for text, count in zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True):
            if not text:
                continue
            self._filled += count
            if self._values is not None:
                self._values[text] = self._values.get(text, 0) + count
        if self._values is not None and len(self._values) > MAX_VALUES:
            self._examples = tuple(CellExample(shortened(text, _LONGEST)) for text in [*self._values][:_EXAMPLES])
            self._values = None

    def result(self) -> ColumnSurvey:
        """Return what was counted."""
        counted = ColumnSurvey(self._name, self._filled)
        if self._values is None:
            return replace(counted, is_complete=False, distinct=None, examples=self._examples)
        values = tuple(sorted(self._values.items(), key=lambda each: -each[1]))
        examples = tuple(CellExample(shortened(text, _LONGEST)) for text in [*self._values][:_EXAMPLES])
        repeated = tuple(text for text, count in values[:_EXAMPLES] if count > 1)
        return replace(counted, values=values, distinct=len(values), examples=examples, repeated=repeated)


def _sampled(batch: Batch, most: int) -> list[SampleRow]:
    rows = []
    columns = [column.slice(0, max(0, most)).to_pylist() for column in batch.columns]
    for place, cells in enumerate(zip(*columns, strict=True)):
        if any(cells):
            texts = tuple(CellExample(shortened((cell or "").strip(), _LONGEST)) for cell in cells)
            rows.append(SampleRow(int(batch.numbers[place]), texts))
    return rows
