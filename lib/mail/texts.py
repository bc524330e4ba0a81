"""Texts of mails: words said in one line, subjects that no header can break out of."""

from __future__ import annotations

import re
import unicodedata

from lib.charts.font_metrics import line
from lib.reports.words import Words

MOST_LETTERS = 2_000
"""So many letters of one text are mailed, so that no name makes a mail too large to be shown."""

MOST_SUBJECT = 120
"""So many letters a subject has at most."""

_ELLIPSIS = "…"
_LONG_WORD = re.compile(r"\S{31,}")
_PIECE = 30
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What turns the direction of a text: in a subject it would turn what mail programs write behind it."""


def say(words: Words) -> str:
    """Return words in the language in use, in one line, cut where they are very long."""
    return shorten(line(str(words)), MOST_LETTERS)


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many letters, with an ellipsis where something is left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + _ELLIPSIS


def header_text(text: str) -> str:
    """Return a text as a header may hold it: one line without control characters or turns of direction."""
    plain = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    return line(_DIRECTIONS.sub("", plain)).replace("=?", "= ?")  # else it might be read as an encoded word


def breakable(text: str) -> str:
    """Return a text whose very long words may go on in the next line, which Word's engine else makes wider."""
    return _LONG_WORD.sub(lambda word: "\u200b".join(_pieces(word.group())), text)


def _pieces(word: str) -> list[str]:
    return [word[first : first + _PIECE] for first in range(0, len(word), _PIECE)]


def sentence_part(label: str) -> str:
    """Return a label as it stands within a sentence: `Average score` as `average score`, `CSAT` as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
