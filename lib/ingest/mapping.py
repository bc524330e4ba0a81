"""Mappings: where each canonical column of an evaluation comes from in a file with other columns.

A mapping is a TOML file (`docs/administrator.md` in words, `mapping_toml.py` in code). Reading the file's rows is
`open_reader.py`; turning values into what is stored is `value_parsers.py`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from lib.catalog.catalog import Catalog
from lib.catalog.fields import FieldType
from lib.catalog.own_fields import PARAMETER_PREFIX, OwnFieldType
from lib.errors import FileError, MappingError, nearest
from lib.errors.codes import CodedText, FailureCode, joined
from lib.errors.workbook_codes import WorkbookCode
from lib.ingest.answer_paths import PART_NAMES, AnswerPaths, place_path
from lib.ingest.answer_rows import RESULTS
from lib.ingest.text_cleaning import clean_text
from lib.store.enums import Sentiment, State

EVERYTHING_ELSE = "*"
"""In a table of values: whatever is not named there."""

EXCEL, EPOCH, EPOCH_MS = "excel", "epoch", "epoch_ms"
"""Formats of dates that are numbers: a spreadsheet's serials, and seconds and milliseconds since 1970 (UTC)."""

EXCEL_1904 = "excel_1904"
"""The format of serials in a workbook that counts days from 1904; which one it is, the workbook says itself."""

UNITS = {"ms": Decimal("0.001"), "s": Decimal(1), "min": Decimal(60), "h": Decimal(3600)}
"""Units of durations that are plain numbers, in seconds."""

CLOCK_FORMATS = ("mm:ss", "hh:mm")
"""What the two parts of a duration such as 05:12 may be."""

THOUSANDS = (".", ",", " ", "'")
"""Signs that may stand between the thousands of a number; a blank is any blank."""


_LIST, _ANSWERS = re.compile(r"\["), re.compile(r"\[\s*(\]|\{.*\bcriterion\b)", re.IGNORECASE | re.DOTALL)
"""How a text begins that may be a list of answers, and how one that is nothing else."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read the file: what is None is found out from the file itself."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | int | None = None  # a name, or a number from 1
    header_row: int = 1
    date_formats: tuple[str, ...] = ()
    timezone: str | None = None
    locale: str | None = None  # of the names of months and weekdays and of a. m. and p. m.; English is always known
    decimal: str = "."  # of numbers that are text
    thousands: str | None = None  # one of THOUSANDS
    null_values: tuple[str, ...] = ()  # texts that mean: nothing


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """Where one canonical column comes from: file columns (joined, where several), a constant, or the row's number."""

    columns: tuple[str, ...] = ()
    join: str = ""
    scale: Decimal | None = None
    offset: Decimal | None = None
    value: str | None = None
    row: bool = False
    unit: str | None = None  # of UNITS, for durations
    format: str | None = None  # of CLOCK_FORMATS, for durations


AS_FOUND, AS_IT_IS = FileOptions(), ColumnSource()
"""What a mapping says of a file and of a column where it says nothing."""


@dataclass(frozen=True, slots=True)
class FieldRequest:
    """What a mapping says of an own field: None where it leaves that to the field, or to a new field's defaults."""

    type: OwnFieldType | None = None
    label: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class CriterionSource:
    """Where the answers to one criterion come from, and what the criterion is. Points are in 1/OWN_SCALE of one."""

    column: str
    max_points: int
    section: str | None = None
    is_critical: bool = False
    values: Table[str, int | None] = field(default_factory=dict)  # a word's points; None: it does not apply
    form: str | None = None  # None: that of the evaluation


@dataclass(frozen=True, slots=True)
class Scoring:
    """What answers say of the score of their evaluation."""

    from_criteria: bool = False  # it is the share of points, where the file has none
    critical_is_zero: bool = False  # a failed critical criterion makes it 0


