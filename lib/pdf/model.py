"""What is printed of a page: title, cards, and sections of charts, tables and shares. `document.py` makes the PDF.

All texts come as they are to be read: formatted, in the language of the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.charts.chart import Chart
from lib.i18n import current

KINDS = ("good", "bad", "chance", "plain")
"""What a change may mean."""


@dataclass(frozen=True, slots=True)
class Card:
    """A key figure: `kind` is what its change means, `against` what it is compared with, `course` its sparkline."""

    label: str
    value: str
    note: str = ""
    change: str = ""
    kind: str = "plain"
    against: str = ""
    course: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a kind that is none."""
        if self.kind not in KINDS:
            raise ValueError(f"A card's kind is '{self.kind}'; right would be one of: {', '.join(KINDS)}.")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. `right` says which columns stand at the right, as numbers do: all but the first by default.

    `count` is how many rows there are in all, where `rows` are the first of them.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] | None = None
    right: tuple[bool, ...] = ()
    count: int = 0

    def __post_init__(self) -> None:
        """Refuse rows that are not as wide as the header."""
        if not self.right:
            object.__setattr__(self, "right", (False,) + (True,) * (len(self.header) - 1))
        object.__setattr__(self, "count", max(self.count, len(self.rows)))
        for row in (*self.rows, self.right, *([self.total] if self.total else [])):
            if not self.header or len(row) != len(self.header):
                raise ValueError(f"A table with {len(self.header)} columns has a row of {len(row)}: {row[:3]}")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole: what it is called, how it is told (`1,204 · 61.2 %`), how much it is, its color."""

    label: str
    told: str
    amount: float
    color: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences that explain the numbers; those of a caption are small."""

    sentences: tuple[str, ...]
    is_caption: bool = False


@dataclass(frozen=True, slots=True)
class CardRow:
    """Cards side by side."""

    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and below it a chart with its notes, a table, parts of a whole, cards or a passage.

    What a chart begins with stands on its sheet, between the heading and the chart.
    Cards and passages may have no heading. Two narrow ones after each other stand side by side; no table is narrow.
    """

    heading: str
    body: Chart | Table | Passage | CardRow | tuple[Share, ...]
    narrow: bool = False
    lead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A page to print; `shown` says in words what is shown, and the footer stands at the foot of each sheet."""

    title: str
    question: str
    shown: str
    cards: tuple[Card, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: str = ""
    language: str = field(default_factory=current)
