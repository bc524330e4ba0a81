"""The font of pictures and printed pages: how wide a text is in it, where it breaks, and what XML can hold of it.

Liberation Sans is what vl-convert brings along, and its files lie beside this module for whatever else sets text.
Letter by letter it is as wide as Arial and Helvetica, which a browser takes for it. Of writings that it does not have,
the width is estimated.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lib.formats.xml_text import UNHELD

if TYPE_CHECKING:
    from PIL import ImageFont

FAMILY = "Liberation Sans, Arial, Helvetica, sans-serif"

FONTS = Path(__file__).with_name("fonts")
"""Where its files are: regular and bold."""

_ELLIPSIS = "…"
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # those that may become a line's end


def held(text: str) -> str:
    """Return a text as XML can hold it: `□` stands for a character that it can't. Liberation Sans has that sign."""
    return UNHELD.sub("□", text)


def line(text: str) -> str:
    """Return a text as one line that XML can hold: runs of spaces and line breaks become one space."""
    return held(_SPACES.sub(" ", text).strip())


def width(text: str, size: float, bold: bool = False) -> float:
    """Return how wide a text is at a size, in the size's unit."""
    return sum(_letter(letter, bold) for letter in text) * size / 1000


def cut(text: str, size: float, room: float, bold: bool = False) -> str:
    """Return a text in one line that fits into the room, with an ellipsis where something was left out."""
    text = line(text)
    if width(text, size, bold) <= room:
        return text
    left = room * 1000 / size - _letter(_ELLIPSIS, bold)
    if left < 0:
        return ""
    kept = 0
    for letter in text:
        left -= _letter(letter, bold)
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + _ELLIPSIS


def _breakable(text: str) -> list[str]:
    """Return the pieces between which a text may go to the next line: its words, a number with its percent sign."""
    return re.split(" (?!%)", line(text))


def wrapped(text: str, size: float, room: float, most: int = 100, bold: bool = False) -> list[str]:
    """Return a text in at most so many lines that fit into the room; the last one is cut."""
    lines: list[str] = []
    words = _breakable(text)
    while words and words != [""]:
        if len(lines) == most - 1:
            lines.append(cut(" ".join(words), size, room, bold))
            break
        taken = 1
        while taken < len(words) and width(" ".join(words[: taken + 1]), size, bold) <= room:
            taken += 1
        now, words = " ".join(words[:taken]), words[taken:]
        if width(now, size, bold) > room:  # one word, longer than a line
            kept = max(1, len(cut(now, size, room, bold)) - 1)
            now, words = now[:kept], [now[kept:], *words]
        lines.append(now)
    return lines


@lru_cache(maxsize=2)
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont  # here, as the child that draws does without it

    file = FONTS / f"LiberationSans-{'Bold' if bold else 'Regular'}.ttf"
    return ImageFont.truetype(file, 1000, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _letter(letter: str, bold: bool) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn"):
        return 0
    if unicodedata.east_asian_width(letter) in "WF":
        return 1400  # another font's, up to an emoji's width
    return _font(bold).getlength(letter)
