"""Mappings: where each canonical column of an evaluation comes from in a file with other columns.

A mapping is a TOML file (`docs/administrator.md` in words, `Mapping.from_toml` in code). Reading the file's rows is
`open_reader.py`; turning values into what is stored is `value_parsers.py`.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import tomllib
from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import tomli_w

from lib.catalog.fields import FIELDS, REQUIRED_FIELDS, FieldType
from lib.errors import FileError, MappingError, nearest
from lib.store.enums import Sentiment, State

FILE_OPTIONS = ("encoding", "delimiter", "sheet", "header_row", "date_format", "timezone", "decimal")
SOURCE_OPTIONS = ("column", "columns", "join", "scale", "offset", "value", "row")
EVERYTHING_ELSE = "*"

MAX_MAPPING = 1_000_000
"""Characters of a mapping's text."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read the file: what is None is found out from the file itself."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | int | None = None  # a name, or a number from 1
    header_row: int = 1
    date_formats: tuple[str, ...] = ()
    timezone: str | None = None
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """Where one canonical column comes from: file columns (joined, where several), a constant, or the row's number."""

    columns: tuple[str, ...] = ()
    join: str = ""
    scale: Decimal | None = None
    offset: Decimal | None = None
    value: str | None = None
    row: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where the canonical columns come from, and which values stand for which."""

    file: FileOptions = field(default_factory=FileOptions)
    columns: Table[str, ColumnSource] = field(default_factory=dict)
    values: Table[str, Table[str, str]] = field(default_factory=dict)

    @classmethod
    def from_toml(cls, text: str, name: str = "mapping") -> Mapping:
        """Read a mapping; `name` is what errors call it. Raises MappingError naming the entry that is wrong."""
        if len(text) > MAX_MAPPING:
            raise MappingError(f"{name}: longer than {MAX_MAPPING:,} characters, the most that a mapping may have.")
        try:
            document = tomllib.loads(text, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise MappingError(f"{name}: not valid TOML: {error}") from None
        _known(document, ("file", "columns", "values"), f"{name}: ", "a part of a mapping")
        entries = {part: _table(document.get(part, {}), f"{name}: [{part}]") for part in ("file", "columns", "values")}
        columns = {}
        for canonical, entry in entries["columns"].items():
            _canonical(canonical, f"{name}: [columns]")
            columns[canonical] = _column_source(entry, canonical, f"{name}: [columns] {canonical}")
        values = {}
        for canonical, entry in entries["values"].items():
            _canonical(canonical, f"{name}: [values]")
            values[canonical] = _values(entry, f"{name}: [values.{canonical}]")
        return cls(_file_options(entries["file"], f"{name}: [file]"), columns, values)

    def to_toml(self) -> str:
        """Return the mapping as TOML that `from_toml` reads back to the same mapping."""
        options = {
            "encoding": self.file.encoding,
            "delimiter": self.file.delimiter,
            "sheet": self.file.sheet,
            "header_row": self.file.header_row if self.file.header_row != 1 else None,
            "date_format": list(self.file.date_formats) or None,
            "timezone": self.file.timezone,
            "decimal": self.file.decimal if self.file.decimal != "." else None,
        }
        document: dict[str, Any] = {
            "file": {name: value for name, value in options.items() if value is not None},
            "columns": {canonical: _source_entry(source) for canonical, source in self.columns.items()},
            "values": {canonical: dict(pairs) for canonical, pairs in self.values.items()},
        }
        return tomli_w.dumps({part: entries for part, entries in document.items() if entries})

    def resolve(self, header: Sequence[str], file: str, first_values: Callable[[str], Collection[str]]) -> Mapping:
        """Return the mapping with every column name as this header spells it.

        Columns that the mapping leaves open are filled in where the header has their canonical names. With a mapping
        at hand, a column that is called state or sentiment but whose first values (of `first_values`) are none of
        ours is something else, such as a state of the country, and is left alone.

        Raises MappingError where a column is named that the header lacks, FileError where one is there twice or a
        required column comes from nowhere.
        """
        columns = {
            canonical: replace(
                source, columns=tuple(_in_header(name, header, canonical, file) for name in source.columns)
            )
            for canonical, source in self.columns.items()
        }
        for canonical, column in FIELDS.items():
            matches = [name for name in header if folded(name) == folded(canonical)]
            if canonical in columns or not matches:
                continue
            if (
                self.columns
                and canonical not in self.values
                and not is_plausible(column.kind, first_values(matches[0]))
            ):
                continue
            columns[canonical] = ColumnSource((_single(matches, canonical, header, canonical, file),))
        missing = [canonical for canonical in REQUIRED_FIELDS if canonical not in columns]
        if missing:
            found = ", ".join(f"'{shortened(name)}'" for name in header[:12]) + (" …" if len(header) > 12 else "")
            raise FileError(
                f"{file}: no column for {' and '.join(missing)}. Row {self.file.header_row} was read as the header: "
                f"{found or 'it is empty'}. Right would be columns of these names, or a mapping that says where they "
                f"come from (and header_row, where the header is in another row)."
            )
        return replace(self, columns={canonical: columns[canonical] for canonical in FIELDS if canonical in columns})


def is_plausible(kind: FieldType, values: Collection[str]) -> bool:
    """Return whether values may be states (sentiments): whether any of them is one. Other kinds always may."""
    members = {FieldType.STATE: State, FieldType.SENTIMENT: Sentiment}.get(kind)
    if members is None or not any(values):
        return True
    known = {member.name.casefold() for member in members}
    return any(value.strip().casefold() in known for value in values)


def folded(name: str) -> str:
    """Return a header's name as it is compared: without case, spaces and underscores."""
    return "".join(name.split()).replace("_", "").casefold()


