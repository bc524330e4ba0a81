"""Summary, breakdowns and trends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.engine import Connection

from lib.access.api_keys import Key
from lib.analytics import breakdowns, grouped_trends, queries, rank_ranges
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.metric_names import METRICS_PARAMETER
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
from lib.api.metric_values import PARAMETER, metric_values, parse_metrics
from lib.api.query_description import TEXT, parameter, query
from lib.api.serializers import (
    AnswerBody,
    answer,
    figures,
    group,
    id_and_name,
    named_group,
    period,
    to_json,
    trend_points,
)
from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, Dimension, FlagDimension
from lib.errors import InvalidParameterError, nearest
from lib.errors.parameter_codes import ParameterCode
from lib.workspace import Workspace

WIDTHS = [each.value for each in Granularity]

_LARGEST_FIRST = "-totalEvaluations"
_OTHERS = "(other)"
"""The name of the series of all groups but the largest."""

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
    made.get("/summary", response_model=schemas.Summary, openapi_extra=query(catalog, PARAMETER))(summary)
    for path, dimension, shape in _BREAKDOWNS:
        made.get(
            f"/{path}",
            response_model=shape,
            openapi_extra=query(catalog, *PAGING, _SORT, PARAMETER),
            operation_id=path,
            name=path,
            description=f"Get the figures by {dimension.label.lower()}.",
        )(_breakdown(dimension))
    by = parameter("by", "What to group by.", {**TEXT, "enum": list(catalog.groupings_by_name)})
    made.get(
        "/breakdown",
        response_model=schemas.GroupPage,
        openapi_extra=query(catalog, {**by, "required": True}, *PAGING, _SORT, PARAMETER),
    )(breakdown)
    made.get(
        "/trends",
        response_model=schemas.Trends | schemas.GroupedTrends,
        openapi_extra=query(catalog, {**by, "description": "What to split by."}, _GRANULARITY, PARAMETER),
    )(trends)
    return made


async def summary(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures of the whole selection."""
    filters, metrics = read_selection(strict_query(request, selection_names(space)), space, key)
    content, version = await answered(space, key, lambda: 1, filters, _summary, space.calendar, metrics)
    return answer(request, content, version)


def selection_names(space: Workspace) -> tuple[str, ...]:
    """Return the parameters that say what figures are of, and which there are."""
    return (*space.catalog.parameters, METRICS_PARAMETER)


def read_selection(parameters: Mapping[str, list[str]], space: Workspace, key: Key) -> tuple[Filters, tuple[str, ...]]:
    """Read what figures are of, within what a key may see, and the metrics beside them.

    Raises InvalidParameterError.
    """
    return filters_of(parameters, space, key), parse_metrics(parameters, space.catalog)


def compute_summary(parameters: Mapping[str, list[str]], space: Workspace, key: Key) -> tuple[AnswerBody, int]:
    """Return what `summary` answers, and the version of the data, from the facts as they are now."""
    filters, metrics = read_selection(parameters, space, key)
    return space.answers.run_with_version(_summary, filters, space.calendar, metrics)


def _summary(connection: Connection, asked: Filters, calendar: Calendar, metrics: tuple[str, ...]) -> AnswerBody:
    found = queries.summary(connection, asked, calendar)
    totals = queries.own_totals(connection, asked, calendar, metrics) if metrics else found.sums
    more = metric_values(metrics, totals, asked.catalog)
    return to_json({**period(found.period), **figures(found.sums, asked.catalog, found), **more})


def _breakdown(dimension: Dimension) -> Callable[..., Awaitable[Response]]:
    async def breakdown(request: Request, space: Space, key: Reader) -> Response:
        parameters = strict_query(request, (*space.catalog.parameters, *PAGE_NAMES, "sort", METRICS_PARAMETER))
        sort = _sort(parameters)
        return await _answer_breakdown(request, space, key, parameters, dimension, sort, is_named=False)

    return breakdown


