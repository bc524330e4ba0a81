"""The items of a JSON body, decoded one by one: a JSON array, or JSON Lines.

A body is decoded a window at a time and each item handed on before the next is made, so that memory depends on the
longest item that is allowed, not on what a body holds; a few bytes of JSON can stand for many of memory.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from lib.errors import FileError, RefusedError
from lib.ingest.api_records import MAX_OBJECTS
from lib.ingest.json_values import DECODER
from lib.ingest.json_window import JsonItemError, JsonWindow, WrongItem

MAX_ITEM_BYTES = 512 * 1024
"""Bytes of one item: more than every column at its longest, each character written as an escape, and than answers to
as many criteria as scorecards have."""

_WINDOW_BYTES = 64 * 1024
_NOT_JSON = "The body is neither an array of evaluations nor one object a line, in UTF-8"

Body = bytes | bytearray


def decode_body(body: Body, may_be_array: bool = True, window_bytes: int = _WINDOW_BYTES) -> Iterator[object]:
    """Decode the items of a JSON array, or one item a line; a blank line gives an empty object.

    Raises RefusedError (413) past MAX_OBJECTS, FileError naming the item that is too long or that is no JSON.
    """
    if may_be_array:
        window = JsonWindow(_chunks(body, window_bytes), MAX_ITEM_BYTES)
        if window.next_character() in ("[", ""):
            return _decode_array(window)
    return _decode_lines(body)


def decode_object(body: Body) -> dict[str, object]:
    """Decode a body that is one object, an evaluation. Raises FileError where it is none, or too long."""
    if len(body) > MAX_ITEM_BYTES:
        raise _too_long(_place(1))
    try:
        found = DECODER.decode(body.removeprefix(codecs.BOM_UTF8).decode())
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise FileError(
            "The body is not a JSON object in UTF-8; right would be an evaluation in the canonical columns."
        )
    return found


def _decode_array(window: JsonWindow) -> Iterator[object]:
    if not window.skip("["):
        raise FileError(f"{_NOT_JSON}: it is empty.")
    number = 0
    more = not window.skip("]")
    while more:
        number += 1
        _check_count(number)
        yield _decode_item(window, number)
        more = window.skip(",")
        if more and window.next_character() in ("]", ""):
            raise _no_json(_place(number), "is followed by a comma, and by no other one")
        if not more and not window.skip("]"):
            raise _no_json(_place(number), "is not followed by a comma or the array's end")
    if window.next_character():
        raise FileError(f"{_NOT_JSON}: something follows the array's end.")


def _decode_lines(body: Body) -> Iterator[object]:
    position = len(codecs.BOM_UTF8) if body.startswith(codecs.BOM_UTF8) else 0
    number = 0
    while position < len(body):
        number += 1
        _check_count(number)
        end = body.find(b"\n", position)
        end = len(body) if end < 0 else end
        if end - position > MAX_ITEM_BYTES:
            raise _too_long(f"line {number:,}")
        try:
            line = body[position:end].decode()
            yield DECODER.decode(line) if line.strip() else {}
        except (ValueError, RecursionError):
            raise _no_json(f"line {number:,}") from None
        position = end + 1


def _chunks(body: Body, window_bytes: int) -> Iterator[str]:
    """Yield a body's text. Raises FileError where it is not UTF-8."""
    view = memoryview(body)
    slices = (bytes(view[start : start + window_bytes]) for start in range(0, len(view), window_bytes))
    try:
        yield from codecs.iterdecode(slices, "utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(f"{_NOT_JSON}: it is not UTF-8.") from None


def _decode_item(window: JsonWindow, number: int) -> object:
    """Decode the item that begins here; `number` names it in errors."""
    try:
        return window.decode_item()[0]
    except JsonItemError as error:
        if error.why is WrongItem.TOO_LONG:
            raise _too_long(_place(number)) from None
        if error.why is WrongItem.TOO_DEEP:
            raise _no_json(_place(number), "is nested too deep") from None
        raise _no_json(_place(number)) from None


def _check_count(number: int) -> None:
    if number > MAX_OBJECTS:
        raise RefusedError(413, f"More than {MAX_OBJECTS:,} evaluations are sent at once; right would be fewer.")


def _place(number: int) -> str:
    """Return what an item of an array is called; one of lines is named by its line, blank ones counted."""
    return f"evaluation {number:,}"


def _too_long(place: str) -> FileError:
    return FileError(
        f"{place.capitalize()} of the body is longer than {MAX_ITEM_BYTES // 1024} KB, the most that one may be; "
        "right would be an object in the canonical columns."
    )


def _no_json(place: str, why: str = "is no JSON") -> FileError:
    return FileError(f"{_NOT_JSON}: {place} {why}.")
