"""Tallies what the objects of a column's lists hold, so that a person can say where the parts of answers are."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from lib.ingest.json_values import JsonNumber
from lib.ingest.mapping import shortened
from lib.ingest.survey import ListedPart

_ROWS = 1_000
"""Rows that are looked at."""

_MOST_PARTS, _DEEPEST, _EXAMPLES, _LONGEST = 300, 10, 3, 80


@dataclass(slots=True)
class _Part:
    list: str
    filled: int = 0
    examples: dict[str, None] = field(default_factory=dict)
    largest: float = 0.0
    numbers: int = 0
    flags: int = 0


class ListTally:
    """Tallies the lists of one column."""

    def __init__(self, name: str) -> None:
        """Begin with nothing."""
        self._name = name
        self._room = _ROWS
        self._parts: dict[str, _Part] = {}

    def add(self, values: Iterable[object]) -> None:
        """Add the values of some rows."""
        for value in islice(values, self._room):
            self._room -= 1
            if isinstance(value, list):
                self._add(value, self._name, self._name, 0)

    def result(self) -> tuple[ListedPart, ...]:
        """Return the parts, in the order in which they were met."""
        return tuple(
            ListedPart(
                path,
                part.list,
                part.filled,
                tuple(part.examples),
                part.largest if 0 < part.filled == part.numbers else None,
                0 < part.filled == part.flags,
            )
            for path, part in self._parts.items()
        )

    def _add(self, value: object, path: str, inside: str, depth: int) -> None:
        if depth > _DEEPEST:
            return
        if isinstance(value, list):
            for each in value:
                self._add(each, path, path, depth + 1)
        elif isinstance(value, dict):
            for key, each in value.items():
                self._add(each, f"{path}.{key}", inside, depth + 1)
        elif path != self._name and (path in self._parts or len(self._parts) < _MOST_PARTS):
            self._count(self._parts.setdefault(path, _Part(inside)), value)

    def _count(self, part: _Part, value: object) -> None:
        if value is None or value == "":
            return
        part.filled += 1
        part.flags += isinstance(value, bool)
        if isinstance(value, JsonNumber | int | float) and not isinstance(value, bool):
            with suppress(ValueError, OverflowError):
                part.largest = max(part.largest, float(value))
                part.numbers += 1
        if len(part.examples) < _EXAMPLES:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            part.examples[shortened(text.encode("utf-8", "replace").decode(), _LONGEST)] = None
