"""Bodies of requests: read after the key was checked, refused with the field that is wrong."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from lib.api.errors import ApiError, invalid
from lib.errors import nearest

JSON = "application/json"

Model = TypeVar("Model", bound=BaseModel)


async def _read(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        return b""


Body = Annotated[bytes, Depends(_read)]


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
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
    name = str(detail["loc"][0])[:100] if detail["loc"] else None
    if name is None:
        raise invalid(None, "The body is not a JSON object.")
    if detail["type"] == "extra_forbidden":
        known = tuple(model.model_fields)
        raise invalid(name, f"'{name}' is not a field of the body{nearest(name, known)}; known: {', '.join(known)}.")
    raise invalid(name, f"{name}: {detail['msg']}.")
