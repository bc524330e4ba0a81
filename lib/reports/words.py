"""Words of pages before they are said: a message id with its values, or a function that formats them.

A page's value holds these and no sentences, so that one value is drawn, printed and mailed in any language: `str` says
them in the language in use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lib.i18n import number, t


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the language catalogs, by its message id, with the values that stand in it."""

    message_id: str
    values: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Say it in the language in use."""
        return t(self.message_id, **dict(self.values))


@dataclass(frozen=True, slots=True)
class Formatted:
    """What a function of numbers, days or names returns in the language in use."""

    format: Callable[..., str]
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        """Format it in the language in use."""
        return self.format(*self.arguments)


@dataclass(frozen=True, slots=True)
class Joined:
    """Words one after the other, with a separator between them."""

    parts: tuple[Words, ...]
    separator: str = " · "

    def __str__(self) -> str:
        """Say the parts in the language in use."""
        return self.separator.join(map(str, self.parts))


Words = Text | Formatted | Joined | str
"""What is said; a `str` is said as it is, such as a name."""


def text(message_id: str, /, **values: Any) -> Text:
    """Return a text by its message id; its values may be words themselves."""
    return Text(message_id, tuple(values.items()))


def plural(one: str, many: str, count: int, /, **values: Any) -> Text:
    """Return the text for one, or that for any other number; `{count}` in it is the number as it is shown."""
    return text(one if count == 1 else many, count=formatted(number, count), **values)


def formatted(function: Callable[..., str], /, *arguments: Any) -> Formatted:
    """Return what a function makes of some arguments, to be formatted when it is said."""
    return Formatted(function, arguments)
