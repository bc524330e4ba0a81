"""Batches of text columns in, batches of what is stored out, with a list of every value that can't be.

Whole columns at a time: what repeats is checked once per distinct value, and instants in plain ISO 8601 are read by
Arrow; every other text goes through `value_parsers.py`, which holds the rules.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.calendar import FIRST_DAY, LAST_DAY, day_start
from lib.analytics.timezones import Numbers, Zones, microseconds
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import FORM
from lib.catalog.fields import Field, FieldType
from lib.errors.codes import CodedText, FailureCode
from lib.ingest import dates, durations, value_parsers
from lib.ingest.answer_lists import score_answers
from lib.ingest.answer_rows import ANSWERS, RESULTS
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.criteria_converter import CriteriaConverter
from lib.ingest.distinct_parsing import Refuse, check_texts, parse_distinct
from lib.ingest.listed_answers import AnswerLists
from lib.ingest.mapping import AS_FOUND, AS_IT_IS, ColumnSource, Mapping
from lib.ingest.nested_answers import NestedAnswers
from lib.ingest.source_cells import TRANSLATED, Cells, SourceCells, is_null, plain
from lib.ingest.text_cleaning import Texts, with_values
from lib.store.enums import NONE_NAME, State

REPEATED = pa.dictionary(pa.int32(), pa.string())
"""How texts travel that most rows share with others."""


@functools.cache
def staged_schema(catalog: Catalog) -> pa.Schema:
    """Return what a checked row looks like on its way to the store. No id and no name: it belongs to none."""
    return pa.schema(
        [
            pa.field("seq", pa.int64(), nullable=False),  # the order of the rows over all files
            pa.field("id", pa.string(), nullable=False),
            pa.field("audio_at", pa.timestamp("us"), nullable=False),  # UTC
            pa.field("day", pa.date32(), nullable=False),  # in the workspace's zone
            pa.field("state", pa.int16(), nullable=False),
            pa.field("sentiment", pa.int16()),
            pa.field("score", pa.int32()),
            pa.field("duration_seconds", pa.int32()),
            pa.field("is_ai", pa.bool_(), nullable=False),
            *(
                pa.field(name, REPEATED)
                for each in catalog.stored_dimensions
                for name in (each.staged_id, each.staged_name)
            ),
            pa.field("audio_file_name", pa.string()),
            pa.field("created_at", pa.timestamp("us")),  # UTC
            pa.field("evaluated_at", pa.timestamp("us")),  # UTC
            pa.field("recording_url", pa.string()),
            *(pa.field(each.column, _TYPES[each.kind]) for each in catalog.own_values),
            pa.field(RESULTS, ANSWERS),
        ]
    )


_TYPES = {
    FieldType.TEXT: pa.string(),
    FieldType.STATE: pa.int16(),
    FieldType.SENTIMENT: pa.int16(),
    FieldType.SCORE: pa.int32(),
    FieldType.SECONDS: pa.int32(),
    FieldType.FLAG: pa.bool_(),
    FieldType.INSTANT: pa.timestamp("us"),
    FieldType.LINK: pa.string(),
    FieldType.CATEGORY: pa.string(),
    FieldType.NUMBER: pa.int64(),
    FieldType.YES_NO: pa.int16(),
    FieldType.REMARK: pa.string(),
}
Flags = np.ndarray[Any, np.dtype[np.bool_]]
_ANSWERS_AT_ONCE = 1_000_000

_SCORE = "averageNote"
"""The column of the score."""

RIGHT_WHERE_MISSING = {"id": FailureCode.RIGHT_ID, "audioDate": FailureCode.RIGHT_AUDIO_DATE}
"""What would be right where a required column holds nothing, by its name."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file as they came: a text column for each name of the header, null where a cell is missing."""

    file: str
    numbers: Numbers  # each row's number in the file, the header counted
    columns: tuple[Texts, ...]
    kinds: tuple[Kinds | None, ...] = ()  # of each column's cells; None, or none at all, where all are texts
    short_rows: int = 0  # of these rows, those with fewer cells than the header
    long_rows: int = 0  # and those with more, which hold nothing
    unread: Table[int, Callable[[int], str | None]] = field(default_factory=dict)
    """By a column's place, what gives its text in a row, where `columns` only says whether there is something."""
    nested: Table[int, Callable[[], Iterable[object]]] = field(default_factory=dict)
    """By a column's place, what gives the lists that it holds, where `columns` only says whether there is something."""

    def row(self, position: int) -> list[str]:
        """Return a row as it came."""
        cells = [column[position].as_py() for column in self.columns]
        for place, text in self.unread.items():
            cells[place] = text(position)
        return [cell or "" for cell in cells]

    def parts(self, rows: int) -> Iterator[Batch]:
        """Yield the batch in parts of so many rows at most; what is counted of it comes with the first."""
        if len(self.numbers) <= rows:
            yield self
            return
        for start in range(0, len(self.numbers), rows):
            stop = start + rows
            yield Batch(
                self.file,
                self.numbers[start:stop],
                tuple(column.slice(start, rows) for column in self.columns),
                tuple(None if kinds is None else kinds[start:stop] for kinds in self.kinds),
                0 if start else self.short_rows,
                0 if start else self.long_rows,
                {place: partial(_text_after, text, start) for place, text in self.unread.items()},
                {place: partial(_between, values, start, stop) for place, values in self.nested.items()},
            )


