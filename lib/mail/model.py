"""What a mail shows, part by part: texts as they are to be read, and pictures by their content ids.

`templates.py` writes these as HTML and `plain_text.py` as text, so both say the same.
"""

from __future__ import annotations

from dataclasses import dataclass

CHANGE_KINDS = ("good", "bad", "chance", "plain")
"""What a change may mean, by which it is colored."""


@dataclass(frozen=True, slots=True)
class MailLink:
    """The way to a page of the app, or to an address outside."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class MailCard:
    """A figure or a name under its label: what it rests on, its change with its meaning, what it is compared with."""

    label: str
    value: str
    notes: tuple[str, ...] = ()
    change: str = ""
    kind: str = "plain"
    against: str = ""
    url: str | None = None
    scale: str = ""  # what a score is out of
    is_figure: bool = True  # a name is smaller

    def __post_init__(self) -> None:
        """Refuse a kind that is none."""
        if self.kind not in CHANGE_KINDS:
            raise ValueError(f"A card's kind is '{self.kind}'; right would be one of: {', '.join(CHANGE_KINDS)}.")


@dataclass(frozen=True, slots=True)
class MailCards:
    """Cards, two side by side."""

    cards: tuple[MailCard, ...]


@dataclass(frozen=True, slots=True)
class MailPicture:
    """A chart: its content id, the size that it is shown in, what it shows in words, and notes below it."""

    content_id: str
    width: int
    height: int
    alt: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailCell:
    """A cell of a table: what it says, what its change means, and where it leads."""

    words: str
    kind: str = "plain"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class MailTable:
    """The first rows of a table and its row of the whole.

    `right` says which columns hold numbers, `in_one_line` which have room for each of their cells in one line.
    `count` is how many rows there are in all, without that of the whole; `left_out` names the columns that the page has
    besides. `on_phone` says which columns a narrow window has room for; empty: all.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[MailCell, ...], ...]
    right: tuple[bool, ...]
    in_one_line: tuple[bool, ...]
    total: tuple[MailCell, ...] | None = None
    count: int = 0
    order: str = ""
    left_out: tuple[str, ...] = ()
    label: str = ""  # what the table is, for who can't see it
    on_phone: tuple[bool, ...] = ()

    @property
    def left_out_on_phone(self) -> tuple[str, ...]:
        """The names of the columns that a narrow window does not have."""
        hidden = (label for label, is_shown in zip(self.header, self.on_phone, strict=False) if not is_shown)
        return (*hidden, *self.left_out)

    def is_on_phone(self, place: int) -> bool:
        """Return whether a narrow window has the column of a place, from 0."""
        return not self.on_phone or self.on_phone[place]

    def __post_init__(self) -> None:
        """Refuse rows that are not as wide as the header."""
        for row in (*self.rows, self.right, self.in_one_line, *([self.total] if self.total else [])):
            if len(row) != len(self.header):
                raise ValueError(f"A mail's table with {len(self.header)} columns has a row of {len(row)}.")


@dataclass(frozen=True, slots=True)
class MailShare:
    """A part of a whole: its label, how many it is, its percentage in words, its share, and what its color says."""

    label: str
    count: str
    percent: str
    amount: float
    tone: str


@dataclass(frozen=True, slots=True)
class MailShares:
    """The parts of a whole, as a bar and a legend."""

    shares: tuple[MailShare, ...]


@dataclass(frozen=True, slots=True)
class MailPassage:
    """Sentences that explain the numbers, and the way to more of it; those of a caption are small."""

    sentences: tuple[str, ...]
    is_caption: bool = False
    link: MailLink | None = None


@dataclass(frozen=True, slots=True)
class MailNotice:
    """What a reader must know before the numbers."""

    label: str
    sentences: tuple[str, ...]

    @property
    def ended_label(self) -> str:
        """The label, with a full stop where sentences follow that it would run into."""
        is_open = self.sentences and self.label and self.label[-1] not in ".:!?…"
        return f"{self.label}." if is_open else self.label


@dataclass(frozen=True, slots=True)
class MailLinks:
    """Ways onward, one below the other."""

    links: tuple[MailLink, ...]


MailBody = MailCards | MailPicture | MailTable | MailShares | MailPassage | MailNotice | MailLinks
"""What stands in a section."""


@dataclass(frozen=True, slots=True)
class MailSection:
    """A heading, the sentences that lead to what stands below it, and that; any of the three may be missing."""

    heading: str = ""
    lead: tuple[str, ...] = ()
    body: MailBody | None = None


@dataclass(frozen=True, slots=True)
class MailDocument:
    """A mail before it is written: where it comes from, its title, the selection in words, sections, footer.

    `preview` is what mail programs show beside the subject. `reason` says why the mail is sent; `is_subscription`: it
    ends with the recipient's own link to get no more of them.
    """

    title: str
    language: str
    sections: tuple[MailSection, ...]
    label: str = ""
    question: str = ""
    shown: tuple[str, ...] = ()
    preview: str = ""
    sentences: tuple[str, ...] = ()
    links: tuple[MailLink, ...] = ()
    reason: str = ""
    is_subscription: bool = True
