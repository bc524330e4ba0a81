"""CSV and its kin: delimiter, quoting and encoding found out, then read in blocks by Arrow.

The block reader is quick and says little. Where it fails, or where an odd number of quotes tells that one of them may
never be closed, the file is read once more, slowly, to say what is wrong and where.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest import value_parsers
from lib.ingest.converter import REPEATED, Batch
from lib.ingest.csv_dialect import DELIMITERS, ESCAPE, Dialect, declared_delimiter, lines_of, readable, sniff_dialect
from lib.ingest.mapping import FileOptions
from lib.ingest.ragged_rows import RaggedRows
from lib.ingest.reader import (
    MAX_COLUMNS,
    MAX_REFUSED,
    FileReader,
    MalformedRow,
    Progress,
    Truncated,
    checked_header,
    open_bytes,
)
from lib.ingest.text_encoding import find_encoding, guess_one_byte_encoding
from lib.ingest.text_stream import Utf8Stream

_BLOCK = 2 * 2**20
_SAMPLED_ROWS = 500
_REPEATS = 2  # how often a text comes on average, in a column that is read as a dictionary
_LONGEST_ESCAPED = 2**20
"""Characters of a text that quotes escaped by a backslash are looked for in."""


def open_delimited(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open a delimited text file. Raises FileError where it can't be read."""
    csv.field_size_limit(2**31 - 1)
    with Truncated(name), open_bytes(path, name) as file:
        encoding = find_encoding(file.read(4096), options.encoding)
    with _reading(path, name, encoding, options):
        header_row, delimiter, escaped = _preamble(path, name, encoding, options)
        stream = Utf8Stream(path, name, encoding, escaped=escaped)
        dialect = sniff_dialect(stream.sample(), header_row, delimiter, escaped=escaped)
        header = _header(name, header_row, stream, dialect)
    ragged = RaggedRows(name, header, dialect, header_row + 1)

    def explain() -> None:
        _explain(path, name, encoding, options, dialect, header)

    def batches() -> Iterator[tuple[Batch, list[MalformedRow]]]:
        blocks = 0
        with _reading(path, name, encoding, options):
            if not stream.peek():
                return
            try:
                for block in _blocks(stream, len(header), dialect, ragged.take):
                    blocks += 1
                    progress(stream.advanced(blocks * _BLOCK))
                    yield ragged.merged(block)
            except pa.ArrowInvalid as error:
                if ragged.seen > MAX_REFUSED:
                    raise FileError(
                        FailureCode.CSV_TOO_RAGGED, name=name, most=MAX_REFUSED, cells=len(header)
                    ) from None
                explain()
                raise FileError(
                    FailureCode.CSV_UNREADABLE_AFTER, name=name, row=ragged.following - 1, error=str(error)
                ) from None
        if stream.quotes % 2:
            explain()
        if ragged.waiting:
            yield ragged.rest()

    return FileReader(name, header, batches(), header_row=header_row, encoding=encoding, delimiter=dialect.delimiter)


def _preamble(path: Path, name: str, encoding: str, options: FileOptions) -> tuple[int, str | None, bool]:
    """Return the header's row, the delimiter where it is known, and whether quotes are escaped by a backslash."""
    with closing(Utf8Stream(path, name, encoding)) as stream:
        sample = stream.sample()
    if "\x00" in sample:
        raise FileError(FailureCode.CSV_WITH_NUL, name=name)
    declared = declared_delimiter(sample)
    header_row = options.header_row if declared is None else max(2, options.header_row)
    delimiter = options.delimiter or declared
    escaped = _has_escaped_quotes(path, name, encoding, header_row, delimiter)
    return header_row, delimiter, escaped


def _has_escaped_quotes(path: Path, name: str, encoding: str, header_row: int, delimiter: str | None) -> bool:
    """Return whether every quote within a text of the file follows a backslash, and any does."""
    backslash = "\\".encode(encoding)
    with open_bytes(path, name) as file:
        while chunk := file.read(_BLOCK):
            if backslash in chunk and backslash + '"'.encode(encoding) in chunk + file.peek(8)[:8]:
                break
        else:
            return False
    with closing(Utf8Stream(path, name, encoding)) as stream:
        dialect = sniff_dialect(ESCAPE.sub("", stream.sample()), header_row, delimiter)
        lines = (ESCAPE.sub("", line) for line in iter(lambda: stream.readline().decode(), ""))
        limit = csv.field_size_limit(_LONGEST_ESCAPED)
        try:
            if not any('"' in cell for row in dialect.rows(lines, strict=True) for cell in row):
                return True
        except csv.Error:
            pass
        finally:
            csv.field_size_limit(limit)
    _check_doubled(path, name, encoding, dialect)
    return False


def _check_doubled(path: Path, name: str, encoding: str, dialect: Dialect) -> None:
    """Raise FileError where some quotes are doubled and others follow a backslash, so that no rule reads them all."""
    number = 0
    with closing(Utf8Stream(path, name, encoding)) as stream:
        try:
            for _ in dialect.rows(iter(lambda: stream.readline().decode(), ""), strict=True):
                number += 1
        except csv.Error as error:
            if "expected after" in str(error):
                raise FileError(FailureCode.CSV_QUOTES_MIXED, name=name, row=number + 1) from None


