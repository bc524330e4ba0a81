"""What routes ask for: the workspace, a key with a scope, filters; each an `Annotated` alias."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Annotated, Concatenate, ParamSpec

import anyio.to_thread
from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer
from sqlalchemy.engine import Connection

from lib import workspace as workspaces
from lib.access.api_keys import Key
from lib.analytics.planner import needs_facts
from lib.analytics.query import Filters, parse_whole_number
from lib.api.errors import ApiError, invalid, unauthenticated
from lib.api.query_description import parameter
from lib.api.serializers import AnswerBody
from lib.api.throttle import (
    CHANGES,
    POSTS,
    QUESTION_THREADS,
    QUESTION_TURNS,
    QUESTIONS,
    STREAMS,
    Slots,
    charge,
    charge_at_once,
    question_cost,
)
from lib.errors import nearest
from lib.observability import logging_config
from lib.workspace import Workspace

P = ParamSpec("P")

MAX_PAGE_SIZE = 1_000
MAX_PAGE = 1_000_000_000

_bearer = HTTPBearer(auto_error=False, description="An API key: `callboard keys create`.")


async def _workspace() -> Workspace:
    # A thread of its own only where it has to be opened: each costs a request a good part of a millisecond.
    found = workspaces.opened()
    found = found if found is not None else await run_in_threadpool(workspaces.current)
    if not found.knows_catalog:
        await run_in_threadpool(lambda: found.catalog)
    return found


Space = Annotated[Workspace, Depends(_workspace)]


async def _authenticated(request: Request, space: Workspace, scope: str) -> Key:
    """Return the key that a request carries, with its request counted. Raises ApiError (401, 403, 429)."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    text = text.strip() if kind.lower() == "bearer" else ""
    key = space.keys.get_cached(text)
    if key is None and text:
        key = await run_in_threadpool(space.keys.authenticate, text)
    if key is None:
        raise unauthenticated()
    if served := logging_config.serving():
        served.key = key.prefix
    check_scope(key, scope)
    await charge_at_once(space.rates, space.settings.rate_limit, key)
    return key


def check_scope(key: Key, scope: str) -> None:
    """Raise ApiError naming the scope where a key lacks it."""
    if scope not in key.scopes:
        raise ApiError(403, "INSUFFICIENT_SCOPE", f"The key lacks the scope {scope}.")


def _with_scope(scope: str) -> Callable[..., Awaitable[Key]]:
    async def caller(request: Request, space: Space, _scheme: Annotated[object, Security(_bearer)] = None) -> Key:
        return await _authenticated(request, space, scope)

    return caller


def _with_scope_and_slot(scope: str, slots: Slots = CHANGES) -> Callable[..., AsyncIterator[Key]]:
    """As `_with_scope`; the request holds one of the key's slots, by themselves those of changes, until its end."""

    async def caller(
        request: Request, space: Space, _scheme: Annotated[object, Security(_bearer)] = None
    ) -> AsyncIterator[Key]:
        key = await _authenticated(request, space, scope)
        with slots.take(key):
            yield key

    return caller


Reader = Annotated[Key, Depends(_with_scope("analytics:read"))]
Streamer = Annotated[Key, Depends(_with_scope_and_slot("analytics:read", STREAMS))]
RecordReader = Annotated[Key, Depends(_with_scope("evaluations:read"))]
Exporter = Annotated[Key, Depends(_with_scope_and_slot("analytics:export"))]
FieldWriter = Annotated[Key, Depends(_with_scope_and_slot("fields:write"))]
MetricWriter = Annotated[Key, Depends(_with_scope_and_slot("metrics:write"))]
ReportReader = Annotated[Key, Depends(_with_scope("reports:read"))]
ReportWriter = Annotated[Key, Depends(_with_scope_and_slot("reports:write"))]
WebhookReader = Annotated[Key, Depends(_with_scope("webhooks:manage"))]
WebhookManager = Annotated[Key, Depends(_with_scope_and_slot("webhooks:manage"))]
RecordWriter = Annotated[Key, Depends(_with_scope_and_slot("evaluations:write", POSTS))]


def strict_query(request: Request, known: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the query's parameters, each with its values; refuse one that the path does not know."""
    for name in request.query_params:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise invalid(
                name[:100], f"'{name[:60]}' is not a parameter of this path{nearest(name, known)}; known: {listed}."
            )
    return {name: request.query_params.getlist(name) for name in request.query_params}


def base_url(request: Request, space: Workspace) -> str:
    """Return what absolute links begin with: what the settings say, else where the request went."""
    if space.settings.base_url:
        return space.settings.base_url
    return f"{request.url.scheme}://{request.url.netloc}"


def paging(parameters: Mapping[str, list[str]]) -> tuple[int, int]:
    """Return the page that a query asks for, from 1, and how many rows it has. Raises InvalidParameterError."""
    page = parse_whole_number(parameters, "page", 1, MAX_PAGE)
    return page, parse_whole_number(parameters, "pageSize", 100, MAX_PAGE_SIZE)


def filters_of(parameters: Mapping[str, list[str]], space: Workspace, key: Key) -> Filters:
    """Return the filters that parameters ask for, within what the key may see."""
    return Filters.from_parameters(parameters, space.settings.zone, key.grant, space.catalog)


async def answered(
    space: Workspace,
    key: Key,
    rows: Callable[[], int],
    filters: Filters,
    question: Callable[Concatenate[Connection, Filters, P], AnswerBody],
    *args: P.args,
    **kwargs: P.kwargs,
) -> tuple[AnswerBody, int]:
    """Return what answers a question, and the version of the data: what is kept at once, the rest in a thread.

    `rows` tells how many points or rows it returns at most, for its cost. Raises ApiError (429) where the key has too
    many questions under way, or too few requests left for this one.
    """
    kept = space.answers.get_cached(question, filters, *args, **kwargs)
    if kept is not None:
        return kept

    def ask() -> tuple[AnswerBody, int]:
        cost = question_cost(rows(), needs_facts(filters))
        charge(space.rates, space.settings.rate_limit, key, cost - 1)  # one was counted as it came in
        with QUESTION_TURNS.take(key.prefix):
            return space.answers.run_with_version(question, filters, *args, **kwargs)

    with QUESTIONS.take(key):
        return await anyio.to_thread.run_sync(ask, limiter=QUESTION_THREADS)


PAGING = (
    parameter("page", "From 1."),
    parameter("pageSize", f"1 to {MAX_PAGE_SIZE}; default 100."),
)
PAGE_NAMES = tuple(each["name"] for each in PAGING)
