"""Bodies of requests: read after the key was checked, refused with the field that is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.requests import ClientDisconnect

from lib.access.api_keys import Key
from lib.api import body_errors
from lib.api.errors import ApiError, invalid
from lib.errors import BusyError, nearest

JSON = "application/json"

Model = TypeVar("Model", bound=BaseModel)


LARGE_BYTES = 2**20
"""Bytes past which a body is large: of those, a key may send one at a time."""

_large: set[str] = set()  # prefixes of the keys that are sending one; changed on the event loop alone


async def _read(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        return b""


Body = Annotated[bytes, Depends(_read)]


@asynccontextmanager
async def receive(request: Request, key: Key) -> AsyncIterator[bytearray]:
    """Receive a body that may be large; while the context lasts, the key can send no second large one.

    Raises BusyError where the key is sending one already, before more of the second is read.
    """
    length = request.headers.get("content-length", "")
    size = int(length) if length.isascii() and length.isdigit() else 0
    content = bytearray()
    holds = False
    try:
        if size > LARGE_BYTES:
            holds = _hold(key)
        async for chunk in request.stream():
            content += chunk
            if len(content) > LARGE_BYTES and not holds:
                holds = _hold(key)
        yield content
    except ClientDisconnect:
        raise invalid(None, "The body ended before its time.") from None
    finally:
        if holds:
            _large.discard(key.prefix)


def _hold(key: Key) -> bool:
    if key.prefix in _large:
        raise BusyError(
            f"This key is sending a body of more than {LARGE_BYTES // 2**20} MB already. Right would be one after the "
            "other."
        )
    _large.add(key.prefix)
    return True


def media_type(request: Request) -> str:
    """Return what a body says that it is, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def unsupported(kind: str, right: str) -> ApiError:
    """Return the error of a body that is of another type than those that are taken."""
    return ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"The body is {kind[:60] or 'of no type'}; right would be {right}.")


def parsed(request: Request, body: bytes, model: type[Model]) -> Model:
    """Return a JSON body as a model. Raises ApiError naming the field that is wrong."""
    if media_type(request) != JSON:
        raise unsupported(media_type(request), JSON)
    _check_names(body, tuple(model.model_fields))
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise body_errors.wrong_field(error.errors(include_url=False)[0], model) from None


def refuse_fields(request: Request, body: bytes) -> None:
    """Raise ApiError where the body of a request that takes none says something."""
    if body.strip() in (b"", b"{}"):
        return
    if media_type(request) == JSON:
        _check_names(body, ())
    raise invalid(None, "This takes no body; right would be an empty one.")


def _check_names(body: bytes, known: tuple[str, ...]) -> None:
    """Raise ApiError for what is no JSON object, or has a field that is not known: the first such field alone.

    The model would describe each unknown field, and a short body can hold very many.
    """
    try:
        content = from_json(body)
    except ValueError as error:
        raise body_errors.unreadable(body, error) from None
    if not isinstance(content, dict):
        raise invalid(None, "The body is not a JSON object.")
    unknown = next((name[:100] for name in content if name not in known), None)
    if unknown is not None:
        listed = ", ".join(known) or "none"
        raise invalid(unknown, f"'{unknown}' is not a field of the body{nearest(unknown, known)}; known: {listed}.")
