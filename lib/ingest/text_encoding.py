"""Encodings of text files: what a byte-order mark says, what the mapping names, or what the bytes show."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
"""What a name that leaves the order of the bytes to a mark means without one."""

_ONE_BYTE = ("cp1252", "cp850", "mac_roman")
"""Encodings of one byte a character that files of spreadsheets have, the likeliest first."""

_SIGNS = frozenset("ºª°¿¡«»“”‘’–—…€·")
"""Signs that are neither letters nor ASCII, and common in texts all the same."""


def find_encoding(start: bytes, named: str | None) -> str:
    """Return the encoding of a text that begins with some bytes; a mapping may name one.

    A byte-order mark decides. The name that is returned leaves the mark in the text, as its first character.
    """
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is not None:
        return marked
    if named is None:
        return _unmarked_utf16(start) or "utf-8"
    known = codecs.lookup(named).name
    if known == "utf-16":
        return _unmarked_utf16(start) or _UNMARKED[known]
    return _UNMARKED.get(known, known)


def _unmarked_utf16(start: bytes) -> str | None:
    """Return the UTF-16 that a text is in, by its zero bytes: most signs of a table are ASCII; None where it is not."""
    pairs = len(start) // 2
    high, low = start[: 2 * pairs : 2].count(0), start[1 : 2 * pairs : 2].count(0)
    if max(high, low) * 2 <= pairs or min(high, low) * 10 > max(high, low):
        return None
    return "utf-16-le" if low > high else "utf-16-be"


def guess_one_byte_encoding(text: bytes) -> str:
    """Return the encoding of one byte a character in which a text that is not UTF-8 has the most letters."""
    return max(_ONE_BYTE, key=lambda encoding: _likeness(text.decode(encoding, "replace")))


def _likeness(text: str) -> float:
    """Return how much the characters beyond ASCII are like those of words: no capital stands within a word."""
    points = 0.0
    for before, character in zip(" " + text, text, strict=False):
        if character.isascii():
            continue
        if character.isalpha() and (character.islower() or not before.islower()):
            points += 1
        elif character not in _SIGNS:
            points -= 1
    return points
