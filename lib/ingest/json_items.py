"""The items of a JSON body, decoded one by one: a JSON array, or JSON Lines.

A body is decoded a window at a time and each item handed on before the next is made, so that memory depends on the
longest item that is allowed, not on what a body holds; a few bytes of JSON can stand for many of memory.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from lib.errors import FileError, RefusedError
from lib.ingest.api_records import MAX_OBJECTS
from lib.ingest.json_values import DECODER

MAX_ITEM_BYTES = 512 * 1024
"""Bytes of one item: more than every column at its longest, each character written as an escape, and than answers to
as many criteria as scorecards have."""

_WINDOW_BYTES = 64 * 1024
_MARGIN = 16
"""Characters at the end of a window that a number, a literal or an escape may have been cut in."""

_NOT_JSON = "The body is neither an array of evaluations nor one object a line, in UTF-8"

_SPACE = re.compile(r"[ \t\n\r]*")

Body = bytes | bytearray


def decode_body(body: Body, may_be_array: bool = True, window_bytes: int = _WINDOW_BYTES) -> Iterator[object]:
    """Decode the items of a JSON array, or one item a line; a blank line gives an empty object.

    Raises RefusedError (413) past MAX_OBJECTS, FileError naming the item that is too long or that is no JSON.
    """
    if may_be_array:
        window = _Window(body, window_bytes)
        if window.next_character() in ("[", ""):
            return _decode_array(window)
    return _decode_lines(body)


def _decode_array(window: _Window) -> Iterator[object]:
    if not window.skip("["):
        raise FileError(f"{_NOT_JSON}: it is empty.")
    number = 0
    more = not window.skip("]")
    while more:
        number += 1
        _check_count(number)
        yield window.decode_item(number)
        more = window.skip(",")
        if not more and not window.skip("]"):
            raise _no_json(number, "is not followed by a comma or the array's end")
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
            raise _too_long(number)
        try:
            line = body[position:end].decode()
            yield DECODER.decode(line) if line.strip() else {}
        except (ValueError, RecursionError):
            raise _no_json(number) from None
        position = end + 1


class _Window:
    """The part of a body's text that is decoded at the moment, and the position in it."""

    def __init__(self, body: Body, window_bytes: int) -> None:
        view = memoryview(body)
        slices = (bytes(view[start : start + window_bytes]) for start in range(0, len(view), window_bytes))
        self._chunks = codecs.iterdecode(slices, "utf-8-sig")
        self._text = ""
        self._position = 0

    def next_character(self) -> str:
        """Return the next character that is no white space; an empty string at the end."""
        while True:
            self._position = _SPACE.match(self._text, self._position).end()  # type: ignore[union-attr]  # always one
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._advance():
                return ""

    def skip(self, character: str) -> bool:
        """Go past a character, if it is the next that is no white space; return whether it was."""
        is_next = self.next_character() == character
        self._position += is_next
        return is_next

    def decode_item(self, number: int) -> object:
        """Decode the item that begins here; `number` names it in errors."""
        self.next_character()
        while True:
            problem: FileError | None = None
            try:
                item, end = DECODER.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _MARGIN
                problem = _no_json(number)
            except RecursionError:
                raise _no_json(number, "is nested too deep") from None
            else:
                is_cut = end > len(self._text) - _MARGIN  # a number may go on; what else ends here is decoded again
            is_too_long = (end if problem is None else len(self._text)) - self._position > MAX_ITEM_BYTES
            if is_too_long and (problem is None or is_cut):
                raise _too_long(number)
            if is_cut and self._advance():
                continue
            if problem is not None:
                raise problem
            self._position = end
            return item

    def _advance(self) -> bool:
        """Drop what lies before the position, and decode more; return whether there was more."""
        try:
            chunk = next(self._chunks, None)
        except UnicodeDecodeError:
            raise FileError(f"{_NOT_JSON}: it is not UTF-8.") from None
        if chunk is None:
            return False
        self._text = self._text[self._position :] + chunk
        self._position = 0
        return True


def _check_count(number: int) -> None:
    if number > MAX_OBJECTS:
        raise RefusedError(413, f"More than {MAX_OBJECTS:,} evaluations are sent at once; right would be fewer.")


def _too_long(number: int) -> FileError:
    return FileError(
        f"Evaluation {number:,} of the body is longer than {MAX_ITEM_BYTES // 1024} KB, the most that one may be; "
        "right would be an object in the canonical columns."
    )


def _no_json(number: int, why: str = "is no JSON") -> FileError:
    return FileError(f"{_NOT_JSON}: evaluation {number:,} {why}.")
