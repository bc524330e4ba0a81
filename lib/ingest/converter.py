"""Batches of text columns in, batches of what is stored out, with a list of every value that can't be.

Whole columns at a time: what repeats is checked once per distinct value, and instants in plain ISO 8601 are read by
Arrow; every other text goes through `value_parsers.py`, which holds the rules.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.calendar import FIRST_DAY, LAST_DAY, day_start
from lib.analytics.timezones import Numbers, Zones, microseconds
from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.errors.codes import CodedText, FailureCode
from lib.ingest import value_parsers
from lib.ingest.cells import Kinds
from lib.ingest.mapping import EVERYTHING_ELSE, ColumnSource, Mapping
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
            *(pa.field(name, REPEATED) for each in catalog.dimensions for name in (each.staged_id, each.staged_name)),
            pa.field("audio_file_name", pa.string()),
            pa.field("created_at", pa.timestamp("us")),  # UTC
        ]
    )


_TYPES = {
    FieldType.TEXT: pa.string(),
    FieldType.STATE: pa.int16(),
    FieldType.SENTIMENT: pa.int16(),
    FieldType.SCORE: pa.int32(),
    FieldType.SECONDS: pa.int32(),
    FieldType.FLAG: pa.bool_(),
}
Texts: TypeAlias = pa.StringArray | pa.DictionaryArray
"""A column of texts; a dictionary, which then holds no null, where many of them are the same."""

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Refuse: TypeAlias = Callable[[int, str, CodedText, CodedText], None]
"""Told of a value that can't be stored: its row's position in the batch, the value, what is wrong and what is right."""

RIGHT_WHERE_MISSING = {"id": FailureCode.RIGHT_ID, "audioDate": FailureCode.RIGHT_AUDIO_DATE}
"""What would be right where a required column holds nothing, by its name."""

_MAX_KNOWN = 50_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a file as they came: a text column for each name of the header, null where a cell is missing."""

    file: str
    numbers: Numbers  # each row's number in the file, the header counted
    columns: tuple[Texts, ...]
    kinds: tuple[Kinds | None, ...] = ()  # of each column's cells; None, or none at all, where all are texts


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


