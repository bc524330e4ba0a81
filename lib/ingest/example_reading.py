"""Reads examples of a survey as an import would, by the same converter."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from lib.analytics.timezones import Zones
from lib.catalog.catalog import Catalog
from lib.catalog.fields import FieldType
from lib.ingest.converter import Batch, Converter, RowProblem
from lib.ingest.guesses import ReadExample, ReadValue
from lib.ingest.mapping import ColumnSource, Mapping, counted_from_1904
from lib.ingest.survey import CellExample, Survey
from lib.store.enums import OWN_SCALE, SCORE_SCALE, YES, Sentiment, State

UTC = ZoneInfo("UTC")

EXAMPLES = 3
"""Cells of each column that are read."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row as it will be read: its number in the file, its values by canonical column, what is wrong with it."""

    number: int
    values: dict[str, ReadValue | None]
    problem: RowProblem | None


def readings(
    survey: Survey, mapping: Mapping, catalog: Catalog, zone: ZoneInfo = UTC
) -> dict[str, tuple[ReadExample, ...]]:
    """Return up to three cells of each mapped column as they will be read; instants are in `zone`, the workspace's.

    A column that the file lacks has no examples.
    """
    return {
        canonical: read_examples(survey, replace(mapping, columns={canonical: source}), canonical, catalog, zone)
        for canonical, source in mapping.columns.items()
    }


def read_examples(
    survey: Survey, mapping: Mapping, canonical: str, catalog: Catalog, zone: ZoneInfo = UTC
) -> tuple[ReadExample, ...]:
    """Return up to three cells of one mapped column as they will be read."""
    mapping = counted_from_1904(mapping) if survey.is_1904 else mapping
    source = mapping.columns[canonical]
    numbers, rows = _cells(survey, source)
    if not rows:
        return ()
    header = tuple(f"{place}" for place in range(len(rows[0])))
    columns = [[row[place] for row in rows] for place in range(len(header))]
    batch = Batch(
        survey.file,
        np.array(numbers, dtype=np.int64),
        tuple(pa.array([cell.text or None for cell in cells], pa.string()) for cells in columns),
        tuple(np.array([cell.kind for cell in cells], dtype=np.uint8) for cells in columns),
    )
    moved = replace(source, columns=header) if source.columns else source
    values = {canonical: mapping.values[canonical]} if canonical in mapping.values else {}
    zones = _zones(ZoneInfo(mapping.file.timezone) if mapping.file.timezone else zone, zone)
    converter = Converter(Mapping(mapping.file, {canonical: moved}, values), header, zones, catalog)
    converted = converter.convert(batch, 0)
    problems = {problem.row: problem for problem in reversed(converted.problems)}
    field = catalog.fields[canonical]
    stored = dict(zip(converted.rows["seq"].to_pylist(), converted.rows[field.column].to_pylist(), strict=True))
    return tuple(
        _example(
            cells if source.columns else (),
            source.join,
            problems.get(number),
            _spoken(stored.get(place), field.kind, zone),
        )
        for place, (number, cells) in enumerate(zip(numbers, rows, strict=True))
    )


@functools.lru_cache(16)
def _zones(file_zone: ZoneInfo, workspace_zone: ZoneInfo) -> Zones:
    return Zones(file_zone, workspace_zone)


def _cells(survey: Survey, source: ColumnSource) -> tuple[list[int], list[tuple[CellExample, ...]]]:
    """Return cells of a source, and the numbers of their rows; numbers of their own for examples of one column."""
    if not source.columns:
        numbers = [row.number for row in survey.sample[:EXAMPLES]]
        return numbers, [(CellExample("-"),)] * len(numbers)  # a row without a cell would be blank
    columns = [survey.column(name) for name in source.columns]
    known = [column for column in columns if column is not None]
    if len(known) < len(columns):
        return [], []
    if len(known) == 1:
        examples = known[0].examples[:EXAMPLES]
        return [*range(len(examples))], [(cell,) for cell in examples]
    places = [survey.columns.index(column) for column in known]
    rows = [(row.number, tuple(row.cells[place] for place in places)) for row in survey.sample]
    filled = [(number, cells) for number, cells in rows if any(cell.text for cell in cells)][:EXAMPLES]
    return [number for number, _ in filled], [cells for _, cells in filled]


def _example(
    cells: tuple[CellExample, ...], join: str, problem: RowProblem | None, value: ReadValue | None
) -> ReadExample:
    raw = join.join(cell.text for cell in cells if cell.text)
    if problem is not None:
        return ReadExample(raw, None, problem.problem, problem.right)
    return ReadExample(raw, value)


def _spoken(value: Any, kind: FieldType, zone: ZoneInfo) -> ReadValue | None:
    """Return what is stored as what it stands for."""
    if value is None:
        return None
    if kind is FieldType.INSTANT:
        moment: datetime = value.replace(tzinfo=UTC).astimezone(zone)
        return moment
    if kind is FieldType.SCORE:
        return Decimal(value) / SCORE_SCALE
    if kind is FieldType.NUMBER:
        return Decimal(value) / OWN_SCALE
    if kind is FieldType.YES_NO:
        return bool(value == YES)
    codes = {FieldType.STATE: State, FieldType.SENTIMENT: Sentiment}.get(kind)
    spoken: ReadValue = codes(value).name if codes else value
    return spoken


def read_rows(survey: Survey, mapping: Mapping, catalog: Catalog, zone: ZoneInfo = UTC) -> tuple[ReadRow, ...]:
    """Return the rows of a survey's sample as they will be read by a mapping that is resolved for its header.

    Of a row that can't be read, those values are there that can.
    """
    numbers = [row.number for row in survey.sample]
    cells = [[row.cells[place] for row in survey.sample] for place in range(len(survey.header))]
    batch = Batch(
        survey.file,
        np.array(numbers, dtype=np.int64),
        tuple(pa.array([cell.text or None for cell in column], pa.string()) for column in cells),
        tuple(np.array([cell.kind for cell in column], dtype=np.uint8) for column in cells),
    )
    zones = _zones(ZoneInfo(mapping.file.timezone) if mapping.file.timezone else zone, zone)
    mapping = counted_from_1904(mapping) if survey.is_1904 else mapping
    mapping = replace(mapping, results=(), lists=None)  # a survey keeps the beginning of lists alone
    fields = [catalog.fields[canonical] for canonical in mapping.columns]

    def read(part: Mapping) -> tuple[dict[int, dict[str, Any]], dict[int, RowProblem]]:
        converted = Converter(part, survey.header, zones, catalog).convert(batch, 0)
        problems = {problem.row: problem for problem in reversed(converted.problems)}
        return {row["seq"]: row for row in converted.rows.to_pylist()}, problems

    stored, problems = read(mapping)
    alone = {field.name: read(_part(mapping, field.name))[0] for field in (fields if problems else ())}

    def values(place: int) -> dict[str, ReadValue | None]:
        rows = {field.name: stored.get(place) or alone.get(field.name, {}).get(place) for field in fields}
        return {
            field.name: _spoken(row[field.column], field.kind, zone)
            for field in fields
            if (row := rows[field.name]) is not None
        }

    return tuple(ReadRow(number, values(place), problems.get(number)) for place, number in enumerate(numbers))


def _part(mapping: Mapping, canonical: str) -> Mapping:
    """Return what a mapping says of one column."""
    values = {canonical: mapping.values[canonical]} if canonical in mapping.values else {}
    return Mapping(mapping.file, {canonical: mapping.columns[canonical]}, values)
