"""Cells that hold no value: errors, formulas without a result, lists, and numbers that a spreadsheet cut.

Looked for in every column that is mapped, before its values are read.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors.codes import CodedText, FailureCode
from lib.errors.value_codes import ValueCode
from lib.ingest.cells import CellKind, Kinds
from lib.ingest.parse_error import ValueParseError
from lib.ingest.text_cleaning import Texts, text_bytes

_ERROR = (
    r"(?i)^(#{3,}|err:[0-9]{3}|#(n/a|n/d|nv|null!|¡nulo!|nulo!|nul!|div/0!|¡div/0!|value!|¡valor!|valor!|wert!|valeur!|ref!"
    r"|¡ref!|bezug!|name\?|¿nombre\?|nome\?|nom\?|num!|¡num!|núm!|zahl!|nombre!|error!|spill!|¡desbordamiento!"
    r"|desbordamiento!|despejar!|calc!|¡calc!|field!|blocked!|connect!|busy!|unknown!|python!|external!|getting_data))$"
)
"""Words that spreadsheets show where a formula fails, in English, Spanish, Portuguese, German and French; `####` stands
for what a column was too narrow for. As a pattern of Arrow and of Python alike."""

_CUT = r"(?i)^[+-]?[0-9]([.,][0-9]+)?e\+[0-9]{2,3}$"
"""A number as a spreadsheet shows it that has no room for its digits; an id such as 1E5 is none."""


def wrong_cells(
    text: Texts, kinds: Kinds | None, is_identifier: bool, known: Collection[str]
) -> dict[int, ValueParseError]:
    """Return what is wrong with the cells that hold no value, by their positions.

    A text that the mapping gives a meaning to, as one of `known` in lower case, is right.
    """
    found: dict[int, ValueParseError] = {}
    for position in _suspicious(text, kinds, is_identifier):
        value = text[position].as_py()
        kind = CellKind.TEXT if kinds is None else CellKind(int(kinds[position]))
        error = None if value is None or value.casefold() in known else _problem(value, kind, is_identifier)
        if error is not None:
            found[position] = error
    return found


def _suspicious(text: Texts, kinds: Kinds | None, is_identifier: bool) -> list[int]:
    """Return the positions of the cells that may hold no value, found with as little work as can be."""
    values = text.dictionary if isinstance(text, pa.DictionaryArray) else text
    data = text_bytes(values)
    masks = [pc.starts_with(values, "Err:")]
    if (data == ord("#")).any():
        masks.append(pc.match_substring_regex(values, _ERROR))
    if is_identifier and (data == ord("+")).any():
        masks.append(pc.match_substring_regex(values, _CUT))
    masks = [mask for mask in masks if mask.true_count]
    if not masks and kinds is None:
        return []
    suspicious = np.zeros(len(text), dtype=bool)
    for mask in masks:
        found = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
        suspicious |= found[text.indices.fill_null(0).to_numpy()] if values is not text else found
    if kinds is not None:
        suspicious |= kinds >= CellKind.ERROR
    return np.flatnonzero(suspicious).tolist()


def _problem(value: str, kind: CellKind, is_identifier: bool) -> ValueParseError | None:
    if kind is CellKind.FORMULA:
        return ValueParseError(ValueCode.FORMULA_WITHOUT_VALUE.of(), ValueCode.RIGHT_FORMULA.of())
    if kind is CellKind.NESTED:
        return ValueParseError(FailureCode.NESTED.of(), FailureCode.RIGHT_SINGLE.of())
    if kind is CellKind.ERROR:
        return _error(value)
    return (cut_number(value) if is_identifier else None) or error_word(value)


def cut_number(value: str) -> ValueParseError | None:
    """Return what is wrong with a number that a spreadsheet had no room for; None for any other text."""
    return ValueParseError(ValueCode.NUMBER_CUT.of(), ValueCode.RIGHT_UNCUT.of()) if re.search(_CUT, value) else None


def error_word(value: str) -> ValueParseError | None:
    """Return what is wrong with a text that a spreadsheet shows where a formula fails; None for any other."""
    return _error(value) if re.search(_ERROR, value) else None


def words_of_error(value: str, error: ValueParseError) -> tuple[CodedText, CodedText]:
    """Return what is wrong with a text that no parser took, and what would be right.

    Keep these rather than the error, whose traceback holds the whole batch that the text was in.
    """
    known = error_word(value) or error
    return known.problem, known.right


def _error(word: str) -> ValueParseError:
    return ValueParseError(ValueCode.ERROR_CELL.of(error=word), ValueCode.RIGHT_NO_ERROR.of(word=f'"{word}"'))
