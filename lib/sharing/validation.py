"""What people hand in to be kept: a line of text, and a place of the app. Checked here, trusted after.

What is kept is found by a short id, which can't be guessed by counting.
"""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.query import MAX_VALUES, clean
from lib.errors import ConflictError, InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.reports.pages import PAGES, overview

PATHS = ("", *(name for name in PAGES if name != overview.PAGE.name))
"""The pages that show a selection, by their URL paths; the overview's is empty."""

_DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""The classes of U+202A to U+202E and U+2066 to U+2069."""

_ALPHABET = string.ascii_letters + string.digits
_ID = re.compile(r"[A-Za-z0-9]{8}")


def new_id() -> str:
    """Return an id by which something new is found: 8 letters and digits, 47 random bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id; what has not is not looked for."""
    return _ID.fullmatch(text) is not None


def check_count(
    connection: Connection, table: sa.Table, what: str, mine: sa.ColumnElement[bool], most_of_one: int, most: int
) -> None:
    """Raise ConflictError where one person, or all together, keep as many rows of a table as they may.

    `mine` holds for that person's rows. To be asked in the transaction that adds a row.
    """
    counted = sa.select(sa.func.count(), sa.func.count().filter(mine)).select_from(table)
    in_all, of_one = connection.execute(counted).one()
    if of_one >= most_of_one:
        raise ConflictError(f"You have {of_one} {what}, as many as one may have. Right would be to delete some first.")
    if in_all >= most:
        raise ConflictError(
            f"There are {in_all} {what}, as many as there may be. Right would be that somebody deletes some; an "
            "administrator can, on the Settings page."
        )


def line(parameter: str, text: str, most: int) -> str:
    """Return a line of text without the blanks around it; it has 1 to `most` characters.

    Raises InvalidParameterError naming the parameter: for nothing that can be seen, for more characters, for line
    breaks and other control characters, and for what no text can hold.
    """
    trimmed = text.strip()
    if not any(sign.isprintable() and not sign.isspace() for sign in trimmed):
        raise InvalidParameterError(parameter, ParameterCode.LINE_EMPTY, most=most)
    if len(trimmed) > most:
        raise InvalidParameterError(parameter, ParameterCode.LINE_TOO_LONG, characters=f"{len(trimmed):,}", most=most)
    _refuse(parameter, (sign for sign in trimmed if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")))
    return trimmed


def mailed_line(parameter: str, text: str, most: int) -> str:
    """Return a line of text that goes into mails and to other programs, as `line` does.

    Characters that turn the direction of what is written behind them are refused as well.
    """
    trimmed = line(parameter, text, most)
    _refuse(parameter, (sign for sign in trimmed if unicodedata.bidirectional(sign) in _DIRECTIONS))
    return trimmed


def _refuse(parameter: str, signs: Iterator[str]) -> None:
    """Raise InvalidParameterError for the first of some characters, if there is one."""
    odd = next(signs, None)
    if odd is not None:
        raise InvalidParameterError(parameter, ParameterCode.LINE_UNHOLDABLE, character=f"U+{ord(odd):04X}")


def page(path: str) -> str:
    """Return a page's URL path as it is.

    Raises InvalidParameterError, parameter `page`, where none has it.
    """
    if path not in PATHS:
        hint, known = nearest(path[:60], PATHS), ", ".join(f"'{each}'" for each in PATHS)
        raise InvalidParameterError("page", ParameterCode.NOT_A_PAGE, value=path[:60], hint=hint, known=known)
    return path


def parameters(
    given: Mapping[str, Sequence[str]], known: Iterable[str], without: Collection[str] = ()
) -> dict[str, list[str]]:
    """Return those of a URL's parameters that are known, as they are, in the order of `known`.

    Names in `without` are left out, and so are names without a value. Raises InvalidParameterError naming the
    parameter: for more than MAX_VALUES values in all, and for a value that `clean` refuses.
    """
    names = [name for name in known if name not in without]
    kept = {name: list(given[name]) for name in names if given.get(name)}
    count = 0
    for name, values in kept.items():
        count += len(values)
        if count > MAX_VALUES:
            raise InvalidParameterError(name, ParameterCode.TOO_MANY_VALUES, most=f"{MAX_VALUES:,}")
        for value in values:
            clean(name, value)
    return kept
