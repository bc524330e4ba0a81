"""Back to where the visitor wanted to go: by itself `st.login` leads to the first page, whatever was asked for.

Which signatures a provider's word may have is set here, too, before the first log-in.

The page that sends a visitor to the log-in is kept in a cookie for as long as a log-in may take, and is what the
answer to the provider's word leads to.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.web import id_tokens

_COOKIE = "callboard_wanted"
_SECONDS = 900
_MOST = 3_500  # characters; browsers keep cookies of 4,096 bytes


class LoginRedirectMiddleware:
    """Wraps the server of the pages."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if path not in ("/auth/login", "/oauth2callback"):
            await self._app(scope, receive, send)
            return
        id_tokens.pin_algorithms()
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path == "/auth/login":
                    _keep(headers, _local(given.get("referer", ""), given.get("host", "")))
                elif headers.get("location") == "/" and (wanted := _kept(given.get("cookie", ""))):
                    headers["location"] = wanted
                    _keep(headers, "")
            await send(message)

        await self._app(scope, receive, answer)


def _local(address: str, host: str) -> str:
    """Return the path and query of an address of this server; nothing for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that hold no address
        return ""
    if parts.netloc != host or not parts.path.startswith("/") or parts.path.startswith("//"):
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _keep(headers: MutableHeaders, wanted: str) -> None:
    value = quote(wanted, safe="/")
    seconds = _SECONDS if 0 < len(value) < _MOST else 0  # 0 takes an earlier one away
    kept = value if seconds else ""
    headers.append("set-cookie", f"{_COOKIE}={kept}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")


def _kept(cookies: str) -> str:
    """Return the path that is kept; it is checked like anything that comes from a browser."""
    try:
        found = SimpleCookie(cookies).get(_COOKIE)
    except CookieError:
        return ""
    wanted = "" if found is None else unquote(found.value)
    plain = wanted.isascii() and wanted.isprintable() and " " not in wanted and "\\" not in wanted
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else ""
