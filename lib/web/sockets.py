"""The websockets of pages: how many may be open, and how large and how frequent their messages may be.

A visitor who has not logged in needs one socket and a few small messages until they have; whoever has logged in may
have more of each. Sockets are counted by client: the session of a log-in, else the network address.
"""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import logging
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from starlette.types import Message, Receive, Scope, Send

from lib.errors import RefusedError
from lib.observability.prometheus import PAGES

log = logging.getLogger(__name__)

UNSUPPORTED, INVALID, TOO_BIG, TRY_AGAIN_LATER = 1003, 1007, 1009, 1013
"""Codes of a websocket's close."""

MAX_OPENING_DELAY = 10.0
"""Seconds that a socket may have to wait for its turn to open; past it, it is refused."""

_MAX_CLIENTS = 10_000
"""Clients whose rate is remembered; those without a socket are forgotten first, the oldest before the others."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Messages that may come a second in the long run, and how many at once."""

    per_second: float
    burst: int


UNLIMITED = Rate(math.inf, 1)


@dataclass(frozen=True, slots=True)
class Quota:
    """What sockets may take: bytes and values of a message; sockets and messages of one, of one client, and in all."""

    message_bytes: int
    message_values: int
    client_sockets: int
    total_sockets: int
    socket_rate: Rate
    client_rate: Rate = UNLIMITED
    total_rate: Rate = UNLIMITED


ANONYMOUS = Quota(64 * 1024, 500, 64, 256, Rate(2, 10), Rate(5, 100), Rate(20, 200))
"""Of visitors who have not logged in. The page that they get takes one message; its address has at most 32 KB."""

LOGGED_IN = Quota(2**20, 5_000, 50, 500, Rate(3, 30), Rate(3, 40), Rate(40, 400))
"""Of people who have logged in. Pages that follow a job send two messages a second, a slider five while it is drawn."""

OWNER = Quota(2**20, 5_000, 500, 500, Rate(4, 60), total_rate=Rate(30, 150))
"""Of everybody, where no login is configured."""


Identify = Callable[[Scope], Awaitable[str | None]]
"""Returns the session of the log-in that a websocket's cookies name; None where nobody has logged in."""

CountValues = Callable[[bytes], int]
"""Returns how many values a message of a page holds. Unpacked, each takes 600 bytes, however few it came in.

Raises ValueError where it is no such message.
"""


class TokenBucket:
    """Messages that may come now; they come back at a rate."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with as many as may come at once."""
        self._rate, self._clock = rate, clock
        self._tokens = float(rate.burst)
        self._filled = clock()

    def delay(self) -> float:
        """Return how many seconds there are to wait for the next one."""
        self._fill()
        return max(0.0, (1 - self._tokens) / self._rate.per_second)

    def take(self) -> float:
        """Take one, and return how many seconds there are to wait for it."""
        delay = self.delay()
        self._tokens -= 1
        return delay

    def _fill(self) -> None:
        now = self._clock()
        come_back = (now - self._filled) * self._rate.per_second if now > self._filled else 0.0
        self._tokens, self._filled = min(self._tokens + come_back, self._rate.burst), now


class Socket:
    """One websocket of a page, as the application sees it."""

    def __init__(
        self, receive: Receive, send: Send, quota: Quota, buckets: tuple[TokenBucket, ...], count: CountValues
    ) -> None:
        """Wrap a connection; each message takes one from every bucket."""
        self._receive, self._send = receive, send
        self._quota, self._buckets, self._count = quota, buckets, count
        self.closed = self._is_gone = False
        self.used: Callable[[], None] = lambda: None

    @property
    def has_ended(self) -> bool:
        """Whether one of the two ends is closed."""
        return self.closed or self._is_gone

    async def receive(self) -> Message:
        """Return the next message when its turn comes; one that no page sends ends the connection."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            await self._check(message)
            if not self.closed:
                self.used()
                delay = max(bucket.take() for bucket in self._buckets)
                if delay:
                    await asyncio.sleep(delay)
        self._is_gone = self._is_gone or message["type"] == "websocket.disconnect"
        return {"type": "websocket.disconnect", "code": TRY_AGAIN_LATER} if self.closed else message

    async def _check(self, message: Message) -> None:
        """Close the connection where a message is none of a page's, or too large."""
        content, limit = message.get("bytes"), self._quota
        if content is None:
            await self.close(UNSUPPORTED, "a message of text; those of pages are bytes")
        elif len(content) > limit.message_bytes:
            await self.close(
                TOO_BIG, f"a message of {len(content)} bytes; {limit.message_bytes} are the most that it may have"
            )
        else:
            try:
                values = self._count(content)
            except ValueError:
                await self.close(INVALID, "a message that is none of a page's")
                return
            if values > limit.message_values:
                await self.close(
                    TOO_BIG, f"a message of {values} values; {limit.message_values} are the most that it may have"
                )

    async def send(self, message: Message) -> None:
        """Send a message, unless the connection was closed here."""
        if not self.closed:
            self.closed = message["type"] == "websocket.close"
            try:
                await self._send(message)
            except OSError:  # the other end is gone
                self._is_gone = True
                raise

    async def close(self, code: int, reason: str) -> None:
        """Close the connection; the reason goes to the log."""
        if not self.closed:
            PAGES.refused.labels(code).inc()
            log.warning("A page's connection was closed (%d): %s", code, reason)
            await self.send({"type": "websocket.close", "code": code})


