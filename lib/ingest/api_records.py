"""Evaluations that a program sends: objects in the canonical columns, checked in this process, as they are few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.grants import Grant
from lib.analytics.timezones import Zones
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import MOST_FIELDS, PARAMETER_PREFIX, OwnField, OwnFieldType
from lib.errors import FieldError, nearest
from lib.errors.codes import FailureCode
from lib.errors.field_codes import FieldCode
from lib.ingest.answer_rows import RESULTS
from lib.ingest.converter import Batch, Converter, RowProblem
from lib.ingest.json_values import NESTED, json_text, nested_text, rough_size
from lib.ingest.mapping import Mapping, folded, shortened
from lib.ingest.new_fields import fields_of_types, type_of_value

MAX_OBJECTS = 100_000
"""Evaluations that a program may send at once; more than that is what files are for."""

_SOURCE = "POST /evaluations"
_FIELDS = "fields"  # the object of own fields within an object
_LIST = "[…]"  # stands for a list of answers, which is kept beside
_BATCH_ROWS = 1_000
_BATCH_CHARACTERS = 2**20
_KEPT_PROBLEMS = 1_000
_PROBLEMS_OF_ONE = 20
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The good rows, and what was wrong with the others: all of them counted, the first described."""

    batches: tuple[pa.RecordBatch, ...]
    read: int
    blank: int
    bad: int
    problems: tuple[RowProblem, ...]


def unknown_fields_of(objects: Iterable[object], catalog: Catalog) -> tuple[OwnField, ...]:
    """Return the own fields that objects have values of and that are not there, each of a type that these fit.

    Raises FieldError where one can't be defined.
    """
    known = {folded(name) for name in catalog.fields}
    types: dict[str, set[OwnFieldType]] = {}
    for entry in objects:
        for name, value in _flat(entry) if isinstance(entry, dict) else ():
            if name.startswith(PARAMETER_PREFIX) and folded(name) not in known:
                if value is not None:
                    types.setdefault(name.removeprefix(PARAMETER_PREFIX), set()).add(type_of_value(value))
                if len(types) > MOST_FIELDS:
                    raise FieldError(FieldCode.TOO_MANY_FIELDS, count=len(types), most=MOST_FIELDS)
    return fields_of_types(types, catalog)


