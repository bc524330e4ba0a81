"""Source cells: the cells that a canonical column comes from: cleaned, joined, with the mapping's own values.

Nothing is read here as a number or a date; that is `value_parsers.py`, which `converter.py` applies to what comes out.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.timezones import Numbers
from lib.catalog.catalog import Catalog
from lib.catalog.fields import Field, FieldType
from lib.ingest.cell_checks import wrong_cells
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.mapping import EVERYTHING_ELSE, ColumnSource, Mapping
from lib.ingest.numbers import is_plain_number
from lib.ingest.parse_error import ValueParseError
from lib.ingest.text_cleaning import Texts, clean_column, clean_text, with_values

Flags = np.ndarray[Any, np.dtype[np.bool_]]

TRANSLATED = 255
"""Beside the kinds of cells: one whose value comes from the mapping, as it is stored."""


class Cells(NamedTuple):
    """A column's cells: their texts, and what they were in the file; None where all are texts."""

    text: Texts
    kinds: Kinds | None


class SourceCells:
    """Finds the cells of each canonical column of one file, by its resolved mapping."""

    def __init__(self, mapping: Mapping, header: Sequence[str], catalog: Catalog) -> None:
        """Prepare the words that mean nothing, and those that stand for others."""
        self._places = {name: place for place, name in enumerate(header)}
        self._mapped = mapping.sources
        self._null_words = {clean_text(word).casefold() for word in mapping.file.null_values} - {""}
        self._identifiers = {"id", *(each.parameter for each in catalog.stored_dimensions)}
        self._values = {
            canonical: {clean_text(source).casefold(): clean_text(target) for source, target in pairs.items()}
            for canonical, pairs in mapping.values.items()
        }

    def cleaned(
        self, columns: Sequence[Texts], kinds: Sequence[Kinds | None], count: int
    ) -> tuple[dict[str, Cells], Flags]:
        """Return the columns that are mapped, without words that mean nothing, and which rows are all blank.

        The other columns are only looked at as long as a row may be blank.
        """
        kinds = kinds or (None,) * len(columns)
        cells = {
            name: Cells(self._without_null_words(clean_column(columns[place])), kinds[place])
            for name, place in self._places.items()
            if name in self._mapped
        }
        blank = np.ones(count, dtype=bool)
        for name, place in self._places.items():
            if not blank.any():
                break
            known = cells.get(name)
            text = known.text if known else self._without_null_words(clean_column(columns[place]))
            blank &= is_null(text)
        return cells, blank

    def of(self, field: Field, source: ColumnSource, cells: dict[str, Cells], file: str, numbers: Numbers) -> Cells:
        """Return the cells of a canonical column, with the values that the mapping puts in their places."""
        count = len(numbers)
        if source.row:
            text = pa.array([f"{file}:{number}" for number in numbers.tolist()], pa.string())
            return self._translated(field, Cells(text, None))
        if source.value is not None:
            is_number = field.kind in (FieldType.SCORE, FieldType.SECONDS, FieldType.NUMBER) and is_plain_number(
                source.value
            )
            kinds = np.full(count, CellKind.NUMBER, dtype=np.uint8) if is_number else None
            return self._translated(field, Cells(clean_column(pa.array([source.value] * count, pa.string())), kinds))
        parts = [cells[name] for name in source.columns]
        if len(parts) == 1:
            return self._translated(field, parts[0])
        # What is missing is left out, and its separator with it; all missing stays missing.
        return self._translated(
            field, Cells(clean_column(_joined([plain(part.text) for part in parts], source.join)), None)
        )

    def wrong(
        self, field: Field, source: ColumnSource, cells: dict[str, Cells]
    ) -> dict[int, tuple[str, ValueParseError]]:
        """Return the cells that hold no value, such as an error, by their positions, and what is wrong with each.

        A text of a single column that the mapping gives a meaning to is right.
        """
        is_single = len(source.columns) == 1
        known = self._values.get(field.name, {}) if is_single else {}
        is_any_text = (
            field.kind in (FieldType.TEXT, FieldType.CATEGORY, FieldType.REMARK) or not is_single or bool(known)
        )  # else its parser refuses an error
        wrong: dict[int, tuple[str, ValueParseError]] = {}
        for name in source.columns:
            text, kinds = cells[name]
            if kinds is None and not is_any_text:
                continue
            for position, error in wrong_cells(text, kinds, field.name in self._identifiers, known).items():
                wrong.setdefault(position, (text[position].as_py(), error))
        return wrong

    def _without_null_words(self, column: Texts) -> Texts:
        if not self._null_words:
            return column
        if isinstance(column, pa.DictionaryArray):
            return with_values(column.indices, self._without_null_words(column.dictionary))
        longest = max(map(len, self._null_words))
        short = pc.if_else(pc.less_equal(pc.utf8_length(column), longest), column, None)
        words = [word for word in pc.unique(short).to_pylist() if word and word.casefold() in self._null_words]
        return pc.if_else(pc.is_in(column, pa.array(words, pa.string())), None, column) if words else column

    def _translated(self, field: Field, cells: Cells) -> Cells:
        pairs = self._values.get(field.name)
        if not pairs:
            return cells
        encoded = cells.text.dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        targets = [pairs.get(value.casefold(), pairs.get(EVERYTHING_ELSE)) for value in distinct]
        values = [value if target is None else target or None for value, target in zip(distinct, targets, strict=True)]
        text = pa.array(values, pa.string()).take(encoded.indices)
        is_translated = pa.array([target is not None for target in targets], pa.bool_()).take(encoded.indices)
        kinds = np.zeros(len(text), dtype=np.uint8) if cells.kinds is None else cells.kinds.copy()
        kinds[pc.fill_null(is_translated, False).to_numpy(zero_copy_only=False)] = TRANSLATED
        if "" in pairs and cells.text.null_count:
            empty = is_null(cells.text)
            text = pc.if_else(pa.array(empty), pairs[""] or None, text)
            kinds[empty] = TRANSLATED
        return Cells(text, kinds)


def is_null(column: Texts) -> Flags:
    """Return which texts are missing."""
    flags: Flags = pc.is_null(column).to_numpy(zero_copy_only=False)
    return flags


def plain(column: Texts) -> pa.StringArray:
    """Return a column as texts, where it is a dictionary."""
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def _joined(parts: Sequence[pa.StringArray], separator: str) -> pa.StringArray:
    """Join texts row by row; where all are missing, so is the result (Arrow's own join would drop the row)."""
    missing = functools.reduce(pc.and_, (pc.is_null(part) for part in parts))
    filled = [pc.if_else(missing, "", parts[0]), *parts[1:]]
    return pc.if_else(missing, None, pc.binary_join_element_wise(*filled, separator, null_handling="skip"))
