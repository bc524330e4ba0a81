"""Own metrics: what there is, each version of one, its definition, and what a formula comes to."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy.engine import Connection

from lib.access.api_keys import Key
from lib.analytics import metric_definitions, planner, queries
from lib.analytics.calendar import Calendar
from lib.analytics.metric_definitions import PREVIEW
from lib.analytics.query import Filters, parse_single, parse_whole_number
from lib.api import request_body, schemas
from lib.api.dependencies import MetricWriter, Reader, Space, answered, filters_of, strict_query
from lib.api.errors import ApiError, invalid
from lib.api.filter_body import filter_fields, filter_parameters
from lib.api.query_description import parameter
from lib.api.serializers import AnswerBody, answer, to_json
from lib.catalog.catalog import Catalog
from lib.catalog.own_metrics import MetricDefinition
from lib.catalog.targets import visible_targets
from lib.jobs import metric_tasks
from lib.workspace import Workspace

_MOST_VERSIONS = 1_000_000


class MetricValuesBody(BaseModel):
    """What a metric is to be; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str | None = Field(None, description="As in the path, where it is said.")
    label: str | None = None
    description: str | None = None
    formula: str | None = Field(None, description="A new metric needs it.", examples=["share(field.resolved)"])
    unit: str | None = Field(None, description="number, share, score, seconds, count, or a text such as €.")
    decimals: int | None = Field(None, description="0 to 4.")
    better: str | None = Field(None, description="higher, lower or null.")
    minimum: int | None = Field(None, description="Below so many evaluations a value is marked; default 30.")
    target: Any = Field(None, description='A number, or such as {"value": 8, "campaign": {"camp_12": 7.5}}.')


class PreviewOrder(BaseModel):
    """A formula, and the filters of a selection."""

    model_config = ConfigDict(extra="forbid", strict=True)
    formula: str
    name: str | None = Field(None, description="The metric that the formula is to become.")
    unit: str | None = None
    decimals: int | None = None
    dateFrom: str | None = None
    dateTo: str | None = None
    timezone: str | None = None


@cache
def _preview_model(catalog: Catalog) -> type[PreviewOrder]:
    return create_model("PreviewOrder", __base__=PreviewOrder, __doc__=PreviewOrder.__doc__, **filter_fields(catalog))


def router(catalog: Catalog) -> APIRouter:
    """Return the paths, described by the catalog."""
    made = APIRouter(prefix="/analytics/metrics", tags=["Metrics"])
    made.get("", response_model=schemas.MetricList)(read_all)
    preview_schema = _preview_model(catalog).model_json_schema()
    made.post("/preview", response_model=schemas.Preview, openapi_extra=_body(preview_schema))(preview)
    version = parameter("version", "Which version; the last one where it is left out.", {"type": "integer"})
    made.get("/{name}", response_model=schemas.MetricDetail, openapi_extra={"parameters": [version]})(read)
    made.put(
        "/{name}",
        response_model=schemas.MetricDetail,
        responses={201: {"model": schemas.MetricDetail, "description": "It was defined."}},
        openapi_extra=_body(MetricValuesBody.model_json_schema()),
    )(write)
    made.delete("/{name}", status_code=204)(archive)
    return made


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {request_body.JSON: {"schema": schema}}}}


async def read_all(request: Request, space: Space, key: Reader) -> Response:
    """Get the built-in metrics, and those of the workspace, archived ones too."""
    strict_query(request, ())
    listed = await run_in_threadpool(metric_tasks.list_metrics, space)
    return answer(request, to_json({"data": [_seen_by(key, each) for each in listed]}))


def _seen_by(key: Key, described: dict[str, Any]) -> dict[str, Any]:
    """Return a metric without the targets of groups that a key does not see."""
    limits = None if key.grant.everything else dict(key.grant.limits)
    return {**described, "target": visible_targets(described["target"], limits)}


async def read(request: Request, space: Space, key: Reader, name: str) -> Response:
    """Get a metric, or one of its versions, and where it is used."""
    parameters = strict_query(request, ("version",))
    version = None
    if parse_single(parameters, "version") is not None:
        version = parse_whole_number(parameters, "version", 1, _MOST_VERSIONS)
    described = await run_in_threadpool(metric_tasks.show_metric, space, name, version)
    return answer(request, to_json(_seen_by(key, described)))


async def write(
    request: Request, response: Response, space: Space, key: MetricWriter, name: str, body: request_body.Body
) -> dict[str, Any]:
    """Define a metric, or make a new version of it; an archived one comes back."""
    strict_query(request, ())
    _require_everything(key)
    wanted = request_body.parsed(request, body, MetricValuesBody)
    values = wanted.model_dump(exclude_unset=True)
    if values.pop("name", None) not in (None, name):
        raise invalid("name", f"The body is of the metric '{wanted.name}', the path of '{name}'.")
    for optional in ("label", "description", "formula", "unit", "minimum"):
        if optional in values and values[optional] is None:
            del values[optional]
    is_new = await run_in_threadpool(metric_tasks.set_metric, space, key.actor, name, values)
    response.status_code = 201 if is_new else 200
    return await run_in_threadpool(metric_tasks.show_metric, space, name)


async def archive(request: Request, space: Space, key: MetricWriter, name: str) -> Response:
    """Archive a metric: it leaves pages and answers, and its versions stay."""
    strict_query(request, ())
    _require_everything(key)
    await run_in_threadpool(lambda: metric_tasks.archive_metric(space, key.actor, name, archived=True))
    return Response(status_code=204)


def _require_everything(key: Key) -> None:
    """Raise ApiError where a key sees a part of the data: metrics are everybody's."""
    if not key.grant.everything:
        raise ApiError(403, "INSUFFICIENT_SCOPE", "A key that may see a part of the data alone can't change metrics.")


async def preview(request: Request, space: Space, key: Reader, body: request_body.Body) -> Response:
    """Get what a formula comes to in a selection, before it is a metric."""
    strict_query(request, ())
    order = request_body.parsed(request, body, _preview_model(space.catalog))
    filters = filters_of(filter_parameters(order, space.catalog.parameters), space, key)
    catalog = await run_in_threadpool(_with_preview, space, key, order)
    asked = filters.in_catalog(catalog)
    content, _ = await answered(space, key, lambda: 1, asked, _preview, space.calendar)
    return answer(request, content)


def _with_preview(space: Workspace, key: Key, order: PreviewOrder) -> Catalog:
    given = {name: value for name in ("unit", "decimals") if (value := getattr(order, name)) is not None}
    wanted = MetricDefinition(PREVIEW, PREVIEW, order.formula, **given)
    metric_definitions.check_look(wanted)
    with space.facts.read() as connection:
        return metric_definitions.with_preview(connection, space.catalog, wanted, order.name, key.grant)


def _preview(connection: Connection, asked: Filters, calendar: Calendar) -> AnswerBody:
    metric = asked.catalog.all_metrics[PREVIEW]
    totals = queries.own_totals(connection, asked, calendar, (PREVIEW,))
    return to_json(
        {
            "value": metric.rounded(totals),
            "interval": metric.rounded_interval(totals),
            "n": metric.n(totals),
            "fromRollup": planner.is_from_rollup(asked, metric),
        }
    )
