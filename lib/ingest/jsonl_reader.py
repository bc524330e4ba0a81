"""JSON Lines: one object a line, plain or gzipped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lib.errors import FileError
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
    open_bytes,
)


def open_json_lines(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open JSON Lines, read twice: first for the names that any row has."""
    lines = _JsonLines(path, name, options.encoding or "utf-8-sig", progress)
    keys = lines.keys()
    header = checked_header(name, [str(json_text(each)) for each in keys])
    return FileReader(name, header, lines.batches(keys))


@dataclass(frozen=True, slots=True)
class _JsonLines:
    """A file of JSON Lines, read anew each time it is gone through; `progress` is called with the bytes of each row."""

    path: Path
    name: str
    encoding: str
    progress: Progress

    def keys(self) -> tuple[str, ...]:
        """Return the names that any row has. Raises FileError where there are none, too many, or hardly any objects."""
        keys: dict[str, None] = {}
        refused = 0
        for _, entry, _ in self._entries():
            refused += not entry
            if refused > MAX_REFUSED:
                raise FileError(
                    f"{self.name}: more than {MAX_REFUSED} rows are blank or no objects. Right would be one object a "
                    "line."
                )
            keys.update(dict.fromkeys(entry or ()))
            if len(keys) > MAX_COLUMNS:
                raise FileError(f"{self.name}: the rows have more than {MAX_COLUMNS} different names.")
        if not keys:
            raise FileError(f"{self.name}: no row is a JSON object. Right would be one object a line.")
        return tuple(keys)

    def batches(self, keys: Sequence[str]) -> Iterator[tuple[Batch, list[MalformedRow]]]:
        """Yield the rows' values under some names, with the rows that are no objects of single values."""
        numbers: list[int] = []
        rows: list[list[str | None]] = []
        broken: list[MalformedRow] = []
        for number, entry, text in self._entries():
            if entry is None and text:
                broken.append(MalformedRow(number, (shortened(text),), "is not a JSON object", "one object a line"))
                continue
            values = [json_text((entry or {}).get(key)) for key in keys]
            nested = [key for key, value in zip(keys, values, strict=True) if value is NESTED]
            if nested:
                cells = tuple("" if value is None or value is NESTED else str(value) for value in values)
                problem = f"holds a list or an object in '{shortened(nested[0])}'"
                broken.append(MalformedRow(number, cells, problem, "a single value"))
                continue
            numbers.append(number)
            rows.append(values)  # type: ignore[arg-type]  # what is nested was passed over
            if len(rows) == BATCH_ROWS:
                yield batch_of_rows(self.name, numbers, rows, len(keys)), broken
                numbers, rows, broken = [], [], []
        yield batch_of_rows(self.name, numbers, rows, len(keys)), broken

    def _entries(self) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        """Yield each row's number, its object (None where it is none) and its text."""
        with Truncated(self.name), open_bytes(self.path, self.name) as file:
            number = 0
            while line := file.readline(MAX_ROW_BYTES):
                number += 1
                if len(line) == MAX_ROW_BYTES:
                    raise FileError(f"{self.name}: row {number} is longer than {MAX_ROW_BYTES // 2**20} MB.")
                self.progress(len(line))
                text = self._decoded(line, number)
                yield number, json_object(text), text

    def _decoded(self, line: bytes, number: int) -> str:
        try:
            text = line.decode(self.encoding).strip()
        except UnicodeDecodeError as error:
            raise FileError(
                f"{self.name}: row {number} is not {self.encoding} text (byte {error.start + 1} of the row). Right "
                "would be UTF-8, or a mapping that names the file's encoding."
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