class Converter:
    """Converts the batches of one file by its resolved mapping."""

    def __init__(self, mapping: Mapping, header: Sequence[str], zones: Zones, catalog: Catalog) -> None:
        """Prepare the values' translations. The mapping is resolved for this header."""
        self._mapping = mapping
        self._header = header
        self._known: dict[str, dict[str, Any]] = {}  # by column: what each text checked so far became
        self._zones = zones
        self._catalog = catalog
        self._values = {
            canonical: {source.strip().casefold(): target for source, target in pairs.items()}
            for canonical, pairs in mapping.values.items()
        }

    def convert(self, batch: Batch, first_seq: int) -> ConvertedBatch:
        """Convert one batch; its rows are numbered from `first_seq` on."""
        count = len(batch.numbers)
        trimmed = [_trimmed(column) for column in batch.columns]
        columns = dict(zip(self._header, trimmed, strict=True))
        blank = _all_blank(trimmed, count)
        problems: list[tuple[int, RowProblem]] = []
        stored: dict[str, pa.Array] = {}
        for canonical, source in self._mapping.columns.items():
            field = self._catalog.fields[canonical]
            text, passed = self._source_text(field, source, columns, batch)
            stored[canonical] = self._checked(field, source, text, passed, batch, blank, problems)
        bad = np.unique(np.array([position for position, _ in problems], dtype=np.int64))
        keep = ~blank
        keep[bad] = False
        rows = _staged(stored, count, first_seq, self._zones, self._catalog)
        if not keep.all():
            rows = rows.filter(pa.array(keep))
        # A blank row's missing id is no problem of its own: `_checked` passes blank rows over.
        return ConvertedBatch(
            rows, tuple(problem for _, problem in sorted(problems, key=lambda each: each[0])), bad, int(blank.sum())
        )

    def _source_text(
        self, column: Field, source: ColumnSource, columns: dict[str, Texts], batch: Batch
    ) -> tuple[Texts, pa.BooleanArray | None]:
        """Return the column's text, and which of it is a translated value, to which scale and offset don't apply."""
        count = len(batch.numbers)
        if source.row:
            text = pa.array([f"{batch.file}:{number}" for number in batch.numbers.tolist()], pa.string())
        elif source.value is not None:
            text = _trimmed(pa.array([source.value] * count, pa.string()))
        elif len(source.columns) == 1:
            text = columns[source.columns[0]]
        else:
            parts = [_plain(columns[name]) for name in source.columns]
            # What is missing is left out, and its separator with it; all missing stays missing.
            text = _trimmed(_joined(parts, source.join))
        pairs = self._values.get(column.name)
        if not pairs:
            return text, None
        encoded = text.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        targets = [pairs.get(value.casefold(), pairs.get(EVERYTHING_ELSE)) for value in distinct]
        translated = pa.array(
            [
                target.strip() or None if target is not None else value
                for target, value in zip(targets, distinct, strict=True)
            ],
            pa.string(),
        )
        text = translated.take(encoded.indices)
        passed = pc.fill_null(
            pa.array([target is not None for target in targets], pa.bool_()).take(encoded.indices), False
        )
        if "" in pairs and text.null_count:
            empty = pc.is_null(encoded)
            text = pc.if_else(empty, pairs[""] or None, text)
            passed = pc.or_(passed, empty)
        return text, passed

    def _checked(
        self,
        column: Field,
        source: ColumnSource,
        text: Texts,
        passed: pa.BooleanArray | None,
        batch: Batch,
        blank: Flags,
        problems: list[tuple[int, RowProblem]],
    ) -> pa.Array:
        """Return the column as it is stored; what can't be is null there, and listed."""
        label = source.columns[0] if len(source.columns) == 1 else " + ".join(source.columns) or column.name
        label = label if label == column.name else f"{label} ({column.name})"

        def refuse(position: int, value: str, problem: CodedText, right: CodedText) -> None:
            if not blank[position]:
                number = int(batch.numbers[position])
                problems.append((position, RowProblem(batch.file, number, label, value, problem, right)))

        if column.required and text.null_count:
            for position in np.flatnonzero(pc.is_null(text).to_numpy(zero_copy_only=False)).tolist():
                refuse(position, "", FailureCode.VALUE_MISSING.of(), RIGHT_WHERE_MISSING[column.name].of())
        if column.kind is FieldType.INSTANT:
            return self._instants(_plain(text), refuse)
        if column.kind is FieldType.TEXT:
            return _texts(text, refuse)
        decimal = self._mapping.file.decimal
        by_kind: dict[FieldType, Callable[[str], Any]] = {
            FieldType.STATE: value_parsers.state,
            FieldType.SENTIMENT: value_parsers.sentiment,
            FieldType.FLAG: value_parsers.flag,
            FieldType.SCORE: partial(value_parsers.score, decimal=decimal, scale=source.scale, offset=source.offset),
            FieldType.SECONDS: partial(
                value_parsers.seconds, decimal=decimal, scale=source.scale, offset=source.offset
            ),
        }
        check = by_kind[column.kind]
        unscaled: dict[FieldType, Callable[[str], Any]] = {
            FieldType.SCORE: value_parsers.score,
            FieldType.SECONDS: value_parsers.seconds,
        }
        plain = unscaled.get(column.kind)
        if passed is None or plain is None:
            known = self._known.setdefault(column.name, {})
            return _by_distinct(text, check, _TYPES[column.kind], refuse, known)
        translated = _by_distinct(pc.if_else(passed, text, None), plain, _TYPES[column.kind], refuse, {})
        others = _by_distinct(pc.if_else(passed, None, text), check, _TYPES[column.kind], refuse, {})
        return pc.coalesce(translated, others)

    def _instants(self, text: pa.StringArray, refuse: Refuse) -> pa.TimestampArray:
        if not self._mapping.file.date_formats:
            for kind in (pa.timestamp("us", "UTC"), pa.timestamp("us")):
                try:
                    read = text.cast(kind)
                except pa.ArrowInvalid:
                    continue
                us = read.cast(pa.int64()).fill_null(0).to_numpy()
                utc = us if kind.tz else self._zones.to_utc(us)
                inside = (utc >= _EARLIEST) & (utc <= _LATEST) | pc.is_null(text).to_numpy(zero_copy_only=False)
                if inside.all():
                    return pa.array(utc, pa.int64(), mask=pc.is_null(text).to_numpy(zero_copy_only=False)).cast(
                        pa.timestamp("us")
                    )
        return _by_distinct(text, self._instant, pa.int64(), refuse, {}).cast(pa.timestamp("us"))

    def _instant(self, value: str) -> int:
        moment = value_parsers.instant(value, self._mapping.file.date_formats)
        return microseconds(moment.replace(tzinfo=self._zones.file_zone) if moment.tzinfo is None else moment)


_EARLIEST, _LATEST = (
    microseconds(day_start(day, ZoneInfo("UTC")))
    for day in (FIRST_DAY + timedelta(days=3), LAST_DAY - timedelta(days=3))
)


def _plain(column: Texts) -> pa.StringArray:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def _trimmed(column: Texts) -> Texts:
    """Trim every text; an empty one becomes null."""
    if isinstance(column, pa.DictionaryArray):
        return _with_values(column.indices, _trimmed(column.dictionary))
    trimmed = pc.utf8_trim_whitespace(column)
    shortest = pc.min(pc.binary_length(trimmed)).as_py()
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed) if shortest == 0 else trimmed


