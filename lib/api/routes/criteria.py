"""The criteria of scorecards: the figures of each."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection

from lib.analytics import criteria
from lib.analytics.calendar import Calendar
from lib.analytics.query import Filters, parse_single, parse_whole_number
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
from lib.api.query_description import parameter, query
from lib.api.serializers import AnswerBody, answer, criterion_row, period, to_json
from lib.catalog.catalog import Catalog
from lib.catalog.criterion_metrics import CRITICAL_FAIL_RATE

_SORT = parameter("sort", "A field; `-` before it for descending. Default: the order of the scorecards.")


def router(catalog: Catalog) -> APIRouter:
    """Return the path, described by the catalog."""
    made = APIRouter(prefix="/analytics", tags=["Analytics"])
    made.get("/criteria", response_model=schemas.Criteria, openapi_extra=query(catalog, *PAGING, _SORT))(read)
    return made


async def read(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures by the criteria of scorecards."""
    parameters = strict_query(request, (*space.catalog.parameters, *PAGE_NAMES, "sort"))
    size = parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
    page = parse_whole_number(parameters, "page", 1, MAX_PAGE)
    filters, sort = filters_of(parameters, space, key), parse_single(parameters, "sort")
    content, version = await answered(space, key, lambda: size, filters, _page, space.calendar, sort, page, size)
    return answer(request, content, version)


def _page(
    connection: Connection, asked: Filters, calendar: Calendar, sort: str | None, page: int, size: int
) -> AnswerBody:
    found = criteria.criteria(connection, asked, calendar)
    rows = criteria.sorted_rows(found.rows, sort)
    return to_json(
        {
            **period(found.period),
            "data": [criterion_row(row) for row in rows[(page - 1) * size : page * size]],
            **{"page": page, "pageSize": size, "totalCount": len(rows)},
            CRITICAL_FAIL_RATE.name: CRITICAL_FAIL_RATE.rounded(found.evaluations),
        }
    )
