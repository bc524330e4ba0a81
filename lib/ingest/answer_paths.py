"""Answers in lists of objects that are made otherwise than ours: where the parts of each are, as paths.

A part has a path, such as `sections.questions.score.points`: the name of a column, then keys of objects. Where the path
meets a list, it goes on in each of its objects. Each object of the list in which the criterion's name is met last is an
answer; a part outside of it, such as `sections.title`, is that of the object that the answer lies within. What follows
the paths is `listed_answers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

PART_NAMES = {
    "criterion": "criterion",
    "section": "section",
    "points": "points",
    "max_points": "maxPoints",
    "not_applicable": "notApplicable",
    "critical": "critical",
    "comment": "comment",
}
"""The parts of an answer, with what mappings and files call them."""


@dataclass(frozen=True, slots=True)
class AnswerPaths:
    """Where the parts of answers are in lists; None for a part that there is not."""

    criterion: str
    points: str
    max_points: str | int  # a path, or the same for all, in 1/OWN_SCALE of a point
    section: str | None = None
    section_by: str | None = None  # the key by which an answer names its section, where sections are in another list
    not_applicable: str | None = None
    critical: str | None = None
    comment: str | None = None

    @property
    def by_part(self) -> dict[str, str]:
        """The paths, by the names that the parts have here."""
        values = ((each.name, getattr(self, each.name)) for each in fields(self) if each.name != "section_by")
        return {name: value for name, value in values if isinstance(value, str)}


class PlacedPath(NamedTuple):
    """A path as it is in a file: the place of the column in the header, and the keys from there."""

    column: int
    keys: tuple[str, ...]


def place_path(path: str, header: Sequence[str]) -> PlacedPath | None:
    """Return where a path leads in a file: the longest name of a column that it begins with is the column's."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in header:
            return PlacedPath(header.index(name), tuple(parts[length:]))
    return None
