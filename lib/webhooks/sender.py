"""The sender: a thread that claims what is to go out to webhooks, and makes each call in a thread of its own.

A receiver that hangs holds up none but itself: of a webhook whose last call was not answered, one call is made at a
time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from lib.delivery.outbox import Channel, Delivery, Outbox
from lib.errors import CallboardError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
STOP_SECONDS = 4.0

MAX_CALLS = 64
"""Calls that are made at a time: more than there can be webhooks."""

MAX_CALLS_EACH = 4
"""Calls that are made to one webhook at a time."""


class WebhookSender:
    """Delivers what the outbox has for webhooks."""

    def __init__(self, outbox: Outbox, begin: Callable[[], None], make: Callable[[Delivery], bool]) -> None:
        """Prepare; `start` begins, with what `begin` does. `make` tries one delivery; returns if it was answered."""
        self._outbox, self._begin, self._make = outbox, begin, make
        self._stopping, self._abandoned = threading.Event(), threading.Event()
        self._lock = threading.Condition()
        self._calls: Counter[str] = Counter()  # that are made now, by webhook
        self._silent: set[str] = set()  # webhooks whose last call was not answered
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Begin no further call; those under way may go on for a few seconds, and are made again by the next sender."""
        deadline = time.monotonic() + STOP_SECONDS
        self._stopping.set()
        self._outbox.wake()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)
        with self._lock:
            self._lock.wait_for(lambda: not self._calls.total(), max(0.0, deadline - time.monotonic()))
            self._abandoned.set()

    @property
    def is_abandoned(self) -> bool:
        """Whether what is still under way is not waited for any more."""
        return self._abandoned.is_set()

    def _run(self) -> None:
        self._guard(self._begin)
        while not self._stopping.is_set():
            if not self._guard(self._next):
                self._outbox.wait(POLL_SECONDS)

    def _next(self) -> bool:
        """Begin the next call; return whether there was one to make."""
        with self._lock:
            if self._calls.total() >= MAX_CALLS:
                return False
            busy = [each for each, count in self._calls.items() if count >= self._most(each)]
        claimed = self._outbox.claim(Channel.WEBHOOK, without=busy)
        for delivery in claimed:
            with self._lock:
                self._calls[delivery.address] += 1
            threading.Thread(target=self._deliver, args=(delivery,), name="webhook", daemon=True).start()
        return bool(claimed)

    def _most(self, webhook: str) -> int:
        return 1 if webhook in self._silent else MAX_CALLS_EACH

    def _deliver(self, delivery: Delivery) -> None:
        was_answered = self._guard(lambda: self._make(delivery))
        with self._lock:
            (self._silent.discard if was_answered else self._silent.add)(delivery.address)
            self._calls[delivery.address] -= 1
            if not self._calls[delivery.address]:
                del self._calls[delivery.address]
            self._lock.notify_all()
        self._outbox.wake()  # another delivery to it may have waited for this one

    def _guard(self, act: Callable[[], bool | None]) -> bool:
        """Return what `act` does; where it fails, say so in the log: the sender has to be there for the next one."""
        try:
            return bool(act())
        except CallboardError as error:
            log.warning("What goes out to webhooks can't be read or written: %s", error.message)
        except Exception:  # whatever it is, the other deliveries must go on
            if not self.is_abandoned:
                log.exception("What goes out to webhooks can't be delivered")
        return False
