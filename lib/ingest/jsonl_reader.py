"""JSON: one object a line, objects over several lines, or an array of objects; plain or gzipped.

Values within objects have names such as `Agent.Username`.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest import value_parsers
from lib.ingest.answer_rows import RESULTS
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.converter import Batch
from lib.ingest.json_values import NESTED, JsonNumber, json_object, json_text, nested_text, whole_text
from lib.ingest.json_window import JsonItemError, JsonWindow, WrongItem
from lib.ingest.mapping import FileOptions, folded, shortened
from lib.ingest.reader import (
    BATCH_ROWS,
    MAX_COLUMNS,
    MAX_REFUSED,
    MAX_ROW_BYTES,
    FileReader,
    MalformedRow,
    Progress,
    Truncated,
    checked_header,
    malformed_row,
    open_bytes,
    position,
)
from lib.ingest.text_encoding import find_encoding, guess_one_byte_encoding
from lib.ingest.text_stream import Utf8Stream

_CHARACTERS_WITH_LISTS = 8 * 2**20
"""Characters of a batch of rows whose lists of answers are kept as they came: they take ten times that in memory."""

SHOWN_LISTS = 1_000
"""Rows of a file whose lists of answers are texts, too, as what they are is told by the first rows."""

_DOCUMENT = re.compile(r"\s*(\[\s*[{\]]|\{[ \t]*(\"[^\r\n]*[{\[,])?[ \t]*[\r\n])")
"""How a text begins that is an array of objects, or an object over several lines."""

_CHUNK = 2**16

_DEEPEST = 8
"""Objects within objects whose values have names of their own."""

Keys: TypeAlias = tuple[str, ...]
"""Where a value is: the key in the row's object, then those in the objects within it."""


