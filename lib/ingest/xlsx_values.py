"""Values of a workbook's cells: what a cell stores in, the text that a CSV would have and its kind out.

What a number's format shows is `xlsx_formats.py`; what a text then means, `value_parsers.py`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

import numpy as np
import pyarrow as pa

from lib.errors import FileError
from lib.errors.workbook_codes import WorkbookCode
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.xlsx_formats import GENERAL, NumberFormat, Shown, number_format
from lib.ingest.xlsx_package import Package, Workbook, parse, xml_parser

MAX_CELL = 2**20
"""Characters that a cell may have; spreadsheets allow 32,767."""

Value = tuple[str, CellKind]

_DAY_MS = 86_400_000
_LEAP_DAY = 60  # of 1900, which was no leap year; the days before it are counted from one day later
_LAST_DAY = 2_958_465  # 9999-12-31
_DAYS_TO_1904, _DAYS_TO_1970 = 1_462, 25_569
_DAY_SECONDS = 86_400
_ONE_YEAR, _MANY_YEARS = 366, 10_000  # days

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTAINERS = frozenset({"numFmts", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs"})


class CellValues:
    """Reads what the cells of one workbook store."""

    def __init__(self, package: Package, workbook: Workbook) -> None:
        """Read the workbook's shared strings and styles."""
        self.is_uncalculated = workbook.is_uncalculated
        self._is_1904 = workbook.is_1904
        strings, styles = workbook.parts.get("sharedStrings"), workbook.parts.get("styles")
        self._strings = shared_strings(package, strings) if strings and package.has(strings) else []
        self._styles = _cell_styles(package, styles) if styles and package.has(styles) else []
        self._formats: dict[str | None, NumberFormat] = {}
        self._days: dict[int, str] = {}

    def read_all(self, kind: str | None, style: str | None, stored: list[str]) -> tuple[list[str], CellKind | Kinds]:
        """Return what cells of one type, such as `s` or `n`, and one style store. Raises ValueError or IndexError."""
        if kind is None or kind == "n":
            return self._numbers(style, stored)
        if kind == "s":
            strings = self._strings
            if any(each.startswith("-") for each in stored):
                raise ValueError(kind)
            return [strings[int(each)] for each in stored], CellKind.TEXT
        if kind == "b":
            return [{"1": "true", "0": "false"}.get(each.strip(), each) for each in stored], CellKind.TEXT
        if kind == "e":
            return [each.strip() for each in stored], CellKind.ERROR
        if kind == "d":
            return _separated([_iso(each.strip()) for each in stored])
        return [unescaped(each) if "_x" in each else each for each in stored], CellKind.TEXT

    def _numbers(self, style: str | None, stored: list[str]) -> tuple[list[str], CellKind | Kinds]:
        shown = self._formats.get(style)
        if shown is None:
            shown = self._formats[style] = self._format(style)
        if shown is GENERAL:
            texts = [
                each if each.isdigit() and len(each) < 16 and each[0] != "0" else _general(each) for each in stored
            ]
            return texts, CellKind.NUMBER
        if len(shown.sections) == 1 and shown.sections[0].shown in (Shown.DATE, Shown.DATE_AND_TIME):
            moments = self._moments(stored)
            if moments is not None:
                return moments, CellKind.MOMENT
        return _separated([self._formatted(shown, each) for each in stored])

    def _moments(self, stored: list[str]) -> list[str] | None:
        """Return whole seconds of instants all at once, as nearly all columns of dates have; None for any other."""
        try:
            values = np.array(stored, dtype=np.float64)
        except ValueError:
            return None
        if not ((values >= _ONE_YEAR) & (values < _LAST_DAY - _DAYS_TO_1904)).all():
            return None
        seconds, fractions = np.divmod(np.rint(values * _DAY_MS).astype(np.int64), 1_000)
        if fractions.any():
            return None
        first = _DAYS_TO_1970 - (_DAYS_TO_1904 if self._is_1904 else 0)
        texts: list[str] = (
            pa.array(seconds - first * _DAY_SECONDS).cast(pa.timestamp("s")).cast(pa.string()).to_pylist()
        )
        for midnight in np.flatnonzero(seconds % _DAY_SECONDS == 0).tolist():
            texts[midnight] = texts[midnight][:10]
        return texts

    def _formatted(self, shown: NumberFormat, stored: str) -> Value:
        try:
            value = float(stored)
        except ValueError:
            return stored.strip(), CellKind.NUMBER
        section = shown.section(value)
        if section.shown is Shown.NUMBER:
            text = number_text(value)
            if section.pattern is not None and text.isdigit():
                return section.fill(text).strip(), CellKind.TEXT
            digits = text.lstrip("-")
            return text[: -len(digits)] + digits.zfill(section.digits if digits.isdigit() else 1), CellKind.NUMBER
        if section.shown is Shown.PERCENT:
            return f"{_plain(Decimal(number_text(value)).scaleb(2))}%", CellKind.PERCENT
        if _is_length(section.shown, value):
            return _clock(value), CellKind.TEXT
        moment = self._moment(value)
        return (number_text(value), CellKind.NUMBER) if moment is None else (moment, CellKind.MOMENT)

    def _moment(self, value: float) -> str | None:
        """Return the instant of a serial number to the millisecond; None where the calendar of spreadsheets ends."""
        if not 0 <= value <= _LAST_DAY:
            return None
        day, milliseconds = divmod(round(value * _DAY_MS), _DAY_MS)
        day += _DAYS_TO_1904 if self._is_1904 else 0
        text = self._days.get(day)
        if text is None:
            if day > _LAST_DAY:
                return None
            first = date(1899, 12, 31) if day < _LEAP_DAY else date(1899, 12, 30)
            text = "1900-02-29" if day == _LEAP_DAY else (first + timedelta(day)).isoformat()
            self._days[day] = text
        return f"{text} {_clock_of(milliseconds)}" if milliseconds else text

    def _format(self, style: str | None) -> NumberFormat:
        place = int(style or 0)
        if not 0 <= place < len(self._styles):
            return GENERAL
        shown = number_format(*self._styles[place])
        return GENERAL if shown == GENERAL else shown


