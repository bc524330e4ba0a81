"""Whether the server lives and can answer, and what it counts; at the root, for load balancers and Prometheus."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import anyio.to_thread
import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp

from lib import workspace
from lib.analytics import queries
from lib.api.errors import ApiError, not_found
from lib.api.middleware import EveryRequest
from lib.api.throttle import HEALTH_THREADS
from lib.errors import CallboardError
from lib.observability import prometheus
from lib.store import schema
from lib.store.enums import ImportResult

log = logging.getLogger(__name__)

_ROWS = ("read", "added", "changed", "unchanged", "blank", "bad")
"""What the history of imports counts."""


async def healthz(_request: Request) -> Response:
    """Answer that the process is alive."""
    return JSONResponse({"status": "ok"})


async def readyz(_request: Request) -> Response:
    """Answer whether questions can be answered, and changes be kept."""
    await anyio.to_thread.run_sync(_answer_one, limiter=HEALTH_THREADS)
    return JSONResponse({"status": "ready"})


async def metrics(_request: Request) -> Response:
    """Answer the counts in Prometheus' format."""
    try:
        await anyio.to_thread.run_sync(_gauge, limiter=HEALTH_THREADS)
    except CallboardError as error:
        log.warning("Metrics without gauges: %s", error.message)
    return Response(generate_latest(prometheus.REGISTRY), media_type=CONTENT_TYPE_LATEST)


async def nothing(_request: Request) -> Response:
    """Answer that there is nothing at the API's own address."""
    raise not_found("There is no such path.")


def _served(endpoint: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    async def reading(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            allowed = {"Allow": "GET, HEAD"}
            raise ApiError(405, "METHOD_NOT_ALLOWED", "This path does not take that method.", headers=allowed)
        return await endpoint(request)

    return EveryRequest(request_response(reading))


ROUTES = [
    Route(path, _served(endpoint))
    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics), ("/v1", nothing))
]


def _answer_one() -> None:
    space = workspace.current()
    space.check_zone()
    with space.facts.read(5) as connection:
        queries.status(connection)
    with space.state.read() as connection:
        connection.execute(sa.select(schema.jobs.c.id).limit(1)).first()
    for store in (space.facts, space.state):
        store.check_room()


def _gauge() -> None:
    space = workspace.current()
    count, size = space.answers.kept()
    prometheus.CACHE_ANSWERS.set(count)
    prometheus.CACHE_BYTES.set(size)
    status = space.answers.run(queries.status)
    prometheus.EVALUATIONS.set(status.evaluations)
    prometheus.DATA_VERSION.set(status.data_version)
    counts = sa.select(schema.jobs.c.kind, schema.jobs.c.status, sa.func.count()).group_by(
        schema.jobs.c.kind, schema.jobs.c.status
    )
    with space.state.read() as connection:
        rows = connection.execute(counts).all()
    table = schema.imports.c
    columns = [table[name] for name in _ROWS]
    imports = sa.select(table.result, sa.func.count(), *map(sa.func.sum, columns)).group_by(table.result)
    with space.facts.read(5) as connection:
        imported = connection.execute(imports).all()
    prometheus.IMPORTS.clear()
    for result, count, *_ in imported:
        prometheus.IMPORTS.labels(ImportResult(result).label).set(count)
    for place, name in enumerate(_ROWS):
        prometheus.IMPORT_ROWS.labels(name).set(sum(int(row[place + 2]) for row in imported))
    prometheus.JOBS.clear()
    for kind, state, count in rows:
        prometheus.JOBS.labels(kind, state).set(count)
