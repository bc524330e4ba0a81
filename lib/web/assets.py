"""The files that pages are made of: packed once, and kept by browsers as long as they may.

The pages' own server sends each of them as it lies on the disk, four times as many bytes. It goes on serving what it
knows better than this module: pictures, typefaces, parts of files. It looks on the disk for any name that it gets, and
fails over some, so it gets no names of files but those that exist.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import pyarrow
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lib.web.request_headers import accepts, has_tag
from lib.web.script_bundles import ScriptBundles

_PACKED = (".css", ".js")
_BROTLI = pyarrow.Codec("brotli", compression_level=9)
"""A seventh smaller than by gzip; the highest level takes twenty times as long for another tenth."""

_HASHED = "public, immutable, max-age=31536000"
"""For files whose names hold a digest of what is in them."""

_KEEP = b"public, max-age=86400, stale-while-revalidate=31536000"
"""For files of our own, typefaces and icons: a day, and longer while the browser asks whether there is another."""

_THEIRS, _OWN = "/static/", "/app/static/"
"""Where the server has its files, and those of its application."""

_SCRIPTS = "/static/js/"

_OTHERS = ("/media/", "/_stcore/")
"""Where else there is no page."""

_ABOUT_THEIRS = (
    *(b"accept-encoding", b"range", b"if-range"),
    *(b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since"),
)
"""Headers that, where the server's page is replaced, would be answered of that one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain and packed, by coding, the smallest first; with what a browser may know of it."""

    plain: bytes
    packed: Mapping[str, bytes]
    tag: str
    media_type: str
    caching: str

    @classmethod
    def make(cls, content: bytes, media_type: str, caching: str) -> Asset:
        """Pack a file's content."""
        digest = hashlib.sha256(content).hexdigest()[:32]
        packed = {"br": _BROTLI.compress(content, asbytes=True), "gzip": gzip.compress(content, 9, mtime=0)}
        return cls(content, packed, f'W/"{digest}"', media_type, caching)

    def response(self, headers: Headers) -> Response:
        """Return the answer to a request with these headers: packed where a browser unpacks, empty where it has it."""
        own = {"ETag": self.tag, "Cache-Control": self.caching, "Vary": "Accept-Encoding"}
        if has_tag(headers, self.tag):
            return Response(status_code=304, headers=own)
        for coding, content in self.packed.items():
            if accepts(headers, coding):
                return Response(content, media_type=self.media_type, headers={**own, "Content-Encoding": coding})
        return Response(self.plain, media_type=self.media_type, headers=own)


class Assets:
    """Wraps the pages' server: sends its files, and the first page in place of its own."""

    def __init__(
        self, app: ASGIApp, *, folder: Path, own: Path, replaced: str, page: str, bundles: ScriptBundles | None
    ) -> None:
        """Wrap; `folder` is the server's, `own` the application's; `page` goes out where the server has `replaced`.

        `bundles` are scripts that the server does not have: its own, joined, and what finds them.
        """
        self._app = app
        self._bundles = bundles
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
        if self._is_bundled(name) or (name in self._theirs and name.endswith(_PACKED) and "range" not in headers):
            asset = self._made.get(name)
            if asset is None:
                asset = self._made[name] = await anyio.to_thread.run_sync(self._make, name)
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

    def _is_bundled(self, name: str) -> bool:
        return self._bundles is not None and name.startswith(_SCRIPTS) and name.removeprefix(_SCRIPTS) in self._bundles

    def _make(self, name: str) -> Asset:
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if self._bundles is not None and self._is_bundled(name):
            return Asset.make(self._bundles.read(name.removeprefix(_SCRIPTS)), media_type, _HASHED)
        return Asset.make(self._theirs[name].read_bytes(), media_type, _HASHED)


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
    return [*others, (b"accept-encoding", b"gzip")] if accepts(headers, "gzip") else others


def _keeping(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in (200, 304):
            message["headers"] = [*message["headers"], (b"cache-control", _KEEP)]
        await send(message)

    return answer
