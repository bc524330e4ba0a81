"""The words and signs of a formula, each with its place."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from lib.errors import FormulaError
from lib.errors.formula_codes import FormulaCode

MOST_CHARACTERS = 2_000
"""Characters of a formula."""

MOST_DIGITS = 30
"""Digits of a number as it is written."""


class TokenKind(enum.Enum):
    """What a token is."""

    NUMBER = enum.auto()
    TEXT = enum.auto()
    NAME = enum.auto()
    KEYWORD = enum.auto()
    SIGN = enum.auto()
    END = enum.auto()


KEYWORDS = frozenset({"and", "or", "not", "in", "between", "is", "null", "true", "false"})
"""Words that no name can be, in any capitals."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)")
_AFTER_NUMBER = re.compile(r"[\w.]+")
_TEXT = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'')
_SIGN = re.compile(r"!=|<=|>=|<>|[-+*/()=<>,]")
_SPACE = re.compile(r"\s+")


_INSTEAD = {
    **dict.fromkeys("“”„‟«»‘’‚`", FormulaCode.TRY_QUOTES),
    **dict.fromkeys("&|", FormulaCode.TRY_WORDS),
}
"""What to write in place of some signs."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word or sign: as it is written, what it means, and its first character's place, from 1."""

    kind: TokenKind
    written: str
    position: int
    value: str = ""  # of a text, without its quotes; of a keyword, in small letters

    def is_sign(self, *signs: str) -> bool:
        """Return whether it is one of some signs."""
        return self.kind is TokenKind.SIGN and self.written in signs

    def is_word(self, *words: str) -> bool:
        """Return whether it is one of some keywords."""
        return self.kind is TokenKind.KEYWORD and self.value in words


def tokens(text: str) -> list[Token]:
    """Return the tokens of a formula, and the end, which is one past the last character. Raises FormulaError."""
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            MOST_CHARACTERS + 1, FormulaCode.FORMULA_TOO_LONG, length=len(text), most=f"{MOST_CHARACTERS:,}"
        )
    found: list[Token] = []
    place = 0
    while place < len(text):
        if space := _SPACE.match(text, place):
            place = space.end()
            continue
        token = _token(text, place)
        found.append(token)
        place += len(token.written)
    if not found:
        raise FormulaError(1, FormulaCode.FORMULA_EMPTY)
    return [*found, Token(TokenKind.END, "", len(text) + 1)]


def _token(text: str, place: int) -> Token:
    position = place + 1
    if name := _NAME.match(text, place):
        written = name[0]
        word = written.lower()
        return Token(TokenKind.KEYWORD if word in KEYWORDS else TokenKind.NAME, written, position, word)
    if number := _NUMBER.match(text, place):
        return Token(TokenKind.NUMBER, _whole_number(text, place, number[0]), position)
    if quoted := _TEXT.match(text, place):
        quote = quoted[0][0]
        return Token(TokenKind.TEXT, quoted[0], position, quoted[0][1:-1].replace(quote * 2, quote))
    if text[place] in "\"'":
        raise FormulaError(position, FormulaCode.TEXT_OPEN, example='"Retention"')
    is_equals = text.startswith("==", place) or (text[place] == "!" and not text.startswith("!=", place))
    if not is_equals and (sign := _SIGN.match(text, place)):
        return Token(TokenKind.SIGN, sign[0], position)
    expected = FormulaCode.TRY_EQUALS if is_equals else _INSTEAD.get(text[place], FormulaCode.TRY_WITHOUT)
    raise FormulaError(position, FormulaCode.SIGN_UNKNOWN, sign=text[place], expected=expected.of())


def _whole_number(text: str, place: int, number: str) -> str:
    """Return a number as it is written; refuse one that runs into letters, such as 5m or 1.2.3."""
    rest = _AFTER_NUMBER.match(text, place + len(number))
    if rest:
        written = number + rest[0]
        raise FormulaError(place + 1, FormulaCode.NUMBER_WRONG, number=written[:MOST_DIGITS])
    if sum(character.isdigit() for character in number) > MOST_DIGITS:
        raise FormulaError(place + 1, FormulaCode.NUMBER_LONG, most=MOST_DIGITS)
    return number
