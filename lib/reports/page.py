"""A page as a value: what it says about a query, block by block, in no language yet and for no medium.

`lib/ui/page_view.py` draws it, `lib/pdf/page_document.py` prints it, `lib/exports/page_workbook.py` writes it as a
workbook, `lib/mail/page_mail.py` as a mail. Texts are `Words`, charts are figures, tables know their rows; so all of
them show the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension, NamedDimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import Metric
from lib.reports import formatting
from lib.reports.changes import Delta, basis, delta
from lib.reports.choice import ChoiceInput, ChoiceParameter
from lib.reports.figures import Figure
from lib.reports.list_parameter import ListParameter
from lib.reports.page_help import Topic
from lib.reports.table import PageTable
from lib.reports.words import Words, formatted
from lib.statistics.clusters import SharedSpread

if TYPE_CHECKING:
    from lib.reports.context import PageContext

Parameters = tuple[tuple[str, str], ...]
"""URL parameters as pairs, a name once for each of its values."""


@dataclass(frozen=True, slots=True)
class SelectParameter:
    """A URL parameter with one of several options: its label, the labeled options of a catalog, the default."""

    parameter: str
    label: Words
    options: Callable[[Catalog], tuple[tuple[str, Words], ...]]
    default: str
    as_list: bool = False  # for many options; few stand side by side
    shows_label: bool = True

    def values(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the values that may be chosen."""
        return tuple(value for value, _ in self.options(catalog))


@dataclass(frozen=True, slots=True)
class NumberParameter:
    """A URL parameter with a whole number from 1 that a reader may give: its label and help."""

    parameter: str
    label: Words
    help: Words
    most: int = 999_999_999


@dataclass(frozen=True, slots=True)
class TextParameter:
    """A URL parameter with a text that a reader may look for: its label and help."""

    parameter: str
    label: Words
    help: Words


