"""Which calls? The evaluations behind the numbers, in an order, a page at a time; those that hold a text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from lib.analytics import records
from lib.analytics.criteria import evaluation_answers
from lib.analytics.records import Record, RecordMatch, RecordOrder, Records
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EVALUATOR, EXECUTIVE, Member, NamedDimension
from lib.catalog.metrics import Unit
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.i18n import current, locale, t, t_in_context
from lib.reports import answers_table, formatting, metric_columns, own_columns, page_links
from lib.reports.archived_text import archived_caption, record_caption
from lib.reports.context import PageContext
from lib.reports.list_parameter import ListParameter
from lib.reports.page import (
    Block,
    Caption,
    Click,
    Empty,
    ExternalLink,
    Heading,
    Link,
    PageDefinition,
    Pager,
    SearchInput,
    SelectParameter,
    Suggestion,
    TableBlock,
    TextParameter,
)
from lib.reports.page_help import Topic
from lib.reports.page_links import OPENED, pairs, without_search
from lib.reports.table import Column, FileField, Look, PageTable, TableFile, file_fields
from lib.reports.words import Joined, Words, formatted, plural, text

PAGE_SIZE = 100

MOST_IN_FILE = 100_000
"""Evaluations that a file of this page holds; more are what exports are for."""

_ORDERS: dict[RecordOrder, Words] = {
    RecordOrder.NEWEST: text("newest first"),
    RecordOrder.OLDEST: text("oldest first"),
    RecordOrder.LOWEST_SCORE: text("lowest score first"),
    RecordOrder.HIGHEST_SCORE: text("highest score first"),
    RecordOrder.LONGEST: text("longest first"),
    RecordOrder.SHORTEST: text("shortest first"),
    RecordOrder.EXECUTIVE: text("by executive, A to Z"),
    RecordOrder.EXECUTIVE_BACKWARDS: text("by executive, Z to A"),
}

SORT = SelectParameter(
    "sort",
    text("Order"),
    lambda _: tuple((each.value, words) for each, words in _ORDERS.items()),
    RecordOrder.NEWEST.value,
    as_list=True,
)

ANY = "any"

WEEKDAY = SelectParameter(
    page_links.WEEKDAY,
    text("Day of week"),
    lambda _: ((ANY, text("All days")), *((str(each), formatted(_weekday, each)) for each in range(1, 8))),
    ANY,
    as_list=True,
)
HOUR = SelectParameter(
    page_links.HOUR,
    text("Hour"),
    lambda _: ((ANY, text("All hours")), *((str(each), formatting.hour(each)) for each in range(24))),
    ANY,
    as_list=True,
)

SEARCH = TextParameter(
    page_links.SEARCH,
    text("Search"),
    text("Searches IDs, executives' names and recording file names in all evaluations that match the filters."),
)

COLUMNS = ListParameter(
    "columns",
    text("More columns"),
    text("Your own fields"),
    lambda catalog: tuple((own.parameter, own.label) for own in catalog.own_fields if not own.archived),
)


def blocks(context: PageContext) -> Iterator[Block]:
    """Yield the blocks of the page: one evaluation, or a page of them, of which one beyond the last is the last."""
    if not context.summary.sums["evaluations"]:
        yield Empty(text("Nothing matches these filters"), text("Choose a longer period, or other filters."))
        return
    if context.view.opened:
        record = context.answers.run(records.record, context.filters, context.calendar, context.view.opened)
        yield Suggestion(text("All evaluations"), OPENED, "", "arrow_back")
        if record is None:
            yield Empty(
                text("Evaluation {id} is not here", id=context.view.opened[:60]),
                text("It may have been deleted, or other filters leave it out."),
            )
        else:
            yield from _detail(context, record)
        return
    yield _search_input(context)
    listed = _listed(context, context.view.page, PAGE_SIZE)
    pages = max(1, -(-listed.total_count // PAGE_SIZE))
    if listed.page > pages:
        listed = _listed(context, pages, PAGE_SIZE)
    if not listed.total_count:
        yield _no_results(context)
        return
    first = (listed.page - 1) * PAGE_SIZE + 1
    yield Caption(
        text(
            "{first} to {last} of {count}, {order}.",
            first=formatted(formatting.count, first),
            last=formatted(formatting.count, first + len(listed.records) - 1),
            count=formatted(formatting.count, listed.total_count),
            order=_ORDERS[_order(context)],
        )
    )
    yield from archived_caption(context)
    yield TableBlock(_table(context, listed), Click("open"))
    yield Pager(pages)
    if _is_too_long(listed):
        count = formatted(formatting.count, MOST_IN_FILE)
        yield Caption(text("To download more than {count} evaluations, use the Exports page.", count=count))


def _search_input(context: PageContext) -> SearchInput:
    """Return the search, what it looks in, and the choice of own fields as columns where the data have any."""
    used, chosen = context.own_fields_in_use, context.listed(COLUMNS)
    offered = {own.parameter for own in used} | set(chosen)
    options = tuple(pair for pair in COLUMNS.options(context.catalog) if pair[0] in offered)
    lists = (replace(COLUMNS, options=lambda _: options),) if options else ()
    search = SEARCH
    if remarks := _remarks(context):
        more = text(
            "Searches IDs, executives' names, recording file names and {fields} in all evaluations that match the "
            "filters.",
            fields=", ".join(remarks),
        )
        search = replace(SEARCH, help=more)
    return SearchInput(search, (WEEKDAY, HOUR, SORT), lists)


def _remarks(context: PageContext) -> list[str]:
    """Return the labels of the own fields that a search looks in."""
    return [own.label for own in context.own_fields_in_use if own.type is OwnFieldType.TEXT]


def _no_results(context: PageContext) -> Empty:
    """Return that nothing is found, and what else to look for."""
    if not context.text(SEARCH):
        return Empty(text("No evaluations at this time"), text("Choose another day of the week, or another hour."))
    return Empty(
        text("No results for “{search}”", search=context.text(SEARCH)),
        text("Try part of an ID, of an executive's name, of a recording's file name or of a remark.")
        if _remarks(context)
        else text("Try part of an ID, of an executive's name or of a recording's file name."),
    )


def _detail(context: PageContext, record: Record) -> Iterator[Block]:
    """Yield all that is known of an evaluation, and the way to whom it belongs."""
    yield Heading(text("Evaluation {id}", id=record.id))
    yield from record_caption(record)
    if record.recording_url:
        yield ExternalLink(record.recording_url, text("Open the recording"), "play_circle")
    facts = [(column.label, column.say(record)) for column in _columns(context, (record,))]
    facts += [(field.label, _said(field, record)) for field in _in_file_alone(context)]
    own = [(column.label, column.say(record)) for column in _own_columns(context, context.own_fields_in_use)]
    columns: tuple[Column[tuple[Words, str]], ...] = (
        Column(text("Field"), lambda fact: str(fact[0])),
        Column(text("Value"), lambda fact: fact[1]),
    )
    title = text("Evaluation {id}", id=record.id)
    file = TableFile(title, "evaluation", file_fields(columns), lambda: [*facts, *own])
    yield TableBlock(
        PageTable(title, "table-record", columns, facts, len(facts), "", title, file, has_total=False),
    )
    if own:
        title = text("Your own fields")
        yield Heading(title)
        yield TableBlock(PageTable(title, "table-own-fields", columns, own, len(own), "", title, None, has_total=False))
    answers = context.answers.run(evaluation_answers, record.answer_set, record.archived_id)
    if answers:
        yield from answers_table.blocks(answers)
    for dimension in (EXECUTIVE, EVALUATOR, CAMPAIGN, CALL_CENTER):
        member = record.members[dimension.name]
        if dimension is EVALUATOR and member.id is None:
            continue  # most teams have none, and then no page of them
        label = Joined((text(dimension.label), formatted(formatting.member_name, member)), ": ")
        parameters = {**without_search(context.parameters), OPENED: [member.parameter_value]}
        yield Link(dimension.plural.replace(" ", "_"), label, pairs(parameters), "open_in_new")


def _said(field: FileField[Record], record: Record) -> str:
    """Return what a file alone holds of an evaluation in words."""
    value = field.value(record)
    if value is None:
        return formatting.NOTHING
    return formatting.instant(value) if isinstance(value, datetime) else str(value)


def _weekday(number: int) -> str:
    return str(locale(current()).days["stand-alone"]["wide"][number - 1]).capitalize()


def _number(context: PageContext, select: SelectParameter) -> int | None:
    """Return the weekday or the hour that is chosen; None for all."""
    return None if context.selected(select) == ANY else int(context.selected(select))


def _is_too_long(listed: Records) -> bool:
    return listed.total_count > MOST_IN_FILE


def _listed(context: PageContext, page: int, size: int) -> Records:
    return context.answers.run(
        records.records,
        context.filters,
        context.calendar,
        page=page,
        page_size=size,
        order=_order(context),
        match=RecordMatch(context.text(SEARCH), _number(context, WEEKDAY), _number(context, HOUR)),
    )


def _order(context: PageContext) -> RecordOrder:
    return RecordOrder(context.selected(SORT))


def _columns(context: PageContext, listed: Sequence[Record]) -> tuple[Column[Record], ...]:
    """Return what a table says of an evaluation."""
    columns = record_columns(context.filters.zone(context.calendar.zone), context.dimensions_in_use)
    return (*columns, *([_recording_link(context)] if any(record.recording_url for record in listed) else []))


def record_columns(zone: ZoneInfo, dimensions: Sequence[NamedDimension]) -> tuple[Column[Record], ...]:
    """Return what every table says of an evaluation, in a zone, with whom it belongs to of the dimensions in use."""
    return (
        Column(
            text("When"),
            lambda record: record.audio_at.astimezone(zone).replace(tzinfo=None),
            lambda record: formatting.instant(record.audio_at.astimezone(zone)),
            orders=_both(RecordOrder.OLDEST, RecordOrder.NEWEST),
            in_file=(FileField("audioDate", text("When"), lambda record: record.audio_at.astimezone(zone), "instant"),),
        ),
        Column(
            text("Score"),
            lambda record: record.score,
            lambda record: formatting.value(Unit.SCORE, record.score),
            orders=_both(RecordOrder.LOWEST_SCORE, RecordOrder.HIGHEST_SCORE),
            in_file=(FileField("averageNote", text("Score"), lambda record: record.score, "score"),),
        ),
        _member_column(EXECUTIVE),
        _words("state", text("State"), lambda record: t_in_context("evaluation", record.state.name)),
        _words("sentiment", text("Sentiment"), lambda record: t(record.sentiment.name) if record.sentiment else ""),
        Column(
            text("Duration"),
            lambda record: record.duration_seconds,
            lambda record: formatting.value(Unit.SECONDS, record.duration_seconds),
            orders=_both(RecordOrder.SHORTEST, RecordOrder.LONGEST),
            in_file=(
                FileField("durationInSeconds", text("Duration"), lambda record: record.duration_seconds, "seconds"),
            ),
        ),
        *(_member_column(each) for each in dimensions if each != EXECUTIVE and not each.is_own),
        _words("isAICall", text("Handled by"), lambda record: t("AI") if record.is_ai else t("Human")),
        _words("id", text("Id"), lambda record: record.id),
    )


def _own_columns(context: PageContext, fields: Sequence[OwnField]) -> list[Column[Record]]:
    zone = context.filters.zone(context.calendar.zone)
    return [own_columns.column(own, zone) for own in fields]


def _in_file_alone(context: PageContext) -> tuple[FileField[Record], ...]:
    """Return what a file, and the page of one evaluation, say besides."""
    zone = context.filters.zone(context.calendar.zone)
    fields = context.catalog.fields

    def instant(name: str, value: Callable[[Record], datetime | None]) -> FileField[Record]:
        def local(record: Record) -> datetime | None:
            return None if (when := value(record)) is None else when.astimezone(zone)

        return FileField(name, text(fields[name].label), local, "instant")

    return (
        FileField("audioFileName", text(fields["audioFileName"].label), lambda record: record.audio_file_name),
        instant("createdAt", lambda record: record.created_at),
        instant("evaluatedAt", lambda record: record.evaluated_at),
    )


def _table(context: PageContext, listed: Records) -> PageTable[Record]:
    found = listed.records
    fields = [own for own in context.catalog.own_fields if not own.archived]
    chosen = [own for own in fields if own.parameter in context.listed(COLUMNS)]
    others = _own_columns(context, [own for own in context.own_fields_in_use if own not in chosen])
    columns = (*_columns(context, found), *_own_columns(context, chosen))

    def file_rows() -> tuple[Record, ...]:
        return _listed(context, 1, MOST_IN_FILE).records

    search = context.text(SEARCH)
    labels = (dict(select.options(context.catalog))[context.selected(select)] for select in (WEEKDAY, HOUR))
    more_shown = (
        *([text("search: {search}", search=search)] if search else []),
        *(label for label in labels if label not in (text("All days"), text("All hours"))),
        _ORDERS[_order(context)],
    )
    file = TableFile(
        text("Evaluations"),
        "evaluations",
        file_fields(columns, (*_in_file_alone(context), *file_fields(others))),
        file_rows,
        more_shown=more_shown,
    )
    return PageTable(
        text("Evaluations"),
        "table-records",
        columns,
        found,
        len(found),
        _ORDERS[_order(context)],
        plural("{count} evaluation", "{count} evaluations, {order}", len(found), order=_ORDERS[_order(context)]),
        None if _is_too_long(listed) else file,
        has_total=False,
        ids=tuple(record.id for record in found),
        hint=text("Click to open this evaluation."),
        listed=listed.total_count,
    )


def _recording_link(context: PageContext) -> Column[Record]:
    label = text(context.catalog.fields["recordingUrl"].label)
    return _words("recordingUrl", label, lambda record: record.recording_url or "", Look.LINK)


def _member_column(dimension: NamedDimension) -> Column[Record]:
    orders = _both(RecordOrder.EXECUTIVE, RecordOrder.EXECUTIVE_BACKWARDS) if dimension == EXECUTIVE else None
    in_file = metric_columns.member_fields(dimension, partial(_named, dimension), partial(_member, dimension))
    return Column(text(dimension.label), partial(_member, dimension), orders=orders, in_file=in_file)


def _both(least: RecordOrder, greatest: RecordOrder) -> tuple[str, str]:
    return least.value, greatest.value


def _words(name: str, label: Words, value: Callable[[Record], str], look: Look = Look.WORDS) -> Column[Record]:
    """Return a column of words, by its name in the API; a file holds them as they are read."""
    return Column(label, value, look=look, in_file=(FileField(name, label, value),))


def _named(dimension: NamedDimension, record: Record) -> Member:
    return record.members[dimension.name]


def _member(dimension: NamedDimension, record: Record) -> str:
    return formatting.member_name(record.members[dimension.name])


PAGE = PageDefinition(
    "evaluations",
    text("Evaluations"),
    text("Which calls are behind the figures?"),
    "list_alt",
    blocks,
    selects=(WEEKDAY, HOUR, SORT),
    texts=(SEARCH,),
    lists=(COLUMNS,),
    is_compared=False,
    topics=(
        Topic(
            text("Order and search"),
            text(
                "Both go through all evaluations that the filters choose, not through those alone that are on the "
                "page. Evaluations without a value come last."
            ),
        ),
        Topic(
            text("Score"),
            text("Only completed evaluations have a score, a sentiment and a duration that the figures count."),
        ),
    ),
)