AS_SCORED = Scoring()
"""Answers say nothing of the score."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Where the canonical columns come from, and which values stand for which.

    Own fields are canonical columns under their parameters' names; `fields` says more of those that it names.
    """

    file: FileOptions = field(default_factory=FileOptions)
    columns: Table[str, ColumnSource] = field(default_factory=dict)
    values: Table[str, Table[str, str]] = field(default_factory=dict)
    fields: Table[str, FieldRequest] = field(default_factory=dict)  # by the field's name
    criteria: Table[str, CriterionSource] = field(default_factory=dict)  # by the criterion's name
    scoring: Scoring = AS_SCORED
    lists: AnswerPaths | None = None  # where answers are in lists that are made otherwise than ours
    results: tuple[str, ...] = ()  # the columns of lists of answers, once the mapping is resolved

    @property
    def sources(self) -> frozenset[str]:
        """The file's columns that something comes from."""
        of_columns = (name for source in self.columns.values() for name in source.columns)
        of_criteria = (source.column for source in self.criteria.values())
        return frozenset((*of_columns, *of_criteria, *self.results))

    def resolve(
        self,
        catalog: Catalog,
        header: Sequence[str],
        file: str,
        first_values: Callable[[str], Collection[str]],
        elsewhere: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> Mapping:
        """Return the mapping with every column name as this header spells it.

        Columns that the mapping leaves open are filled in where the header has their canonical names. With a mapping
        at hand, a column that is called state or sentiment but whose first values (of `first_values`) are none of
        ours is something else, such as a state of the country, and is left alone; so is one called results whose first
        values are no lists of answers, and any of that name beside criteria with columns of their own.

        Raises MappingError where a column is named that the header lacks, FileError where one is there twice or a
        required column comes from nowhere; both name the workbook's other sheets that have it, of `elsewhere`.
        """
        columns = {
            canonical: replace(
                source, columns=tuple(_in_header(name, header, canonical, file, elsewhere) for name in source.columns)
            )
            for canonical, source in self.columns.items()
        }
        for canonical, column in catalog.fields.items():
            matches = [name for name in header if canonical_name(name) == folded(canonical)]
            if canonical in columns or not matches:
                continue
            if (
                self.columns
                and canonical not in self.values
                and not is_plausible(column.kind, first_values(matches[0]))
            ):
                continue
            columns[canonical] = ColumnSource((single_match(matches, canonical, header, canonical, file),))
        missing = [field.name for field in catalog.fields.values() if field.required and field.name not in columns]
        if missing:
            sheets = [sheet for sheet in elsewhere(missing[0]) if all(sheet in elsewhere(name) for name in missing)]
            raise _lacks_required(missing, header, file, self.file.header_row, sheets)
        in_order = {canonical: columns[canonical] for canonical in catalog.fields if canonical in columns}
        criteria = {
            name: replace(source, column=_in_header(source.column, header, shortened(name), file, elsewhere))
            for name, source in self.criteria.items()
        }
        resolved = replace(self, columns=in_order, criteria=criteria)
        if self.lists is not None:
            return replace(resolved, results=_list_columns(self.lists, header, file))
        return replace(resolved, results=_results_column(resolved, bool(self.columns), header, file, first_values))


def counted_from_1904(mapping: Mapping) -> Mapping:
    """Return a mapping as it holds for a workbook whose serials are counted from 1904."""
    formats = tuple(EXCEL_1904 if each == EXCEL else each for each in mapping.file.date_formats)
    return replace(mapping, file=replace(mapping.file, date_formats=formats))


def is_plausible(kind: FieldType, values: Collection[str]) -> bool:
    """Return whether values may be states (sentiments): whether any of them is one. Other kinds always may."""
    members = {FieldType.STATE: State, FieldType.SENTIMENT: Sentiment}.get(kind)
    if members is None or not any(values):
        return True
    known = {member.name.casefold() for member in members}
    return any(clean_text(value).casefold() in known for value in values)


def _results_column(
    mapping: Mapping,
    is_mapped: bool,
    header: Sequence[str],
    file: str,
    first_values: Callable[[str], Collection[str]],
) -> tuple[str, ...]:
    """Return the column of a header that has lists of answers; nothing where there is none.

    Where somebody mapped the columns, one of lists that name no criterion is something else.
    """
    matches = [name for name in header if folded(name) == RESULTS and name not in mapping.sources]
    if mapping.criteria or not matches:
        return ()
    values = [value.lstrip() for value in first_values(matches[0]) if value.strip()]
    sign = _ANSWERS if is_mapped else _LIST
    if values and not any(sign.match(value) for value in values):
        return ()
    return (single_match(matches, RESULTS, header, RESULTS, file),)


def _list_columns(lists: AnswerPaths, header: Sequence[str], file: str) -> tuple[str, ...]:
    """Return the columns of a header that answers are made of. Raises MappingError where it lacks one."""
    columns: dict[str, None] = {}
    for part, path in lists.by_part.items():
        placed = place_path(path, header)
        if placed is None:
            names = ", ".join(repr(shortened(present)) for present in header[:40])
            raise MappingError(
                FailureCode.HEADER_LACKS_SOURCE,
                name=file,
                column=f"[results] {PART_NAMES[part]}",
                source=shortened(path),
                hint=nearest(path.partition(".")[0], header),
                header=names,
            )
        columns[header[placed.column]] = None
    return tuple(columns)


def folded(name: str) -> str:
    """Return a header's name as it is compared: without case, spaces, underscores and what nobody sees."""
    return _folded_again(name) if len(name) <= _SHORT_NAME else _folded(name)


def _folded(name: str) -> str:
    return "".join(clean_text(name).split()).replace("_", "").casefold()


_folded_again = lru_cache(maxsize=4096)(_folded)
"""For the same few names, which each object that is posted has."""

_SHORT_NAME = 100


def shortened(text: str, length: int = 80) -> str:
    """Return text cut to a length that a message can hold."""
    return text if len(text) <= length else text[:length] + "…"


def canonical_name(name: str) -> str:
    """Return a header's name, folded, as a canonical column's: `fields.channel` of a nested object is the field."""
    name = folded(name)
    nested = f"{PARAMETER_PREFIX.removesuffix('.')}s."
    return f"{PARAMETER_PREFIX}{name.removeprefix(nested)}" if name.startswith(nested) else name


def header_fingerprint(header: Sequence[str]) -> str:
    """Return a SHA-256 that is the same for files of the same header."""
    return hashlib.sha256(json.dumps([folded(name) for name in header]).encode()).hexdigest()


def _lacks_required(
    missing: list[str], header: Sequence[str], file: str, header_row: int, sheets: Sequence[str]
) -> FileError:
    columns = joined(missing, FailureCode.BOTH)
    names = ", ".join(f"'{shortened(name)}'" for name in header[:12]) + (" …" if len(header) > 12 else "")
    found = names or FailureCode.IT_IS_EMPTY.of()
    if sheets:
        return FileError(
            WorkbookCode.SHEET_LACKS_REQUIRED,
            name=file,
            columns=columns,
            sheets=_quoted(sheets),
            row=header_row,
            header=found,
        )
    if sign := _undivided_by(header):
        shown = shortened(header[0])
        return FileError(
            FailureCode.HEADER_UNDIVIDED, name=file, columns=columns, row=header_row, header=shown, sign=sign
        )
    return FileError(FailureCode.HEADER_LACKS_REQUIRED, name=file, columns=columns, row=header_row, header=found)


def _undivided_by(header: Sequence[str]) -> str | None:
    """Return the sign that a header of one column seems to be divided by; None where it is none, or has several."""
    if len(header) != 1:
        return None
    counts = {sign: header[0].count(sign) for sign in ",;|^~"}
    most = max(counts, key=lambda sign: counts[sign])
    return most if counts[most] > 1 else None


def _quoted(sheets: Sequence[str]) -> str | CodedText:
    return joined([f"'{shortened(sheet)}'" for sheet in sheets[:10]], FailureCode.BOTH)


def _in_header(
    name: str, header: Sequence[str], canonical: str, file: str, elsewhere: Callable[[str], Sequence[str]]
) -> str:
    exact = [present for present in header if present == name]
    matches = exact or [present for present in header if folded(present) == folded(name)]
    if not matches:
        source, hint = shortened(name), nearest(name, header)
        found = ", ".join(repr(shortened(present)) for present in header[:40])
        if sheets := elsewhere(name):
            raise MappingError(
                WorkbookCode.SHEET_LACKS_SOURCE,
                name=file,
                column=canonical,
                source=source,
                hint=hint,
                sheets=_quoted(sheets),
                header=found,
            )
        raise MappingError(
            FailureCode.HEADER_LACKS_SOURCE, name=file, column=canonical, source=source, hint=hint, header=found
        )
    return single_match(matches, name, header, canonical, file)


def single_match(matches: Sequence[str], name: str, header: Sequence[str], canonical: str, file: str) -> str:
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
