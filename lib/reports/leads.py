"""Sentences that a chart begins with: they stay below its title wherever a page is printed or written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lib.reports.page import Block, ChartBlock, Sentences
from lib.reports.words import Words


def with_leads(blocks: Sequence[Block]) -> Iterator[tuple[Block, tuple[Words, ...]]]:
    """Yield blocks one by one, a chart with the sentences that stand between it and the title the page has said."""
    lead: Sentences | None = None
    for block, following in zip(blocks, (*blocks[1:], None), strict=True):
        if isinstance(block, Sentences) and isinstance(following, ChartBlock) and not following.has_heading:
            lead = block
        else:
            yield block, lead.sentences if lead else ()
            lead = None