@dataclass(slots=True)
class _Client:
    """Sockets of one client that are open, the one that was used longest ago first."""

    bucket: TokenBucket
    sockets: OrderedDict[Socket, None] = field(default_factory=OrderedDict)


class _Clients:
    """Sockets under one quota, by client."""

    def __init__(self, quota: Quota, *, evicts: bool) -> None:
        """Hold a quota: by closing a socket that is open, or else by refusing the one that comes."""
        self.quota, self._evicts = quota, evicts
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._bucket = TokenBucket(quota.total_rate)
        self._open = 0

    def buckets(self, name: str) -> tuple[TokenBucket, ...]:
        """Return what a message of a new socket takes one from: the socket's own, its client's, that of all."""
        return TokenBucket(self.quota.socket_rate), self._client(name).bucket, self._bucket

    async def add(self, name: str, socket: Socket) -> None:
        """Count a socket. Raises RefusedError where there is no room for it."""
        client = self._client(name)
        if len(client.sockets) >= self.quota.client_sockets:
            await self._make_room(client)
        elif self._open >= self.quota.total_sockets:
            await self._make_room(max(self._clients.values(), key=lambda each: len(each.sockets)))
        client.sockets[socket] = None
        socket.used = lambda: client.sockets.move_to_end(socket)
        self._open += 1

    def remove(self, name: str, socket: Socket) -> None:
        """Count it no more."""
        client = self._clients.get(name)
        if client is not None and socket in client.sockets:
            del client.sockets[socket]
            socket.used = lambda: None
            self._open -= 1

    async def _make_room(self, client: _Client) -> None:
        """Close the socket of a client that was used longest ago: whoever holds many makes way for the next one."""
        if not self._evicts:
            raise RefusedError(
                429, f"{len(client.sockets)} pages are open already, the most that may be; close some and try again."
            )
        socket = next(iter(client.sockets))
        del client.sockets[socket]
        socket.used = lambda: None
        self._open -= 1
        await socket.close(TRY_AGAIN_LATER, "too many are open that nobody has logged in by")

    def _client(self, name: str) -> _Client:
        client = self._clients.get(name)
        if client is None:
            if len(self._clients) >= _MAX_CLIENTS:
                idle = (each for each, known in self._clients.items() if not known.sockets)
                for each in list(itertools.islice(idle, _MAX_CLIENTS // 10)):
                    del self._clients[each]
            client = self._clients[name] = _Client(TokenBucket(self.quota.client_rate))
        return client


class Sockets:
    """All websockets of the pages."""

    def __init__(self, identify: Identify | None, count: CountValues, message_bytes: int) -> None:
        """Know people by `identify`; None where there is no login. Their messages have at most `message_bytes`."""
        self._identify, self._count = identify, count
        users = replace(OWNER if identify is None else LOGGED_IN, message_bytes=message_bytes)
        self._users = _Clients(users, evicts=False)
        self._anonymous = _Clients(ANONYMOUS, evicts=True)

    @asynccontextmanager
    async def opened(self, scope: Scope, receive: Receive, send: Send) -> AsyncIterator[Socket]:
        """Give a connection under the limits that it is under. Raises RefusedError where there is no room for it."""
        name = "" if self._identify is None else await self._identify(scope)
        clients = self._anonymous if name is None else self._users
        name = _network(scope) if name is None else name
        buckets = clients.buckets(name)
        if max(bucket.delay() for bucket in buckets) > MAX_OPENING_DELAY:
            raise RefusedError(429, "Too many pages are opened from here; right would be to try again in a minute.")
        await asyncio.sleep(max(bucket.take() for bucket in buckets))
        if limit := scope.get("state", {}).get("limit_messages"):
            limit(clients.quota.message_bytes)
        socket = Socket(receive, send, clients.quota, buckets, self._count)
        await clients.add(name, socket)
        try:
            yield socket
        finally:
            clients.remove(name, socket)


def _network(scope: Scope) -> str:
    """Return where a connection comes from: an address of version 4, the /64 network of one of version 6."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name that a proxy gave
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address.packed, 64), strict=False))
    return str(address)
