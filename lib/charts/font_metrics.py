"""The font of pictures and printed pages: how wide a text is in it, where it breaks, and what XML can hold of it.

Liberation Sans comes with vl-convert, so it is there on every server; letter by letter it is as wide as Arial and
Helvetica, which a browser takes for it. The widths below are the font's own (tests hold them to it). Of writings that
the table does not have, the width is estimated from above: a text is then cut early, but never runs into another.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

FAMILY = "Liberation Sans, Arial, Helvetica, sans-serif"

_REGULAR = {
    191: "'",
    222: "ijlłſ‘’",
    260: "|¦",
    278: " !,./:;I[\\]ftıìíîïĩīĭŧ\u00a0",
    292: "ľ",
    333: "()-`r¡¨´·¸²³¹“”",
    334: "{}ŀ",
    350: "•",
    355: '"',
    375: "ť",
    370: "ªº",
    389: "*",
    400: "°",
    444: "ĳ",
    469: "^",
    500: "Jcĸksvxyz↑↓",
    537: "¶",
    549: "±÷≈≠≤≥",
    552: "¯",
    556: "#$0123456789?L_abdeghnopqu¢£¤¥§«»ðþđħĿŁŋ–€",
    576: "µ",
    584: "+<=>~¬×−",
    604: "ŉ■□○●",
    611: "FTZ¿ßøŦ",
    615: "ď",
    667: "&ABEKPSVXYÞ",
    722: "CDHNRUwÐĐĦŊ",
    735: "Ĳ",
    737: "©®",
    778: "GOQØ",
    833: "MmW¼½¾",
    889: "%æ",
    944: "Wœ",
    990: "▲▼",
    1000: "ÆŒ—…‰™←→",
    1015: "@",
}
_BOLD = {
    238: "'",
    278: ",./I\\ijlłıſ‘’ \u00a0",
    280: "|¦",
    333: "!()-:;[]`ft¡¨´¸·²³¹ŧ",
    350: "•",
    370: "ªº",
    385: "ľ",
    389: "*r{}",
    400: "°",
    474: '"',
    479: "ŀť",
    500: "z“”↑↓",
    549: "±÷≈≠≤≥",
    552: "¯",
    556: "#$0123456789J_aceĸksvxy¢£¤¥§«¶»ĳ–€",
    576: "µ",
    584: "+<=>^~¬×−",
    604: "■□○●",
    611: "?FLTZbdghnopqu¿ßðøþđħĿŁŋŦ",
    667: "EPSVXYÞ",
    708: "ŉ",
    719: "ď",
    722: "&ABCDHKNRUÐĐĦŊ",
    737: "©®",
    778: "GOQwØ",
    785: "Ĳ",
    833: "M¼½¾",
    889: "%mæ",
    944: "Wœ",
    975: "@",
    990: "▲▼",
    1000: "ÆŒ—…‰™←→",
}
_WIDTHS = tuple(
    {letter: per_mille for per_mille, letters in table.items() for letter in letters} for table in (_REGULAR, _BOLD)
)
_ELLIPSIS = "…"
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # those that may become a line's end
_UNHELD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML 1.0 can't hold


def held(text: str) -> str:
    """Return a text as XML can hold it: `□` stands for a character that it can't. Liberation Sans has that sign."""
    return _UNHELD.sub("□", text)


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


def breakable(text: str) -> list[str]:
    """Return the pieces between which a text may go to the next line: its words, a number with its percent sign."""
    return re.split(" (?!%)", line(text))


def wrapped(text: str, size: float, room: float, most: int = 100, bold: bool = False) -> list[str]:
    """Return a text in at most so many lines that fit into the room; the last one is cut."""
    lines: list[str] = []
    words = breakable(text)
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


@lru_cache(maxsize=4096)
def _letter(letter: str, bold: bool) -> int:
    known = _WIDTHS[bold].get(letter)
    if known is not None:
        return known
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn"):
        return 0
    base = _WIDTHS[bold].get(unicodedata.normalize("NFD", letter)[0])
    if base is not None:
        return base
    if unicodedata.category(letter) == "So" or unicodedata.east_asian_width(letter) in "WF":
        return 1400  # emoji
    return 1000 if letter.isupper() else 850