def _with_values(indices: pa.Int32Array, values: pa.StringArray) -> pa.DictionaryArray:
    """Return what indices stand for; what stands for null becomes null itself."""
    if values.null_count:
        missing = pc.is_null(values).to_numpy(zero_copy_only=False)
        indices = pa.array(np.arange(len(values), dtype=np.int32), mask=missing).take(indices)
        values = pc.fill_null(values, "")
    return pa.DictionaryArray.from_arrays(indices, values)


def _joined(parts: Sequence[pa.StringArray], separator: str) -> pa.StringArray:
    """Join texts row by row; where all are missing, so is the result (Arrow's own join would drop the row)."""
    missing = functools.reduce(pc.and_, (pc.is_null(part) for part in parts))
    filled = [pc.if_else(missing, "", parts[0]), *parts[1:]]
    return pc.if_else(missing, None, pc.binary_join_element_wise(*filled, separator, null_handling="skip"))


def _all_blank(columns: Sequence[Texts], count: int) -> Flags:
    blank = np.ones(count, dtype=bool)
    for column in columns:
        if not blank.any():
            break
        blank &= pc.is_null(column).to_numpy(zero_copy_only=False)
    return blank


def _texts(text: Texts, refuse: Refuse) -> Texts:
    values = text.dictionary if isinstance(text, pa.DictionaryArray) else text
    longest = pc.max(pc.utf8_length(values)).as_py()
    nul = pc.any(pc.match_substring(values, "\x00")).as_py()
    return (
        _by_distinct(text, value_parsers.text, pa.string(), refuse, {})
        if nul or (longest or 0) > value_parsers.MAX_TEXT
        else text
    )


def _by_distinct(
    text: Texts,
    check: Callable[[str], Any],
    kind: pa.DataType,
    refuse: Refuse,
    known: dict[str, Any],
) -> pa.Array:
    """Check each distinct value once, and put the results back in the rows' places; `known` keeps the good ones."""
    encoded = text.dictionary_encode()
    results: list[Any] = []
    wrong: dict[int, value_parsers.ValueParseError] = {}
    for index, value in enumerate(encoded.dictionary.to_pylist()):
        if value in known:
            results.append(known[value])
            continue
        try:
            results.append(check(value))
        except value_parsers.ValueParseError as error:
            results.append(None)
            wrong[index] = error
        else:
            if len(known) < _MAX_KNOWN:
                known[value] = results[-1]
    if wrong:
        indices = encoded.indices.fill_null(-1).to_numpy()
        for position in np.flatnonzero(np.isin(indices, list(wrong))).tolist():
            found = wrong[int(indices[position])]
            refuse(position, text[position].as_py(), found.problem, found.right)
    return pa.array(results, kind).take(encoded.indices)


def _staged(stored: dict[str, pa.Array], count: int, first_seq: int, zones: Zones, catalog: Catalog) -> pa.RecordBatch:
    def of(canonical: str, kind: pa.DataType) -> pa.Array:
        found = stored.get(canonical)
        return pa.nulls(count, kind) if found is None else found

    audio_at = of("audioDate", pa.timestamp("us"))
    days = zones.days(audio_at.cast(pa.int64()).fill_null(0).to_numpy()).astype(np.int32)
    columns: dict[str, pa.Array] = {
        "seq": pa.array(np.arange(first_seq, first_seq + count)),
        "id": _plain(of("id", pa.string())),
        "audio_at": audio_at,
        "day": pa.array(days).cast(pa.date32()),
        "state": of("state", pa.int16()).fill_null(State.Completed.value),
        "sentiment": of("sentiment", pa.int16()),
        "score": of("averageNote", pa.int32()),
        "duration_seconds": of("durationInSeconds", pa.int32()),
        "is_ai": of("isAICall", pa.bool_()).fill_null(False),
        "audio_file_name": _plain(of("audioFileName", pa.string())),
        "created_at": of("createdAt", pa.timestamp("us")),
    }
    for each in catalog.dimensions:
        ids, members = (_none_is_none(of(name, pa.string())) for name in (each.parameter, each.name_field))
        either = pc.coalesce(_plain(ids), _plain(members)) if ids.null_count else ids
        columns[each.staged_id], columns[each.staged_name] = either.dictionary_encode(), members.dictionary_encode()
    # Required columns are null in rows that are about to be left out, so nullability is not claimed here.
    names = staged_schema(catalog).names
    return pa.RecordBatch.from_arrays([columns[name] for name in names], names=names)


def _none_is_none(column: Texts) -> Texts:
    """Read the words that stand for "belongs to none" as such: an export of ours may be imported again."""
    if isinstance(column, pa.DictionaryArray):
        return _with_values(column.indices, _none_is_none(column.dictionary))
    none = pc.equal(column, NONE_NAME)
    return pc.if_else(none, None, column) if pc.any(none).as_py() else column
