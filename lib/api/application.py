"""The API as an application, and the layer of the server that hands it what comes under /v1."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Receive, Scope, Send

from lib import __version__
from lib.api import errors, schemas
from lib.api.middleware import EveryRequest
from lib.api.routes import (
    alerts,
    analytics,
    criteria,
    evaluations,
    exports,
    fields,
    metrics,
    reports,
    stream,
    unsubscribe,
    webhooks,
)
from lib.api.serializers import AnswerBody, answer, prepared, to_json
from lib.catalog.catalog import Catalog
from lib.web import security_headers

_PREFIX = "/v1"

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Error, "description": description}
    for status, description in (
        (400, "A value that can't be."),
        (401, "No key, or none that is good."),
        (403, "The key lacks a scope."),
        (404, "No such path, or nothing there that the key may see."),
        (409, "It clashes with what is there."),
        (413, "The body is too large."),
        (414, "The address is longer than 32 KB."),
        (415, "The body's type is none that is taken."),
        (429, "Too many requests."),
        (503, "The database does not answer."),
    )
}
_ERRORS[304] = {"description": "As the asker has it."}

_ABOUT = """
Call-quality figures, breakdowns, trends, evaluations and exports: the same numbers as on the pages. Every request
carries an API key; every answer an `X-Request-Id`; every GET an `ETag`, but for the stream.
"""


class ApiDispatcher:
    """Hands the API what comes under /v1, before the server of the pages looks at it, and that server all else."""

    def __init__(self, app: ASGIApp, catalog: Catalog) -> None:
        """Wrap the server of the pages; the API is described by the catalog."""
        self._pages = app
        self._api = build(catalog)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{_PREFIX}/"):
            scope = {**scope, "root_path": scope.get("root_path", "") + _PREFIX}
            await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


def build(catalog: Catalog) -> ASGIApp:
    """Return the application that a catalog describes, with all that happens to every request around it."""
    api: FastAPI = FastAPIOffline(
        redoc_url=None,  # it would load a picture from another host
        title="Callboard",
        version=__version__,
        description=_ABOUT.strip(),
        responses=_ERRORS,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # asking each time takes long
    )
    described_by_catalog = [
        each.router(catalog) for each in (analytics, stream, criteria, metrics, exports, evaluations)
    ]
    others = (
        *(exports.downloads, fields.router, reports.router, unsubscribe.router),
        *(alerts.router, webhooks.router),
    )
    for router in (*described_by_catalog, *others):
        api.include_router(router)
    errors.install(api)
    described = api.openapi

    def openapi() -> dict[str, Any]:
        """Describe what is served; a wrong value is answered with 400, not with the framework's 422."""
        document: dict[str, Any] = described()
        document["servers"] = [{"url": _PREFIX}]  # else the page that shows it would ask the pages
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        schemas.add_catalog(document["components"]["schemas"], catalog)
        return document

    @cache
    def description() -> AnswerBody:
        return to_json(openapi())

    def served(request: Request) -> Response:
        return answer(request, description())

    page: Any = next(route for route in api.routes if getattr(route, "path", None) == "/docs")

    async def docs(request: Request) -> Response:
        """Show the description; the script within the page is let through by its hash."""
        content = bytes((await page.endpoint(request)).body)
        shown = answer(request, prepared(content, "text/html"))
        shown.headers["Content-Security-Policy"] = security_headers.of_page(content.decode())
        return shown

    api.openapi = openapi  # type: ignore[method-assign]  # the framework's way to change the description
    # The framework's own routes to them have no ETag.
    replaced = (api.openapi_url, page.path)
    api.router.routes = [route for route in api.router.routes if getattr(route, "path", None) not in replaced]
    api.add_route("/openapi.json", served, include_in_schema=False)
    api.add_route(page.path, docs, include_in_schema=False)
    return EveryRequest(api)