def shortened(text: str, length: int = 80) -> str:
    """Return text cut to a length that a message can hold."""
    return text if len(text) <= length else text[:length] + "…"


def header_fingerprint(header: Sequence[str]) -> str:
    """Return a SHA-256 that is the same for files of the same header."""
    return hashlib.sha256(json.dumps([folded(name) for name in header]).encode()).hexdigest()


def _in_header(name: str, header: Sequence[str], canonical: str, file: str) -> str:
    exact = [present for present in header if present == name]
    matches = exact or [present for present in header if folded(present) == folded(name)]
    if not matches:
        raise MappingError(
            f"{file}: {canonical} should come from the column '{shortened(name)}', which the file does not have"
            f"{nearest(name, header)}. It has: {', '.join(repr(shortened(present)) for present in header[:40])}."
        )
    return _single(matches, name, header, canonical, file)


def _single(matches: Sequence[str], name: str, header: Sequence[str], canonical: str, file: str) -> str:
    """Return the only match; refuse a header in which it can't be told which column is meant."""
    if len(matches) > 1:
        places = [str(number) for number, present in enumerate(header, 1) if present in matches]
        raise FileError(
            f"{file}: the header has the column '{shortened(name)}' {len(matches)} times (columns "
            f"{', '.join(places)}), so it can't be told which {canonical} should come from. Right would be one."
        )
    return matches[0]


def _known(table: Table[str, Any], known: Sequence[str], where: str, what: str) -> None:
    for name in table:
        if name not in known:
            raise MappingError(
                f"{where}'{shortened(name)}' is not {what}{nearest(name, known)}; known: {', '.join(known)}."
            )


def _canonical(name: str, where: str) -> None:
    _known({name: None}, tuple(FIELDS), f"{where} ", "a canonical column")


def _table(entry: object, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise MappingError(f"{where} should be a table.")
    return entry


def _check_zone(where: str, timezone: str) -> None:
    from lib.settings import zone_names  # here, as most files say none and their readers start quicker without

    if timezone not in zone_names():
        raise MappingError(
            f"{where} timezone '{shortened(timezone)}' is not an IANA time zone{nearest(timezone, zone_names())}."
        )


def _file_options(entries: Table[str, Any], where: str) -> FileOptions:
    _known(entries, FILE_OPTIONS, f"{where} ", "an option")
    for name in ("encoding", "delimiter", "timezone", "decimal"):
        if name in entries and not isinstance(entries[name], str):
            raise MappingError(f"{where} {name} should be text in quotes.")
    if (encoding := entries.get("encoding")) is not None:
        _check_encoding(where, encoding)
    delimiter = entries.get("delimiter")
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in "\"'\r\n\0"):
        raise MappingError(f"{where} delimiter should be one ASCII character and no quote, such as ';' or '\\t'.")
    decimal = entries.get("decimal", ".")
    if decimal not in (".", ","):
        raise MappingError(f"{where} decimal should be '.' or ','.")
    if (timezone := entries.get("timezone")) is not None:
        _check_zone(where, timezone)
    sheet = entries.get("sheet")
    if sheet is not None and (isinstance(sheet, bool) or not isinstance(sheet, str | int) or sheet == 0):
        raise MappingError(f"{where} sheet should be a name, or a number from 1.")
    header_row = entries.get("header_row", 1)
    if isinstance(header_row, bool) or not isinstance(header_row, int) or header_row < 1:
        raise MappingError(f"{where} header_row should be a number from 1.")
    formats = _date_formats(entries.get("date_format", []), where)
    return FileOptions(encoding, delimiter, sheet, header_row, formats, timezone, decimal)


