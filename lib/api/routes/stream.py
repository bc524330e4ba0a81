"""The summary as a stream of events."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from lib.analytics.metric_names import METRICS_PARAMETER
from lib.api.dependencies import Space, Streamer, strict_query
from lib.api.event_stream import HEADERS, MIME, EventStream, StreamedQuestion, last_version
from lib.api.metric_values import PARAMETER
from lib.api.query_description import TEXT, query
from lib.api.routes.analytics import compute_summary, read_selection, selection_names
from lib.api.serializers import AnswerBody
from lib.api.throttle import QUESTION_TURNS
from lib.catalog.catalog import Catalog

_WHO = "streams"
"""Who takes the turns of questions that streams ask: all of them together have those of one key."""

_EVENTS = "Events: `summary` with the body of `/analytics/summary`; `bye` when the server stops."
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
        response_class=Response,
        responses={200: {"description": _EVENTS, "content": {MIME: {"schema": TEXT}}}},
        openapi_extra={"parameters": [*described["parameters"], _RESUMES]},
    )(stream)
    return made


async def stream(request: Request, space: Space, key: Streamer) -> Response:
    """Get the summary at once, and again after each change of it, as server-sent events."""
    parameters = strict_query(request, selection_names(space))
    read_selection(parameters, space, key)
    if "head" in request.scope["state"]:
        return Response(headers=HEADERS, media_type=MIME)

    def compute() -> tuple[AnswerBody, int]:
        with QUESTION_TURNS.take(_WHO):
            return compute_summary(parameters, space, key)

    name = tuple(sorted((name, tuple(values)) for name, values in parameters.items())), key.grant
    last = last_version(request.headers.get("last-event-id"))
    asked = StreamedQuestion(name, compute, last, has_formulas=METRICS_PARAMETER in parameters)
    return EventStream(asked, key, space.watched_questions, space.key_watch)
