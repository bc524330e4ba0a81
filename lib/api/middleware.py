"""What happens to every request of the API: an id, a limit on its body, a count; and an answer whatever goes wrong."""

from __future__ import annotations

import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib import workspace
from lib.api import errors
from lib.api.errors import ApiError
from lib.api.metrics import REQUEST_SECONDS, REQUESTS


class _TooLargeError(Exception):
    """More came than may come."""


class EveryRequest:
    """Wraps the application; must be the outermost layer, so that no answer lacks an id."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = "req_" + secrets.token_hex(12)
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the same answer; the server leaves the body out
        limit = workspace.body_limit_bytes()
        started = time.perf_counter()
        received = 0
        status = 0
        ended = False

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _TooLargeError
            return message

        async def answered(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            declared = dict(scope["headers"]).get(b"content-length", b"0")
            if declared.isdigit() and int(declared) > limit:
                raise _TooLargeError
            await self._app(scope, limited, answered)
        except Exception as error:
            if ended:
                return  # the framework has answered, and only tells the server of it
            if status:
                raise
            told = error
            if isinstance(error, _TooLargeError):
                megabytes = limit // 2**20
                told = ApiError(
                    413, "PAYLOAD_TOO_LARGE", f"The body is larger than {megabytes} MB, the most it may be."
                )
            await errors.response(request_id, errors.of(told))(scope, receive, answered)
        finally:
            route = scope.get("route")
            path = getattr(route, "path", "(none)")
            REQUESTS.labels(scope["method"] if path != "(none)" else "(any)", path, str(status)).inc()
            REQUEST_SECONDS.labels(path).observe(time.perf_counter() - started)
