"""The file of an import's bad rows, each with the reason in a last column."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import IO, Any

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.formats.csv_injection import escape_formula
from lib.ingest.converter import Batch, RowProblem
from lib.ingest.mapping import shortened
from lib.ingest.reader import FileReader, MalformedRow

MAX_BAD = 1_000_000
"""Bad rows that are kept; with more, the mapping or the file is another than was meant."""


class BadRowsFile:
    """The bad rows as they came, with the reason in a last column; made when the first one comes."""

    def __init__(self, path: Path, sources: list[FileReader]) -> None:
        self._path = path
        self._columns = list(dict.fromkeys(column for source in sources for column in _numbered(source.header)))
        self._file: IO[str] | None = None

    def add(
        self,
        source: FileReader,
        batch: Batch,
        bad: Any,
        odd: list[MalformedRow],
        problems: list[RowProblem],
    ) -> None:
        """Write bad rows, those that could not be read among them."""
        reasons: dict[int, list[str]] = {}
        for problem in problems:
            reason = f"{problem.column} {problem.problem}; right would be {problem.right}"
            reasons.setdefault(problem.row, []).append(reason)
        rows = [(int(batch.numbers[at]), batch.row(at)) for at in bad.tolist()]
        rows += [(row.number, list(row.cells)) for row in odd if row.problem]
        if rows and self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow([*(escape_formula(name) for name, _ in self._columns), "reason"])
        for number, cells in sorted(rows, key=lambda row: row[0]):
            by_column = dict(zip(_numbered(source.header), cells, strict=False))
            beyond = cells[len(source.header) :]
            reason = f"{source.name}, row {number}: " + "; ".join(reasons.get(number, []))
            reason += f" (beyond the header: {' | '.join(beyond)})" if any(beyond) else ""
            assert self._file is not None  # noqa: S101 - made above
            line = [*(by_column.get(column, "") for column in self._columns), reason]  # it begins with the file's name
            csv.writer(self._file).writerow([escape_formula(cell) for cell in line])

    def close(self) -> None:
        """Close the file, where there is one."""
        if self._file is not None:
            self._file.close()


def too_many_bad_rows(first: RowProblem) -> FileError:
    """Return the error that ends a reading with more than MAX_BAD bad rows."""
    return FileError(
        FailureCode.TOO_MANY_BAD_ROWS,
        name=first.file,
        most=MAX_BAD,
        row=first.row,
        column=first.column,
        value=shortened(first.value, 60),
        problem=first.problem,
        right=first.right,
    )


@cache
def _numbered(header: tuple[str, ...]) -> list[tuple[str, int]]:
    """Return a header's names, each with how often it came before: several columns may have one name, or none."""
    return [(name, header[:place].count(name)) for place, name in enumerate(header)]
