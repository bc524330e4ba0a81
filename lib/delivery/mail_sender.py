"""Sends the outbox's mail: one thread, one connection, each mail to one address, again later where it failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lib.configuration.mail_server import MailServer
from lib.delivery.mail_message import mail_message
from lib.delivery.mail_transport import MailConnection, MailUnsentError
from lib.delivery.outbox import Channel, Delivery, Outbox
from lib.errors import CallboardError
from lib.mail.content import MailContent

POLL_SECONDS = 1.0
AGAIN_SECONDS = 1.0
BATCH = 20
RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""After how long a mail that the server did not take is offered again."""

MAX_ATTEMPTS = 20
"""Times that a mail is claimed: one that ends its process is not to do so forever."""

log = logging.getLogger(__name__)

Unsubscribe = Callable[[Delivery], str | None]
"""Returns the link by which the recipient of a mail wants no more; None for what nobody can stop."""


@dataclass(frozen=True, slots=True)
class MailAccount:
    """The server that mail goes out by, and who sends it."""

    server: MailServer
    sender: str  # as `Callboard <calls@example.com>`
    address: str  # the same without the name


class MailSender:
    """Sends the mail of one workspace, in a thread of its own."""

    def __init__(
        self,
        outbox: Outbox,
        account: MailAccount,
        unsubscribe: Unsubscribe,
        on_end: Callable[[Delivery], None],
    ) -> None:
        """Prepare; `start` begins. `on_end` is called with each mail that has arrived, or never will."""
        self._outbox, self._account = outbox, account
        self._unsubscribe, self._on_end = unsubscribe, on_end
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no further mail; one under way goes on for at most five seconds, and is sent again after that."""
        self._stopping.set()
        self._outbox.wake()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self.send_batch():
                    continue
            except CallboardError as error:
                log.warning("The outbox can't be read: %s", error.message)
            except Exception:  # whatever it is, the sender has to be there for the next mail
                log.exception("The outbox can't be used")
            self._outbox.wait(POLL_SECONDS)

    def send_batch(self) -> int:
        """Send what waits, over one connection; return how many mails that were."""
        count = 0
        with MailConnection(self._account.server) as connection:
            while not self._stopping.is_set() and count < BATCH:
                claimed = self._outbox.claim(Channel.MAIL)
                if not claimed:
                    break
                self._send(connection, claimed[0])
                count += 1
        return count

    def _send(self, connection: MailConnection, delivery: Delivery) -> None:
        content = None if delivery.content is None else self._outbox.content(delivery.content)
        if content is None or delivery.attempt > MAX_ATTEMPTS:
            self._keep(lambda: self._outbox.fail(delivery, "What it said is no longer kept."))
            self._on_end(delivery)
            return
        try:
            message = mail_message(
                MailContent.from_bytes(content),
                delivery.id,
                self._account.sender,
                delivery.address,
                delivery.created_at,
                self._unsubscribe(delivery),
            )
        except ValueError as error:  # of the library too: what can't be written down can't be sent later either
            log.warning("Mail %s can't be written: %s", delivery.id, error)
            self._keep(lambda: self._outbox.fail(delivery, "The mail can't be written for this address."))
            self._on_end(delivery)
            return
        try:
            answer, size = connection.send(message, self._account.address, delivery.address)
        except MailUnsentError as error:
            self._unsent(delivery, error)
            return
        self._keep(lambda: self._outbox.succeed(delivery, answer, size))
        self._on_end(delivery)

    def _unsent(self, delivery: Delivery, error: MailUnsentError) -> None:
        log.warning("Mail %s did not go out: %s", delivery.id, error.answer)
        if error.is_final or delivery.failures >= len(RETRIES):
            self._keep(lambda: self._outbox.fail(delivery, error.answer))
            self._on_end(delivery)
            return
        again = datetime.now(UTC) + RETRIES[delivery.failures]
        self._keep(lambda: self._outbox.postpone(delivery, again, error.answer))

    def _keep(self, write: Callable[[], bool]) -> None:
        """Write down how a mail ended, again while that can't be written: else it would go out twice."""
        while True:
            try:
                write()
                return
            except CallboardError as error:
                log.warning("The end of a mail can't be written: %s", error.message)
            if self._stopping.wait(AGAIN_SECONDS):
                return
