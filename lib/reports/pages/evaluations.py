"""Which calls? The evaluations behind the numbers, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from lib.analytics import records
from lib.analytics.record_fields import record_values
from lib.analytics.records import Record
from lib.catalog.dimensions import NamedDimension
from lib.catalog.metrics import Unit
from lib.i18n import t, t_in_context
from lib.reports import formatting
from lib.reports.context import PageContext
from lib.reports.file_columns import FileColumn
from lib.reports.page import Block, Caption, Empty, PageDefinition, Pager, TableBlock
from lib.reports.table import Column, PageTable, TableFile
from lib.reports.words import formatted, text

PAGE_SIZE = 100


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page; a page beyond the last is the last."""
    count = context.summary.sums["evaluations"]
    if not count:
        yield Empty(text("Nothing matches these filters"), text("Choose a longer period, or other filters."))
        return
    pages = -(-count // PAGE_SIZE)
    page = min(context.choices.page, pages)
    listed = context.answers.run(records.records, context.filters, context.calendar, page=page, page_size=PAGE_SIZE)
    first = (page - 1) * PAGE_SIZE + 1
    yield Caption(
        text(
            "{first} to {last} of {count}, newest first.",
            first=formatted(formatting.count, first),
            last=formatted(formatting.count, first + len(listed.records) - 1),
            count=formatted(formatting.count, listed.total_count),
        )
    )
    yield TableBlock(_table(context, listed.records))
    yield Pager(pages)


def _table(context: PageContext, found: Sequence[Record]) -> PageTable[Record]:
    zone = context.filters.zone(context.calendar.zone)
    columns: tuple[Column[Record], ...] = (
        Column(
            text("When"),
            lambda record: record.audio_at.astimezone(zone).replace(tzinfo=None),
            lambda record: formatting.instant(record.audio_at.astimezone(zone)),
        ),
        Column(text("State"), lambda record: t_in_context("evaluation", record.state.name)),
        Column(text("Score"), lambda record: record.score, lambda record: formatting.value(Unit.SCORE, record.score)),
        Column(text("Sentiment"), lambda record: t(record.sentiment.name) if record.sentiment else ""),
        Column(
            text("Duration"),
            lambda record: record.duration_seconds,
            lambda record: formatting.value(Unit.SECONDS, record.duration_seconds),
        ),
        *(Column(text(each.label), partial(_member, each)) for each in context.catalog.dimensions),
        Column(text("Who spoke"), lambda record: t("AI") if record.is_ai else t("Human")),
        Column(text("Id"), lambda record: record.id),
    )
    file_columns = tuple(FileColumn(field.name, field.kind.value) for field in context.catalog.fields.values())

    def file_rows() -> tuple[tuple[Any, ...], ...]:
        return tuple(tuple(record_values(record, zone, context.catalog).values()) for record in found)

    return PageTable(
        text("Evaluations"),
        "table-records",
        columns,
        found,
        len(found),
        text("the newest first"),
        text("{count} evaluations, newest first", count=formatted(formatting.count, len(found))),
        TableFile("Evaluations", "evaluations", file_columns, file_rows),
        has_total=False,
    )


def _member(dimension: NamedDimension, record: Record) -> str:
    return formatting.member_name(record.members[dimension.name])


PAGE = PageDefinition(
    "evaluations", text("Evaluations"), text("Which calls are behind the numbers?"), "list_alt", blocks
)
