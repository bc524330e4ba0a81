"""Columns parsed by their distinct values: each is checked once, and what it became put in its rows' places."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.errors.codes import CodedText
from lib.ingest import value_parsers
from lib.ingest.cell_checks import words_of_error
from lib.ingest.parse_error import ValueParseError
from lib.ingest.text_cleaning import Texts, text_bytes

Refuse: TypeAlias = Callable[[int, str, CodedText, CodedText], None]
"""Told of a value that can't be stored: its row's position in the batch, the value, what is wrong and what is right."""

MAX_KNOWN = 50_000
"""Values of one column that are remembered from batch to batch."""


def check_texts(text: Texts, most: int, refuse: Refuse) -> Texts:
    """Return texts; refuse those that are longer than `most`, or that no database can hold."""
    values = text.dictionary if isinstance(text, pa.DictionaryArray) else text
    longest = pc.max(pc.binary_length(values)).as_py() or 0  # bytes, of which a text has at least one a character
    if longest <= most and not (text_bytes(values) == 0).any():
        return text
    return parse_distinct(text, partial(value_parsers.text, most=most), pa.string(), refuse, {})


def parse_distinct(
    text: Texts,
    check: Callable[[str], Any],
    kind: pa.DataType,
    refuse: Refuse,
    known: dict[str, Any],
) -> pa.Array:
    """Check each distinct value once, and put the results back in the rows' places; `known` keeps the good ones."""
    encoded = text.dictionary_encode()
    results: list[Any] = []
    wrong: dict[int, tuple[CodedText, CodedText]] = {}
    for index, value in enumerate(encoded.dictionary.to_pylist()):
        if value in known:
            results.append(known[value])
            continue
        try:
            results.append(check(value))
        except ValueParseError as error:
            results.append(None)
            wrong[index] = words_of_error(value, error)
        else:
            if len(known) < MAX_KNOWN:
                known[value] = results[-1]
    if wrong:
        indices = encoded.indices.fill_null(-1).to_numpy()
        for position in np.flatnonzero(np.isin(indices, list(wrong))).tolist():
            problem, right = wrong[int(indices[position])]
            refuse(position, text[position].as_py(), problem, right)
    return pa.array(results, kind).take(encoded.indices)
