"""What a page shows, noted down while it is drawn, so that it can be printed as it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.charts.drawing import Drawing
from lib.charts.paper import Card, Paper, Section, Share, Table


@dataclass(slots=True)
class Printed:
    """A page's cards and sections in the order in which they were drawn."""

    title: str
    question: str
    cards: list[Card] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    def chart(self, heading: str, drawing: Drawing, words: tuple[str, ...] = (), *, narrow: bool = False) -> None:
        """Note a chart, and what is said of it."""
        self.sections.append(Section(heading, drawing, words, narrow=narrow))

    def shares(self, heading: str, parts: tuple[Share, ...]) -> None:
        """Note the parts of a whole."""
        self.sections.append(Section(heading, parts, narrow=True))

    def table(self, heading: str, table: Table) -> None:
        """Note a table."""
        self.sections.append(Section(heading, table))

    def paper(self, shown: str, footer: str) -> Paper:
        """Return the page as it is printed."""
        return Paper(self.title, self.question, shown, tuple(self.cards), tuple(self.sections), footer=footer)
