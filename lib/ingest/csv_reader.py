"""CSV and its kin: delimiter, quoting and encoding found out, then read in blocks by Arrow.

The block reader is quick and says little. Where it fails, or where an odd number of quotes tells that one of them may
never be closed, the file is read once more, slowly, to say what is wrong and where.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest import value_parsers
from lib.ingest.converter import REPEATED, Batch
from lib.ingest.mapping import FileOptions
from lib.ingest.reader import (
    MAX_REFUSED,
    FileReader,
    MalformedRow,
    Progress,
    Truncated,
    checked_header,
    malformed_row,
    open_bytes,
    position,
)

_CHUNK = 2**20
_BLOCK = 2 * 2**20
_SAMPLED_ROWS = 500
_REPEATS = 2  # how often a text comes on average, in a column that is read as a dictionary
_DELIMITERS = ",;\t|"
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def open_delimited(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open a delimited text file. Raises FileError where it can't be read."""
    csv.field_size_limit(2**31 - 1)
    encoding = _encoding(path, name, options)
    with _reading(path, name, encoding, options):
        stream = _Utf8(path, name, encoding)
        delimiter, quote = _dialect(name, options, stream.sample())
        header = _header(name, options, stream, delimiter, quote)
    first_row = options.header_row + 1
    broken: list[MalformedRow] = []
    refused = 0

    def refuse(row: Any) -> str:
        cells = tuple(next(csv.reader([row.text], delimiter=delimiter, quotechar=quote), []))
        nonlocal refused
        refused += 1
        if refused > MAX_REFUSED:
            return "error"
        number = first_row + row.number - 1
        if not any(cell.strip() for cell in cells):
            broken.append(MalformedRow(number, (), None))  # blank, however wide
            return "skip"
        problem = FailureCode.WRONG_CELLS.of(cells=row.actual_columns, expected=row.expected_columns)
        right = FailureCode.RIGHT_CELLS.of(cells=row.expected_columns)
        broken.append(malformed_row(name, number, cells, problem, right))
        return "skip"

    def batches() -> Iterator[tuple[Batch, list[MalformedRow]]]:
        following = first_row
        blocks = 0
        with _reading(path, name, encoding, options):
            if not stream.peek():
                return
            try:
                for block in _blocks(stream, len(header), delimiter, quote, refuse):
                    numbers = _numbers(following, len(block), broken)
                    following = int(numbers[-1]) + 1 if len(numbers) else following
                    told, broken[:] = list(broken), []
                    blocks += 1
                    progress(stream.advanced(blocks * _BLOCK))
                    yield Batch(name, numbers, tuple(block.columns)), told
            except pa.ArrowInvalid as error:
                if refused > MAX_REFUSED:
                    raise FileError(
                        FailureCode.CSV_TOO_RAGGED, name=name, most=MAX_REFUSED, cells=len(header)
                    ) from None
                _explain(path, name, encoding, options, delimiter, quote, header)
                raise FileError(
                    FailureCode.CSV_UNREADABLE_AFTER, name=name, row=following - 1, error=str(error)
                ) from None
        if stream.quotes % 2:
            _explain(path, name, encoding, options, delimiter, quote, header)
        if broken:
            none = tuple(pa.array([], pa.string()) for _ in header)
            yield Batch(name, np.array([], dtype=np.int64), none), list(broken)

    return FileReader(name, header, batches())


def _blocks(
    stream: _Utf8, width: int, delimiter: str, quote: str, refuse: Callable[[Any], str]
) -> Iterator[pa.RecordBatch]:
    types = _types(stream.sample(), width, delimiter, quote)
    yield from pa.csv.open_csv(
        stream,
        pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK, column_names=list(types)),
        pa.csv.ParseOptions(
            delimiter=delimiter,
            quote_char=quote,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=refuse,
        ),
        pa.csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )


def _types(sample: str, width: int, delimiter: str, quote: str) -> dict[str, pa.DataType]:
    """Return how to read each column: as a dictionary where, by the first rows, many of its texts are the same."""
    lines = sample.splitlines(keepends=True)[:_SAMPLED_ROWS]
    rows = [row for row in csv.reader(lines, delimiter=delimiter, quotechar=quote) if len(row) == width]
    distinct = [len({row[place] for row in rows}) for place in range(width)]
    return {str(place): REPEATED if few * _REPEATS < len(rows) else pa.string() for place, few in enumerate(distinct)}


