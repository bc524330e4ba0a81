"""The body of a request as it comes: no more than may come, and not for ever."""

from __future__ import annotations

import asyncio
import time

from starlette.types import Message, Receive

from lib.errors import RefusedError

GRACE_SECONDS = 30.0
BYTES_PER_SECOND = 1024
"""How slow a body may be, after the grace."""


class LimitedBody:
    """Receives one request's body. Raises RefusedError past its size, or where it comes too slowly."""

    def __init__(self, receive: Receive, limit: int, grace: float = GRACE_SECONDS) -> None:
        """Receive at most `limit` bytes."""
        self._receive, self._limit, self._grace = receive, limit, grace
        self._began = time.monotonic()
        self._received = 0
        self._ended = False

    async def __call__(self) -> Message:
        """Return the next message."""
        if self._ended:
            return await self._receive()  # tells that the asker is gone
        left = self._began + self._grace + self._received / BYTES_PER_SECOND - time.monotonic()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0))
        except TimeoutError:
            raise RefusedError(
                408,
                f"The body came too slowly; right would be {BYTES_PER_SECOND} bytes a second, after the first "
                f"{self._grace:.0f} seconds.",
            ) from None
        self._received += len(message.get("body", b""))
        self._ended = not message.get("more_body")
        check(self._received, self._limit)
        return message


def check(size: int, limit: int) -> None:
    """Raise RefusedError where a body is larger than it may be."""
    if size > limit:
        shown = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit // 1024} KB"
        raise RefusedError(413, f"The body is larger than {shown}, the most that it may be here.")
