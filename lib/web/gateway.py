"""The outermost layer of the server: every request and websocket comes in here, every answer goes out here.

What is not for this server is refused before anything else looks at it; the rest gets an id, and its answer the
headers of `security_headers.py`. Pages and files are counted and written down here, and so is the API.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.errors import RefusedError
from lib.observability import logging_config
from lib.observability.prometheus import PAGES
from lib.web import body_limit, security_headers, upload_permissions
from lib.web.body_limit import LimitedBody
from lib.web.host_check import AllowedHosts, check_origin, name_of
from lib.web.http_protocol import MAX_ADDRESS, MAX_HEADERS, REFUSED, address_too_long, headers_too_long
from lib.web.sockets import Sockets

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
"""Bytes that the body of what a page sends, but for files, may have."""

MAX_ORDER = 2**20
"""Bytes that the body of a program's request may have; a body of evaluations may have as many as the settings say."""

MAX_SHOWN, MAX_METHOD = 1_000, 20
"""Bytes of an address, and of the name of a method, that are written down."""

_ALIVE = ("/healthz", "/readyz")
"""Answered whatever the host is called: load balancers ask by the machine's number, and learn nothing but that."""

_FOR_PROGRAMS = (*_ALIVE, "/metrics", "/v1")
_LARGE = ("/v1/evaluations",)
_QUIET = (*_ALIVE, "/metrics", "/live/figures", "/data_version", "/static/", "/app/static/", "/media/", "/_stcore/")
"""Asked for many times a minute; written down only where it fails."""

_CORE = "/_stcore/"
_OPEN = ("health", "host-config", "stream")
"""What browsers ask of the pages' server under `/_stcore/`; all else there is closed, its metrics first."""

_CLOSED = "/component/"
"""Files of components that there are none of."""

_LOG_OUT = "/auth/logout"
"""Where the pages' server forgets a log-in, whoever leads there."""

Refusal = Callable[[str, RefusedError], ASGIApp]
"""Says to a program that a request, by its id, is refused."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes, in MB: of a file that is uploaded, of what a program sends."""

    upload_mb: int
    body_mb: int