def _blocks(stream: Utf8Stream, width: int, dialect: Dialect, ragged: Callable[[Any], str]) -> Iterator[pa.RecordBatch]:
    types = _types(stream.sample(), width, dialect)
    yield from pa.csv.open_csv(
        stream,
        pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=list(types)),
        pa.csv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote,
            escape_char="\\" if dialect.escaped else False,
            double_quote=not dialect.escaped,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=ragged,
        ),
        pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )


def _types(sample: str, width: int, dialect: Dialect) -> dict[str, pa.DataType]:
    """Return how to read each column: as a dictionary where, by the first rows, many of its texts are the same.

    There are as many columns as most of the first rows have cells, so that rows which all lack a cell, or have one too
    many, are read as quickly as others.
    """
    lines = lines_of(sample)[:_SAMPLED_ROWS]
    rows = [row for row in readable(dialect.rows(lines)) if any(cell.strip() for cell in row)]
    widths = Counter(len(row) for row in rows if len(row) <= MAX_COLUMNS)
    width = max(widths, key=lambda each: (widths[each], each == width), default=width)
    rows = [row for row in rows if len(row) == width]
    distinct = [len({row[place] for row in rows}) for place in range(width)]
    return {str(place): REPEATED if few * _REPEATS < len(rows) else pa.string() for place, few in enumerate(distinct)}


@contextmanager
def _reading(path: Path, name: str, encoding: str, options: FileOptions) -> Iterator[None]:
    """Turn what goes wrong below into an error of ours that says where."""
    try:
        with Truncated(name):
            yield
    except UnicodeError as error:
        _find_wrong_byte(path, name, encoding, options)
        raise FileError(FailureCode.CSV_NOT_ENCODED, name=name, encoding=encoding, error=str(error)) from None


def _explain(
    path: Path, name: str, encoding: str, options: FileOptions, dialect: Dialect, header: tuple[str, ...]
) -> None:
    """Read the file once more, slowly, for what the block reader did not say: raise what is found, with its place."""
    if encoding == "utf-8":
        _find_wrong_byte(path, name, encoding, options)
    stream = Utf8Stream(path, name, encoding, escaped=dialect.escaped)
    rows = dialect.rows(iter(lambda: stream.readline().decode(), ""), strict=True)
    number = line = 0
    try:
        for row in rows:
            number, line = number + 1, rows.line_num
            longest = max(range(len(row)), key=lambda place: len(row[place]), default=0)
            if row and len(row[longest]) > value_parsers.MAX_TEXT and sum(map(len, row)) > _BLOCK // 4:
                column = f"'{header[longest]}'" if longest < len(header) else str(longest + 1)
                raise FileError(
                    FailureCode.CSV_CELL_TOO_LONG,
                    name=name,
                    row=number,
                    column=column,
                    characters=len(row[longest]),
                    most=value_parsers.MAX_TEXT,
                )
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise FileError(
                FailureCode.CSV_QUOTE_OPEN, name=name, row=number + 1, line=line + 1, quote=dialect.quote
            ) from None
    finally:
        stream.close()


def _find_wrong_byte(path: Path, name: str, encoding: str, options: FileOptions) -> None:
    """Raise an error that names the row and column of the first byte that is no text in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with Truncated(name), open_bytes(path, name) as file:
        number, line = 0, b""
        while line := file.readline():
            number += 1
            try:
                decoder.decode(line)
            except UnicodeDecodeError as error:
                delimiter = options.delimiter or max(DELIMITERS, key=lambda sign: line.count(sign.encode()))
                column = line[: error.start].count(delimiter.encode()) + 1
                guess = guess_one_byte_encoding(line + file.read(2**16))
                right = FailureCode.RIGHT_UTF8.of(encoding=guess)
                if options.encoding is not None:
                    right = FailureCode.RIGHT_ENCODING.of(encoding=options.encoding)
                raise FileError(
                    FailureCode.CSV_WRONG_BYTE,
                    name=name,
                    row=number,
                    column=column,
                    byte=f"{line[min(error.start, len(line) - 1)]:02x}",
                    encoding=encoding,
                    right=right,
                ) from None
            except UnicodeError:  # a mark is missing, say: no byte of a row is to blame
                return


def _header(name: str, row: int, stream: Utf8Stream, dialect: Dialect) -> tuple[str, ...]:
    """Read up to the header's row; the stream goes on behind it."""
    rows = dialect.rows(iter(lambda: stream.readline().decode(), ""))
    header: list[str] = []
    try:
        for _ in range(row):
            header = next(rows)
    except StopIteration:
        raise FileError(FailureCode.CSV_WITHOUT_HEADER, name=name, row=row) from None
    except csv.Error as error:
        raise FileError(FailureCode.CSV_HEADER_UNREADABLE, name=name, row=row, error=str(error)) from None
    if not any(cell.strip() for cell in header):
        raise FileError(FailureCode.CSV_HEADER_BLANK, name=name, row=row)
    return checked_header(name, header)
