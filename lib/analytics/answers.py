"""Answers: the questions of `queries.py`, each asked once for a version of the data.

Results are frozen, so one answer serves every page and every visitor. The cache holds a bounded number of them, and
a change of the data makes all older ones unreachable.
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

MAX_ANSWERS = 1_000

P = ParamSpec("P")
R = TypeVar("R")


class Answers:
    """Asks questions of the facts, and keeps the answers while the data stay as they are."""

    def __init__(self, facts: Facts, seconds: float | None = None) -> None:
        """Ask this store; a question may take so many seconds."""
        self._facts = facts
        self._seconds = seconds
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return a question's answer; its arguments are hashable. Raises what the question raises."""
        return self.ask_with_version(question, *args, **kwargs)[0]

    def ask_with_version(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, int]:
        """Return a question's answer, and the version of the data that it is of."""
        with self._facts.read(self._seconds) as connection:
            version: int = connection.execute(sa.select(schema.workspace.c.data_version)).scalar_one()
            key = (version, question.__qualname__, args, tuple(sorted(kwargs.items())))
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    kept: R = self._kept[key]
                    return kept, version
            answer = question(connection, *args, **kwargs)
        with self._lock:
            self._kept[key] = answer
            while len(self._kept) > MAX_ANSWERS:
                self._kept.popitem(last=False)
        return answer, version
