"""Answers found in lists of objects, by the paths of `answer_paths.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from lib.ingest.answer_paths import PART_NAMES, AnswerPaths, PlacedPath, place_path
from lib.ingest.answer_values import parse_flag
from lib.ingest.json_values import decoded
from lib.ingest.parse_error import ValueParseError
from lib.ingest.text_cleaning import clean_text
from lib.store.enums import OWN_SCALE

Entry: TypeAlias = dict[str, object]

_MISSING = object()
"""Stands for what is not there at all."""


class _Step(NamedTuple):
    """An object of a list on the way to an answer: how many keys lead to it, and which of the list's it is."""

    depth: int
    entry: object
    place: str


class ListShapeError(Exception):
    """A value where a list of objects is expected: its place, and the value."""

    def __init__(self, place: str, value: object) -> None:
        super().__init__(place)
        self.place = place
        self.value = value


class _Found(NamedTuple):
    """A value at the end of a path, and the objects of lists that it lies within, the outermost first."""

    steps: tuple[_Step, ...]
    value: object


class AnswerLists:
    """Makes the answers of rows out of lists, as `results` has them."""

    def __init__(self, paths: AnswerPaths, header: Sequence[str]) -> None:
        """Take paths that are all in the header."""
        self._header = header
        placed = {part: place_path(path, header) for part, path in paths.by_part.items()}
        self._paths = {part: path for part, path in placed.items() if path is not None}
        self._criterion = self._paths.pop("criterion")
        self._most = paths.max_points if isinstance(paths.max_points, int) else None
        self._section_by = paths.section_by
        self.columns = tuple(dict.fromkeys(path.column for path in (self._criterion, *self._paths.values())))
        """The places of the columns that a row's answers are made of."""
        self.name = header[self._criterion.column]
        """The column that answers are in."""
        self.keys = {PART_NAMES[part]: self._key(path) for part, path in self._paths.items()}
        self.keys["criterion"] = (self._criterion.keys or (self.name,))[-1]
        """What the parts of answers are called where they are, by what answers call them here."""
        self._said = paths.by_part
        self._met: set[str] = set()
        self._has_answers = False

    @property
    def unmet(self) -> dict[str, str]:
        """The paths that led to nothing in any answer so far, by their parts; none where there was no answer."""
        return {part: path for part, path in self._said.items() if self._has_answers and part not in self._met}

    def answers(self, row: Sequence[object]) -> list[tuple[str, Entry]]:
        """Return a row's answers, of the values of `columns`: where each is, and what it says.

        Raises ListShapeError where something else is in the place of a list of objects.
        """
        values = {column: _parsed(value) for column, value in zip(self.columns, row, strict=True)}
        column, keys = self._criterion
        sections = self._sections(values)
        answers = [
            each if each.steps else _Found((_Step(0, values[column], self.name),), each.value)  # not in any list
            for each in _walk(values[column], keys, (), self.name)
        ]
        self._has_answers = self._has_answers or bool(answers)
        return [(each.steps[-1].place, self._answer(each, values, sections)) for each in answers]

    def _answer(self, found: _Found, values: dict[int, object], sections: dict[str, object] | None) -> Entry:
        if found.value is not None:
            self._met.add("criterion")
        said = {part: self._part(part, found, values) for part in self._paths}
        if sections is not None:
            said["section"] = self._section(found, sections)
        points, flag = said.get("points"), said.get("not_applicable")
        if points is None or points == "" or _is_set(flag):
            points, flag = None, True
        most = said.get("max_points") if self._most is None else Decimal(self._most) / OWN_SCALE
        answer = {
            "criterion": found.value,
            "section": said.get("section"),
            "points": points,
            "maxPoints": most if points is not None else None,
            "notApplicable": flag,
            "critical": said.get("critical"),
            "comment": said.get("comment"),
        }
        return {key: value for key, value in answer.items() if value is not None}

    def _part(self, part: str, found: _Found, values: dict[int, object]) -> object:
        """Return the value at the path of a part: within the answer, or within what the answer lies in."""
        column, keys = path = self._paths[part]
        entry = values[column]
        if column == self._criterion.column:
            shared = self._shared(path)
            step = next((step for step in reversed(found.steps) if step.depth <= shared), None)
            if step is not None:
                entry, keys = step.entry, keys[step.depth :]
        value = _descend(entry, keys)
        if value is not _MISSING:
            self._met.add(part)
        return None if value is _MISSING else value

    def _shared(self, path: PlacedPath) -> int:
        """Return how many keys a path shares with that of the criterion."""
        pairs = zip(path.keys, self._criterion.keys, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def _key(self, path: PlacedPath) -> str:
        if path.column != self._criterion.column:
            return ".".join((self._header[path.column], *path.keys))
        return ".".join(path.keys[self._shared(path) :])

    def _sections(self, values: dict[int, object]) -> dict[str, object] | None:
        """Return the names of the sections of a row by the key that answers name them by, if they do."""
        path = self._paths.get("section")
        if path is None or self._section_by is None:
            return None
        names: dict[str, object] = {}
        for steps, value in _walk(values[path.column], path.keys, (), ""):
            if steps:
                self._met.add("section")
                names.setdefault(str(_descend(steps[-1].entry, (self._section_by,))), value)
        return names

    def _section(self, found: _Found, sections: dict[str, object]) -> object:
        for step in reversed(found.steps):
            key = _descend(step.entry, (self._section_by or "",))
            if key is not None and key is not _MISSING:
                return sections.get(str(key))
        return None


def _walk(
    value: object, keys: tuple[str, ...], steps: tuple[_Step, ...], place: str, depth: int = 0
) -> Iterator[_Found]:
    """Yield what is at the end of a path, in each object of the lists on the way; None where the last key lacks.

    Raises ListShapeError where a value is neither a list nor an object on the way.
    """
    if depth == len(keys) and (steps or not isinstance(value, list)):
        yield _Found(steps, value)
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            there = f"{place}[{number}]"
            yield from _walk(entry, keys, (*steps, _Step(depth, entry, there)), there, depth)
    elif isinstance(value, dict):
        key = keys[depth]
        if key in value:
            yield from _walk(value[key], keys, steps, f"{place}.{key}", depth + 1)
        elif depth == len(keys) - 1:
            yield _Found(steps, None)
    elif value is not None and value != "":
        raise ListShapeError(place, value)


def _descend(value: object, keys: Sequence[str]) -> object:
    """Return the value within objects, of a list that holds one thing that one; _MISSING where a key lacks."""
    for key in keys:
        value = _only(value)
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return _only(value)


def _only(value: object) -> object:
    return (value[0] if value else None) if isinstance(value, list) and len(value) < 2 else value


def _parsed(value: object) -> object:
    return decoded(value) if isinstance(value, str) else value


def _is_set(flag: object) -> bool:
    """Return whether a flag is set; what is none is refused later."""
    if isinstance(flag, bool):
        return flag
    try:
        return isinstance(flag, str) and bool(flag.strip()) and parse_flag(clean_text(flag))
    except ValueParseError:
        return False
