"""What happens to every request of the API: a count, and an answer whatever goes wrong."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.api import errors
from lib.observability.prometheus import REQUEST_SECONDS, REQUESTS

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""What is counted by name; a request may call its method anything."""


class EveryRequest:
    """Wraps the application; what comes in has its id and its limits already, by the outermost layer (lib/web)."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["state"]["request_id"]
        if scope["method"] == "HEAD":
            scope["state"]["head"] = True
            scope = {**scope, "method": "GET"}  # the same answer; the server leaves the body out
        started = time.perf_counter()
        status = 0
        ended = False

        async def answered(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self._app(scope, receive, answered)
        except Exception as error:
            if ended:
                return  # the framework has answered, and only tells the server of it
            if status:
                raise
            await errors.response(request_id, errors.of(error))(scope, receive, answered)
        finally:
            route = scope.get("route")
            path = getattr(route, "path", "(none)")
            method = scope["method"] if path != "(none)" and scope["method"] in _METHODS else "(any)"
            REQUESTS.labels(method, path, str(status)).inc()
            if not scope["state"].get("is_stream"):  # it took as long as its client wanted
                REQUEST_SECONDS.labels(path).observe(time.perf_counter() - started)