def _check_encoding(where: str, encoding: str) -> None:
    try:
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError):
        raise MappingError(
            f"{where} encoding '{shortened(encoding)}' is not known; right would be utf-8, cp1252 …"
        ) from None


def _date_formats(entry: object, where: str) -> tuple[str, ...]:
    formats = [entry] if isinstance(entry, str) else entry
    if not isinstance(formats, list) or not all(isinstance(each, str) and "%" in each for each in formats):
        raise MappingError(f"{where} date_format should be a strptime format such as '%d/%m/%Y', or a list of them.")
    for each in formats:
        try:
            datetime.strptime("", each)
        except ValueError as error:
            if "does not match" not in str(error):
                raise MappingError(f"{where} date_format '{shortened(each)}': {error}.") from None
    return tuple(formats)


def _column_source(entry: object, canonical: str, where: str) -> ColumnSource:
    if isinstance(entry, str):
        return ColumnSource((entry,))
    entries = _table(entry, f"{where}: '{shortened(str(entry))}' is neither a column's name nor a table; it")
    _known(entries, SOURCE_OPTIONS, f"{where}: ", "an option")
    given = [name for name in ("column", "columns", "value", "row") if name in entries]
    if len(given) != 1:
        raise MappingError(f"{where}: needs exactly one of column, columns, value and row.")
    if entries.get("row", True) is not True:
        raise MappingError(f"{where}: row should be true.")
    if "row" in entries and canonical != "id":
        raise MappingError(f"{where}: only id can come from the row's number.")
    columns = entries.get("columns", [entries["column"]] if "column" in entries else [])
    if (
        not isinstance(columns, list)
        or not all(isinstance(name, str) for name in columns)
        or (columns == [] and "columns" in entries)
    ):
        raise MappingError(f"{where}: columns should be a list of column names.")
    if not isinstance(entries.get("join", ""), str):
        raise MappingError(f"{where}: join should be text in quotes.")
    scale, offset = (
        _number(entries[name], f"{where}: {name}") if name in entries else None for name in ("scale", "offset")
    )
    if (scale is not None or offset is not None) and FIELDS[canonical].kind not in (FieldType.SCORE, FieldType.SECONDS):
        raise MappingError(f"{where}: scale and offset are for averageNote and durationInSeconds.")
    value = entries.get("value")
    if value is not None:
        if isinstance(value, list | dict):
            raise MappingError(f"{where}: value should be one value.")
        value = str(value).lower() if isinstance(value, bool) else str(value)
    return ColumnSource(tuple(columns), entries.get("join", ""), scale, offset, value, "row" in entries)


def _number(value: object, where: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MappingError(f"{where} should be a number.")
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise MappingError(f"{where} should be a finite number.")
    return number


def _values(entry: object, where: str) -> dict[str, str]:
    entries = _table(entry, where)
    found: dict[str, str] = {}
    for source, canonical in entries.items():
        if isinstance(canonical, list | dict):
            raise MappingError(f"{where} '{shortened(source)}' should stand for one value.")
        found[source] = str(canonical).lower() if isinstance(canonical, bool) else str(canonical)
    return found


def _source_entry(source: ColumnSource) -> str | dict[str, Any]:
    if source.row:
        return {"row": True}
    if source.value is not None:
        return {"value": source.value}
    entry: dict[str, Any] = {"column": source.columns[0]}
    if len(source.columns) > 1:
        entry = {"columns": list(source.columns), "join": source.join}
    for name, number in (("scale", source.scale), ("offset", source.offset)):
        if number is not None:
            entry[name] = int(number) if number == number.to_integral_value() else number
    return source.columns[0] if entry == {"column": source.columns[0]} else entry
