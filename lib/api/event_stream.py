"""Server-sent events: an answer that goes on, with an event whenever there is something new to say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lib.access.api_keys import Key
from lib.access.key_watch import KeyWatch, WatchedKey
from lib.api.serializers import AnswerBody
from lib.errors import InvalidParameterError, RefusedError
from lib.live.watched_questions import WatchedQuestion, WatchedQuestions, wait_for_event
from lib.observability.prometheus import STREAMS
from lib.web.http_protocol import CONNECTION, HttpProtocol

MIME = "text/event-stream"

RETRY_MS = 3_000
"""Milliseconds after which a client is to come back."""

HEARTBEAT_SECONDS = 15.0

PACE_SECONDS = 1.0
"""Seconds from one event of a stream to its next one."""

STEP_SECONDS = 0.25
"""Seconds that an answer may come before the next event and still be its own."""

PATIENCE_SECONDS = 30.0
"""Seconds for which a client may take nothing of what was sent."""

GOODBYE_SECONDS = 1.5
"""Seconds that a client has to take the end of a stream."""

HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # else a proxy keeps events until it has many
    "Connection": "close",
}

_RETRY = b"retry: %d\n\n" % RETRY_MS
_BYE = b"event: bye\ndata: {}\n\n"
_HEARTBEAT = b": heartbeat\n\n"
_UNANSWERED = b": the database does not answer; the next event comes when it does\n\n"

_VERSION = re.compile(r"[0-9]{1,18}")


def last_version(text: str | None) -> int | None:
    """Read `Last-Event-ID`. What is none of ours counts as none: a browser could do nothing about a refusal."""
    return int(text) if text is not None and _VERSION.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class StreamedQuestion:
    """What a stream tells of: a question by its name, and how it is computed; the version that its client has.

    Where it `has_formulas`, its answer may change while the data are as they were.
    """

    name: Hashable
    compute: Callable[[], tuple[AnswerBody, int]]
    last_version: int | None
    has_formulas: bool


class EventStream(Response):
    """Sends a question's answers, as long as the key is good, the client takes them and the server runs."""

    media_type = MIME

    def __init__(
        self,
        asked: StreamedQuestion,
        key: Key,
        answers: WatchedQuestions[AnswerBody],
        keys: KeyWatch,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Prepare; errors of the first answer are raised before anything is sent."""
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._asked, self._key, self._answers, self._keys = asked, key, answers, keys
        self._heartbeat_seconds, self._patience_seconds = heartbeat_seconds, patience_seconds
        self._woken = asyncio.Event()
        self._client_left = self._server_stops = False
        self._digest: str | None = None  # of the answer that the client has
        self._event_at = self._written_at = float("-inf")
        self._held = 0  # the number of an answer that came before the next event was due
        self._is_told = False  # that the database does not answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end."""
        connection: HttpProtocol = scope["state"][CONNECTION]

        def end() -> None:
            self._woken.set()
            connection.abort_after(GOODBYE_SECONDS)  # else a client that takes nothing would not let it end

        def say_bye() -> None:
            self._server_stops = True
            end()

        with (
            self._keys.watch(self._key, end) as key,
            self._answers.watch(self._asked.name, self._asked.compute, self._woken.set) as question,
        ):
            await self._answers.bring_up_to_date(question)
            if (self._asked.last_version or 0) > question.version:
                await question.ask_now()  # another process told the client of a change that is not heard of here yet
            if question.failure is not None:
                raise question.failure
            self._digest = self._digest_at(self._asked.last_version, question)
            scope["state"]["is_stream"] = True
            connection.keep_lean()
            connection.call_at_shutdown(say_bye)
            leaving = asyncio.create_task(self._notice_leaving(receive))
            STREAMS.inc()
            try:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._follow(question, key, connection, send)
            finally:
                STREAMS.dec()
                leaving.cancel()
        end()
        await send({"type": "http.response.body", "body": _BYE if self._server_stops else b""})

    def _digest_at(self, version: int | None, question: WatchedQuestion[AnswerBody]) -> str | None:
        """Return the digest of the answer at a version; None where it is not known."""
        if version is None or question.answer is None:
            return None
        known = self._answers.digest_at(self._asked.name, version)
        is_same = known is None and version == question.version and not self._asked.has_formulas
        return question.answer.digest if is_same else known

    async def _notice_leaving(self, receive: Receive) -> None:
        with suppress(RefusedError):  # of a body that nobody wants, and that comes too slowly
            while (await receive())["type"] != "http.disconnect":
                pass
        self._client_left = True
        self._woken.set()

    async def _follow(
        self, question: WatchedQuestion[AnswerBody], key: WatchedKey, connection: HttpProtocol, send: Send
    ) -> None:
        """Send what there is to say until there is a reason to end."""
        piece: bytes | None = _RETRY
        while not (self._client_left or self._server_stops) and key.is_good:
            if isinstance(question.failure, InvalidParameterError):
                return  # it can't be asked any longer: who comes back is told why
            self._woken.clear()
            if piece is not None:
                too_late = connection.abort_after(self._patience_seconds)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                too_late.cancel()
                self._written_at = monotonic()
            piece, seconds = self._next(question, key)
            if piece is None:
                await wait_for_event(self._woken, seconds)

    def _next(self, question: WatchedQuestion[AnswerBody], key: WatchedKey) -> tuple[bytes | None, float]:
        """Return what is to be sent now, or None and for how many seconds there will be nothing."""
        now = monotonic()
        is_away = question.failure is not None or not self._answers.database_answers or not key.is_sure
        if is_away and not self._is_told:
            self._is_told = True
            return _UNANSWERED, 0
        self._is_told = is_away
        rest = self._written_at + self._heartbeat_seconds - now
        if rest <= 0:
            return _UNANSWERED if is_away else _HEARTBEAT, 0
        if question.answer is None or question.answer.digest == self._digest:
            return None, rest
        if not key.is_sure:
            return None, min(rest, PACE_SECONDS)
        early = self._event_at + PACE_SECONDS - now
        if early > 0:
            if early > STEP_SECONDS:
                self._held = question.number
            return None, min(rest, early)
        if question.is_due and question.number == self._held:
            return None, rest  # a newer answer comes in a moment, and all later ones are then in step with the events
        self._event_at, self._digest = now, question.answer.digest
        return b"event: summary\nid: %d\ndata: %b\n\n" % (question.version, question.answer.content), 0