@dataclass(frozen=True, slots=True)
class SearchInput:
    """The field of a text that a reader may look for, with what may be selected beside it."""

    text: TextParameter
    selects: tuple[SelectParameter, ...] = ()
    lists: tuple[ListParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberInput:
    """The field of a number that a reader may give."""

    number: NumberParameter


@dataclass(frozen=True, slots=True)
class SelectInputs:
    """Parameters to select in one line; `with_granularity`: the width of a trend's buckets is chosen beside them."""

    selects: tuple[SelectParameter, ...]
    with_granularity: bool = False


@dataclass(frozen=True, slots=True)
class MetricCard:
    """A key figure of a selection: its totals, those of the compared period, and its course as values."""

    metric: Metric
    totals: MeasureTotals
    course: tuple[float | None, ...]
    before: MeasureTotals | None = None
    compared_with: Words = ""
    executives: SharedSpread | None = None  # how those who are in both periods spread around the change
    link: Link | None = None  # the way to what explains it
    target: Words = ""  # what it should be, and whether it is

    @property
    def value(self) -> Words:
        """The value with its unit."""
        return formatted(formatting.metric, self.metric, self.totals)

    @property
    def basis(self) -> tuple[Words, ...]:
        """What the value rests on."""
        return (*basis(self.metric, self.totals), *([self.target] if self.target else []))

    @property
    def small_sample_mark(self) -> str:
        """What marks a score of few evaluations, in the language in use; empty for others."""
        return formatting.metric_small_sample(self.metric, self.totals)

    @property
    def is_tested(self) -> bool:
        """Whether its change is tested."""
        return self.delta is not None and self.delta.is_tested

    @property
    def delta(self) -> Delta | None:
        """How it changed; None where there is nothing to compare."""
        return delta(self.metric, self.before, self.totals, self.executives)

    @property
    def was(self) -> Words:
        """The value in the compared period; none where nothing is compared."""
        return formatted(formatting.metric, self.metric, self.before) if self.before else ""


@dataclass(frozen=True, slots=True)
class Cards:
    """The key figures of a selection."""

    cards: tuple[MetricCard, ...]


@dataclass(frozen=True, slots=True)
class Leader:
    """What is first in something: in what, its name, what its place rests on, and the way to its detail."""

    label: Words
    name: Words
    note: Words
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Leaders:
    """The best groups, and the weakest criteria, side by side."""

    leaders: tuple[Leader, ...]


class Tone(Enum):
    """What a part's color says."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class ShareSegment:
    """A part of a whole: its name in links, its label, how much it is, its color, and the evaluations it leads to."""

    name: str
    label: Words
    count: int
    tone: Tone
    evaluations: Parameters


@dataclass(frozen=True, slots=True)
class Shares:
    """The parts of a whole under a title."""

    title: Words
    shares: tuple[ShareSegment, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader must know before the numbers: a label, and sentences."""

    label: Words
    sentences: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Sentences:
    """What was found, a sentence each; `help` says how it is known and what it assumes."""

    sentences: tuple[Words, ...]
    help: Words


@dataclass(frozen=True, slots=True)
class Link:
    """The way to another page, by its URL path."""

    page: str
    label: Words
    parameters: Parameters
    icon: str


@dataclass(frozen=True, slots=True)
class ExternalLink:
    """The way to an address outside the app, http or https, which opens in a new tab."""

    address: str
    label: Words
    icon: str


@dataclass(frozen=True, slots=True)
class Story:
    """What moved a number, in sentences: the change, what chance and the mix have to do with it, the largest parts."""

    change: Words
    chance: Words | None
    mix_effect: Words | None
    parts: Words
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another option of a page's parameter that is worth a look."""

    label: Words
    parameter: str
    value: str
    icon: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A title within a page."""

    title: Words


@dataclass(frozen=True, slots=True)
class Caption:
    """Small words that explain what stands beside them; of what a click does none are printed, nor in workbooks."""

    words: Words
    printed: bool = True


@dataclass(frozen=True, slots=True)
class IgnoredPart:
    """What of a link was passed over, as the data do not have it; on screens alone."""

    words: Words


@dataclass(frozen=True, slots=True)
class Empty:
    """That there is nothing to show, and what to do about it."""

    what: Words
    hint: Words


@dataclass(frozen=True, slots=True)
class Click:
    """What a click on a mark or a row does: open its detail, narrow by it, list its evaluations, make it the period.

    `scores` lists the evaluations of a bar of the histogram, `hour` those of a square of the week, `trend` shows a
    metric over time, `failed` lists the evaluations that failed a criterion.
    """

    action: Literal["open", "narrow", "evaluations", "period", "scores", "hour", "trend", "failed"]
    dimension: Dimension | None = None


@dataclass(frozen=True, slots=True)
class ChartBlock:
    """A chart under its title.

    A narrow one takes half the width in print.
    Where the page has said the title already (`has_heading` is False) it stands on pictures and in print alone.
    """

    title: Words
    figure: Figure
    key: str
    click: Click | None = None
    is_narrow: bool = False
    has_heading: bool = True
    with_granularity: bool = False


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A table; a click on a row's button, its first column unless that is a day, does what `click` says with its id."""

    table: PageTable[Any]
    click: Click | None = None


@dataclass(frozen=True, slots=True)
class Pager:
    """The choice of a page of a long list, from 1."""

    pages: int


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two columns of blocks; on narrow screens one after the other."""

    left: tuple[Block, ...]
    right: tuple[Block, ...]


Block = (
    Cards
    | Leaders
    | Shares
    | Notice
    | Sentences
    | Story
    | Suggestion
    | Heading
    | Caption
    | IgnoredPart
    | Empty
    | Link
    | ExternalLink
    | SelectInputs
    | NumberInput
    | SearchInput
    | ChoiceInput
    | ChartBlock
    | TableBlock
    | Pager
    | SideBySide
)
"""A part of a page."""


@dataclass(frozen=True, slots=True)
class PageDefinition:
    """A page: its URL path, title, question and icon, what makes its blocks from a context, its own inputs.

    A page of a dimension shows one of its groups in detail where a link opens it.
    """

    name: str
    title: Words
    question: Words
    icon: str
    blocks: Callable[[PageContext], Iterator[Block]]
    selects: tuple[SelectParameter, ...] = ()
    dimension: NamedDimension | None = None
    numbers: tuple[NumberParameter, ...] = ()
    texts: tuple[TextParameter, ...] = ()
    lists: tuple[ListParameter, ...] = ()
    choices: tuple[ChoiceParameter, ...] = ()
    is_compared: bool = True  # with another period
    topics: tuple[Topic, ...] = ()  # what its help explains besides the metrics


@dataclass(frozen=True, slots=True)
class PageValue:
    """What a page says about a selection; `shown` says in words what the selection is."""

    title: Words
    question: Words
    shown: tuple[Words, ...]
    blocks: tuple[Block, ...]

    @property
    def flat(self) -> tuple[Block, ...]:
        """All blocks one after the other, for media that have one column."""
        return tuple(flattened(self.blocks))


def flattened(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield blocks one after the other, those of columns from left to right."""
    for block in blocks:
        if isinstance(block, SideBySide):
            yield from flattened((*block.left, *block.right))
        else:
            yield block
