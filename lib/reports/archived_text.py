"""That evaluations of a selection are archived, in words."""

from __future__ import annotations

from collections.abc import Iterator

from lib.analytics.archived_months import months_in_period
from lib.analytics.records import Record
from lib.reports.context import PageContext
from lib.reports.page import Caption
from lib.reports.words import text


def archived_caption(context: PageContext) -> Iterator[Caption]:
    """Yield which months of a selection are archived, where any is."""
    months = context.answers.run(months_in_period, context.filters, context.calendar)
    if months:
        yield Caption(
            text("Archived: {months}. Their evaluations are read from files, which takes longer.", months=months)
        )


def record_caption(record: Record) -> Iterator[Caption]:
    """Yield that an evaluation is archived, where it is."""
    if record.is_archived:
        yield Caption(text("This evaluation is archived."))
