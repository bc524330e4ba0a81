"""Surveys: what all the rows of a file hold, for a person who maps it and for the guesses of a mapping.

Here are the values alone. `survey_taker.py` makes them in the child process, `column_guess.py` concludes from them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lib.ingest.mapping import FileOptions, folded

MAX_VALUES = 1_000
"""Distinct values of a column that are counted one by one."""

FIRST_ROWS = 20
"""Rows at the top of a file that are kept as they came, so that a person can point at the header."""


DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
"""Orders that dates such as 01/02/2024 may have."""


class Form(enum.StrEnum):
    """What a text looks like. Each text has one form."""

    WHOLE = "whole"  # 312
    POINT = "point"  # 8.5
    COMMA = "comma"  # 8,5
    POINT_OF_THREE = "point_of_three"  # 1.234, a fraction or a thousand
    COMMA_OF_THREE = "comma_of_three"  # 1,234
    THOUSANDS_POINT = "thousands_point"  # 1.234,5 and 1.234.567
    THOUSANDS_COMMA = "thousands_comma"  # 1,234.5 and 1,234,567
    THOUSANDS_BLANK = "thousands_blank"  # 1 234
    THOUSANDS_BLANK_POINT = "thousands_blank_point"  # 1 234.5
    THOUSANDS_BLANK_COMMA = "thousands_blank_comma"  # 1 234,5
    THOUSANDS_APOSTROPHE = "thousands_apostrophe"  # 1'234 and 1'234.5
    EXPONENT = "exponent"  # 1.5E3
    TYPED_FRACTION = "typed_fraction"  # 8.5, as a number of the file, whatever the decimal sign of its texts
    PERCENT = "percent"  # 85 %
    SHARE = "share"  # 8/10
    CLOCK = "clock"  # 00:05:12
    SHORT_CLOCK = "short_clock"  # 05:12
    LENGTH = "length"  # 5m 12s, and PT5M12S
    TIME_OF_DAY = "time_of_day"  # 3:15 p. m.
    ISO_DATE = "iso_date"  # 2024-01-31 09:15
    DATE = "date"  # another date
    NULL_WORD = "null_word"  # N/A
    ERROR = "error"  # #DIV/0!
    FORMULA = "formula"  # without a value
    NESTED = "nested"  # a list or an object
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CellExample:
    """A cell: its text, shortened, and its CellKind."""

    text: str
    kind: int = 0


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it came, with its number in the file; the cells are shortened."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row below the header: a cell for each of its columns."""

    number: int
    cells: tuple[CellExample, ...]


@dataclass(frozen=True, slots=True)
class DateFormats:
    """Formats that together read every date of a column that is no ISO 8601, and the locale of their words."""

    formats: tuple[str, ...]
    locale: str | None = None
    order: str | None = None  # DAY_FIRST or MONTH_FIRST; None where no number could be either
    is_by_sequence: bool = False  # whether the order of day and month is the one in which the rows follow one another


@dataclass(frozen=True, slots=True)
class ListedPart:
    """What the objects of a list hold under one key, over all rows that were looked at."""

    path: str  # from the column on, such as `sections.questions.title`
    list: str  # the path of the innermost list that it is in
    filled: int = 0
    examples: tuple[str, ...] = ()  # distinct ones
    largest: float | None = None  # where all are numbers
    is_flag: bool = False  # where all are true or false


@dataclass(frozen=True, slots=True)
class ColumnSurvey:
    """What all the cells of a column hold; cells are trimmed, and those without text are not counted."""

    name: str
    filled: int = 0
    values: tuple[tuple[str, int], ...] = ()  # the distinct ones with their counts, the most frequent first
    is_complete: bool = True  # whether `values` has them all; otherwise it has none
    distinct: int | None = 0  # None where they are too many to be counted
    repeated: tuple[str, ...] = ()  # examples of values that come more than once
    examples: tuple[CellExample, ...] = ()
    smallest: float | None = None  # of the numbers; where a sign stands once, it is read as the decimal sign
    largest: float | None = None
    forms: Mapping[Form, int] = field(default_factory=dict)  # how many cells have each
    form_examples: Mapping[Form, str] = field(default_factory=dict)  # a cell of each
    dates: tuple[DateFormats, ...] = ()  # each alternative; more than one where the order of day and month is open
    has_times: bool = False  # whether any date has a time that is not midnight
    times: tuple[str, ...] = ()  # formats of times of day, where all the cells are such
    longest_first: int = 0  # the largest first part of texts such as 05:12, whatever it is
    most_hours: int = 0  # of texts such as 00:05:12
    null_words: tuple[str, ...] = ()  # texts such as N/A, as they are written
    listed: tuple[ListedPart, ...] = ()  # what the objects of its lists hold

    def has_only(self, *forms: Form) -> bool:
        """Return whether there are cells and all of them have one of these forms, words for nothing aside."""
        counts = {form: count for form, count in self.forms.items() if form is not Form.NULL_WORD}
        return bool(counts) and set(counts) <= set(forms)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds, and how it was read."""

    file: str
    header: tuple[str, ...]
    columns: tuple[ColumnSurvey, ...]  # one for each name of the header
    rows: int = 0  # with blank and malformed ones
    blank: int = 0
    malformed: int = 0
    sample: tuple[SampleRow, ...] = ()  # some rows that are not blank
    first_rows: tuple[RawRow, ...] = ()  # from the top of the file, above the header too; none where it has none
    sheets: tuple[tuple[str, bool], ...] = ()  # of a workbook: the name, and whether it is hidden
    sheet: str | None = None  # the name of the one that was read
    encoding: str | None = None  # None where the format has none of its own
    delimiter: str | None = None
    header_row: int = 1
    is_1904: bool = False  # a workbook whose serials are counted from 1904
    detected: tuple[str, ...] = ()  # which of sheet, encoding, delimiter and header_row no mapping said

    @property
    def layout(self) -> FileOptions:
        """The options by which a mapping reads the file as it was read here; what any reader finds out is left open."""
        first = next((name for name, is_hidden in self.sheets if not is_hidden), self.sheet)
        is_told = self.encoding is None or self.encoding.startswith("utf-")  # by the bytes
        return FileOptions(
            encoding=None if is_told else self.encoding,
            sheet=None if self.sheet == first else self.sheet,
            header_row=self.header_row,
        )

    def column(self, name: str) -> ColumnSurvey | None:
        """Return what a column holds; its name may be written otherwise, as in mappings."""
        exact = next((column for column in self.columns if column.name == name), None)
        return exact or next((column for column in self.columns if folded(column.name) == folded(name)), None)


def restored_survey(document: Any) -> Survey:
    """Return the survey that was sent as a JSON document."""
    from pydantic import TypeAdapter  # here, as the child that sends it starts quicker without

    return TypeAdapter(Survey).validate_python(document)
