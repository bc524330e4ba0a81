"""The summary as a stream of events."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lib.analytics.metric_names import METRICS_PARAMETER
from lib.api.dependencies import Space, Streamer, filters_of, strict_query
from lib.api.event_stream import HEADERS, MIME, EventStream, StreamedQuestion, last_version
from lib.api.metric_values import PARAMETER, parse_metrics
from lib.api.query_description import TEXT, query
from lib.api.routes.analytics import summary_body
from lib.api.serializers import AnswerBody
from lib.api.throttle import QUESTION_TURNS
from lib.catalog.catalog import Catalog

_WHO = "streams"
"""Who takes the turns of questions that streams ask: all of them together have those of one key."""

_RESUMES = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The `id` of the last event that came: what it said is not said again.",
    "schema": TEXT,
}


def router(catalog: Catalog) -> APIRouter:
    """Return the path, described by the catalog."""
    made = APIRouter(prefix="/analytics", tags=["Analytics"])
    described = query(catalog, PARAMETER)
    made.get(
        "/stream",
        status_code=200,
        response_class=EventStream,
        responses={200: {"description": "Events: `summary` with the body of `/analytics/summary`; `bye` at the end."}},
        openapi_extra={"parameters": [*described["parameters"], _RESUMES]},
    )(stream)
    return made


async def stream(request: Request, space: Space, key: Streamer) -> Response:
    """Get the summary at once, and again after each change of it, as server-sent events."""
    parameters = strict_query(request, (*space.catalog.parameters, METRICS_PARAMETER))

    def compute() -> tuple[AnswerBody, int]:
        filters = filters_of(parameters, space, key)  # anew: fields, metrics and the zone may be others by now
        metrics = parse_metrics(parameters, space.catalog)
        with QUESTION_TURNS.take(_WHO):
            return space.answers.run_with_version(summary_body, filters, space.calendar, metrics)

    filters_of(parameters, space, key)
    parse_metrics(parameters, space.catalog)
    if "head" in request.scope["state"]:
        return Response(headers=HEADERS, media_type=MIME)
    name = tuple(sorted((name, tuple(values)) for name, values in parameters.items())), key.grant
    asked = StreamedQuestion(name, compute, last_version(request.headers.get("last-event-id")))
    return EventStream(asked, key, space.live_answers, space.key_watch)
