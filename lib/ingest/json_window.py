"""A window over a long text of JSON: its items are decoded one by one, so that memory depends on the longest alone."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator

from lib.ingest.json_values import DECODER

_MARGIN = 16
"""Characters at the end of a window that a number, a literal or an escape may have been cut in."""

_SPACE = re.compile(r"[ \t\n\r]*")


class WrongItem(enum.Enum):
    """Why an item can't be decoded."""

    NO_JSON = enum.auto()
    TOO_DEEP = enum.auto()
    TOO_LONG = enum.auto()


class JsonItemError(Exception):
    """An item that can't be decoded."""

    def __init__(self, why: WrongItem) -> None:
        super().__init__(why.name)
        self.why = why


class JsonWindow:
    """The part of a text that is decoded at the moment, and the position in it."""

    def __init__(self, chunks: Iterator[str], most: int) -> None:
        """Take the text in parts; an item may have `most` characters."""
        self._chunks = chunks
        self._most = most
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

    def decode_item(self) -> tuple[object, str]:
        """Decode the item that begins here; return it and its text. Raises JsonItemError."""
        self.next_character()
        while True:
            why: WrongItem | None = None
            try:
                item, end = DECODER.raw_decode(self._text, self._position)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _MARGIN
                why = WrongItem.NO_JSON
            except RecursionError:
                raise JsonItemError(WrongItem.TOO_DEEP) from None
            else:
                is_cut = end > len(self._text) - _MARGIN  # a number may go on; what else ends here is decoded again
            is_too_long = (end if why is None else len(self._text)) - self._position > self._most
            if is_too_long and (why is None or is_cut):
                raise JsonItemError(WrongItem.TOO_LONG)
            size = len(self._text) - self._position
            if is_cut and self._advance(max(1, min(size, self._most + _MARGIN - size))):
                continue
            if why is not None:
                raise JsonItemError(why)
            text = self._text[self._position : end]
            self._position = end
            return item, text

    def _advance(self, least: int = 1) -> bool:
        """Drop what lies before the position, and take `least` characters more; return whether there were any.

        What is decoded again is to be twice as long each time, so that a long item takes no more than twice its time.
        """
        parts = [self._text[self._position :]]
        more = 0
        while more < least and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            more += len(chunk)
        if not more:
            return False
        self._text, self._position = "".join(parts), 0
        return True
