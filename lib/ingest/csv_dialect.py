"""Dialects of CSV: the delimiter, the quote, and how a quote within a text is written, by the first rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = ",;\t|"
ESCAPE = re.compile(r'\\[\\"]')
"""What stands for a quote or a backslash where quotes are escaped by a backslash."""

_SNIFFED_ROWS = 200
_DECLARED = re.compile(r'"?sep=([^\w"\s]|\t)"?\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a row are told apart."""

    delimiter: str
    quote: str = '"'
    escaped: bool = False  # a quote within a text follows a backslash; otherwise it is doubled

    def rows(self, lines: Iterable[str], *, strict: bool = False) -> Reader:
        """Return a reader of rows; a strict one raises csv.Error where doubled quotes are not as they should be."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            escapechar="\\" if self.escaped else None,
            doublequote=not self.escaped,
            strict=strict,
        )


def declared_delimiter(sample: str) -> str | None:
    """Return the delimiter that a first line such as `sep=;` says; None where the first line is none."""
    declared = _DECLARED.fullmatch(sample.partition("\n")[0])
    return declared[1] if declared else None


def lines_of(sample: str) -> list[str]:
    """Return the lines of a text with their ends, as a stream gives them: other signs than LF end none."""
    return list(io.StringIO(sample, newline="\n"))


def sniff_dialect(sample: str, header_row: int, delimiter: str | None, *, escaped: bool = False) -> Dialect:
    """Return the dialect of a file by its beginning; its delimiter may be known."""
    lines = lines_of(sample)
    if len(lines) > header_row + 1 and not lines[-1].endswith("\n"):
        lines.pop()  # the sample may end within it
    lines = lines[: header_row + _SNIFFED_ROWS]
    head = next((line for line in lines[header_row - 1 :] if line.strip()), "")
    quote = "'" if head.startswith("'") and '"' not in "".join(lines) else '"'
    if delimiter is not None:
        return Dialect(delimiter, quote, escaped)
    candidates = [Dialect(sign, quote, escaped) for sign in DELIMITERS]
    return max(candidates, key=lambda dialect: _fit(list(readable(dialect.rows(lines)))[header_row - 1 :]))


def readable(rows: Reader) -> Iterator[list[str]]:
    """Yield rows up to the first that is none."""
    try:
        yield from rows
    except csv.Error:  # such as a carriage return within a text: the rows so far tell enough
        return


def _fit(rows: list[list[str]]) -> tuple[float, int, float]:
    """Return how well rows fit their header: a header of one column fits worse than any other one."""
    width = len(rows[0]) if rows else 0
    filled = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    fit = sum(_row_fit(row, width) for row in filled) / len(filled) if filled else 1.0
    return (fit if width > 1 else 0.0, width, fit)


def _row_fit(row: list[str], width: int) -> float:
    if len(row) == width:
        return 1.0
    if len(row) < width:
        return 0.5 if len(row) > 1 else 0.25  # cells are missing, or the sign is in the header's names alone
    return 0.0 if any(cell.strip() for cell in row[width:]) else 0.5
