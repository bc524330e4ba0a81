"""Statements that SQLAlchemy has put into words once, for all engines of a process.

Each test opens stores of its own, and each store an engine that begins knowing no statement. An app opens its stores
once, and has said each statement soon; tests would do little else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache

MOST = 5_000
"""How many statements are kept of each kind of engine."""


class KindCache:
    """An engine's view of the statements of all engines of its kind: a key begins with the engine's own dialect."""

    def __init__(self, shared: LRUCache[Any, Any], kind: Any) -> None:
        self._shared, self._kind = shared, kind

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._shared.get((self._kind, *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._shared[(self._kind, *key[1:])] = compiled

    def clear(self) -> None:
        self._shared.clear()


@contextmanager
def shared_statements() -> Iterator[None]:
    """Have engines of the same dialect share what they have put into words."""
    shared: LRUCache[Any, Any] = LRUCache(MOST)
    make = Engine.__init__

    def make_sharing(engine: Engine, *arguments: Any, **named: Any) -> None:
        make(engine, *arguments, **named)
        engine._compiled_cache = KindCache(shared, type(engine.dialect))  # type: ignore[assignment]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "__init__", make_sharing)
        yield