def _numbers(first: int, count: int, broken: list[MalformedRow]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the numbers of `count` good rows from `first` on, around those of the broken ones."""
    numbers = np.arange(first, first + count + len(broken), dtype=np.int64)
    return numbers[~np.isin(numbers, [row.number for row in broken])][:count]


def _encoding(path: Path, name: str, options: FileOptions) -> str:
    """Return the mapping's encoding, or what the file's first bytes say, or UTF-8."""
    with Truncated(name), open_bytes(path, name) as file:
        start = file.read(4)
    chosen = options.encoding or next((known for mark, known in _BOMS if start.startswith(mark)), "utf-8")
    if codecs.lookup(chosen).name == "utf-8":
        return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    return chosen


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
    path: Path, name: str, encoding: str, options: FileOptions, delimiter: str, quote: str, header: tuple[str, ...]
) -> None:
    """Read the file once more, slowly, for what the block reader did not say: raise what is found, with its place."""
    if encoding == "utf-8" or encoding == "utf-8-sig":
        _find_wrong_byte(path, name, encoding, options)
    stream = _Utf8(path, name, encoding)
    lines = iter(lambda: stream.readline().decode(), "")
    rows = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
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
            raise FileError(FailureCode.CSV_QUOTE_OPEN, name=name, row=number + 1, line=line + 1, quote=quote) from None
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
                delimiter = options.delimiter or max(_DELIMITERS, key=lambda sign: line.count(sign.encode()))
                column = line[: error.start].count(delimiter.encode()) + 1
                right = FailureCode.RIGHT_UTF8.of()
                if options.encoding is not None:
                    right = FailureCode.RIGHT_ENCODING.of(encoding=options.encoding)
                raise FileError(
                    FailureCode.CSV_WRONG_BYTE,
                    name=name,
                    row=number,
                    column=column,
                    byte=f"{line[min(error.start, len(line) - 1)]:02x}",
                    encoding=encoding.removesuffix("-sig"),
                    right=right,
                ) from None
            except UnicodeError:  # a mark is missing, say: no byte of a row is to blame
                return


class _Utf8(io.RawIOBase):
    """The file's text as UTF-8 bytes, whatever its encoding; lines end with LF or CR LF."""

    def __init__(self, path: Path, name: str, encoding: str) -> None:
        self._file = open_bytes(path, name)
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._plain = encoding == "utf-8"
        self._ready = bytearray()
        self._ended = False
        self._told = self._read = self._filled = 0  # bytes of the file that were told and read, and of its text
        self.quotes = 0
        start = self._file.peek(_CHUNK)
        self._only_returns = b"\r" in start and b"\n" not in start
        self._fill()

    def sample(self) -> str:
        """Return the beginning of the text; it is still to be read."""
        while len(self._ready) < _CHUNK // 4 and not self._ended:
            self._fill()
        return bytes(self._ready[: _CHUNK // 4]).decode("utf-8", "ignore")

    def peek(self) -> bool:
        """Return whether anything is left."""
        while not self._ready and not self._ended:
            self._fill()
        return bool(self._ready)

    def advanced(self, size: int) -> int:
        """Return how many bytes of the file the first `size` bytes of text take, beyond those told before.

        The text is read many blocks ahead of the rows, so that the place in the file says little.
        """
        so_far = self._read * min(size, self._filled) // max(1, self._filled)
        moved = max(0, so_far - self._told)
        self._told += moved
        return moved

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readline(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002 - lines are never cut
        """Return the next line with its end."""
        start = 0
        while (end := self._ready.find(b"\n", start)) < 0 and not self._ended:
            start = len(self._ready)
            self._fill()
        return self._take(end + 1 if end >= 0 else len(self._ready))

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes."""
        wanted = 2**62 if size is None or size < 0 else size
        while len(self._ready) < wanted and not self._ended:
            self._fill()
        return self._take(min(wanted, len(self._ready)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._ready[:count])
        del self._ready[:count]
        return taken

    def _fill(self) -> None:
        chunk = self._file.read(_CHUNK)
        self._ended = not chunk
        self.quotes += chunk.count(b'"')
        if not self._plain:
            chunk = self._decoder.decode(chunk, final=self._ended).encode()
        self._ready += chunk.replace(b"\r", b"\n") if self._only_returns else chunk
        self._read, self._filled = position(self._file), self._filled + len(chunk)


def _dialect(name: str, options: FileOptions, sample: str) -> tuple[str, str]:
    """Find the delimiter and the quote from the header's line and the first rows."""
    if "\x00" in sample:
        raise FileError(FailureCode.CSV_WITH_NUL, name=name)
    lines = [line for line in sample.splitlines()[options.header_row - 1 : options.header_row + 19] if line.strip()]
    head = lines[0] if lines else ""
    quote = '"'
    if '"' not in "".join(lines) and head.startswith("'"):
        quote = "'"
    delimiter = options.delimiter
    if delimiter is None:
        inside, outside = False, dict.fromkeys(_DELIMITERS, 0)
        for character in head:
            inside ^= character == quote
            if not inside and character in outside:
                outside[character] += 1
        delimiter = max(_DELIMITERS, key=lambda sign: outside[sign])
    return delimiter, quote


def _header(name: str, options: FileOptions, stream: _Utf8, delimiter: str, quote: str) -> tuple[str, ...]:
    """Read up to the header's row; the stream goes on behind it."""
    lines = iter(lambda: stream.readline().decode(), "")
    rows = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    header: list[str] = []
    try:
        for _ in range(options.header_row):
            header = next(rows)
    except StopIteration:
        raise FileError(FailureCode.CSV_WITHOUT_HEADER, name=name, row=options.header_row) from None
    except csv.Error as error:
        raise FileError(
            FailureCode.CSV_HEADER_UNREADABLE, name=name, row=options.header_row, error=str(error)
        ) from None
    if not any(cell.strip() for cell in header):
        raise FileError(FailureCode.CSV_HEADER_BLANK, name=name, row=options.header_row)
    return checked_header(name, header)
