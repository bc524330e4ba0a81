"""The files that pages are made of: packed once, and kept by browsers as long as they may.

The pages' own server sends each of them as it lies on the disk, four times as many bytes. It goes on serving what it
knows better than this module: pictures, typefaces, parts of files. It looks on the disk for any name that it gets, and
fails over some, so it gets no names of files but those that exist.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.web.request_headers import accepts_gzip, has_tag

_PACKED = (".css", ".js")
_HASHED = "public, immutable, max-age=31536000"
"""For files whose names hold a digest of what is in them."""

_KEEP = b"public, max-age=86400, stale-while-revalidate=31536000"
"""For files of our own, typefaces and icons: a day, and longer while the browser asks whether there is another."""

_THEIRS, _OWN = "/static/", "/app/static/"
"""Where the server has its files, and those of its application."""

_OTHERS = ("/media/", "/_stcore/")
"""Where else there is no page."""

_ABOUT_THEIRS = (
    *(b"accept-encoding", b"range", b"if-range"),
    *(b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since"),
)
"""Headers that, where the server's page is replaced, would be answered of that one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain and by gzip, with what a browser may know of it."""

    plain: bytes
    packed: bytes
    tag: str
    media_type: str
    caching: str

    @classmethod
    def make(cls, content: bytes, media_type: str, caching: str) -> Asset:
        """Pack a file's content."""
        digest = hashlib.sha256(content).hexdigest()[:32]
        return cls(content, gzip.compress(content, 9, mtime=0), f'W/"{digest}"', media_type, caching)

    def response(self, headers: Headers) -> Response:
        """Return the answer to a request with these headers: packed where a browser unpacks, empty where it has it."""
        own = {"ETag": self.tag, "Cache-Control": self.caching, "Vary": "Accept-Encoding"}
        if has_tag(headers, self.tag):
            return Response(status_code=304, headers=own)
        if accepts_gzip(headers):
            return Response(self.packed, media_type=self.media_type, headers={**own, "Content-Encoding": "gzip"})
        return Response(self.plain, media_type=self.media_type, headers=own)


class Assets:
    """Wraps the pages' server: sends its files, and the first page in place of its own."""

    def __init__(self, app: ASGIApp, *, folder: Path, own: Path, replaced: str, page: str) -> None:
        """Wrap; `folder` is the server's, `own` the application's; `page` goes out where the server has `replaced`."""
        self._app = app
        self._theirs = _files(folder / "static", _THEIRS)
        self._own = _files(own, _OWN)
        self._made: dict[str, Asset] = {}
        self._replaced = replaced.encode()
        self._page = Asset.make(page.encode(), "text/html", "no-cache")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope = {**scope, "headers": _plain_coding(headers)}
        name: str = scope["path"]
        if name in self._theirs and name.endswith(_PACKED) and "range" not in headers:
            asset = self._made.get(name)
            if asset is None:
                asset = self._made[name] = await anyio.to_thread.run_sync(_read, self._theirs[name])
            await asset.response(headers)(scope, receive, send)
        elif name in self._own:
            await self._app(scope, receive, _keeping(send))
        elif name in self._theirs or name.startswith(_OTHERS):
            await self._app(scope, receive, send)
        elif name.startswith((_THEIRS, _OWN)):
            await _NO_FILE(scope, receive, send)
        else:
            plain = [each for each in scope["headers"] if each[0] not in _ABOUT_THEIRS]
            exchange = _Exchange(self._replaced, self._page.response(headers), scope, receive, send)
            await self._app({**scope, "method": "GET", "headers": plain}, receive, exchange)


class _Exchange:
    """What the server sends for one request; where that is the page that is replaced, the other one goes out."""

    def __init__(self, replaced: bytes, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        self._replaced, self._response = replaced, response
        self._scope, self._receive, self._send = scope, receive, send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._may_be(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            if self._body == self._replaced:
                await self._response(self._scope, self._receive, self._send)
            else:
                await self._send(self._start)
                await self._send({"type": "http.response.body", "body": self._body})

    def _may_be(self, message: Message) -> bool:
        headers = dict(message["headers"])
        return (
            message["status"] == 200
            and headers.get(b"content-type", b"").startswith(b"text/html")
            and headers.get(b"content-length") == str(len(self._replaced)).encode()
        )


_NO_FILE = PlainTextResponse("There is nothing here.\n", 404, {"Cache-Control": "no-store"})


def _files(folder: Path, address: str) -> dict[str, Path]:
    """Return the files of a folder by the paths of their addresses."""
    return {address + path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def _plain_coding(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return headers that name gzip only where it is accepted; the server looks for the word alone."""
    others = [each for each in headers.raw if each[0] != b"accept-encoding"]
    return [*others, (b"accept-encoding", b"gzip")] if accepts_gzip(headers) else others


def _read(path: Path) -> Asset:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset.make(path.read_bytes(), media_type, _HASHED)


def _keeping(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in (200, 304):
            message["headers"] = [*message["headers"], (b"cache-control", _KEEP)]
        await send(message)

    return answer
