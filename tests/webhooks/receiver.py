"""A program that is called by webhooks: a real HTTP server on this machine, which answers as it is told to."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Call:
    """A call that came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def event(self) -> str:
        return self.headers["x-callboard-event"]

    @property
    def delivery(self) -> str:
        return self.headers["x-callboard-delivery"]

    @property
    def envelope(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content


def is_signed(call: Call, secret: str) -> bool:
    """Check a signature by RFC 2104 itself, not by the module that made it."""
    parts = dict(part.split("=", 1) for part in call.headers["x-callboard-signature"].split(","))
    key = secret.encode()
    key = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in key) + parts["t"].encode() + b"." + call.body).digest()
    outer = hashlib.sha256(bytes(each ^ 0x5C for each in key) + inner).hexdigest()
    return parts["v1"] == outer and abs(time.time() - int(parts["t"])) < 60


def plain(status: int, text: bytes = b"fine", **headers: str) -> Answer:
    """Answer with a status and a text."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    return answer


def silent(seconds: float) -> Answer:
    """Take the call and say nothing for some time."""
    return lambda _: time.sleep(seconds)


def dripping(what: str, seconds: float) -> Answer:
    """Answer byte by byte: the `head`, or the `body` after a whole head."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        if what == "body":
            handler.wfile.write(head)
        for byte in b"X-Slow: 1\r\n" * 100 if what == "body" else b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 100:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(seconds)

    return answer


@dataclass
class Receiver:
    """What came in, and how the next calls are answered: by path, else by `answer`."""

    address: str
    port: int
    answer: Answer = field(default_factory=lambda: plain(200))
    answers: dict[str, Answer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def of(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.calls.append(Call(self.path, headers, body, time.monotonic()))
            with suppress(OSError):
                made.answers.get(self.path, made.answer)(self)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

    server = Server(("127.0.0.1", 0), Handler)
    port = server.server_address[1]
    made = Receiver(f"{'https' if tls else 'http'}://127.0.0.1:{port}", port)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
