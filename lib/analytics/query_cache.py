"""Answers: the questions of `queries.py`, `breakdowns.py` and others, each asked once for a version of the data.

Results are frozen, so one answer serves every page and every visitor. The cache holds so many that they stay within
a bound of memory, and a change of the data makes all older ones unreachable.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from operator import itemgetter
from time import perf_counter
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from cachetools import LRUCache
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.query import Filters
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension
from lib.catalog.own_metrics import unfilled
from lib.errors import StandbyLostError, TimeZoneChangedError
from lib.observability import prometheus
from lib.store import schema
from lib.store.facts import FactStore

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 2**20
"""How much memory the answers that are kept may take, by estimate."""

MAX_WRITTEN_BYTES = MAX_BYTES // 128
"""An answer that is bytes already (it has a `size`) is not kept where it takes more: a few would push out the rest."""

_PLAIN = frozenset({str, date, type(None)})
"""What equals nothing that is shown otherwise."""

_NUMBERS = frozenset({bool, int, float, Decimal})
_ROWS = ("groups", "points", "records", "parts", "rows", "cells")
"""What results call their rows."""

P = ParamSpec("P")
R = TypeVar("R")


class QueryCache:
    """Asks questions of the facts, and keeps the answers while the data stay as they are."""

    def __init__(
        self,
        facts: FactStore,
        seconds: float | None = None,
        slow_ms: float = 1000,
        zone_changed: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Ask this store; a question may take so many seconds, and is logged where it takes more than `slow_ms`.

        `zone_changed` is called with the workspace's time zone where a question was meant in another one.
        """
        self._zone_changed = zone_changed
        self._engine = facts.engine_name
        self._slow_ms = slow_ms
        self._facts = facts
        self._seconds = seconds
        self._kept: LRUCache[Hashable, tuple[Any, int]] = LRUCache(MAX_BYTES, itemgetter(1))  # an answer, and its bytes
        self._read: tuple[int | None, int] = (None, -1)  # the facts' mark, and the version that was read under it
        self._lock = threading.Lock()
        self._unfilled = threading.RLock()  # as a question may ask others

    def run(self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return a question's answer; its arguments are hashable. Raises what the question raises.

        Raises TimeZoneChangedError where the question means days of another zone than the workspace's is by now.
        """
        return self.run_with_version(question, *args, **kwargs)[0]

    def run_with_version(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, int]:
        """Return a question's answer, and the version of the data that it is of."""
        kept = self.get_cached(question, *args, **kwargs)
        if kept is not None:
            return kept
        with self._turn((*args, *kwargs.values())):
            mark = self._facts.change_token()
            try:
                with self._facts.read_anywhere(self._seconds) as connection:
                    answer, version = self._run(connection, question, args, kwargs)
            except StandbyLostError:
                with self._facts.read(self._seconds) as connection:
                    answer, version = self._run(connection, question, args, kwargs)
            self._read = (mark, version)
        return answer, version

    def _turn(self, values: tuple[Any, ...]) -> AbstractContextManager[object]:
        """Return what a question holds while it is asked: a turn where it reads evaluations until rollups are made.

        Many of them at once would keep those who make the rollups waiting for minutes, and each other.
        """
        waited_for = frozenset[str]().union(*(unfilled(each.catalog) for each in values if isinstance(each, Filters)))
        if not waited_for:
            return nullcontext()
        named = {name for each in values if isinstance(each, tuple) for name in each if isinstance(name, str)}
        return self._unfilled if waited_for & named else nullcontext()

    def run_within(
        self,
        connection: Connection,
        question: Callable[Concatenate[Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Return a question's answer as part of another one, which reads from this connection; it is kept as well."""
        return self._run(connection, question, args, kwargs)[0]

    def _run(
        self,
        connection: Connection,
        question: Callable[..., R],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> tuple[R, int]:
        """Return an answer, kept or new, and the version of the data that a connection reads."""
        head = sa.select(schema.workspace.c.data_version, schema.workspace.c.timezone)
        version, zone = connection.execute(head).one()
        self._check_zone((*args, *kwargs.values()), zone)
        key = (version, _asked(question, args, kwargs))
        answer: R | None = self._kept_answer(key)
        if answer is None:
            answer = self._answer(question, connection, args, kwargs)
            self._keep(key, answer)
        return answer, version

    def get_cached(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, int] | None:
        """Return an answer that is kept, and its version, where the data are known to be of it still; asks nobody."""
        mark, version = self._read
        if mark is None or mark != self._facts.change_token():
            return None
        kept = self._kept_answer((version, _asked(question, args, kwargs)))
        return None if kept is None else (kept, version)

    def _check_zone(self, values: tuple[Any, ...], stored: str) -> None:
        """Raise TimeZoneChangedError where a question means days of another zone than the facts' days are in."""
        if any(isinstance(value, Filters) and value.timezone is not None for value in values):
            return  # such a question is answered by instants
        for value in values:
            if isinstance(value, Calendar) and value.zone.key != stored:
                self._zone_changed(stored)
                raise TimeZoneChangedError(stored, value.zone.key)

    def kept(self) -> tuple[int, int]:
        """Return how many answers are kept, and how many bytes they take by estimate."""
        with self._lock:
            return len(self._kept), int(self._kept.currsize)

    def _answer(
        self,
        question: Callable[..., R],
        connection: Connection,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> R:
        """Ask the facts, and count it; a slow one is logged, also where it was ended for that."""
        started = perf_counter()
        try:
            return question(connection, *args, **kwargs)
        finally:
            seconds = perf_counter() - started
            name = _name(question)
            prometheus.CACHE_MISSES.inc()
            prometheus.QUESTION_SECONDS.labels(name, self._engine).observe(seconds)
            if seconds * 1000 > self._slow_ms:
                details = {"question": name, "ms": round(seconds * 1000, 1), "engine": self._engine}
                words = _in_words((*args, *kwargs.values()))
                log.warning(
                    "Slow question: %s took %.0f ms on %s: %s",
                    *details.values(),
                    words,
                    extra={"details": {**details, "filters": words}},
                )

    def _kept_answer(self, key: tuple[int, tuple[Callable[..., Any], Hashable, Hashable]]) -> Any:
        with self._lock:
            kept = self._kept.get(key)
        if kept is None:
            return None
        prometheus.CACHE_HITS.labels(_name(key[1][0])).inc()
        return kept[0]

    def _keep(self, key: Hashable, answer: Any) -> None:
        size = _size(key, answer)
        if getattr(answer, "size", 0) > MAX_WRITTEN_BYTES or size > MAX_BYTES:
            return
        with self._lock:
            self._kept[key] = answer, size


def _asked(
    question: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], Hashable, Hashable]:
    return question, _cache_key(args), tuple((name, _cache_key(kwargs[name])) for name in sorted(kwargs))


def _cache_key(value: Any) -> Hashable:
    """Return a key that is the same only for values that an answer shows in the same way.

    Python takes more than those for equal: an instant in two zones, 1 and True, Decimal("1") and Decimal("1.0").
    """
    kind = type(value)
    if kind in _PLAIN:
        return value  # type: ignore[no-any-return]  # all of these are hashable
    if kind is tuple or kind is frozenset:
        return kind, kind([each if type(each) in _PLAIN else _cache_key(each) for each in value])
    if kind in _NUMBERS:
        return kind, repr(value)
    if isinstance(value, datetime | time):
        return kind, value.isoformat(), value.fold
    if kind is Catalog:
        return kind, value.version
    if names := _fields(kind):  # type: ignore[arg-type]  # classes are hashable
        return kind, *[_cache_key(getattr(value, name)) for name in names]
    return kind, value


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """Return the names of a dataclass's fields; none for another class."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _name(question: Callable[..., Any]) -> str:
    """Name a question: `queries.trend` is the pages', `analytics.course` the API's of the same."""
    return f"{question.__module__.rpartition('.')[2]}.{question.__name__.strip('_')}"


def _in_words(values: tuple[Any, ...]) -> str:
    """Return what a question was asked about, as a link would say it."""
    words = []
    for value in values:
        if isinstance(value, Filters):
            words += [f"{name}={each}" for name, given in value.to_parameters().items() for each in given]
        elif isinstance(value, Dimension):
            words.append(f"by {value.name}")
        elif isinstance(value, str | int):
            words.append(str(value))
    return " ".join(words)[:500] or "everything"


def _size(key: Hashable, answer: Any) -> int:
    """Estimate in bytes what an answer takes with its question: its own `size`, else a kilobyte a row."""
    asked = 1024 + 2 * len(repr(key))
    if hasattr(answer, "size"):
        return asked + int(answer.size)
    rows = next((getattr(answer, name) for name in _ROWS if hasattr(answer, name)), ())
    return asked + 1024 * len(answer if isinstance(answer, tuple) else rows)