def _text_after(text: Callable[[int], str | None], start: int, position: int) -> str | None:
    return text(start + position)


def _between(values: Callable[[], Iterable[object]], start: int, stop: int) -> Iterable[object]:
    return itertools.islice(values(), start, stop)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One value that can't be stored."""

    file: str
    row: int
    column: str | CodedText  # as the file calls it, or WHOLE_ROW
    value: str
    problem: CodedText
    right: CodedText


@dataclass(frozen=True, slots=True)
class ConvertedBatch:
    """The good rows of a batch, and what was wrong with the bad ones."""

    rows: pa.RecordBatch
    problems: tuple[RowProblem, ...]
    bad: Numbers  # positions in the batch
    blank: int


class ProblemList:
    """Collects what is wrong with the rows of a batch; blank ones have nothing to be wrong."""

    def __init__(self, batch: Batch, blank: Flags) -> None:
        """Take the batch, and which of its rows are blank."""
        self._batch, self._blank = batch, blank
        self._problems: list[tuple[int, RowProblem]] = []

    def refuse_in(self, label: str) -> Refuse:
        """Return what is told of values of a column that can't be stored."""

        def refuse(position: int, value: str, problem: CodedText, right: CodedText) -> None:
            if not self._blank[position]:
                number = int(self._batch.numbers[position])
                self._problems.append((position, RowProblem(self._batch.file, number, label, value, problem, right)))

        return refuse

    def convert(self, rows: pa.RecordBatch) -> ConvertedBatch:
        """Return the rows of the batch without the bad and the blank ones, and what is wrong with the bad."""
        bad = np.unique(np.array([position for position, _ in self._problems], dtype=np.int64))
        keep = ~self._blank
        keep[bad] = False
        if not keep.all():
            rows = rows.filter(pa.array(keep))
        problems = tuple(problem for _, problem in sorted(self._problems, key=lambda each: each[0]))
        return ConvertedBatch(rows, problems, bad, int(self._blank.sum()))


