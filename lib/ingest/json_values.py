"""Values of JSON as cells: numbers that keep how they are written, and lists and objects in short."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lib.ingest.typed_numbers import literal_text

NESTED = object()
"""Stands for what is no single value."""

_NESTED_CHARACTERS = 200
_MARKS = 8


class JsonNumber(str):
    """A number as it is written, so that no digit is lost on the way."""

    __slots__ = ()


DECODER = json.JSONDecoder(parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=JsonNumber)


_HALF = re.compile("[\ud800-\udfff]")


def json_object(text: str) -> dict[str, Any] | None:
    """Return the object that a text is; None where it is none."""
    try:
        entry = DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def decoded(text: str) -> object:
    """Return what a text of JSON holds, nothing of one that is blank; a text that is no JSON as it is."""
    if not text.strip():
        return None
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return text


def json_text(value: object) -> object:
    """Return a value as the text that a CSV would have, None for null, NESTED for a list or an object."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsonNumber):
        return literal_text(value)
    if isinstance(value, str):
        return _HALF.sub("\x00", value)  # half a surrogate pair is no text; NUL is refused as what no text can hold
    return NESTED


def nested_text(value: object) -> str:
    """Return a list or an object as JSON, cut to a length that a file of bad rows can hold."""
    text = ""
    for piece in _pieces(value):
        text += piece
        if len(text) > _NESTED_CHARACTERS:
            return text[:_NESTED_CHARACTERS].encode("utf-8", "replace").decode() + "…"
    return text.encode("utf-8", "replace").decode()


def whole_text(value: object) -> str:
    """Return a list or an object as JSON; one that is nested too deep, cut."""
    try:
        return "".join(_pieces(value)).encode("utf-8", "replace").decode()
    except RecursionError:
        return nested_text(value)


def rough_size(value: object) -> int:
    """Return about how many characters a value has, the marks around them counted."""
    size, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        size += len(each) if isinstance(each, str) else _MARKS
        if isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return size


def _pieces(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for index, (key, inner) in enumerate(value.items()):
            yield f"{', ' if index else '{'}{json.dumps(str(key), ensure_ascii=False)}: "
            yield from _pieces(inner)
        yield "}" if value else "{}"
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield ", " if index else "["
            yield from _pieces(inner)
        yield "]" if value else "[]"
    elif isinstance(value, JsonNumber):
        yield value
    else:
        yield json.dumps(value, ensure_ascii=False, default=_shown)


def _shown(value: object) -> str:
    return value[:_NESTED_CHARACTERS].hex() if isinstance(value, bytes) else str(value)
