"""A parameter of which the data, not the catalog, have the options, as the criteria of scorecards."""

from __future__ import annotations

from dataclasses import dataclass

from lib.reports.words import Words


@dataclass(frozen=True, slots=True)
class ChoiceParameter:
    """A URL parameter with the name of something that the data may have: its label. Any text may stand in a link."""

    parameter: str
    label: Words


@dataclass(frozen=True, slots=True)
class ChoiceInput:
    """The list from which one is chosen: the options of the selection with their labels, the first of them by default.

    What a link asks for is among the options where the data have it, in the selection or not; else it is passed over.
    """

    choice: ChoiceParameter
    options: tuple[tuple[str, Words], ...]
