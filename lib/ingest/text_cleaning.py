"""Texts as they are kept: trimmed, in one Unicode form, without characters that nobody sees. Of one, or of a column.

Whole columns of plain ASCII take Arrow's own functions; what holds anything else is cleaned once per distinct text.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.formats.csv_injection import STARTS

Texts: TypeAlias = pa.StringArray | pa.DictionaryArray
"""A column of texts; a dictionary, which then holds no null, where many of them are the same."""

Bytes: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]

_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""Characters without a width: byte-order marks, joiners, soft hyphens, marks of the direction of writing."""

_BLANK = re.compile(r"\r\n|\s")
_FEW, _SHORT = 500, 200
"""How many texts are cleaned one by one, and how long one may be that is remembered."""

_ASCII_BLANK = r"[\t-\r\x1c-\x1f]"
"""Blanks of ASCII that are no space, as Arrow's patterns name them."""


def clean_text(text: str) -> str:
    """Return a text as it is kept: without what can't be seen, any blank a space, trimmed, in NFC.

    An apostrophe before the sign of a formula goes: exports write it, so that no spreadsheet takes the text for one.
    """
    visible = _BLANK.sub(" ", _INVISIBLE.sub("", text)).strip()
    if visible.startswith("'") and visible[1:].startswith(STARTS):
        visible = visible[1:]
    return unicodedata.normalize("NFC", visible)


def clean_column(column: Texts) -> Texts:
    """Return every text as `clean_text` does; an empty one becomes null."""
    if isinstance(column, pa.DictionaryArray):
        return with_values(column.indices, clean_column(column.dictionary))
    if len(column) <= _FEW:
        return _cleaned(column)
    data = text_bytes(column)
    if not len(data):
        return pa.nulls(len(column), pa.string())
    least = int(data.min())
    cleaned = pc.ascii_trim_whitespace(column) if least <= ord(" ") else column
    odd = []
    if data.max() >= 128:
        odd.append(pc.invert(pc.string_is_ascii(cleaned)))
    if least < ord(" "):
        odd.append(pc.match_substring_regex(cleaned, _ASCII_BLANK))
    if (data == ord("'")).any():
        odd.append(pc.starts_with(cleaned, "'"))
    for mask in odd:
        cleaned = _cleaned_where(cleaned, mask)
    shortest = pc.min(pc.binary_length(cleaned)).as_py()
    return pc.if_else(pc.equal(cleaned, ""), None, cleaned) if shortest == 0 else cleaned


def with_values(indices: pa.Int32Array, values: pa.StringArray) -> pa.DictionaryArray:
    """Return what indices stand for; what stands for null becomes null itself."""
    if values.null_count:
        missing = pc.is_null(values).to_numpy(zero_copy_only=False)
        indices = pa.array(np.arange(len(values), dtype=np.int32), mask=missing).take(indices)
        values = pc.fill_null(values, "")
    return pa.DictionaryArray.from_arrays(indices, values)


def text_bytes(column: pa.StringArray) -> Bytes:
    """Return the bytes of all texts of a column, one after the other."""
    _, offsets, data = column.buffers()
    if data is None or not len(column):
        return np.empty(0, np.uint8)
    places = np.frombuffer(offsets, np.int32, len(column) + 1, column.offset * 4)
    return np.frombuffer(data, np.uint8)[places[0] : places[-1]]


def _cleaned_where(column: pa.StringArray, mask: pa.BooleanArray) -> pa.StringArray:
    mask = pc.fill_null(mask, False)
    encoded = column.filter(mask).dictionary_encode()
    return pc.replace_with_mask(column, mask, _cleaned(encoded.dictionary).take(encoded.indices))


def _cleaned(column: pa.StringArray) -> pa.StringArray:
    """Return every text as `clean_text` does, one by one; the same texts come again in the next rows."""
    texts = column.to_pylist()
    cleaned = [
        None if text is None else (_clean_again(text) if len(text) <= _SHORT else clean_text(text)) or None
        for text in texts
    ]
    return column if cleaned == texts else pa.array(cleaned, pa.string())


_clean_again = functools.lru_cache(maxsize=10_000)(clean_text)
