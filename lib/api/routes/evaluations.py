"""The evaluations themselves: read, and written."""

from __future__ import annotations

import io
import itertools
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.engine import Connection

from lib.analytics import records
from lib.analytics.calendar import Calendar
from lib.analytics.filters import Filters
from lib.api import bodies, schemas
from lib.api.dependencies import (
    FILTER_NAMES,
    FILTERS,
    MAX_PAGE,
    MAX_PAGE_SIZE,
    PAGE_NAMES,
    RecordReader,
    RecordWriter,
    Space,
    answered,
    choice,
    filters_of,
    only,
    whole_number,
)
from lib.api.errors import invalid
from lib.api.figures import Body, answer, period, record, written
from lib.codes import Sentiment, State
from lib.errors import RefusedError
from lib.ingest.objects import MAX_OBJECTS

router = APIRouter(prefix="/evaluations", tags=["Evaluations"])

_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/ndjson")
_BODY = {
    "required": True,
    "content": {
        bodies.JSON: {"schema": {"type": "array", "items": {"type": "object"}}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "One object a line."}},
    },
}


@router.get("", response_model=schemas.Evaluations, dependencies=[FILTERS])
async def read(
    request: Request,
    space: Space,
    key: RecordReader,
    state: Annotated[list[str] | None, Query(description="Any of these states.")] = None,  # noqa: ARG001 - read below
    sentiment: Annotated[list[str] | None, Query(description="Any of these sentiments.")] = None,  # noqa: ARG001
    page: Annotated[str | None, Query(description="From 1.")] = None,  # noqa: ARG001
    pageSize: Annotated[str | None, Query(description=f"1 to {MAX_PAGE_SIZE}; default 100.")] = None,  # noqa: ARG001
) -> Response:
    """Get the evaluations behind a number, newest first."""
    parameters = only(request, (*FILTER_NAMES, "state", "sentiment", *PAGE_NAMES))
    asked = filters_of(parameters, space, key)
    states = choice(parameters, "state", tuple(member.name for member in State))
    sentiments = choice(parameters, "sentiment", tuple(member.name for member in Sentiment))
    size = whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
    content, version = await answered(
        space,
        key,
        lambda: size,
        asked,
        _records,
        space.calendar,
        tuple(State[name] for name in states),
        tuple(Sentiment[name] for name in sentiments),
        whole_number(parameters, "page", 1, MAX_PAGE),
        size,
    )
    return answer(request, content, version)


def _records(
    connection: Connection,
    asked: Filters,
    calendar: Calendar,
    states: tuple[State, ...],
    sentiments: tuple[Sentiment, ...],
    page: int,
    size: int,
) -> Body:
    found = records.records(connection, asked, calendar, states, sentiments, page, size)
    rows = [record(each, asked.zone(calendar.zone)) for each in found.records]
    counts = {"page": found.page, "pageSize": found.page_size, "totalCount": found.total_count}
    return written({**period(found.period), "data": rows, **counts})


@router.post("", response_model=schemas.Written, openapi_extra={"requestBody": _BODY})
def write(request: Request, space: Space, key: RecordWriter, body: bodies.Body) -> dict[str, Any]:
    """Load evaluations in the canonical columns: all or nothing, by id, by the rules of an import."""
    only(request, ())
    objects = _objects(bodies.media_type(request), body)
    report = space.write_evaluations(objects, key.actor, key.grant)
    done = report.loaded
    return {
        "importId": report.id,
        "read": report.read,
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "duplicates": done.duplicates,
        "exactDuplicates": done.exact_duplicates,
        "blank": report.blank,
        "bad": report.bad,
    }


def _objects(kind: str, body: bytes) -> list[object]:
    if kind != bodies.JSON and kind not in _LINES:
        raise bodies.unsupported(kind, f"{bodies.JSON} (an array) or {_LINES[0]}")
    try:
        text = body.decode("utf-8-sig")
        if kind == bodies.JSON and text.lstrip()[:1] in ("[", ""):
            found: list[object] = _parsed(text)
        else:
            lines = itertools.islice(io.StringIO(text, newline="\n"), MAX_OBJECTS + 1)
            found = [_parsed(line) if line.strip() else {} for line in lines]  # a blank line is a blank row
    except (ValueError, RecursionError):
        raise invalid(None, "The body is neither an array of evaluations nor one object a line, in UTF-8.") from None
    if len(found) > MAX_OBJECTS:
        raise RefusedError(413, f"More than {MAX_OBJECTS:,} evaluations are sent at once; right would be fewer.")
    return found


def _parsed(text: str) -> Any:
    # Numbers stay as they are written, so that no digit is lost on the way.
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
