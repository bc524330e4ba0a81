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

from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.errors import FileError, MappingError, nearest
from lib.errors.codes import FailureCode, joined
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
    def from_toml(cls, text: str, catalog: Catalog, name: str = "mapping") -> Mapping:
        """Read a mapping; `name` is what errors call it. Raises MappingError naming the entry that is wrong."""
        if len(text) > MAX_MAPPING:
            raise MappingError(FailureCode.MAPPING_TOO_LONG, name=name, most=f"{MAX_MAPPING:,}")
        try:
            document = tomllib.loads(text, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise MappingError(FailureCode.MAPPING_NO_TOML, name=name, error=str(error)) from None
        _known(document, ("file", "columns", "values"), FailureCode.MAPPING_UNKNOWN_PART, f"{name}:")
        entries = {part: _table(document.get(part, {}), f"{name}: [{part}]") for part in ("file", "columns", "values")}
        columns = {}
        for canonical, entry in entries["columns"].items():
            _canonical(canonical, catalog, f"{name}: [columns]")
            columns[canonical] = _column_source(entry, catalog.fields[canonical], f"{name}: [columns] {canonical}")
        values = {}
        for canonical, entry in entries["values"].items():
            _canonical(canonical, catalog, f"{name}: [values]")
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

    def resolve(
        self, catalog: Catalog, header: Sequence[str], file: str, first_values: Callable[[str], Collection[str]]
    ) -> Mapping:
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
        for canonical, column in catalog.fields.items():
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
        missing = [field.name for field in catalog.fields.values() if field.required and field.name not in columns]
        if missing:
            found = ", ".join(f"'{shortened(name)}'" for name in header[:12]) + (" …" if len(header) > 12 else "")
            raise FileError(
                FailureCode.HEADER_LACKS_REQUIRED,
                name=file,
                columns=joined(missing, FailureCode.BOTH),
                row=self.file.header_row,
                header=found or FailureCode.IT_IS_EMPTY.of(),
            )
        in_order = {canonical: columns[canonical] for canonical in catalog.fields if canonical in columns}
        return replace(self, columns=in_order)


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
            FailureCode.HEADER_LACKS_SOURCE,
            name=file,
            column=canonical,
            source=shortened(name),
            hint=nearest(name, header),
            header=", ".join(repr(shortened(present)) for present in header[:40]),
        )
    return _single(matches, name, header, canonical, file)


def _single(matches: Sequence[str], name: str, header: Sequence[str], canonical: str, file: str) -> str:
    """Return the only match; refuse a header in which it can't be told which column is meant."""
    if len(matches) > 1:
        places = [str(number) for number, present in enumerate(header, 1) if present in matches]
        raise FileError(
            FailureCode.HEADER_AMBIGUOUS,
            name=file,
            source=shortened(name),
            count=len(matches),
            places=", ".join(places),
            column=canonical,
        )
    return matches[0]


def _known(table: Table[str, Any], known: Sequence[str], unknown: FailureCode, where: str) -> None:
    """Raise MappingError of the code `unknown` for the first name of a table that is none of those known."""
    for name in table:
        if name not in known:
            raise MappingError(
                unknown, where=where, entry=shortened(name), hint=nearest(name, known), known=", ".join(known)
            )


def _canonical(name: str, catalog: Catalog, where: str) -> None:
    _known({name: None}, tuple(catalog.fields), FailureCode.MAPPING_UNKNOWN_COLUMN, where)


def _table(entry: object, where: str) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise MappingError(FailureCode.MAPPING_NO_TABLE, where=where)
    return entry


def _check_zone(where: str, timezone: str) -> None:
    from lib.settings import zone_names  # here, as most files say none and their readers start quicker without

    if timezone not in zone_names():
        hint = nearest(timezone, zone_names())
        raise MappingError(FailureCode.MAPPING_TIMEZONE, where=where, timezone=shortened(timezone), hint=hint)