class Converter:
    """Converts the batches of one file by its resolved mapping."""

    def __init__(self, mapping: Mapping, header: Sequence[str], zones: Zones, catalog: Catalog) -> None:
        """Prepare the values' translations. The mapping is resolved for this header."""
        self._mapping = mapping
        self._header = header
        self._known: dict[tuple[str, int], dict[str, Any]] = {}  # by column and kind: what each text became
        self._zones = zones
        self._catalog = catalog
        self._cells = SourceCells(mapping, header, catalog)
        self._criteria = CriteriaConverter(mapping.criteria, mapping.file) if mapping.criteria else None
        lists = None if mapping.lists is None else AnswerLists(mapping.lists, header)
        self._results = tuple(header.index(name) for name in mapping.results) if lists is None else lists.columns
        self._nested = NestedAnswers(mapping.file, lists)
        self._answer_lists = lists

    @property
    def rows_at_once(self) -> int:
        """How many rows a batch may have: those of many criteria become many answers."""
        return max(1, _ANSWERS_AT_ONCE // max(1, len(self._mapping.criteria)))

    @property
    def unmet(self) -> dict[str, str]:
        """The mapping's paths to parts of answers that no answer had so far, by their parts."""
        return {} if self._answer_lists is None else self._answer_lists.unmet

    def convert(self, batch: Batch, first_seq: int) -> ConvertedBatch:
        """Convert one batch; its rows are numbered from `first_seq` on."""
        count = len(batch.numbers)
        cells, blank = self._cells.cleaned(batch.columns, batch.kinds, count)
        problems = ProblemList(batch, blank)
        stored: dict[str, pa.Array] = {}
        for canonical, source in self._mapping.columns.items():
            stored[canonical] = self._checked(self._catalog.fields[canonical], source, cells, batch, problems)
        stored[RESULTS] = self._answers(stored.get(FORM.parameter), cells, batch, problems)
        scores = stored.get(_SCORE, pa.nulls(count, pa.int32()))
        stored[_SCORE] = score_answers(stored[RESULTS], scores, self._mapping.scoring)
        # A blank row's missing id is no problem of its own: the list passes blank rows over.
        return problems.convert(_staged(stored, count, first_seq, self._zones, self._catalog))

    def _checked(
        self,
        field: Field,
        source: ColumnSource,
        cells: dict[str, Cells],
        batch: Batch,
        problems: ProblemList,
    ) -> pa.Array:
        """Return the column as it is stored; what can't be is null there, and listed."""
        label = source.columns[0] if len(source.columns) == 1 else " + ".join(source.columns) or field.name
        refuse = problems.refuse_in(label if label == field.name else f"{label} ({field.name})")
        text, kinds = self._cells.of(field, source, cells, batch.file, batch.numbers)
        wrong = self._cells.wrong(field, source, cells)
        for position, (value, error) in wrong.items():
            refuse(position, value, error.problem, error.right)
        if wrong:
            text = pc.if_else(pa.array(np.isin(np.arange(len(text)), [*wrong])), None, plain(text))
        if field.required and text.null_count:
            for position in np.setdiff1d(np.flatnonzero(is_null(text)), [*wrong]).tolist():
                refuse(position, "", FailureCode.VALUE_MISSING.of(), RIGHT_WHERE_MISSING[field.name].of())
        if field.kind in _TEXTS:
            return check_texts(text, _TEXTS[field.kind], refuse)
        if field.kind is FieldType.INSTANT:
            read = self._instants_at_once(plain(text), kinds)
            return read if read is not None else self._parsed(field, source, Cells(plain(text), kinds), refuse)
        return self._parsed(field, source, Cells(text, kinds), refuse)

    def _answers(self, form: Texts | None, cells: dict[str, Cells], batch: Batch, problems: ProblemList) -> pa.Array:
        """Return the answers of each row, where it has any; `form` is the column of the evaluations' own."""
        count = len(batch.numbers)
        forms = pa.nulls(count, pa.string()) if form is None else plain(none_is_none(form))
        if self._criteria is not None:
            return self._criteria.convert(cells, forms, problems.refuse_in)
        if not self._results:
            return pa.nulls(count, ANSWERS)
        columns = [self._lists(place, cells, batch) for place in self._results]
        values = columns[0] if self._mapping.lists is None else zip(*columns, strict=True)

        def refuse(position: int, place: str, value: str, problem: CodedText, right: CodedText) -> None:
            problems.refuse_in(place)(position, value, problem, right)

        return self._nested.convert(values, forms, refuse)

    def _lists(self, place: int, cells: dict[str, Cells], batch: Batch) -> Iterable[object]:
        """Return the lists of a column, or its texts where they are that; None where a row has nothing."""
        texts = plain(cells[self._header[place]].text).to_pylist()
        lists = batch.nested[place]() if place in batch.nested else texts
        return (None if text is None else value for text, value in zip(texts, lists, strict=True))

    def _parsed(self, field: Field, source: ColumnSource, cells: Cells, refuse: Refuse) -> pa.Array:
        """Return the cells as they are stored, those of each kind by its rules."""
        text, kinds = cells
        present = [] if kinds is None else np.unique(kinds[~is_null(text)]).tolist()
        if len(present) < 2:
            return self._parsed_alike(field, source, text, present[0] if present else CellKind.TEXT, refuse)
        parts = [
            self._parsed_alike(field, source, pc.if_else(pa.array(kinds == kind), plain(text), None), kind, refuse)
            for kind in present
        ]
        return pc.coalesce(*parts)

    def _parsed_alike(self, field: Field, source: ColumnSource, text: Texts, kind: int, refuse: Refuse) -> pa.Array:
        """Return cells of one kind as they are stored."""
        options = self._mapping.file
        if kind == TRANSLATED:
            source, options = AS_IT_IS, AS_FOUND
            cell_kind = CellKind.MOMENT if field.kind is FieldType.INSTANT else CellKind.TEXT
        else:
            cell_kind = CellKind(kind)
        parsers: dict[FieldType, Callable[[str], Any]] = {
            FieldType.STATE: value_parsers.state,
            FieldType.SENTIMENT: value_parsers.sentiment,
            FieldType.FLAG: value_parsers.flag,
            FieldType.LINK: value_parsers.link,
            FieldType.YES_NO: value_parsers.yes_no,
            FieldType.NUMBER: partial(value_parsers.number, kind=cell_kind, source=source, options=options),
            FieldType.SCORE: partial(value_parsers.score, kind=cell_kind, source=source, options=options),
            FieldType.SECONDS: partial(durations.seconds, kind=cell_kind, source=source, options=options),
            FieldType.INSTANT: partial(self._instant, dates.instant_parser(cell_kind, options)),
        }
        known = self._known.setdefault((field.name, kind), {})
        return parse_distinct(text, parsers[field.kind], _TYPES[field.kind], refuse, known)

    def _instants_at_once(self, text: pa.StringArray, kinds: Kinds | None) -> pa.TimestampArray | None:
        """Return instants that are all in plain ISO 8601, read by Arrow; None where one is not, or may not be."""
        if self._mapping.file.date_formats and (kinds is None or (kinds != CellKind.MOMENT).any()):
            return None
        missing = is_null(text)
        for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
            try:
                read = text.cast(kind)
            except pa.ArrowInvalid:
                continue
            us = read.cast(pa.int64()).fill_null(0).to_numpy()
            utc = us if kind.tz else self._zones.to_utc(us)
            if ((utc >= _EARLIEST) & (utc <= _LATEST) | missing).all():
                return pa.array(utc, pa.int64(), mask=missing).cast(pa.timestamp("us"))
        return None

    def _instant(self, parse: Callable[[str], datetime], value: str) -> int:
        moment = parse(value)
        return microseconds(moment.replace(tzinfo=self._zones.file_zone) if moment.tzinfo is None else moment)


_EARLIEST, _LATEST = (
    microseconds(day_start(day, ZoneInfo("UTC")))
    for day in (FIRST_DAY + timedelta(days=3), LAST_DAY - timedelta(days=3))
)


_TEXTS = {
    FieldType.TEXT: value_parsers.MAX_TEXT,
    FieldType.REMARK: value_parsers.MAX_TEXT,
    FieldType.CATEGORY: value_parsers.MAX_CATEGORY,
}
"""The kinds of texts, and how many characters each may have."""


def _staged(stored: dict[str, pa.Array], count: int, first_seq: int, zones: Zones, catalog: Catalog) -> pa.RecordBatch:
    def of(canonical: str, kind: pa.DataType) -> pa.Array:
        found = stored.get(canonical)
        return pa.nulls(count, kind) if found is None else found

    audio_at = of("audioDate", pa.timestamp("us"))
    days = zones.days(audio_at.cast(pa.int64()).fill_null(0).to_numpy()).astype(np.int32)
    columns: dict[str, pa.Array] = {
        "seq": pa.array(np.arange(first_seq, first_seq + count)),
        "id": plain(of("id", pa.string())),
        "audio_at": audio_at,
        "day": pa.array(days).cast(pa.date32()),
        "state": of("state", pa.int16()).fill_null(State.Completed.value),
        "sentiment": of("sentiment", pa.int16()),
        "score": of("averageNote", pa.int32()),
        "duration_seconds": of("durationInSeconds", pa.int32()),
        "is_ai": of("isAICall", pa.bool_()).fill_null(False),
        "audio_file_name": plain(of("audioFileName", pa.string())),
        "created_at": of("createdAt", pa.timestamp("us")),
        "evaluated_at": of("evaluatedAt", pa.timestamp("us")),
        "recording_url": plain(of("recordingUrl", pa.string())),
    }
    for own in catalog.own_values:
        kind = _TYPES[own.kind]
        value = of(own.name, kind)
        columns[own.column] = plain(value) if kind == pa.string() else value
    columns[RESULTS] = of(RESULTS, ANSWERS)
    for each in catalog.stored_dimensions:
        ids, members = (none_is_none(of(name, pa.string())) for name in (each.parameter, each.name_field))
        either = pc.coalesce(plain(ids), plain(members)) if ids.null_count else ids
        columns[each.staged_id], columns[each.staged_name] = either.dictionary_encode(), members.dictionary_encode()
    # Required columns are null in rows that are about to be left out, so nullability is not claimed here.
    names = staged_schema(catalog).names
    return pa.RecordBatch.from_arrays([columns[name] for name in names], names=names)


def none_is_none(column: Texts) -> Texts:
    """Read the words that stand for "belongs to none" as such: an export of ours may be imported again."""
    if isinstance(column, pa.DictionaryArray):
        return with_values(column.indices, none_is_none(column.dictionary))
    none = pc.equal(column, NONE_NAME)
    return pc.if_else(none, None, column) if pc.any(none).as_py() else column
