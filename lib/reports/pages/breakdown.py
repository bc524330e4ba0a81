"""How do groups compare? The groups of anything that evaluations are told apart by, as other pages have campaigns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lib.catalog.dimensions import CAMPAIGN
from lib.reports import catalog_words, grouping
from lib.reports.context import PageContext
from lib.reports.grouping import BY
from lib.reports.page import Block, Click, PageDefinition
from lib.reports.page_help import SELECTION
from lib.reports.pages import breakdowns
from lib.reports.words import text


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the groups of what is chosen; a click on one narrows the page to it."""
    dimension = grouping.chosen(context, BY) or CAMPAIGN
    inputs = (replace(grouping.offered(context, BY), label=text("Group by")),)
    yield from breakdowns.all_groups(
        context, dimension, catalog_words.label(dimension), Click("narrow", dimension), inputs
    )


PAGE = PageDefinition(
    "breakdown",
    text("Breakdown"),
    text("How do groups compare?"),
    "segment",
    blocks,
    (BY, breakdowns.SCORES, breakdowns.CONSTANT, breakdowns.LIMITS),
    topics=(*SELECTION, breakdowns.ADJUSTED, breakdowns.LIMITS_TOPIC),
)
