"""The part of a mapping's form that says how the file is read: where its rows are, and how its values are written."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import streamlit as st
from babel import Locale, UnknownLocaleError

from lib import i18n
from lib.i18n import t, t_plural
from lib.ingest.mapping import EPOCH, EPOCH_MS, EXCEL, FileOptions
from lib.ingest.survey import Survey
from lib.settings import zone_names
from lib.ui import inputs, markdown

ENCODINGS = ("utf-8", "cp1252", "latin-1", "utf-16")
DELIMITERS = (",", ";", "\t", "|")
LOCALES = ("en", "es", "pt", "fr", "de", "it")
NULL_WORDS = ("N/A", "NULL", "None", "-", "?")
OFFERED_ROWS = 50
"""Rows that the header may be in, where the mapping says no later one."""

DATE_FORMATS = {
    "%d/%m/%Y": "31/01/2024",
    "%d/%m/%Y %H:%M": "31/01/2024 15:15",
    "%d/%m/%Y %H:%M:%S": "31/01/2024 15:15:00",
    "%d/%m/%Y %I:%M %p": "31/01/2024 3:15 pm",
    "%m/%d/%Y": "01/31/2024",
    "%m/%d/%Y %H:%M": "01/31/2024 15:15",
    "%m/%d/%Y %H:%M:%S": "01/31/2024 15:15:00",
    "%m/%d/%Y %I:%M %p": "01/31/2024 3:15 pm",
    "%d-%m-%Y": "31-01-2024",
    "%d.%m.%Y": "31.01.2024",
    "%d-%b-%Y": "31-Jan-2024",
    "%Y/%m/%d": "2024/01/31",
    "%Y%m%d": "20240131",
}
"""Common formats of dates, and what they look like."""

NUMBER_FORMATS = {
    EXCEL: "numbers of days, as in spreadsheets",
    EPOCH: "seconds since 1970 (UTC)",
    EPOCH_MS: "milliseconds since 1970 (UTC)",
}
"""Formats of dates that are numbers, in words."""

ENCODING_LABELS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
    "cp1252": "Western European (Windows-1252)",
    "latin-1": "Western European (ISO 8859-1)",
    "cp850": "Western European (DOS, CP850)",
    "mac_roman": "Western European (Mac)",
}
"""What encodings are called, by the names that mappings give them."""

DECIMAL_LABELS = {".": "point (8.5)", ",": "comma (8,5)"}
THOUSANDS_LABELS = {".": "point (1.234)", ",": "comma (1,234)", " ": "blank (1 234)", "'": "apostrophe (1'234)"}


def draw_layout(base: FileOptions, survey: Survey | None, scope: str) -> FileOptions:
    """Draw encoding, delimiter and sheet; return the options with what is chosen. The survey says what is guessed."""
    sheets = survey.sheets if survey else ()
    if sheets or base.sheet is not None:
        base = replace(base, sheet=_sheet(base.sheet, sheets, scope))
    is_text = survey is None or survey.encoding is not None or survey.delimiter is not None
    if not is_text and base.encoding is None and base.delimiter is None:
        return base
    left, right = st.columns(2)
    guessed_encoding = encoding_label(survey.encoding) if survey and survey.encoding else None
    encoding = inputs.open_selectbox(
        t("Encoding"),
        ("", *ENCODINGS),
        base.encoding or "",
        place=left,
        format_func=lambda each: encoding_label(each) if each else _automatic(guessed_encoding),
        key=f"{scope}-encoding",
    )
    guessed = _delimiter_label(survey.delimiter if survey else None)
    delimiter = inputs.open_selectbox(
        t("Delimiter"),
        ("", *DELIMITERS),
        base.delimiter or "",
        place=right,
        format_func=lambda each: _delimiter_label(each) if each else _automatic(guessed),
        key=f"{scope}-delimiter",
        help=t("What stands between the cells of a text file; another sign can be typed."),
    )
    return replace(base, encoding=encoding or None, delimiter=delimiter or None)


def draw_header_row(base: FileOptions, survey: Survey | None, scope: str) -> FileOptions:
    """Draw which row is the header, out of the first rows; return the options with what is chosen."""
    rows = {row.number: row.cells for row in survey.first_rows} if survey else {}
    numbers = list(range(1, max(OFFERED_ROWS, base.header_row) + 1))
    header_row = inputs.selectbox(
        t("Header row"),
        numbers,
        numbers.index(base.header_row),
        format_func=lambda number: _row_label(number, rows.get(number, ())),
        key=f"{scope}-header",
    )
    return replace(base, header_row=header_row)


def layout_of(options: FileOptions) -> FileOptions:
    """Return options that say no more than where the rows of a file are."""
    return with_layout(FileOptions(), options)


def with_layout(options: FileOptions, layout: FileOptions) -> FileOptions:
    """Return options that say where the rows are as `layout` does."""
    return replace(
        options, encoding=layout.encoding, delimiter=layout.delimiter, sheet=layout.sheet, header_row=layout.header_row
    )


def in_words(options: FileOptions, survey: Survey, undecided: Collection[str] = ()) -> str:
    """Return how the file is read, as it was guessed or chosen, in a sentence, without what is not decided yet."""
    parts = [t_plural("1 row", "{count} rows", survey.rows - survey.blank)]
    if survey.sheet is not None and len(survey.sheets) > 1:
        parts.append(t("sheet “{sheet}”", sheet=survey.sheet))
    if encoding := options.encoding or survey.encoding:
        parts.append(encoding_label(encoding))
    if delimiter := options.delimiter or survey.delimiter:
        parts.append(t("delimiter “{sign}”", sign=_delimiter_label(delimiter)))
    parts.append(t("header in row {number}", number=options.header_row))
    if "date_formats" not in undecided:
        dates = ", ".join(_format_label(each) for each in options.date_formats) or "ISO 8601"
        parts.append(t("dates {formats}", formats=dates))
    is_text = survey.encoding is not None or options.decimal != "."  # typed numbers have no sign to be read by
    if is_text and "decimal" not in undecided:
        parts.append(t("decimal sign “{sign}”", sign=options.decimal))
    if options.thousands is not None and "thousands" not in undecided:
        parts.append(t("thousands sign “{sign}”", sign=options.thousands))
    return markdown.text(t("Guessed from all rows: {what}.", what=" · ".join(parts)))


def _sheet(base: str | int | None, sheets: Sequence[tuple[str, bool]], scope: str) -> str | int | None:
    """Draw the sheets of a workbook; one that the mapping names by its number stays a number."""
    names = [name for name, _ in sheets]
    hidden = {name for name, is_hidden in sheets if is_hidden}
    shown = names[base - 1] if isinstance(base, int) and 0 < base <= len(names) else base
    options: list[str | int | None] = [None, *names]
    options += [] if shown in options else [shown]
    first = next((name for name in names if name not in hidden), "")

    def label(sheet: str | int | None) -> str:
        if sheet is None:
            return t("First visible sheet ({sheet})", sheet=first)
        if sheet not in names:
            return t("{sheet} (not in this file)", sheet=sheet)
        return t("{sheet} (hidden)", sheet=sheet) if sheet in hidden else str(sheet)

    chosen = inputs.selectbox(t("Sheet"), options, options.index(shown), format_func=label, key=f"{scope}-sheet")
    return base if chosen == shown else chosen


def draw_values(base: FileOptions, scope: str) -> FileOptions:
    """Draw how dates, numbers and empty cells are written; return the options with what is chosen."""
    written = (base.date_formats, base.locale, base.decimal, base.thousands, base.null_values)
    scope = f"{scope}-{hashlib.sha256(repr(written).encode()).hexdigest()[:8]}"  # another base, other inputs
    formats = inputs.open_multiselect(
        t("Date formats"),
        [*DATE_FORMATS, *NUMBER_FORMATS],
        base.date_formats,
        format_func=_format_label,
        placeholder=t("ISO 8601, such as 2024-01-31 15:15"),
        help=t("Tried in order; another one can be typed, such as %d/%m/%y."),
        key=f"{scope}-formats",
    )
    left, middle, right = st.columns(3)
    zones = ["", *_zones(), *([base.timezone] if base.timezone and base.timezone not in _zones() else [])]
    timezone = inputs.selectbox(
        t("Time zone"),
        zones,
        zones.index(base.timezone or ""),
        place=left,
        format_func=lambda each: each or t("the workspace's"),
        key=f"{scope}-zone",
        help=t("Of dates without an offset."),
    )
    locale = inputs.open_selectbox(
        t("Language of dates"),
        ("", *LOCALES),
        base.locale or "",
        place=middle,
        format_func=lambda each: _locale_label(each) if each else t("Not set"),
        key=f"{scope}-locale",
        help=t("Of the names of months and weekdays, and of a. m. and p. m.; English is always understood."),
    )
    decimal = _sign(t("Decimal sign"), base.decimal, DECIMAL_LABELS, f"{scope}-decimal", right)
    thousands = _sign(t("Thousands sign"), base.thousands, THOUSANDS_LABELS, f"{scope}-thousands", left, empty=True)
    nulls = inputs.open_multiselect(
        t("Words for an empty cell"),
        NULL_WORDS,
        base.null_values,
        place=middle,
        format_func=lambda each: each or t("(empty)"),
        placeholder=t("none"),
        key=f"{scope}-nulls",
        help=t("Texts that mean nothing, such as N/A; others can be typed."),
    )
    unchanged = list(dict.fromkeys(base.date_formats)), list(dict.fromkeys(base.null_values))
    return replace(
        base,
        date_formats=base.date_formats if formats == unchanged[0] else tuple(formats),
        timezone=timezone or None,
        locale=locale or None,
        decimal=decimal or ".",
        thousands=thousands,
        null_values=base.null_values if nulls == unchanged[1] else tuple(nulls),
    )


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone_names()))


def _sign(
    label: str, value: str | None, labels: Mapping[str, str], key: str, place: Any, empty: bool = False
) -> str | None:
    options = [*([None] if empty else []), *labels, *([value] if value not in labels and value is not None else [])]
    return inputs.selectbox(
        label,
        options,
        options.index(value),
        place=place,
        format_func=lambda each: t("none") if each is None else t(labels[each]) if each in labels else each,
        key=key,
    )


def _automatic(detected: str | None) -> str:
    return t("Detect automatically ({detected})", detected=detected) if detected else t("Detect automatically")


def encoding_label(encoding: str) -> str:
    """Return what an encoding is called, by the name that a mapping gives it."""
    return t(ENCODING_LABELS[encoding]) if encoding in ENCODING_LABELS else encoding


def _delimiter_label(delimiter: str | None) -> str:
    return {"\t": t("tab"), " ": t("blank"), None: ""}.get(delimiter, delimiter or "")


def _row_label(number: int, cells: Sequence[str]) -> str:
    text = " · ".join(cell for cell in cells if cell)
    return f"{number}: {text[:80]}" if text else str(number)


def _format_label(form: str) -> str:
    if form in NUMBER_FORMATS:
        return t(NUMBER_FORMATS[form])
    return f"{DATE_FORMATS[form]} ({form})" if form in DATE_FORMATS else form


def _locale_label(code: str) -> str:
    try:
        name = Locale.parse(code, sep="-" if "-" in code else "_").get_display_name(i18n.current())
    except (UnknownLocaleError, ValueError, TypeError):
        name = None
    return f"{name} ({code})" if name else code
