"""The evaluations themselves: read, and written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.engine import Connection
from starlette.convertors import Convertor, register_url_convertor

from lib.access.api_keys import Key
from lib.analytics import records
from lib.analytics.archived_months import months_in_period
from lib.analytics.calendar import Calendar
from lib.analytics.criteria import evaluation_answers
from lib.analytics.query import Filters, clean, parse_single, parse_whole_number
from lib.analytics.record_fields import record_as_json
from lib.analytics.records import Record, RecordMatch, RecordOrder
from lib.api import request_body, schemas
from lib.api.dependencies import (
    MAX_PAGE,
    MAX_PAGE_SIZE,
    PAGE_NAMES,
    PAGING,
    RecordReader,
    RecordWriter,
    Space,
    answered,
    filters_of,
    strict_query,
)
from lib.api.errors import invalid, not_found
from lib.api.query_description import ZONE, parameter, query
from lib.api.serializers import AnswerBody, answer, criterion_answer, period, to_json
from lib.api.throttle import body_cost, charge
from lib.catalog.catalog import Catalog
from lib.catalog.own_fields import OwnField
from lib.errors import FieldError, InvalidParameterError, nearest
from lib.errors.field_codes import FieldCode
from lib.errors.parameter_codes import ParameterCode
from lib.ingest.api_records import unknown_fields_of
from lib.ingest.history import ImportReport
from lib.ingest.json_items import decode_body, decode_object
from lib.ingest.json_values import json_text
from lib.ingest.mapping import folded
from lib.ingest.text_cleaning import clean_text
from lib.workspace import Workspace

_OWN = (
    parameter(
        "sort",
        f"One of {', '.join(f'`{each.value}`' for each in RecordOrder)}; default `{RecordOrder.NEWEST.value}`. Those "
        "without the value come last; ties: the newest first, then by id.",
    ),
    parameter(
        "search", "Words, each of which the id, the executive's name or the recording's file name holds, in any case."
    ),
)
_OWN_NAMES = tuple(each["name"] for each in _OWN)

_RESULTS = "results"

SHORT_BYTES = 16 * 1024
"""Bytes of a body that is short: it is decoded at once, and checked and loaded together with others."""

_LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines", "application/ndjson")
_BODY = {
    "required": True,
    "content": {
        request_body.JSON: {"schema": {"type": "array", "items": {"type": "object"}}},
        "application/x-ndjson": {"schema": {"type": "string", "description": "One object a line."}},
    },
}
_ONE = {"required": True, "content": {request_body.JSON: {"schema": {"type": "object"}}}}


class _AnyText(Convertor[str]):
    """A part of an address that may hold anything; Starlette's own `path` knows no line breaks."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        """Take it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Give it as it is."""
        return value


register_url_convertor("any", _AnyText())


def router(catalog: Catalog) -> APIRouter:
    """Return the paths, described by the catalog."""
    made = APIRouter(prefix="/evaluations", tags=["Evaluations"])
    made.get("", response_model=schemas.Evaluations, openapi_extra=query(catalog, *PAGING, *_OWN))(read)
    described = {"parameters": [ZONE]}
    made.get(f"/{{id:any}}/{_RESULTS}", response_model=schemas.Answers, openapi_extra=described)(read_results)
    made.get("/{id:any}", response_model=schemas.EvaluationWithAnswers, openapi_extra=described)(read_one)
    made.post("", response_model=schemas.Written, openapi_extra={"requestBody": _BODY})(write)
    made.put("/{id:any}", response_model=schemas.Written, openapi_extra={"requestBody": _ONE})(write_one)
    return made


