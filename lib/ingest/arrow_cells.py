"""Cells of Arrow's typed columns: each as the text that a CSV would have, and what kind of cell it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lib.ingest.cells import CellKind
from lib.ingest.json_values import nested_text
from lib.ingest.typed_numbers import float_text, literal_text

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SHOWN_ITEMS = 50
"""Items of a list that its text may show."""

Cells = tuple[pa.StringArray, CellKind]
Is = Callable[[pa.DataType], bool]


def arrow_cells(column: pa.Array) -> Cells:
    """Return a column's texts, and the kind of all its cells."""
    column = _plain(column)
    for is_of_type, convert in _CONVERSIONS:
        if is_of_type(column.type):
            return convert(column)
    return _nested(column)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of a type holds texts."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(is_of(kind) for is_of in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _plain(column: pa.Array) -> pa.Array:
    """Return a column without what only says how it is stored."""
    while True:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        elif pa.types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        elif isinstance(column, pa.UuidArray):
            return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
        elif isinstance(column, pa.ExtensionArray):
            column = column.storage
        else:
            return column


def _texts(column: pa.Array) -> Cells:
    return column.cast(pa.string()), CellKind.TEXT


def _integers(column: pa.Array) -> Cells:
    return column.cast(pa.string()), CellKind.NUMBER


def _floats(column: pa.Array) -> Cells:
    if pa.types.is_float64(column.type):
        return _by_distinct(column, float_text), CellKind.NUMBER
    # The shortest text that is this number among those of its width: 8.6, where 64 bits would say 8.600000381469727.
    shortest = column.to_numpy(zero_copy_only=False).astype(column.type.to_pandas_dtype()).astype(str)
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    return _by_distinct(pa.array(shortest.astype(object), pa.string(), mask=missing), literal_text), CellKind.NUMBER


def _decimals(column: pa.Array) -> Cells:
    return _by_distinct(column.cast(pa.string()), literal_text), CellKind.NUMBER


def _dates(column: pa.Array) -> Cells:
    return column.cast(pa.string()), CellKind.MOMENT


def _instants(column: pa.Array) -> Cells:
    """Return instants as ISO 8601, those of a time zone in UTC: its name may be one that this machine does not know."""
    zone = "UTC" if column.type.tz else None
    unit = "us" if column.type.unit == "ns" else column.type.unit
    column = column.cast(pa.timestamp(column.type.unit, zone)).cast(pa.timestamp(unit, zone), safe=False)
    for shorter in ("s", "ms"):
        try:
            column = column.cast(pa.timestamp(shorter, zone))
        except pa.ArrowInvalid:  # there are smaller parts of a second, or another unit could not hold the instant
            continue
        break
    return column.cast(pa.string()), CellKind.MOMENT


def _clocks(column: pa.Array) -> Cells:
    per_second = _PER_SECOND[column.type.unit]
    whole = column.cast(pa.int32()) if pa.types.is_time32(column.type) else column
    return _by_distinct(whole.cast(pa.int64()), lambda value: _clock(value, per_second)), CellKind.TEXT


def _clock(value: int, per_second: int) -> str:
    """Return a time of day or a duration as `HH:MM:SS(.f)`, with any number of hours."""
    seconds, rest = divmod(abs(value), per_second)
    fraction = f"{rest / per_second:.9f}".rstrip("0")[1:] if rest else ""
    return f"{'-' if value < 0 else ''}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{fraction}"


def _binary(column: pa.Array) -> Cells:
    """Return texts that some programs write as bytes; what is no text is none of a cell's values."""
    try:
        return column.cast(pa.binary()).cast(pa.string()), CellKind.TEXT
    except pa.ArrowInvalid:
        return _nested(column)


def _nested(column: pa.Array) -> Cells:
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = pc.list_slice(column, 0, _SHOWN_ITEMS)
    values = column.to_pylist(maps_as_pydicts="lossy")
    return pa.array([None if value is None else nested_text(value) for value in values], pa.string()), CellKind.NESTED


def _by_distinct(column: pa.Array, text: Callable[[Any], str]) -> pa.StringArray:
    """Return the texts of a column's values, each made once."""
    encoded = column.dictionary_encode()
    return pa.array([text(value) for value in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


_CONVERSIONS: tuple[tuple[Is, Callable[[pa.Array], Cells]], ...] = (
    (is_text, _texts),
    (pa.types.is_boolean, _texts),
    (pa.types.is_null, _texts),
    (pa.types.is_integer, _integers),
    (pa.types.is_floating, _floats),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_date, _dates),
    (pa.types.is_timestamp, _instants),
    (pa.types.is_time, _clocks),
    (pa.types.is_duration, _clocks),
    (pa.types.is_binary, _binary),
    (pa.types.is_large_binary, _binary),
    (pa.types.is_binary_view, _binary),
    (pa.types.is_fixed_size_binary, _binary),
)
