"""Answers: the questions of `queries.py`, each asked once for a version of the data.

Results are frozen, so one answer serves every page and every visitor. The cache holds so many that they stay within
a bound of memory, and a change of the data makes all older ones unreachable.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib import schema
from lib.database import Facts

MAX_BYTES = 64 * 2**20
"""How much memory the answers that are kept may take, by estimate."""

_ROWS = ("groups", "points", "records", "parts", "rows", "cells")
"""What results call their rows."""

P = ParamSpec("P")
R = TypeVar("R")


class Answers:
    """Asks questions of the facts, and keeps the answers while the data stay as they are."""

    def __init__(self, facts: Facts, seconds: float | None = None) -> None:
        """Ask this store; a question may take so many seconds."""
        self._facts = facts
        self._seconds = seconds
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0
        self._read: tuple[int | None, int] = (None, -1)  # the facts' mark, and the version that was read under it
        self._lock = threading.Lock()

    def ask(self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return a question's answer; its arguments are hashable. Raises what the question raises."""
        return self.ask_with_version(question, *args, **kwargs)[0]

    def ask_with_version(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, int]:
        """Return a question's answer, and the version of the data that it is of."""
        kept = self.at_once(question, *args, **kwargs)
        if kept is not None:
            return kept
        asked = _asked(question, args, kwargs)
        mark = self._facts.mark()
        with self._facts.read(self._seconds) as connection:
            version = connection.execute(sa.select(schema.workspace.c.data_version)).scalar_one()
            self._read = (mark, version)
            answer: R | None = self._kept_answer((version, asked))
            if answer is None:
                answer = question(connection, *args, **kwargs)
                self._keep((version, asked), answer)
        return answer, version

    def at_once(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, int] | None:
        """Return an answer that is kept, and its version, where the data are known to be of it still; asks nobody."""
        mark, version = self._read
        if mark is None or mark != self._facts.mark():
            return None
        kept = self._kept_answer((version, _asked(question, args, kwargs)))
        return None if kept is None else (kept, version)

    def _kept_answer(self, key: Hashable) -> Any:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def _keep(self, key: Hashable, answer: Any) -> None:
        with self._lock:
            if key not in self._kept:
                self._bytes += _size(answer)
            self._kept[key] = answer
            while self._bytes > MAX_BYTES:
                self._bytes -= _size(self._kept.popitem(last=False)[1])


def _asked(question: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
    return question, args, tuple(sorted(kwargs.items()))


def _size(answer: Any) -> int:
    """Estimate an answer's size in bytes: text as it is, a kilobyte for each row of a result and for what is around."""
    if isinstance(answer, bytes):
        return len(answer) + 1024
    rows = next((getattr(answer, name) for name in _ROWS if hasattr(answer, name)), ())
    return 1024 * (1 + len(answer if isinstance(answer, tuple) else rows))