async def breakdown(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures by the groups of any dimension."""
    parameters = strict_query(request, (*space.catalog.parameters, *PAGE_NAMES, "sort", "by", METRICS_PARAMETER))
    dimension = _parse_by(parameters, space.catalog)
    if dimension is None:
        raise InvalidParameterError("by", ParameterCode.MISSING, known=", ".join(space.catalog.groupings_by_name))
    sort = _parse_sort(parameters, dimension, space.catalog)
    return await _answer_breakdown(request, space, key, parameters, dimension, sort, is_named=True)


def _sort(parameters: Mapping[str, list[str]]) -> str:
    asked = parse_single(parameters, "sort")
    return _LARGEST_FIRST if asked is None else asked


def _parse_by(parameters: Mapping[str, list[str]], catalog: Catalog) -> Dimension | None:
    """Read what to group by; None where it is not said."""
    parse_single(parameters, "by")
    names = parse_choices("by", parameters.get("by", ()), tuple(catalog.groupings_by_name))
    return catalog.groupings_by_name[names[0]] if names else None


def _parse_sort(parameters: Mapping[str, list[str]], dimension: Dimension, catalog: Catalog) -> str:
    """Read what a breakdown whose groups have an `id` and a `name` is sorted by, as the query module calls it."""
    sort = _sort(parameters)
    field = sort.removeprefix("-")
    # No and Yes are in the order of their ids.
    name = dimension.parameter if isinstance(dimension, FlagDimension) else breakdowns.order_of_names(dimension)
    metrics = (*catalog.metrics, *parse_metrics(parameters, catalog))
    names = {"id": dimension.parameter, "name": name, **{metric: metric for metric in metrics}}
    if field not in names:
        hint, known = nearest(field, names), ", ".join(names)
        raise InvalidParameterError("sort", ParameterCode.NOT_A_FIELD, value=sort[:60], hint=hint, known=known)
    return sort.replace(field, names[field])


async def _answer_breakdown(
    request: Request,
    space: Workspace,
    key: Key,
    parameters: dict[str, list[str]],
    dimension: Dimension,
    sort: str,
    *,
    is_named: bool,
) -> Response:
    size = parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
    paging = sort, parse_whole_number(parameters, "page", 1, MAX_PAGE), size
    filters, metrics = filters_of(parameters, space, key), parse_metrics(parameters, space.catalog)
    more = space.answers, space.calendar, dimension, _BreakdownLook(paging, metrics, is_named)
    content, version = await answered(space, key, lambda: size, filters, _page, *more)
    return answer(request, content, version)


@dataclass(frozen=True, slots=True)
class _BreakdownLook:
    """What a breakdown is to look like: its order and page, its metrics, how its groups are named."""

    paging: tuple[str, int, int]
    metrics: tuple[str, ...]
    is_named: bool


def _page(
    connection: Connection,
    asked: Filters,
    answers: QueryCache,
    calendar: Calendar,
    dimension: Dimension,
    look: _BreakdownLook,
) -> AnswerBody:
    metrics = look.metrics
    days_of = breakdowns.RANKED_BY  # said here, as the question of ranks says it: it is one answer
    own = ((*days_of, *metrics), metrics) if metrics else (days_of,)
    whole = answers.run_within(connection, breakdowns.all_groups, asked, calendar, dimension, *own)
    ranges = answers.run_within(connection, rank_ranges.ranks, asked, calendar, dimension, answers).groups
    found = breakdowns.page_of(connection, asked, calendar, dimension, whole, look.paging, metrics)
    ranked = [(row, ranges.get(row.named)) for row in found.groups]
    if look.is_named:
        rows = [named_group(dimension, row, asked.catalog, rank) for row, rank in ranked]
    else:
        rows = [group(dimension, row, asked.catalog, rank) for row, rank in ranked]
    for row, shown in zip(rows, found.groups, strict=True):
        row |= metric_values(metrics, shown.sums, asked.catalog)
    counts = {"page": found.page, "pageSize": found.page_size, "totalCount": found.total_count}
    return to_json({**period(found.period), "data": rows, **counts})


async def trends(request: Request, space: Space, key: Reader) -> Response:
    """Get the figures of every day, week or month of the period; with `by`, those of the largest groups."""
    parameters = strict_query(request, (*space.catalog.parameters, "granularity", "by", METRICS_PARAMETER))
    metrics = parse_metrics(parameters, space.catalog)
    dimension = _parse_by(parameters, space.catalog)
    parse_single(parameters, "granularity")
    widths = parse_choices("granularity", parameters.get("granularity", ()), WIDTHS)
    width = Granularity(widths[-1]) if widths else Granularity.DAILY
    asked = filters_of(parameters, space, key)
    calendar = space.calendar_in(asked.zone(space.settings.zone))
    courses = 1 if dimension is None else grouped_trends.LARGEST + 1
    content, version = await answered(
        space,
        key,
        lambda: courses * _points(space, asked, calendar, width),
        asked,
        _course,
        calendar,
        width,
        dimension,
        metrics,
    )
    return answer(request, content, version)


def _points(space: Workspace, asked: Filters, calendar: Calendar, width: Granularity) -> int:
    """Return how many points a trend has at most: the ends that are open are those of the data."""
    held = space.answers.run(queries.status)
    first, last = asked.date_from or held.first_day, asked.date_to or held.last_day
    if first is None or last is None:
        return 0
    return calendar.bucket_count(local_date(first, calendar.zone), local_date(last, calendar.zone), width)


def _course(
    connection: Connection,
    asked: Filters,
    calendar: Calendar,
    width: Granularity,
    dimension: Dimension | None,
    metrics: tuple[str, ...],
) -> AnswerBody:
    if dimension is None:
        course = queries.trend(connection, asked, calendar, width, metrics)
        points = _points_of(course, asked.catalog, metrics)
        return to_json({**period(course.period), "granularity": width.value, "data": points})
    split = grouped_trends.split(connection, asked, calendar, dimension, width, metrics)
    courses = [(id_and_name(dimension, named), trend) for named, trend in split.largest]
    courses += [({"id": None, "name": _OTHERS}, split.rest)] if split.rest else []
    series = [{**named, "data": _points_of(trend, asked.catalog, metrics)} for named, trend in courses]
    return to_json({**period(split.period), "granularity": width.value, "series": series})


def _points_of(trend: queries.Trend, catalog: Catalog, metrics: tuple[str, ...]) -> list[dict[str, Any]]:
    points = trend_points(trend, catalog)
    for point, shown in zip(points, trend.points, strict=True):
        point |= metric_values(metrics, shown.sums, catalog)
    return points
