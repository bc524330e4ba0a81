"""The criteria of scorecards: the figures of each."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection

from lib.analytics import criteria
from lib.analytics.calendar import Calendar
from lib.analytics.criteria import in_order
from lib.analytics.metric_names import METRICS_PARAMETER
from lib.analytics.metrics_by_criterion import metrics_by_criterion
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
from lib.api.metric_values import PARAMETER, metric_values, parse_metrics
from lib.api.query_description import parameter, query
from lib.api.serializers import AnswerBody, answer, criterion_row, period, to_json
from lib.catalog.catalog import Catalog
from lib.catalog.criterion_metrics import CRITICAL_FAIL_RATE

_SORT = parameter("sort", "A field; `-` before it for descending. Default: the order of the scorecards.")


def router(catalog: Catalog) -> APIRouter:
    """Return the path, described by the catalog."""
    made = APIRouter(prefix="/analytics", tags=["Analytics"])
    made.get("/criteria", response_model=schemas.Criteria, openapi_extra=query(catalog, *PAGING, _SORT, PARAMETER))(
        read
    )
    return made


async def read(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures by the criteria of scorecards."""
    parameters = strict_query(request, (*space.catalog.parameters, *PAGE_NAMES, "sort", METRICS_PARAMETER))
    size = parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
    page = parse_whole_number(parameters, "page", 1, MAX_PAGE)
    filters, sort = filters_of(parameters, space, key), parse_single(parameters, "sort")
    look = _CriteriaLook(sort, page, size, parse_metrics(parameters, space.catalog))
    content, version = await answered(space, key, lambda: size, filters, _page, space.calendar, look)
    return answer(request, content, version)


@dataclass(frozen=True, slots=True)
class _CriteriaLook:
    """What the criteria are to look like: their order and page, and the metrics beside their figures."""

    sort: str | None
    page: int
    size: int
    metrics: tuple[str, ...]


def _page(connection: Connection, asked: Filters, calendar: Calendar, look: _CriteriaLook) -> AnswerBody:
    found = criteria.criteria(connection, asked, calendar)
    totals = metrics_by_criterion(connection, asked, calendar, look.metrics).criteria if look.metrics else {}
    if look.sort is not None and (name := look.sort.removeprefix("-")) in look.metrics:
        metric = asked.catalog.all_metrics[name]
        values = {row: metric.rounded(totals[row.criterion]) for row in found.rows}
        rows = in_order(found.rows, values.get, is_descending=look.sort.startswith("-"))
    else:
        rows = criteria.sorted_rows(found.rows, look.sort)
    shown = rows[(look.page - 1) * look.size : look.page * look.size]
    return to_json(
        {
            **period(found.period),
            "data": [
                criterion_row(row)
                | (metric_values(look.metrics, totals[row.criterion], asked.catalog) if look.metrics else {})
                for row in shown
            ],
            **{"page": look.page, "pageSize": look.size, "totalCount": len(rows)},
            CRITICAL_FAIL_RATE.name: CRITICAL_FAIL_RATE.rounded(found.evaluations),
        }
    )