class Gateway:
    """Wraps everything that is served."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        base_url: str,
        page: str,
        limits: Limits,
        refusal: Refusal,
        sockets: Sockets,
    ) -> None:
        """Wrap; `page` is the HTML of the pages, `base_url` the address that visitors have, where it is known."""
        self._app = app
        self._hosts = AllowedHosts(hosts)
        self._tls_name = name_of(base_url.removeprefix("https://").partition("/")[0].lower())
        if not base_url.startswith("https://"):
            self._tls_name = ""
        self._of_pages, self._of_data = (
            security_headers.headers(security_headers.of_page(page)),
            security_headers.headers(security_headers.NOTHING),
        )
        self._max_upload = (limits.upload_mb + 1) * 2**20  # what wraps a file on its way takes room, too
        self._max_body = limits.body_mb * 2**20
        self._refusal, self._sockets = refusal, sockets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path: str = scope["path"]
        headers: dict[bytes, bytes] = dict(scope["headers"])
        asked = scope.get("raw_path") or path.encode()  # as it came: a line break in it is no line break of the log
        shown = asked[:MAX_SHOWN].decode("latin-1")
        served = logging_config.RequestContext("req_" + secrets.token_hex(12), scope["method"][:MAX_METHOD], shown)
        logging_config.serve(served)
        scope.setdefault("state", {})["request_id"] = served.id
        program = _is_of(path, _FOR_PROGRAMS)
        data = program or path.startswith("/media/")
        by_tls = self._by_tls(scope, headers)
        status = 0
        why = ""

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(message["headers"], data, by_tls, served.id)
            await send(message)

        try:
            body = await self._checked(scope, headers, program)
            await self._app(scope, receive if body is None else LimitedBody(receive, body), answer)
        except RefusedError as error:
            PAGES.refused.labels(error.status).inc()
            why = f": {error.message}"
            if not status:
                said = self._refusal(served.id, error) if program else _said(error.status, error.message)
                await said(scope, receive, answer)
        except Exception:  # nothing lies outside: what got here would be answered with the server's insides
            log.exception("A request failed")
            if not status:
                words = f"Something went wrong. The server's log says what, under {served.id}."
                await _said(500, words)(scope, receive, answer)
        finally:
            if not program:
                PAGES.requests.labels(status).inc()
            level = logging.DEBUG if status < 400 and _is_of(path, _QUIET) else logging.INFO
            if log.isEnabledFor(level):
                took = round((time.perf_counter() - started) * 1000, 1)
                extra = {"details": {"status": status, "ms": took}}
                log.log(level, "%s %s %d (%s ms)%s", served.method, served.path, status, took, why, extra=extra)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        served = logging_config.RequestContext("ws_" + secrets.token_hex(12), "WEBSOCKET", scope["path"][:MAX_SHOWN])
        logging_config.serve(served)
        accepted = ended = False

        async def answer(message: Message) -> None:
            nonlocal accepted, ended
            if message["type"] == "websocket.accept":
                accepted = True
                PAGES.sessions.inc()
                PAGES.opened.inc()
            ended = ended or message["type"] == "websocket.close"
            await send(message)

        async def refuse(message: Message) -> None:
            if "headers" in message:
                message["headers"] = self._headers(message["headers"], True, self._by_tls(scope, headers), served.id)
            await send(message)

        try:
            self._hosts.check(headers.get(b"host"))
            check_origin(headers.get(b"origin"), headers.get(b"host"))
            async with self._sockets.opened(scope, receive, answer) as socket:
                try:
                    await self._app(scope, socket.receive, socket.send)
                except RuntimeError as error:  # the framework's, of one that says goodbye to who has gone
                    if not socket.has_ended:
                        raise
                    log.info("A page's connection ended: %s", error)
        except RefusedError as error:
            PAGES.refused.labels(error.status).inc()
            log.warning("Refused: %s", error.message)
            if "websocket.http.response" in scope.get("extensions", {}):
                await _Denial(_said(error.status, error.message))(scope, receive, refuse)
            else:
                await send({"type": "websocket.close", "code": 1008})
        except Exception:  # as above
            log.exception("A page's connection failed")
            if not ended:
                await send({"type": "websocket.close", "code": 1011})
        finally:
            PAGES.sessions.dec(accepted)

    async def _checked(self, scope: Scope, headers: dict[bytes, bytes], program: bool) -> int | None:
        """Return how many bytes the body may have; None without one. Raises RefusedError."""
        path: str = scope["path"]
        if error := scope["state"].get(REFUSED):
            raise error
        if path not in _ALIVE:
            self._hosts.check(headers.get(b"host"))
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS:
            raise address_too_long()
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADERS:
            raise headers_too_long()
        length = headers.get(b"content-length", b"")
        has_body = length not in (b"", b"0") or b"transfer-encoding" in headers
        if not program:
            if _closed(path):
                raise RefusedError(404, "There is nothing here.")
            if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
                check_origin(headers.get(b"origin"), headers.get(b"host"))
            if path == _LOG_OUT and headers.get(b"sec-fetch-site", b"none") not in (b"same-origin", b"none"):
                raise RefusedError(403, "A page of another site may not log anybody out.")
        if not has_body:
            return None
        file = not program and path.startswith(upload_permissions.PATH)
        of_program = self._max_body if _is_of(path, _LARGE) else min(MAX_ORDER, self._max_body)
        limit = self._max_upload if file else of_program if program else MAX_BODY
        body_limit.check(int(length) if length.isdigit() else 0, limit)
        if file:
            await upload_permissions.UPLOADS.check(path)
        return limit

    def _by_tls(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        """Return whether the visitor came by TLS: to us, to a proxy that we trust, or by the base URL's name."""
        if scope["scheme"] in ("https", "wss"):
            return True
        return bool(self._tls_name) and name_of(headers.get(b"host", b"").decode("latin-1").lower()) == self._tls_name

    def _headers(
        self, given: Iterable[tuple[bytes, bytes]], data: bool, by_tls: bool, request_id: str
    ) -> list[tuple[bytes, bytes]]:
        """Return an answer's headers: what it has itself goes before what every answer has."""
        answered = []
        for name, value in given:
            if name == b"set-cookie":
                answered.append((name, security_headers.cookie(value, by_tls)))
            elif not name.startswith(b"access-control-"):  # nothing here is for pages of other sites
                answered.append((name, value))
        present = {name for name, _ in answered}
        answered += [each for each in (self._of_data if data else self._of_pages) if each[0] not in present]
        if by_tls:
            answered.append(security_headers.HSTS)
        answered.append((b"x-request-id", request_id.encode()))
        return answered


class _Denial:
    """An HTTP answer to the request for a websocket, which is refused."""

    def __init__(self, response: Response) -> None:
        self._response = response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            await send({**message, "type": f"websocket.{message['type']}"})

        await self._response({**scope, "type": "http", "method": "GET"}, receive, answer)


def _said(status: int, words: str) -> Response:
    return PlainTextResponse(words + "\n", status, {"Cache-Control": "no-store", "Connection": "close"})


def _is_of(path: str, known: Iterable[str]) -> bool:
    return any(path == each or path.startswith(each if each.endswith("/") else f"{each}/") for each in known)


def _closed(path: str) -> bool:
    """Return whether a path is one of the pages' server's own that no browser has to ask for."""
    _before, core, asked = f"{path}/".rpartition(_CORE)
    if core:
        return asked.rstrip("/") not in _OPEN and not path.startswith(upload_permissions.PATH)
    return _CLOSED in f"{path}/"
