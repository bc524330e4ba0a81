"""Mappings as TOML: read, with errors that name the entry that is wrong, and written."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Table
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import tomli_w
from babel import Locale, UnknownLocaleError

from lib.analytics.field_definitions import check_name, check_words, parse_type
from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.catalog.own_fields import PARAMETER_PREFIX, OwnFieldType, field_of_type
from lib.errors import FieldError, MappingError, nearest
from lib.errors.mapping_codes import MappingCode
from lib.ingest.criteria_mapping import criterion_entry, read_criteria, read_scoring, scoring_entry
from lib.ingest.mapping import (
    CLOCK_FORMATS,
    EPOCH,
    EPOCH_MS,
    EXCEL,
    THOUSANDS,
    UNITS,
    ColumnSource,
    FieldRequest,
    FileOptions,
    Mapping,
    shortened,
)
from lib.ingest.mapping_entries import as_number, as_table, check_known
from lib.ingest.results_mapping import read_results, results_entry

FILE_OPTIONS = (
    "encoding", "delimiter", "sheet", "header_row", "date_format", "timezone", "locale", "decimal", "thousands",
    "null_values",
)  # fmt: skip
FIELD_OPTIONS = ("type", "label", "unit", "yes", "no")
SOURCE_OPTIONS = ("column", "columns", "join", "scale", "offset", "unit", "format", "value", "row")

_DIRECTIVES = frozenset("aAwdbBmyYHIpMSfzZjUWcxXGuV")
"""The directives of strptime."""

_INSTEAD = {
    "D": "%m/%d/%y", "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "e": "%d", "k": "%H", "l": "%I", "P": "%p",
    "h": "%b", "L": "%f", "N": "%f", "n": "a blank", "t": "a blank", "s": 'date_format = "epoch"', "E": "without it",
    "O": "without it",
    "-": "without it: a number may have one digit",
}  # fmt: skip
"""What is right in place of the directives that other programs have."""

PARTS = ("file", "columns", "fields", "values", "criteria", "results", "scoring")
"""The tables of a mapping."""

_SCALED = (FieldType.SCORE, FieldType.SECONDS, FieldType.NUMBER)

_WHOLE_DAYS = ("dm", "db", "dB", "j", "c", "x", *(f"{week}{day}" for week in "UWV" for day in "aAwu"))
"""The directives that together say which day of a year it is."""

MAX_MAPPING = 1_000_000
"""Characters of a mapping's text."""


def read_mapping(text: str, catalog: Catalog, name: str = "mapping") -> Mapping:
    """Read a mapping; `name` is what errors call it. Raises MappingError naming the entry that is wrong."""
    if len(text) > MAX_MAPPING:
        raise MappingError(MappingCode.MAPPING_TOO_LONG, name=name, most=f"{MAX_MAPPING:,}")
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MappingError(MappingCode.MAPPING_NO_TOML, name=name, error=str(error)) from None
    check_known(document, PARTS, MappingCode.MAPPING_UNKNOWN_PART, f"{name}:")
    entries = {part: as_table(document.get(part, {}), f"{name}: [{part}]") for part in PARTS}
    columns, values, fields = _fields(entries["fields"], catalog, f"{name}: [fields]")
    for canonical, entry in entries["columns"].items():
        _canonical(canonical, catalog.fields, f"{name}: [columns]")
        if canonical in columns:
            raise MappingError(MappingCode.MAPPING_FIELD_TWICE, where=f"{name}: [columns]", entry=canonical)
        columns[canonical] = _column_source(entry, catalog.fields[canonical], f"{name}: [columns] {canonical}")
    for canonical, entry in entries["values"].items():
        _canonical(canonical, (*catalog.fields, *columns), f"{name}: [values]")
        values[canonical] = {**values.get(canonical, {}), **_values(entry, f"{name}: [values.{canonical}]")}
    criteria = read_criteria(entries["criteria"], f"{name}: [criteria]")
    lists = read_results(entries["results"], f"{name}: [results]")
    if criteria and lists is not None:
        raise MappingError(MappingCode.MAPPING_RESULTS_BESIDE, where=name)
    scoring = read_scoring(entries["scoring"], f"{name}: [scoring]")
    options = _file_options(entries["file"], f"{name}: [file]")
    return Mapping(options, columns, values, fields, criteria, scoring, lists)