def open_json_lines(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open a file of JSON, read twice: first for the names that any row has."""
    with Truncated(name), open_bytes(path, name) as file:
        start = file.read(4096)
    encoding, has_only_returns = find_encoding(start, options.encoding), b"\r" in start and b"\n" not in start
    is_document = _is_document(start, encoding)
    lines = _JsonLines(path, name, encoding, options.encoding is not None, has_only_returns, is_document, progress)
    columns, lists = lines.columns()
    header = checked_header(name, [".".join(keys).encode("utf-8", "replace").decode() for keys in columns])
    return FileReader(name, header, lines.batches(columns, lists), encoding=lines.encoding)


def _is_document(start: bytes, encoding: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(start)  # which may end within a character
    except UnicodeError:
        text = start.decode("latin-1")  # told when it is read
    return _DOCUMENT.match(text.lstrip("\ufeff")) is not None


class _Nested(str):
    """A list or an object as text."""

    __slots__ = ()


_HIDDEN = _Nested("[…]")


@dataclass(frozen=True, slots=True)
class _JsonLines:
    """A file of JSON, read anew each time it is gone through; `progress` is told of the second time alone."""

    path: Path
    name: str
    encoding: str
    is_named: bool  # by the mapping
    has_only_returns: bool  # lines end as on a Macintosh of old
    is_document: bool  # objects do not each have a line
    progress: Progress

    def columns(self) -> tuple[tuple[Keys, ...], frozenset[int]]:
        """Return where any row has values, and the places of those that are lists of objects.

        Raises FileError where there are none, too many, or hardly any objects.
        """
        names = _KeyNames()
        refused = 0
        with self._opened() as file:
            for _, entry, _ in self._entries(file):
                if entry:
                    names.add(entry)
                    if len(names.outer) > MAX_COLUMNS:
                        raise FileError(FailureCode.JSONL_TOO_MANY_NAMES, name=self.name, most=MAX_COLUMNS)
                    continue
                refused += 1
                if refused > MAX_REFUSED:
                    raise FileError(FailureCode.JSONL_FEW_OBJECTS, name=self.name, most=MAX_REFUSED)
        if not names.outer:
            raise FileError(FailureCode.JSONL_NO_OBJECTS, name=self.name)
        columns = names.columns()
        is_list = [keys in names.lists or (len(keys) == 1 and folded(keys[0]) == RESULTS) for keys in columns]
        return columns, frozenset(np.flatnonzero(is_list).tolist())

    def batches(self, columns: Sequence[Keys], of_lists: Collection[int]) -> Iterator[tuple[Batch, list[MalformedRow]]]:
        """Yield the rows' values, with the rows that are no objects; what the columns `of_lists` hold comes whole."""
        numbers: list[int] = []
        rows: list[list[object]] = []
        malformed: list[MalformedRow] = []
        lists: dict[int, list[object]] = {place: [] for place in of_lists}
        read = characters = shown = 0

        def batch() -> tuple[Batch, list[MalformedRow]]:
            cells = [_cells([row[place] for row in rows]) for place in range(len(columns))]
            texts, kinds = zip(*cells, strict=True)
            unread = {place: partial(_whole_text, values) for place, values in lists.items()}
            nested = {place: partial(iter, values) for place, values in lists.items()}
            places = np.array(numbers, dtype=np.int64)
            return Batch(self.name, places, texts, kinds, unread=unread, nested=nested), malformed

        with self._opened() as file:
            for number, entry, text in self._entries(file):
                if entry is None and text:
                    problem, right = FailureCode.NOT_A_JSON_OBJECT.of(), FailureCode.RIGHT_OBJECT_A_LINE.of()
                    malformed.append(malformed_row(self.name, number, (shortened(text),), problem, right))
                    continue
                numbers.append(number)
                rows.append(_values(entry or {}, columns, lists if shown >= SHOWN_LISTS else ()))
                shown += 1
                for place, values in lists.items():
                    values.append(_value_at(entry or {}, columns[place]))
                characters += len(text) if lists else 0
                if len(rows) == BATCH_ROWS or characters > _CHARACTERS_WITH_LISTS:
                    self.progress(_position(file) - read)
                    read = _position(file)
                    yield batch()
                    numbers, rows, malformed, characters = [], [], [], 0
                    lists = {place: [] for place in lists}
            self.progress(_position(file) - read)
        yield batch()

    @contextmanager
    def _opened(self) -> Iterator[io.BufferedReader | Utf8Stream]:
        with Truncated(self.name):
            if self._is_of_utf8_lines:
                with open_bytes(self.path, self.name) as file:
                    yield file
            else:
                try:
                    with closing(Utf8Stream(self.path, self.name, self.encoding)) as stream:
                        yield stream
                except UnicodeError as error:
                    raise FileError(
                        FailureCode.CSV_NOT_ENCODED, name=self.name, encoding=self.encoding, error=str(error)
                    ) from None

    @property
    def _is_of_utf8_lines(self) -> bool:
        """Whether lines can be told before they are decoded, and each then be decoded alone."""
        return "\n".encode(self.encoding) == b"\n" and not self.has_only_returns

    def _entries(self, file: io.BufferedReader | Utf8Stream) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        """Yield each row's number, its object (None where it is none) and its text."""
        if self.is_document:
            yield from self._items(file)
            return
        number = 0
        encoding = self.encoding if self._is_of_utf8_lines else "utf-8"
        while line := file.readline(MAX_ROW_BYTES):
            number += 1
            if len(line) == MAX_ROW_BYTES:
                most = MAX_ROW_BYTES // 2**20
                raise FileError(FailureCode.JSONL_ROW_TOO_LONG, name=self.name, row=number, megabytes=most)
            try:
                text = line.decode(encoding).strip()
            except UnicodeDecodeError as error:
                right = FailureCode.RIGHT_UTF8.of(encoding=guess_one_byte_encoding(line))
                if self.is_named:
                    right = FailureCode.RIGHT_ENCODING.of(encoding=self.encoding)
                raise FileError(
                    FailureCode.JSONL_NOT_ENCODED,
                    name=self.name,
                    row=number,
                    encoding=encoding,
                    byte=error.start + 1,
                    right=right,
                ) from None
            if not text.isascii():  # an encoding of escapes may give half a surrogate pair, which is no text
                text = text.lstrip("\ufeff").encode("utf-8", "replace").decode()
            yield number, json_object(text) if text else None, text

    def _items(self, file: io.BufferedReader | Utf8Stream) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        """Yield the same of objects that do not each have a line."""
        window = JsonWindow(self._chunks(file), MAX_ROW_BYTES)
        number = 1
        try:
            is_array = window.skip("[")
            is_over = is_array and window.skip("]")
            while not is_over and (is_array or window.next_character()):
                item, text = window.decode_item()
                yield number, item if isinstance(item, dict) else None, text
                number += 1
                is_over = is_array and not window.skip(",")
                if is_over and not window.skip("]"):
                    raise JsonItemError(WrongItem.NO_JSON)
            if window.next_character():
                raise JsonItemError(WrongItem.NO_JSON)
        except JsonItemError as error:
            if error.why is WrongItem.TOO_LONG:
                most = MAX_ROW_BYTES // 2**20
                raise FileError(FailureCode.JSONL_ROW_TOO_LONG, name=self.name, row=number, megabytes=most) from None
            raise FileError(FailureCode.JSON_BROKEN, name=self.name, row=number) from None
        except UnicodeError as error:  # some encodings say no more
            wrong = bytes(error.object) if isinstance(error, UnicodeDecodeError) else b""
            right = FailureCode.RIGHT_UTF8.of(encoding=guess_one_byte_encoding(wrong))
            if self.is_named:
                right = FailureCode.RIGHT_ENCODING.of(encoding=self.encoding)
            raise FileError(
                FailureCode.JSON_NOT_ENCODED, name=self.name, row=number, encoding=self.encoding, right=right
            ) from None

    def _chunks(self, file: io.BufferedReader | Utf8Stream) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self.encoding if self._is_of_utf8_lines else "utf-8")()
        while part := file.read(_CHUNK):
            text = decoder.decode(part)
            yield text if text.isascii() else text.lstrip("\ufeff").encode("utf-8", "replace").decode()
        decoder.decode(b"", final=True)