def _is_length(shown: Shown, value: float) -> bool:
    """Return whether a value is a time of day or a length, not an instant.

    A format with a date shows a time where no day is in the value, or where the day is one of 1900: nobody keeps calls
    of then, but lengths whose format somebody changed. A format with a time alone shows lengths of any number of hours,
    and instants of which it hides the day; a length takes less than 27 years.
    """
    if shown is Shown.DATE_AND_TIME:
        return 0 <= value < _ONE_YEAR
    if shown is Shown.DATE:
        return 0 <= value < 1
    return abs(value) < (_MANY_YEARS if shown is Shown.TIME else _LAST_DAY)


def _separated(values: list[Value]) -> tuple[list[str], Kinds]:
    return [text for text, _ in values], np.frombuffer(bytes(kind for _, kind in values), np.uint8)


def _general(stored: str) -> str:
    """Return a number without a format; what is none as it is, for whoever reads it as a number to refuse."""
    try:
        return number_text(float(stored))
    except ValueError:
        return stored.strip()


def number_text(value: float) -> str:
    """Return a number as a spreadsheet shows it: of 15 digits, without `.0`, without what arithmetic left behind."""
    text = f"{value:.15g}"
    if len(text) > 14 and abs(value) < 1e12:
        # 312.00000000004 is 312: who calculates in binary fractions gets such tails, and no spreadsheet shows them.
        rounded = f"{value:.12g}"
        text = rounded if len(rounded) + 4 < len(text) else text
    if "e" in text:
        number = Decimal(text)
        text = _plain(number) if -20 < number.adjusted() < 21 else f"{number.normalize():E}"
    return "0" if text == "-0" else text


def unescaped(text: str) -> str:
    """Return a text with the characters that XML can't hold, which workbooks write as `_x000D_`."""
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def shared_strings(package: Package, part: str) -> list[str]:
    """Return a workbook's shared strings: the texts alone, without the readings that tell how one says them."""
    reader = _SharedStrings(package, part)
    for chunk in package.chunks(part):
        reader.read(chunk)
    return reader.strings


class _SharedStrings:
    def __init__(self, package: Package, part: str) -> None:
        self.strings: list[str] = []
        self._name = package.name
        self._texts: list[str] = []  # of the string that is being read
        self._parts: list[str] = []
        self._is_reading_aid = False
        self._parser = xml_parser(package.name, part)
        self._parser.StartElementHandler = self._start_root
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._parts.append

    def read(self, chunk: bytes) -> None:
        parse(self._parser, chunk, self._name)
        check_length(self._name, [*self._texts, *self._parts])

    def _start_root(self, name: str, _attributes: dict[str, str]) -> None:
        space = name[: name.rfind("}") + 1]
        self._tag_item, self._tag_text, self._tag_aid = space + "si", space + "t", space + "rPh"
        self._parser.StartElementHandler = self._start

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self._parts.clear()
        if name == self._tag_aid:
            self._is_reading_aid = True

    def _end(self, name: str) -> None:
        if name == self._tag_text:
            if not self._is_reading_aid:
                self._texts += self._parts
        elif name == self._tag_item:
            check_length(self._name, self._texts)
            text = "".join(self._texts)
            self.strings.append(unescaped(text) if "_x" in text else text)
            self._texts.clear()
        elif name == self._tag_aid:
            self._is_reading_aid = False
        self._parts.clear()


def check_length(name: str, texts: list[str]) -> None:
    """Refuse a cell's text, in pieces, that is longer than any that a spreadsheet holds."""
    characters = sum(map(len, texts))
    if characters > MAX_CELL:
        raise FileError(WorkbookCode.XLSX_CELL_TOO_LONG, name=name, most=MAX_CELL)


def _cell_styles(package: Package, part: str) -> list[tuple[int, str | None]]:
    """Return the number of each style's format, and its code where the file has one."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    container = ""
    for local, attributes in package.elements(part):
        if local in _CONTAINERS:
            container = local
        elif local == "numFmt" and container == "numFmts":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif local == "xf" and container == "cellXfs":
            styles.append(attributes.get("numFmtId", "0"))
    return [(int(each) if each.isdigit() else 0, codes.get(each)) for each in styles]


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _clock(days: float) -> str:
    milliseconds = round(days * _DAY_MS)
    return f"-{_clock_of(-milliseconds)}" if milliseconds < 0 else _clock_of(milliseconds)


@lru_cache(2**17)
def _clock_of(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}.{fraction:03}" if fraction else f"{hour:02}:{minute:02}:{second:02}"


def _iso(stored: str) -> Value:
    """Return a date or a time that is stored as ISO 8601."""
    try:
        moment = datetime.fromisoformat(stored)
    except ValueError:
        pass
    else:
        return (
            moment.date().isoformat() if moment.timetz() == time() else moment.isoformat(" ").removesuffix(".000000")
        ), CellKind.MOMENT
    try:
        return time.fromisoformat(stored).isoformat(), CellKind.TEXT
    except ValueError:
        return stored, CellKind.TEXT
