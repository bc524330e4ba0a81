"""Sources: what every reader gives, whatever the format: a header, and batches of text columns with row numbers."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import FileError
from lib.errors.codes import CodedText, FailureCode
from lib.ingest import value_parsers
from lib.ingest.converter import Batch, RowProblem
from lib.ingest.mapping import shortened
from lib.ingest.text_cleaning import clean_text

BATCH_ROWS = 65_536
MAX_ROW_BYTES = 32 * 2**20
"""Bytes that one row may have; a longer one is no row of evaluations."""

MAX_COLUMNS = 2_000

MAX_REFUSED = 2_000_000
"""Rows that may be blank or no rows at all, as nothing else bounds what they cost."""

MAX_TIMES = 100
"""How many times its size a gzip file may become; evaluations become a twentieth or so when they are packed."""

_ALWAYS = 64 * 2**20  # bytes that any gzip file may become

Progress = Callable[[int], None]
"""Told how many bytes of the file have been read."""


@dataclass(frozen=True, slots=True)
class MalformedRow:
    """A row that has no cells to check: what is wrong with it as a whole; nothing, where it is only blank."""

    number: int
    cells: tuple[str, ...]
    problem: RowProblem | None


@dataclass(frozen=True, slots=True)
class FileReader:
    """An opened file: its header, and its rows as they will be read."""

    name: str
    header: tuple[str, ...]
    batches: Iterator[tuple[Batch, list[MalformedRow]]]
    first_values: Callable[[str], Collection[str]] = lambda _: ()  # a column's values in the first rows, once read
    is_1904: bool = False  # a workbook whose serials are counted from 1904
    elsewhere: Callable[[str], Sequence[str]] = lambda _: ()  # the other sheets of a workbook that have a column
    header_row: int = 1
    encoding: str | None = None  # of a text
    delimiter: str | None = None  # of a CSV


def malformed_row(name: str, number: int, cells: tuple[str, ...], problem: CodedText, right: CodedText) -> MalformedRow:
    """Return a row of a file that is wrong as a whole."""
    value = shortened(" | ".join(cells), 60)
    return MalformedRow(number, cells, RowProblem(name, number, FailureCode.WHOLE_ROW.of(), value, problem, right))


def open_bytes(path: Path, name: str) -> io.BufferedReader:
    """Open a plain or gzipped file for reading bytes."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if name.lower().endswith(".gz") and not zipped:
        raise FileError(FailureCode.GZIP_MISNAMED, name=name)
    return io.BufferedReader(_Unpacked(path, name), 2**16) if zipped else path.open("rb")


def position(file: io.BufferedReader) -> int:
    """Return how many bytes of the file on disk have been read."""
    if file.closed:
        return 0
    return file.raw.packed_position() if isinstance(file.raw, _Unpacked) else file.tell()


class _Unpacked(io.RawIOBase):
    """What a gzip file holds; an error of ours once that is more than evaluations can become."""

    def __init__(self, path: Path, name: str) -> None:
        self._packed = path.open("rb")
        self._file = gzip.GzipFile(fileobj=self._packed)
        self._name = name
        self._left = max(_ALWAYS, MAX_TIMES * path.stat().st_size)

    def packed_position(self) -> int:
        """Return how many bytes of the packed file have been read."""
        return self._packed.tell()

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack the next bytes."""
        count = self._file.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise FileError(FailureCode.GZIP_TOO_LARGE, name=self._name, times=MAX_TIMES)
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._packed.close()
        super().close()


def checked_header(name: str, header: list[str]) -> tuple[str, ...]:
    """Return a header's names as texts are kept; refuse one that no table has."""
    if len(header) > MAX_COLUMNS:
        raise FileError(FailureCode.HEADER_TOO_WIDE, name=name, columns=len(header), most=MAX_COLUMNS)
    names = tuple(clean_text(cell) for cell in header)
    for place, each in enumerate(names, 1):
        if len(each) > value_parsers.MAX_TEXT:
            most = value_parsers.MAX_TEXT
            raise FileError(FailureCode.HEADER_NAME_TOO_LONG, name=name, column=place, characters=len(each), most=most)
    return names


class Truncated:
    """A context in which a gzip file that ends too early or is damaged becomes an error of ours."""

    def __init__(self, name: str) -> None:
        """Keep what errors call the file."""
        self._name = name

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        if isinstance(error, EOFError):
            raise FileError(FailureCode.GZIP_CUT_SHORT, name=self._name) from None
        if isinstance(error, gzip.BadGzipFile | zlib.error):
            raise FileError(FailureCode.GZIP_DAMAGED, name=self._name, error=str(error)) from None