class _KeyNames:
    """Collects the names that rows have, and those within their objects, of which there may be any number."""

    def __init__(self) -> None:
        """Begin with none."""
        self.outer: dict[str, None] = {}
        self.lists: set[Keys] = set()
        self._inner: dict[str, dict[Keys, None]] = {}
        self._room = MAX_COLUMNS

    def add(self, entry: dict[str, Any]) -> None:
        """Take the names of a row."""
        self.outer.update(dict.fromkeys(entry))
        for key, value in entry.items():
            if type(value) is dict:
                self._add_inner((key,), value, self._inner.setdefault(key, {}))
            elif type(value) is list and value and type(value[0]) in (dict, list):
                self.lists.add((key,))

    def columns(self) -> tuple[Keys, ...]:
        """Return where values are: each object itself, then what is in it, as far as there is room beside the rest."""
        room = MAX_COLUMNS - len(self.outer)
        columns: list[Keys] = []
        for key in self.outer:
            inner = list(self._inner.get(key, ()))[:room]
            columns += [(key,), *inner]
            room -= len(inner)
        return tuple(columns)

    def _add_inner(self, keys: Keys, value: dict[str, Any], names: dict[Keys, None]) -> None:
        for key, inner in value.items():
            place = (*keys, key)
            if place not in names:
                if not self._room or sum(map(len, place)) + len(keys) > value_parsers.MAX_TEXT:
                    continue
                names[place] = None
                self._room -= 1
            if type(inner) is dict and len(place) < _DEEPEST:
                self._add_inner(place, inner, names)
            elif type(inner) is list and inner and type(inner[0]) in (dict, list):
                self.lists.add(place)


def _value_at(entry: dict[str, Any], keys: Keys) -> object:
    value: object = entry
    for key in keys:
        value = value.get(key) if type(value) is dict else None
    return value


def _values(entry: dict[str, Any], columns: Sequence[Keys], hidden: Collection[int]) -> list[object]:
    """Return an object's values by column; of lists in the places of `hidden` only that they are there."""
    values: list[object] = []
    for place, keys in enumerate(columns):
        value = entry.get(keys[0])
        for key in keys[1:]:
            if type(value) is not dict:
                # A list or a text where others have an object is no value of what lies within, and no blank.
                value = None if value is None or value == "" else _Nested(_short(value))
                break
            value = value.get(key)
        if type(value) is dict or type(value) is list:
            value = _HIDDEN if place in hidden else _Nested(nested_text(value))
        values.append(value)
    return values


def _whole_text(values: Sequence[object], position: int) -> str | None:
    """Return a list of answers as the JSON that it was."""
    text = json_text(values[position])
    return whole_text(values[position]) if text is NESTED else None if text is None else str(text)


def _short(value: object) -> str:
    """Return a value as text: a list as JSON, shortened."""
    text = json_text(value)
    return nested_text(value) if text is NESTED else str(text)


_KINDS: dict[type, CellKind] = {JsonNumber: CellKind.NUMBER, _Nested: CellKind.NESTED}


def _cells(values: list[object]) -> tuple[pa.StringArray, Kinds | None]:
    """Return a column's texts, and what they are where any is more than a text."""
    types = {*map(type, values)}
    kinds = None
    if types & _KINDS.keys():
        kinds = np.array([_KINDS.get(type(value), CellKind.TEXT) for value in values], dtype=np.uint8)
    if types <= {str, type(None)}:
        try:
            return pa.array(values, pa.string()), kinds
        except UnicodeEncodeError:  # half a surrogate pair is no text
            pass
    return pa.array([json_text(value) for value in values], pa.string()), kinds


def _position(file: io.BufferedReader | Utf8Stream) -> int:
    return file.packed_position() if isinstance(file, Utf8Stream) else position(file)