async def read(request: Request, space: Space, key: RecordReader) -> Response:
    """Get the evaluations behind a number, newest first, or in another order."""
    parameters = strict_query(request, (*space.catalog.parameters, *PAGE_NAMES, *_OWN_NAMES))
    asked = filters_of(parameters, space, key)
    size = parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)
    content, version = await answered(
        space,
        key,
        lambda: size,
        asked,
        _records,
        space.calendar,
        parse_whole_number(parameters, "page", 1, MAX_PAGE),
        size,
        _order(parameters),
        parse_single(parameters, "search") or "",
    )
    return answer(request, content, version)


async def read_one(request: Request, space: Space, key: RecordReader, id: str) -> Response:
    """Get one evaluation by its id."""
    filters = filters_of(strict_query(request, ("timezone",)), space, key)
    content, version = await answered(space, key, lambda: 1, filters, _record, space.calendar, clean("id", id))
    return answer(request, content, version)


def _record(connection: Connection, filters: Filters, calendar: Calendar, id: str) -> AnswerBody:
    return _whole(connection, _found(connection, filters, calendar, id), filters, calendar)


def _found(connection: Connection, filters: Filters, calendar: Calendar, id: str) -> Record:
    evaluation = records.record(connection, filters, calendar, id)
    if evaluation is None:
        raise not_found(f"There is no evaluation '{id[:60]}' that the key may see.")
    return evaluation


def _whole(connection: Connection, evaluation: Record, filters: Filters, calendar: Calendar) -> AnswerBody:
    answers = evaluation_answers(connection, evaluation.answer_set, evaluation.archived_id)
    values = record_as_json(evaluation, filters.zone(calendar.zone), filters.catalog)
    return to_json({**values, "results": [criterion_answer(each) for each in answers]})


async def read_results(request: Request, space: Space, key: RecordReader, id: str) -> Response:
    """Get the answers of an evaluation to the criteria of its scorecard."""
    filters = filters_of(strict_query(request, ("timezone",)), space, key)
    content, version = await answered(space, key, lambda: 1, filters, _results, space.calendar, clean("id", id))
    return answer(request, content, version)


def _results(connection: Connection, filters: Filters, calendar: Calendar, id: str) -> AnswerBody:
    # An id may end as the path does.
    named_alike = records.record(connection, filters, calendar, f"{id}/{_RESULTS}")
    if named_alike is not None:
        return _whole(connection, named_alike, filters, calendar)
    evaluation = _found(connection, filters, calendar, id)
    answers = evaluation_answers(connection, evaluation.answer_set, evaluation.archived_id)
    return to_json({"data": [criterion_answer(each) for each in answers]})


def _order(parameters: Mapping[str, Sequence[str]]) -> RecordOrder:
    """Read the order that is asked for. Raises InvalidParameterError."""
    asked = parse_single(parameters, "sort")
    known = [each.value for each in RecordOrder]
    if asked is not None and asked not in known:
        hint = nearest(asked, known)
        raise InvalidParameterError(
            "sort", ParameterCode.NOT_A_FIELD, value=asked[:60], hint=hint, known=", ".join(known)
        )
    return RecordOrder.NEWEST if asked is None else RecordOrder(asked)


def _records(
    connection: Connection,
    filters: Filters,
    calendar: Calendar,
    page: int,
    size: int,
    order: RecordOrder,
    search: str,
) -> AnswerBody:
    listed = records.records(connection, filters, calendar, page, size, order, RecordMatch(search))
    rows = [record_as_json(each, filters.zone(calendar.zone), filters.catalog) for each in listed.records]
    counts = {"page": listed.page, "pageSize": listed.page_size, "totalCount": listed.total_count}
    months = months_in_period(connection, filters, calendar)
    archived = {"archivedMonths": months} if months else {}
    return to_json({**period(listed.period), "data": rows, **counts, **archived})


