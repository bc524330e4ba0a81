"""A page as its URL asks for it, made without anybody who looks: for mails, which go to people by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lib.analytics import queries
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.grants import Grant
from lib.analytics.query_cache import QueryCache
from lib.analytics.start_period import start_period
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Member
from lib.errors.codes import CodedText
from lib.reports import formatting, page_parameters
from lib.reports.context import Notes, PageContext, ViewOptions, build_context
from lib.reports.page import PageDefinition, PageValue
from lib.reports.page_links import OPENED, with_period
from lib.reports.page_parameters import PageParameters
from lib.reports.words import Words, formatted, text


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page, the parameters of its URL with dates in place of a period's name, and who asks for it."""

    definition: PageDefinition
    parameters: Mapping[str, Sequence[str]]
    grant: Grant
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class RequestedPage:
    """What a page says, what it is about, what of its parameters was passed over, and a URL's that say its period."""

    value: PageValue
    context: PageContext
    problems: tuple[CodedText, ...]
    parameters: Mapping[str, Sequence[str]]


def requested_page(request: PageRequest, answers: QueryCache, calendar: Calendar, notes: Notes) -> RequestedPage:
    """Return what a page says to who may see what `grant` lets them; `calendar` is the workspace's, as of now."""
    definition, catalog = request.definition, request.catalog
    begin = answers.run(start_period, calendar, request.grant, catalog).days
    start = with_period({} if begin is None else {"dateFrom": [begin[0].isoformat()], "dateTo": [begin[1].isoformat()]})
    complete = page_parameters.complete(request.parameters, start, calendar, catalog)
    parsed = page_parameters.parse(complete, calendar.zone, catalog)
    filters = replace(parsed.filters, grant=request.grant)
    opened = _opened(request, parsed, answers)
    if opened is not None and definition.dimension is not None:
        filters = filters.narrowed(definition.dimension, opened.parameter_value)
    links = {
        name: list(values)
        for name, values in complete.items()
        if name in page_parameters.VIEW_PARAMETERS and name not in (OPENED, page_parameters.PAGE)
    }
    view = view_options(parsed, links, is_compared=definition.is_compared)
    context = build_context(answers, calendar, filters, view, notes, opened)
    title: Words = definition.title if opened is None else formatted(formatting.member_name, opened)
    blocks = tuple(definition.blocks(context)) if context.summary.sums["evaluations"] else ()
    return RequestedPage(
        PageValue(title, definition.question, context.shown, blocks), context, parsed.problems, complete
    )


def view_options(parsed: PageParameters, links: Mapping[str, list[str]], *, is_compared: bool) -> ViewOptions:
    """Return how parameters ask for a page to be shown; `links` are those that its links keep."""
    first, last = (parsed.compared.get(name) for name in page_parameters.COMPARED_DAYS)
    chosen = parsed.selected.get("granularity")
    return ViewOptions(
        (parsed.selected.get("compare") or "previous") if is_compared else "none",
        None if first is None or last is None else (min(first, last), max(first, last)),
        Granularity(chosen) if chosen else None,
        {name: value for name, value in parsed.selected.items() if value},
        {name: value for name, value in parsed.numbers.items() if value},
        {name: value for name, value in parsed.texts.items() if value},
        {name: tuple(values) for name, values in parsed.lists.items() if values},
        parsed.page,
        parsed.single.get(OPENED, ""),
        links,
    )


def nothing_to_show() -> Words:
    """Return what is said where a selection holds no evaluation."""
    return text("Nothing matches these filters")


def _opened(request: PageRequest, parsed: PageParameters, answers: QueryCache) -> Member | None:
    """Return the group whose detail the page opens; None for all, and where there is none of that id in sight."""
    dimension, wanted = request.definition.dimension, parsed.single.get(OPENED, "")
    if dimension is None or not wanted:
        return None
    members = answers.run(queries.options, dimension, request.grant, request.catalog)
    return next((member for member in members if member.parameter_value == wanted), None)
