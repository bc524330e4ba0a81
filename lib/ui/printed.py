"""What a page shows, noted down while it is drawn, so that it can be printed as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lib.charts.chart import Chart
from lib.pdf.model import Card, Paper, Section, Share, Table


@dataclass(slots=True)
class Printed:
    """A page's cards and sections in the order in which they were drawn."""

    title: str
    question: str
    cards: list[Card] = field(default_factory=list)
    sections: list[Callable[[], Section]] = field(default_factory=list)

    def chart(self, heading: str, drawing: Chart, words: tuple[str, ...] = (), *, narrow: bool = False) -> None:
        """Note a chart, and what is said of it."""
        section = Section(heading, drawing, words, narrow=narrow)
        self.sections.append(lambda: section)

    def shares(self, heading: str, parts: tuple[Share, ...]) -> None:
        """Note the parts of a whole."""
        section = Section(heading, parts, narrow=True)
        self.sections.append(lambda: section)

    def table(self, heading: str, make: Callable[[], Table]) -> None:
        """Note a table, which is made when the page is printed: a long one takes time, and few print."""
        self.sections.append(lambda: Section(heading, make()))

    def paper(self, shown: str, footer: str) -> Paper:
        """Return the page as it is printed."""
        sections = tuple(make() for make in self.sections)
        return Paper(self.title, self.question, shown, tuple(self.cards), sections, footer=footer)