async def write(request: Request, space: Space, key: RecordWriter) -> dict[str, Any]:
    """Load evaluations in the canonical columns: all or nothing, by id, by the rules of an import."""
    strict_query(request, ())
    kind = request_body.media_type(request)
    if kind != request_body.JSON and kind not in _LINES:
        raise request_body.unsupported(kind, f"{request_body.JSON} (an array) or {_LINES[0]}")
    async with request_body.receive(request, key) as body:
        await _charge_body(space, key, len(body))
        if len(body) > SHORT_BYTES:
            return await _written(space, key, lambda: decode_body(body, kind == request_body.JSON))
        found = [*decode_body(body, kind == request_body.JSON)]
        return await _written(space, key, lambda: found)


async def write_one(request: Request, space: Space, key: RecordWriter, id: str) -> dict[str, Any]:
    """Load one evaluation under the id of the path, in place of the one that has it: by the same rules."""
    strict_query(request, ())
    if request_body.media_type(request) != request_body.JSON:
        raise request_body.unsupported(request_body.media_type(request), request_body.JSON)
    id = _as_kept(request, id)
    async with request_body.receive(request, key) as body:
        await _charge_body(space, key, len(body))
        evaluation = _with_id(decode_object(body), id)
        return await _written(space, key, lambda: [evaluation])


async def _charge_body(space: Workspace, key: Key, size: int) -> None:
    """Count what a body costs beside the request itself, which was counted as it came in."""
    cost = body_cost(size) - 1
    if cost:
        await run_in_threadpool(charge, space.rates, space.settings.rate_limit, key, cost)


def _as_kept(request: Request, id: str) -> str:
    """Return the id of the path. Raises ApiError where it would not be kept as it is there, and so not be found."""
    try:
        unquote_to_bytes(request.scope["raw_path"]).decode()
    except UnicodeDecodeError as error:
        odd = quote(error.object[error.start : error.end])
        raise invalid(
            "id", f"The id in the path has {odd}, which is not UTF-8; right would be an id in UTF-8."
        ) from None
    id = clean("id", id)
    kept = clean_text(id)
    if kept != id:
        right = f"'{quote(kept[:60], safe='')}' in the path" if kept else "an id that can be seen"
        raise invalid("id", f"The id '{quote(id[:60], safe='')}' would not be kept as it is; right would be {right}.")
    return id


def _with_id(evaluation: dict[str, object], id: str) -> dict[str, object]:
    """Return an evaluation under the id of the path. Raises ApiError where it names another one itself."""
    rest = {name: value for name, value in evaluation.items() if folded(name) != "id"}
    for name, value in evaluation.items():
        text = json_text(value)
        if name not in rest and text is not None and (not isinstance(text, str) or clean("id", text.strip()) != id):
            raise invalid("id", "The id in the body is another one than in the path; right would be the same, or none.")
    return {"id": id, **rest}


async def _written(space: Workspace, key: Key, objects: Callable[[], Iterable[object]]) -> dict[str, Any]:
    """Load evaluations; while they wait for others, they hold no thread. Those in a list are few."""

    async def load() -> ImportReport:
        found = objects()
        # To hand a list to a thread would take longer than to begin with it, unless it defines fields.
        if isinstance(found, list) and space.knows_catalog and not _fields_added(space, key, found):
            begun = space.begin_writing(found, key.actor, key.grant)
        else:
            begun = await run_in_threadpool(_begin, space, key, objects)
        return await asyncio.wrap_future(begun)

    try:
        return _counts(await load())
    except FieldError as error:
        if error.reason.code is not FieldCode.FIELDS_CHANGED:
            raise
    return _counts(await load())  # by the fields as they are now


def _begin(space: Workspace, key: Key, objects: Callable[[], Iterable[object]]) -> Future[ImportReport]:
    return space.begin_writing(objects(), key.actor, key.grant, _fields_added(space, key, objects()))


def _fields_added(space: Workspace, key: Key, objects: Iterable[object]) -> tuple[OwnField, ...]:
    may_define = "fields:write" in key.scopes and key.grant.everything
    return unknown_fields_of(objects, space.catalog) if may_define else ()


def _counts(report: ImportReport) -> dict[str, Any]:
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
