"""Whether the server lives and can answer, and what it counts; at the root, for load balancers and Prometheus."""

from __future__ import annotations

import logging

import anyio.to_thread
import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lib import schema, workspace
from lib.analytics import queries
from lib.api import metrics
from lib.errors import CallboardError

log = logging.getLogger(__name__)


async def healthz(_request: Request) -> Response:
    """Answer that the process is alive."""
    return JSONResponse({"status": "ok"})


async def readyz(_request: Request) -> Response:
    """Answer whether questions can be answered."""
    try:
        await anyio.to_thread.run_sync(_answer_one)
    except CallboardError as error:
        log.warning("Not ready: %s", error.message)
        return JSONResponse({"status": "unavailable"}, 503, {"Retry-After": "5"})
    return JSONResponse({"status": "ready"})


async def prometheus(_request: Request) -> Response:
    """Answer the counts in Prometheus' format."""
    try:
        await anyio.to_thread.run_sync(_gauge)
    except CallboardError as error:
        log.warning("Metrics without gauges: %s", error.message)
    return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", prometheus)]


def _answer_one() -> None:
    space = workspace.current()
    with space.facts.read(5) as connection:
        queries.status(connection)
    with space.state.read() as connection:
        connection.execute(sa.select(schema.jobs.c.id).limit(1)).first()


def _gauge() -> None:
    space = workspace.current()
    status = space.answers.ask(queries.status)
    metrics.EVALUATIONS.set(status.evaluations)
    metrics.DATA_VERSION.set(status.data_version)
    counts = sa.select(schema.jobs.c.kind, schema.jobs.c.status, sa.func.count()).group_by(
        schema.jobs.c.kind, schema.jobs.c.status
    )
    with space.state.read() as connection:
        rows = connection.execute(counts).all()
    metrics.JOBS.clear()
    for kind, state, count in rows:
        metrics.JOBS.labels(kind, state).set(count)