def _fields(
    entries: Table[str, Any], catalog: Catalog, where: str
) -> tuple[dict[str, ColumnSource], dict[str, dict[str, str]], dict[str, FieldRequest]]:
    """Read what a mapping says of own fields: where each comes from, which values stand for which, what it is."""
    columns: dict[str, ColumnSource] = {}
    values: dict[str, dict[str, str]] = {}
    fields: dict[str, FieldRequest] = {}
    for name, entry in entries.items():
        place, parameter = f"{where} {shortened(name)}", f"{PARAMETER_PREFIX}{name}"
        with _named(place):
            known = catalog.own_fields_by_name.get(name)
            if known is None:
                check_name(name, catalog.own_fields)
            rest = dict(entry) if isinstance(entry, dict) else entry
            options = {each: rest.pop(each) for each in FIELD_OPTIONS if each in rest} if isinstance(rest, dict) else {}
            for option in ("type", "label", "unit"):
                if not isinstance(options.get(option, ""), str):
                    raise MappingError(MappingCode.MAPPING_NO_TEXT, where=f"{place}:", option=option)
            type_ = parse_type(options["type"]) if "type" in options else None
            if known is not None and type_ not in (None, known.type):
                raise MappingError(
                    MappingCode.MAPPING_FIELD_TYPE, where=place, type=known.type.value, asked=options["type"]
                )
            is_type = type_ or (known.type if known else OwnFieldType.CATEGORY)
            words = _yes_and_no(options, is_type, place)
            if words:
                values[parameter] = words
            unit = options.get("unit")
            check_words(is_type, options.get("label", name), unit)
            columns[parameter] = _column_source(rest, field_of_type(name, is_type), place)
            fields[name] = FieldRequest(type_, options.get("label"), unit)
    return columns, values, fields


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Have what is wrong with a field say where in the mapping it is."""
    try:
        yield
    except FieldError as error:
        raise MappingError(MappingCode.MAPPING_FIELD, where=place, problem=error.reason) from None


def _yes_and_no(options: Table[str, Any], type_: OwnFieldType, where: str) -> dict[str, str]:
    """Read the words that stand for yes, and those that stand for no."""
    words: dict[str, str] = {}
    for option, target in (("yes", "true"), ("no", "false")):
        listed = options.get(option, [])
        listed = [listed] if isinstance(listed, str) else listed
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise MappingError(MappingCode.MAPPING_WORDS, where=where, option=option)
        if listed and type_ is not OwnFieldType.YES_NO:
            raise MappingError(MappingCode.MAPPING_WORDS_OF_TYPE, where=where, option=option)
        for each in listed:
            if words.setdefault(each, target) != target:
                raise MappingError(MappingCode.MAPPING_WORD_TWICE, where=where, entry=shortened(each))
    return words


def write_mapping(mapping: Mapping) -> str:
    """Return the mapping as TOML that `read_mapping` reads back to the same mapping."""
    options = {
        "encoding": mapping.file.encoding,
        "delimiter": mapping.file.delimiter,
        "sheet": mapping.file.sheet,
        "header_row": mapping.file.header_row if mapping.file.header_row != 1 else None,
        "date_format": list(mapping.file.date_formats) or None,
        "timezone": mapping.file.timezone,
        "locale": mapping.file.locale,
        "decimal": mapping.file.decimal if mapping.file.decimal != "." else None,
        "thousands": mapping.file.thousands,
        "null_values": list(mapping.file.null_values) or None,
    }
    parameters = {f"{PARAMETER_PREFIX}{name}": name for name in mapping.fields}
    document: dict[str, Any] = {
        "file": {name: value for name, value in options.items() if value is not None},
        "columns": {name: _source_entry(source) for name, source in mapping.columns.items() if name not in parameters},
        "fields": {
            name: _field_entry(mapping.columns[parameter], mapping.fields[name])
            for parameter, name in parameters.items()
            if parameter in mapping.columns
        },
        "values": {canonical: dict(pairs) for canonical, pairs in mapping.values.items()},
        "criteria": {name: criterion_entry(source) for name, source in mapping.criteria.items()},
        "results": results_entry(mapping.lists),
        "scoring": scoring_entry(mapping.scoring),
    }
    return tomli_w.dumps({part: entries for part, entries in document.items() if entries})


def _canonical(name: str, known: Iterable[str], where: str) -> None:
    check_known({name: None}, tuple(known), MappingCode.MAPPING_UNKNOWN_COLUMN, where)


def _check_zone(where: str, timezone: str) -> None:
    from lib.settings import zone_names  # here, as most files say none and their readers start quicker without

    if timezone not in zone_names():
        hint = nearest(timezone, zone_names())
        raise MappingError(MappingCode.MAPPING_TIMEZONE, where=where, timezone=shortened(timezone), hint=hint)


def _file_options(entries: Table[str, Any], where: str) -> FileOptions:
    check_known(entries, FILE_OPTIONS, MappingCode.MAPPING_UNKNOWN_OPTION, where)
    for name in ("encoding", "delimiter", "timezone", "locale", "decimal", "thousands"):
        if name in entries and not isinstance(entries[name], str):
            raise MappingError(MappingCode.MAPPING_NO_TEXT, where=where, option=name)
    if (encoding := entries.get("encoding")) is not None:
        _check_encoding(where, encoding)
    delimiter = entries.get("delimiter")
    if delimiter is not None and (len(delimiter) != 1 or not delimiter.isascii() or delimiter in "\"'\r\n\0"):
        raise MappingError(MappingCode.MAPPING_DELIMITER, where=where)
    decimal = entries.get("decimal", ".")
    if decimal not in (".", ","):
        raise MappingError(MappingCode.MAPPING_DECIMAL, where=where)
    thousands = entries.get("thousands")
    if thousands is not None and (thousands not in THOUSANDS or thousands == decimal):
        raise MappingError(MappingCode.MAPPING_THOUSANDS, where=where)
    nulls = entries.get("null_values", [])
    if not isinstance(nulls, list) or not all(isinstance(each, str) for each in nulls):
        raise MappingError(MappingCode.MAPPING_NULL_VALUES, where=where)
    locale = entries.get("locale")
    if locale is not None and not is_known_locale(locale):
        raise MappingError(MappingCode.MAPPING_LOCALE, where=where, locale=shortened(locale))
    if (timezone := entries.get("timezone")) is not None:
        _check_zone(where, timezone)
    sheet = entries.get("sheet")
    if sheet is not None and (isinstance(sheet, bool) or not isinstance(sheet, str | int) or sheet == 0):
        raise MappingError(MappingCode.MAPPING_SHEET, where=where)
    header_row = entries.get("header_row", 1)
    if isinstance(header_row, bool) or not isinstance(header_row, int) or header_row < 1:
        raise MappingError(MappingCode.MAPPING_HEADER_ROW, where=where)
    formats = _date_formats(entries.get("date_format", []), where)
    return FileOptions(
        encoding, delimiter, sheet, header_row, formats, timezone, locale, decimal, thousands, tuple(nulls)
    )


def is_known_locale(locale: str) -> bool:
    """Return whether a locale, such as `es` or `pt-BR`, is one whose names of months are known."""
    try:
        Locale.parse(locale, sep="-" if "-" in locale else "_")
    except (UnknownLocaleError, ValueError, TypeError):
        return False
    return True


def _check_encoding(where: str, encoding: str) -> None:
    try:
        if not codecs.lookup(encoding)._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError):
        raise MappingError(MappingCode.MAPPING_ENCODING, where=where, encoding=shortened(encoding)) from None


def _date_formats(entry: object, where: str) -> tuple[str, ...]:
    formats = [entry] if isinstance(entry, str) else entry
    numbers = (EXCEL, EPOCH, EPOCH_MS)
    if not isinstance(formats, list) or not all(
        isinstance(each, str) and ("%" in each or each in numbers) for each in formats
    ):
        raise MappingError(MappingCode.MAPPING_DATE_FORMATS, where=where)
    for each in formats:
        if each not in numbers:
            _check_date_format(each, where)
    return tuple(formats)


def _check_date_format(form: str, where: str) -> None:
    signs = [sign for sign in re.findall(r"%(.?)", form, re.DOTALL) if sign != "%"]
    unknown = next((sign for sign in signs if sign not in _DIRECTIVES), None)
    if unknown is not None:
        right = _INSTEAD.get(unknown, "such as %d/%m/%Y %H:%M:%S")
        raise MappingError(
            MappingCode.MAPPING_DATE_UNKNOWN, where=where, format=shortened(form), sign=f"%{unknown}", right=right
        )
    twice = next((sign for place, sign in enumerate(signs) if sign in signs[:place]), None)
    if twice is not None:
        raise MappingError(MappingCode.MAPPING_DATE_TWICE, where=where, format=shortened(form), sign=f"%{twice}")
    try:
        datetime.strptime("", form)
    except (ValueError, re.error) as error:
        if "does not match" not in str(error):
            raise MappingError(
                MappingCode.MAPPING_DATE_FORMAT, where=where, format=shortened(form), error=str(error)
            ) from None
    directives = set(signs)
    if "p" in directives and "I" not in directives:
        right = form.replace("%H", "%I") if "H" in directives else form.replace("%p", "%I %p")
        raise MappingError(MappingCode.MAPPING_DATE_PERIOD, where=where, format=shortened(form), right=shortened(right))
    if "I" in directives and "p" not in directives:
        right = form.replace("%I", "%H")
        raise MappingError(
            MappingCode.MAPPING_DATE_HALF_DAY, where=where, format=shortened(form), right=shortened(right)
        )
    if not directives & set("YyGcx"):
        raise MappingError(MappingCode.MAPPING_DATE_NO_YEAR, where=where, format=shortened(form))
    if not any(directives >= set(together) for together in _WHOLE_DAYS):
        raise MappingError(MappingCode.MAPPING_DATE_NO_DAY, where=where, format=shortened(form))


def _column_source(entry: object, column: Field, where: str) -> ColumnSource:
    if isinstance(entry, str):
        return ColumnSource((entry,))
    if not isinstance(entry, dict):
        raise MappingError(MappingCode.MAPPING_NO_SOURCE, where=where, entry=shortened(str(entry)))
    entries: dict[str, Any] = entry
    check_known(entries, SOURCE_OPTIONS, MappingCode.MAPPING_UNKNOWN_OPTION, f"{where}:")
    given = [name for name in ("column", "columns", "value", "row") if name in entries]
    if len(given) != 1:
        raise MappingError(MappingCode.MAPPING_SOURCES, where=where)
    if entries.get("row", True) is not True:
        raise MappingError(MappingCode.MAPPING_ROW, where=where)
    if "row" in entries and column.name != "id":
        raise MappingError(MappingCode.MAPPING_ROW_OF_ID, where=where)
    columns = entries.get("columns", [entries["column"]] if "column" in entries else [])
    if (
        not isinstance(columns, list)
        or not all(isinstance(name, str) for name in columns)
        or (columns == [] and "columns" in entries)
    ):
        raise MappingError(MappingCode.MAPPING_COLUMNS, where=where)
    if not isinstance(entries.get("join", ""), str):
        raise MappingError(MappingCode.MAPPING_NO_TEXT, where=f"{where}:", option="join")
    scale, offset = (
        as_number(entries[name], f"{where}: {name}") if name in entries else None for name in ("scale", "offset")
    )
    if (scale is not None or offset is not None) and column.kind not in _SCALED:
        raise MappingError(MappingCode.MAPPING_SCALE, where=where)
    for name, known in (("unit", tuple(UNITS)), ("format", CLOCK_FORMATS)):
        if name in entries and (column.kind is not FieldType.SECONDS or entries[name] not in known):
            raise MappingError(MappingCode.MAPPING_OF_DURATIONS, where=where, option=name, known=", ".join(known))
    unit, form = entries.get("unit"), entries.get("format")
    return ColumnSource(
        tuple(columns), entries.get("join", ""), scale, offset, _constant(entries, where), "row" in entries, unit, form
    )


def _constant(entries: Table[str, Any], where: str) -> str | None:
    value = entries.get("value")
    if isinstance(value, list | dict):
        raise MappingError(MappingCode.MAPPING_VALUE, where=where)
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(entry: object, where: str) -> dict[str, str]:
    entries = as_table(entry, where)
    found: dict[str, str] = {}
    for source, canonical in entries.items():
        if isinstance(canonical, list | dict):
            raise MappingError(MappingCode.MAPPING_ONE_VALUE, where=where, entry=shortened(source))
        found[source] = str(canonical).lower() if isinstance(canonical, bool) else str(canonical)
    return found


def _field_entry(source: ColumnSource, request: FieldRequest) -> str | dict[str, Any]:
    entry = _source_entry(source)
    options = {"type": request.type and request.type.value, "label": request.label, "unit": request.unit}
    set_options = {name: value for name, value in options.items() if value is not None}
    if not set_options:
        return entry
    return {**({"column": entry} if isinstance(entry, str) else entry), **set_options}


def _source_entry(source: ColumnSource) -> str | dict[str, Any]:
    entry: dict[str, Any]
    if source.row:
        entry = {"row": True}
    elif source.value is not None:
        entry = {"value": source.value}
    elif len(source.columns) == 1:
        entry = {"column": source.columns[0]}
    else:
        entry = {"columns": list(source.columns)}
    if source.join:
        entry["join"] = source.join
    for name, number in (("scale", source.scale), ("offset", source.offset)):
        if number is not None:
            entry[name] = int(number) if number.adjusted() < 18 and number == number.to_integral_value() else number
    for name, chosen in (("unit", source.unit), ("format", source.format)):
        if chosen is not None:
            entry[name] = chosen
    return entry["column"] if list(entry) == ["column"] else entry