def _flat(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield an object's values by name, those of own fields by their names in files."""
    for name, value in entry.items():
        if folded(name) == _FIELDS and isinstance(value, dict):
            yield from ((f"{PARAMETER_PREFIX}{each}", of_field) for each, of_field in value.items())
        elif folded(name) != _FIELDS or value is not None:
            yield name, value


def convert_objects(objects: Iterable[object], zone: ZoneInfo, grant: Grant, catalog: Catalog) -> ValidationResult:
    """Check objects by the rules of an import. What the grant does not cover is bad, as its sender may not see it.

    Each object is dropped as soon as its row is read, and the rows become columns a batch at a time.
    """
    checker = _Checker(zone, grant, catalog)
    for number, entry in enumerate(objects, 1):
        checker.add(entry, number)
    return checker.finish()


@lru_cache(maxsize=32)  # working it out takes longer than reading one evaluation
def _canonical(catalog: Catalog) -> Mapping:
    """Return the mapping of objects in the canonical columns."""
    return Mapping().resolve(catalog, (*catalog.fields, RESULTS), _SOURCE, lambda _: ())


class _Checker:
    """Collects rows until there is a batch of them, and converts that."""

    def __init__(self, zone: ZoneInfo, grant: Grant, catalog: Catalog) -> None:
        self._columns = (*catalog.fields, RESULTS)
        self._by_folded = {folded(name): name for name in self._columns}
        self._converter = Converter(_canonical(catalog), self._columns, Zones(zone, zone), catalog)
        limits = ((each, grant.ids(each)) for each in catalog.grant_dimensions)
        self._limits = [(each.parameter, each.staged_id, ids) for each, ids in limits if ids is not None]
        self._numbers: list[int] = []
        self._rows: list[dict[str, str | None]] = []
        self._lists: list[object] = []  # of answers, of each row
        self._malformed: list[RowProblem] = []  # of the rows of this batch's part of the body
        self._batches: list[pa.RecordBatch] = []
        self._problems: list[RowProblem] = []
        self._read = self._good = self._blank = self._bad = 0
        self._characters = 0  # of the rows that wait

    def add(self, entry: object, number: int) -> None:
        """Take the next object."""
        self._read += 1
        room = _KEPT_PROBLEMS - len(self._problems) - len(self._malformed)
        row, results, problems = self._values(entry, number, min(room, _PROBLEMS_OF_ONE))
        if row is None:
            self._bad += 1
            self._malformed += problems
        else:
            self._numbers.append(number)
            self._rows.append(row)
            self._lists.append(results)
            self._characters += sum(map(len, filter(None, row.values()))) + rough_size(results)
        if len(self._rows) == _BATCH_ROWS or self._characters > _BATCH_CHARACTERS:
            self._convert()

    def finish(self) -> ValidationResult:
        """Convert the rest, and return all."""
        self._convert()
        return ValidationResult(tuple(self._batches), self._read, self._blank, self._bad, tuple(self._problems))

    def _convert(self) -> None:
        columns = tuple(pa.array([row.get(name) for row in self._rows], pa.string()) for name in self._columns)
        lists = {len(columns) - 1: partial(iter, self._lists)}
        batch = Batch(_SOURCE, np.array(self._numbers, dtype=np.int64), columns, nested=lists)
        converted = self._converter.convert(batch, self._good)
        unfit = list(converted.problems)
        rows = converted.rows
        for column, staged, ids in self._limits:
            rows, outside = self._within(rows, column, staged, ids)
            unfit += outside
        self._batches.append(rows)
        self._good += len(self._rows)
        self._blank += converted.blank
        self._bad += len({problem.row for problem in unfit})
        kept = sorted(self._malformed + unfit, key=lambda problem: problem.row)
        for problem in kept[: _KEPT_PROBLEMS - len(self._problems)]:
            self._problems.append(replace(problem, value=shortened(problem.value, _MAX_SHOWN)))
        self._numbers, self._rows, self._lists, self._malformed, self._characters = [], [], [], [], 0

    def _within(
        self, rows: pa.RecordBatch, column: str, staged: str, ids: Sequence[str]
    ) -> tuple[pa.RecordBatch, list[RowProblem]]:
        """Return the rows that belong to one of the ids, and what is wrong with the others."""
        inside = pc.fill_null(pc.is_in(rows.column(staged).dictionary_decode(), pa.array(ids, pa.string())), False)
        outside = rows.filter(pc.invert(inside))
        allowed = FailureCode.OTHER.of(text=shortened(", ".join(ids), 1_000))
        why = FailureCode.OUTSIDE_GRANT.of()
        return rows.filter(inside), [
            RowProblem(_SOURCE, self._numbers[seq - self._good], column, value or "", why, allowed)
            for seq, value in zip(outside.column("seq").to_pylist(), outside.column(staged).to_pylist(), strict=True)
        ]

    def _values(
        self, entry: object, number: int, room: int
    ) -> tuple[dict[str, str | None] | None, object, list[RowProblem]]:
        """Return an object's values by column, and its list of answers as it came.

        None instead of values for an object that is wrong in form, with `room` problems at most.
        """
        if not isinstance(entry, dict):
            value = shortened(str(entry) if isinstance(entry, str | int | float | bool) else type(entry).__name__, 60)
            problem, right = FailureCode.NOT_AN_OBJECT.of(), FailureCode.RIGHT_OBJECT.of()
            return None, None, [RowProblem(_SOURCE, number, FailureCode.WHOLE_ROW.of(), value, problem, right)][:room]
        row: dict[str, str | None] = {}
        results: object = None
        problems: list[RowProblem] = []
        is_good = True
        for name, value in _flat(entry):
            canonical = self._by_folded.get(folded(name))
            if canonical is None and value is None and name.startswith(PARAMETER_PREFIX):
                continue  # nothing of a field that is not there is nothing
            text = json_text(value)
            if canonical == RESULTS and canonical not in row:
                row[canonical], results = None if text is None else _LIST, value
                continue
            if canonical is not None and canonical not in row and text is not NESTED:
                row[canonical] = None if text is None else str(text)
                continue
            is_good = False
            if len(problems) >= room:
                break
            problems.append(self._problem(number, name, value, canonical, canonical in row))
        return (row if is_good else None), results, problems

    def _problem(self, number: int, name: str, value: object, canonical: str | None, is_twice: bool) -> RowProblem:
        """Describe a value that has no place in a row."""
        sent = value if isinstance(value, str) else nested_text(value)
        if canonical is None:
            shown = shortened(name, 60)
            unknown = FailureCode.NOT_A_COLUMN.of(hint=nearest(shown, self._columns))
            known = FailureCode.OTHER.of(text=", ".join(self._columns))
            return RowProblem(_SOURCE, number, shown, sent, unknown, known)
        if is_twice:
            return RowProblem(_SOURCE, number, canonical, sent, FailureCode.TWICE.of(), FailureCode.RIGHT_ONE.of())
        return RowProblem(_SOURCE, number, canonical, sent, FailureCode.NESTED.of(), FailureCode.RIGHT_SINGLE.of())
