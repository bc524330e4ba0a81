"""Summary, breakdowns and trends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection

from lib.analytics import breakdowns, queries, rank_ranges
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.query import Filters, local_date, parse_choices, parse_single, parse_whole_number
from lib.analytics.query_cache import QueryCache
from lib.api import schemas
from lib.api.dependencies import (
    MAX_PAGE,
    MAX_PAGE_SIZE,
    PAGE_NAMES,
    PAGING,
    Reader,
    Space,
    answered,
    filters_of,
    strict_query,
)
from lib.api.query_description import TEXT, parameter, query
from lib.api.serializers import AnswerBody, answer, figures, group, period, to_json
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, Dimension
from lib.workspace import Workspace

WIDTHS = [each.value for each in Granularity]

_SORT = parameter("sort", "A field; `-` before it for descending.")
_GRANULARITY = parameter("granularity", "The width of a point; default: daily.", {**TEXT, "enum": WIDTHS})
_BREAKDOWNS: tuple[tuple[str, Dimension, type[schemas.Page]], ...] = (
    ("campaigns", CAMPAIGN, schemas.Campaigns),
    ("call-centers", CALL_CENTER, schemas.CallCenters),
    ("executives", EXECUTIVE, schemas.Executives),
)


def router(catalog: Catalog) -> APIRouter:
    """Return the paths, described by the catalog."""
    made = APIRouter(prefix="/analytics", tags=["Analytics"])
    made.get("/summary", response_model=schemas.Summary, openapi_extra=query(catalog))(summary)
    for path, dimension, shape in _BREAKDOWNS:
        made.get(
            f"/{path}",
            response_model=shape,
            openapi_extra=query(catalog, *PAGING, _SORT),
            operation_id=path,
            name=path,
            description=f"Get the figures by {dimension.label.lower()}.",
        )(_breakdown(dimension))
    made.get("/trends", response_model=schemas.Trends, openapi_extra=query(catalog, _GRANULARITY))(trends)
    return made


async def summary(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures of the whole selection."""
    filters = filters_of(strict_query(request, space.catalog.parameters), space, key)
    content, version = await answered(space, key, lambda: 1, filters, _summary, space.calendar)
    return answer(request, content, version)


def _summary(connection: Connection, asked: Filters, calendar: Calendar) -> AnswerBody:
    found = queries.summary(connection, asked, calendar)
    return to_json({**period(found.period), **figures(found.sums, asked.catalog, found)})


def _breakdown(dimension: Dimension) -> Callable[..., Awaitable[Response]]:
    async def breakdown(request: Request, space: Space, key: Reader) -> Response:
        parameters = strict_query(request, (*space.catalog.parameters, *PAGE_NAMES, "sort"))
        size = parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
        content, version = await answered(
            space,
            key,
            lambda: size,
            filters_of(parameters, space, key),
            _page,
            space.answers,
            space.calendar,
            dimension,
            (
                parse_single(parameters, "sort") or "-totalEvaluations",
                parse_whole_number(parameters, "page", 1, MAX_PAGE),
                size,
            ),
        )
        return answer(request, content, version)

    return breakdown


def _page(
    connection: Connection,
    asked: Filters,
    answers: QueryCache,
    calendar: Calendar,
    dimension: Dimension,
    paging: tuple[str, int, int],
) -> AnswerBody:
    days_of = breakdowns.RANKED_BY  # said here, as the question of ranks says it: it is one answer
    whole = answers.run_within(connection, breakdowns.all_groups, asked, calendar, dimension, days_of)
    ranges = answers.run_within(connection, rank_ranges.ranks, asked, calendar, dimension, answers).groups
    found = breakdowns.page_of(connection, asked, calendar, dimension, whole, paging)
    rows = [group(dimension, row, asked.catalog, ranges.get(row.named)) for row in found.groups]
    counts = {"page": found.page, "pageSize": found.page_size, "totalCount": found.total_count}
    return to_json({**period(found.period), "data": rows, **counts})


async def trends(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures of every day, week or month of the period."""
    parameters = strict_query(request, (*space.catalog.parameters, "granularity"))
    parse_single(parameters, "granularity")
    widths = parse_choices("granularity", parameters.get("granularity", ()), WIDTHS)
    width = Granularity(widths[-1]) if widths else Granularity.DAILY
    asked = filters_of(parameters, space, key)
    calendar = space.calendar_in(asked.zone(space.settings.zone))
    content, version = await answered(
        space, key, lambda: _points(space, asked, calendar, width), asked, _course, calendar, width
    )
    return answer(request, content, version)


def _points(space: Workspace, asked: Filters, calendar: Calendar, width: Granularity) -> int:
    """Return how many points a trend has at most: the ends that are open are those of the data."""
    held = space.answers.run(queries.status)
    first, last = asked.date_from or held.first_day, asked.date_to or held.last_day
    if first is None or last is None:
        return 0
    return calendar.bucket_count(local_date(first, calendar.zone), local_date(last, calendar.zone), width)


def _course(connection: Connection, asked: Filters, calendar: Calendar, width: Granularity) -> AnswerBody:
    found = queries.trend(connection, asked, calendar, width)
    points = [
        {"date": point.bucket.first.isoformat(), "partial": point.bucket.partial, **figures(point.sums, asked.catalog)}
        for point in found.points
    ]
    return to_json({**period(found.period), "granularity": width.value, "data": points})
