"""JSON Lines: one object a line, plain or gzipped."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest.converter import Batch
from lib.ingest.mapping import FileOptions, shortened
from lib.ingest.reader import (
    BATCH_ROWS,
    MAX_COLUMNS,
    MAX_REFUSED,
    MAX_ROW_BYTES,
    FileReader,
    MalformedRow,
    Progress,
    Truncated,
    batch_of_rows,
    checked_header,
    malformed_row,
    open_bytes,
    position,
)


def open_json_lines(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open JSON Lines, read twice: first for the names that any row has."""
    lines = _JsonLines(path, name, options.encoding or "utf-8-sig", progress)
    keys = lines.keys()
    header = checked_header(name, [str(json_text(each)) for each in keys])
    return FileReader(name, header, lines.batches(keys))


@dataclass(frozen=True, slots=True)
class _JsonLines:
    """A file of JSON Lines, read anew each time it is gone through; `progress` is told of the second time alone."""

    path: Path
    name: str
    encoding: str
    progress: Progress

    def keys(self) -> tuple[str, ...]:
        """Return the names that any row has. Raises FileError where there are none, too many, or hardly any objects."""
        keys: dict[str, None] = {}
        refused = 0
        with self._opened() as file:
            for _, entry, _ in self._entries(file):
                refused += not entry
                if refused > MAX_REFUSED:
                    raise FileError(FailureCode.JSONL_FEW_OBJECTS, name=self.name, most=MAX_REFUSED)
                keys.update(dict.fromkeys(entry or ()))
                if len(keys) > MAX_COLUMNS:
                    raise FileError(FailureCode.JSONL_TOO_MANY_NAMES, name=self.name, most=MAX_COLUMNS)
        if not keys:
            raise FileError(FailureCode.JSONL_NO_OBJECTS, name=self.name)
        return tuple(keys)

    def batches(self, keys: Sequence[str]) -> Iterator[tuple[Batch, list[MalformedRow]]]:
        """Yield the rows' values under some names, with the rows that are no objects of single values."""
        numbers: list[int] = []
        rows: list[list[str | None]] = []
        broken: list[MalformedRow] = []
        read = 0
        with self._opened() as file:
            for number, entry, text in self._entries(file):
                values = [json_text((entry or {}).get(key)) for key in keys]
                if problem := self._malformed(number, entry, text, keys, values):
                    broken.append(problem)
                    continue
                numbers.append(number)
                rows.append(values)  # type: ignore[arg-type]  # what is nested was passed over
                if len(rows) == BATCH_ROWS:
                    self.progress(position(file) - read)
                    read = position(file)
                    yield batch_of_rows(self.name, numbers, rows, len(keys)), broken
                    numbers, rows, broken = [], [], []
            self.progress(position(file) - read)
        yield batch_of_rows(self.name, numbers, rows, len(keys)), broken

    def _malformed(
        self, number: int, entry: dict[str, Any] | None, text: str, keys: Sequence[str], values: Sequence[object]
    ) -> MalformedRow | None:
        """Return what is wrong with a row that is no object of single values; None where nothing is."""
        if entry is None and text:
            problem, right = FailureCode.NOT_A_JSON_OBJECT.of(), FailureCode.RIGHT_OBJECT_A_LINE.of()
            return malformed_row(self.name, number, (shortened(text),), problem, right)
        nested = next((key for key, value in zip(keys, values, strict=True) if value is NESTED), None)
        if nested is None:
            return None
        cells = tuple("" if value is None or value is NESTED else str(value) for value in values)
        problem = FailureCode.NESTED_IN.of(column=shortened(nested))
        return malformed_row(self.name, number, cells, problem, FailureCode.RIGHT_SINGLE.of())

    @contextmanager
    def _opened(self) -> Iterator[io.BufferedReader]:
        with Truncated(self.name), open_bytes(self.path, self.name) as file:
            yield file

    def _entries(self, file: io.BufferedReader) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        """Yield each row's number, its object (None where it is none) and its text."""
        number = 0
        while line := file.readline(MAX_ROW_BYTES):
            number += 1
            if len(line) == MAX_ROW_BYTES:
                most = MAX_ROW_BYTES // 2**20
                raise FileError(FailureCode.JSONL_ROW_TOO_LONG, name=self.name, row=number, megabytes=most)
            text = self._decoded(line, number)
            yield number, json_object(text), text

    def _decoded(self, line: bytes, number: int) -> str:
        try:
            text = line.decode(self.encoding).strip()
        except UnicodeDecodeError as error:
            raise FileError(
                FailureCode.JSONL_NOT_ENCODED,
                name=self.name,
                row=number,
                encoding=self.encoding,
                byte=error.start + 1,
            ) from None
        if not text.isascii():  # an encoding of escapes may give half a surrogate pair, which is no text
            text = text.encode("utf-8", "replace").decode()
        return text


NESTED = object()
"""Stands for what is no single value."""


def json_object(text: str) -> dict[str, Any] | None:
    """Return the line's object with numbers as they are written, or None where it is none."""
    if not text:
        return None
    try:
        entry = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def json_text(value: object) -> object:
    """Return a JSON value as the text that a CSV would have, None for null, NESTED for a list or an object."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    return NESTED