def _file_options(entries: Table[str, Any], where: str) -> FileOptions:
    _known(entries, FILE_OPTIONS, FailureCode.MAPPING_UNKNOWN_OPTION, where)
    for name in ("encoding", "delimiter", "timezone", "decimal"):
        if name in entries and not isinstance(entries[name], str):
            raise MappingError(FailureCode.MAPPING_NO_TEXT, where=where, option=name)
    if (encoding := entries.get("encoding")) is not None:
        _check_encoding(where, encoding)
    delimiter = entries.get("delimiter")
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in "\"'\r\n\0"):
        raise MappingError(FailureCode.MAPPING_DELIMITER, where=where)
    decimal = entries.get("decimal", ".")
    if decimal not in (".", ","):
        raise MappingError(FailureCode.MAPPING_DECIMAL, where=where)
    if (timezone := entries.get("timezone")) is not None:
        _check_zone(where, timezone)
    sheet = entries.get("sheet")
    if sheet is not None and (isinstance(sheet, bool) or not isinstance(sheet, str | int) or sheet == 0):
        raise MappingError(FailureCode.MAPPING_SHEET, where=where)
    header_row = entries.get("header_row", 1)
    if isinstance(header_row, bool) or not isinstance(header_row, int) or header_row < 1:
        raise MappingError(FailureCode.MAPPING_HEADER_ROW, where=where)
    formats = _date_formats(entries.get("date_format", []), where)
    return FileOptions(encoding, delimiter, sheet, header_row, formats, timezone, decimal)


def _check_encoding(where: str, encoding: str) -> None:
    try:
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError):
        raise MappingError(FailureCode.MAPPING_ENCODING, where=where, encoding=shortened(encoding)) from None


def _date_formats(entry: object, where: str) -> tuple[str, ...]:
    formats = [entry] if isinstance(entry, str) else entry
    if not isinstance(formats, list) or not all(isinstance(each, str) and "%" in each for each in formats):
        raise MappingError(FailureCode.MAPPING_DATE_FORMATS, where=where)
    for each in formats:
        try:
            datetime.strptime("", each)
        except ValueError as error:
            if "does not match" not in str(error):
                raise MappingError(
                    FailureCode.MAPPING_DATE_FORMAT, where=where, format=shortened(each), error=str(error)
                ) from None
    return tuple(formats)


def _column_source(entry: object, column: Field, where: str) -> ColumnSource:
    if isinstance(entry, str):
        return ColumnSource((entry,))
    if not isinstance(entry, dict):
        raise MappingError(FailureCode.MAPPING_NO_SOURCE, where=where, entry=shortened(str(entry)))
    entries: dict[str, Any] = entry
    _known(entries, SOURCE_OPTIONS, FailureCode.MAPPING_UNKNOWN_OPTION, f"{where}:")
    given = [name for name in ("column", "columns", "value", "row") if name in entries]
    if len(given) != 1:
        raise MappingError(FailureCode.MAPPING_SOURCES, where=where)
    if entries.get("row", True) is not True:
        raise MappingError(FailureCode.MAPPING_ROW, where=where)
    if "row" in entries and column.name != "id":
        raise MappingError(FailureCode.MAPPING_ROW_OF_ID, where=where)
    columns = entries.get("columns", [entries["column"]] if "column" in entries else [])
    if (
        not isinstance(columns, list)
        or not all(isinstance(name, str) for name in columns)
        or (columns == [] and "columns" in entries)
    ):
        raise MappingError(FailureCode.MAPPING_COLUMNS, where=where)
    if not isinstance(entries.get("join", ""), str):
        raise MappingError(FailureCode.MAPPING_NO_TEXT, where=f"{where}:", option="join")
    scale, offset = (
        _number(entries[name], f"{where}: {name}") if name in entries else None for name in ("scale", "offset")
    )
    if (scale is not None or offset is not None) and column.kind not in (FieldType.SCORE, FieldType.SECONDS):
        raise MappingError(FailureCode.MAPPING_SCALE, where=where)
    value = entries.get("value")
    if value is not None:
        if isinstance(value, list | dict):
            raise MappingError(FailureCode.MAPPING_VALUE, where=where)
        value = str(value).lower() if isinstance(value, bool) else str(value)
    return ColumnSource(tuple(columns), entries.get("join", ""), scale, offset, value, "row" in entries)


def _number(value: object, where: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MappingError(FailureCode.MAPPING_NO_NUMBER, where=where)
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise MappingError(FailureCode.MAPPING_NOT_FINITE, where=where)
    return number


def _values(entry: object, where: str) -> dict[str, str]:
    entries = _table(entry, where)
    found: dict[str, str] = {}
    for source, canonical in entries.items():
        if isinstance(canonical, list | dict):
            raise MappingError(FailureCode.MAPPING_ONE_VALUE, where=where, entry=shortened(source))
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
