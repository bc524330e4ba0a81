"""A real SMTP server on loopback that keeps what comes, and misbehaves where it is told to."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.serving import free_port


@dataclass
class Inbox:
    """What came to a server, and how it is to answer."""

    port: int = 0
    messages: list[tuple[str, EmailMessage]] = field(default_factory=list)  # each with its address
    refused: dict[str, str] = field(default_factory=dict)  # by address, the answer
    answers: list[str] = field(default_factory=list)  # to the next messages, in place of 250; `drop` closes
    hang_seconds: float = 0.0
    logins: list[tuple[str, str]] = field(default_factory=list)
    was_secret: list[bool] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """What CALLBOARD_SMTP_URL says."""
        return f"smtp://127.0.0.1:{self.port}"

    def ids(self, address: str | None = None) -> list[str]:
        """Return the message ids of what came, of one address or of all."""
        with self.lock:
            return [str(each["Message-ID"]) for to, each in self.messages if address in (None, to)]

    def to(self, address: str) -> list[EmailMessage]:
        """Return what came to an address."""
        with self.lock:
            return [each for to, each in self.messages if to == address]


class Handler:
    """Takes mail into an inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if (answer := self._inbox.refused.get(address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        inbox = self._inbox
        if inbox.hang_seconds:
            await asyncio.sleep(inbox.hang_seconds)
        answer = inbox.answers.pop(0) if inbox.answers else "250 OK"
        if answer == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "250 OK"
        if answer.startswith("250"):
            message = email.message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
            assert isinstance(message, EmailMessage)
            with inbox.lock:
                inbox.messages += [(address, message) for address in envelope.rcpt_tos]
                assert server.transport is not None
                inbox.was_secret.append(server.transport.get_extra_info("ssl_object") is not None)
        return answer


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None, login: tuple[str, str] | None = None, *, from_the_start: bool = False
) -> Iterator[Inbox]:
    """Run a server: with a TLS context it offers STARTTLS, or speaks TLS from the start; with a login it wants it."""
    inbox = Inbox(free_port())

    def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        inbox.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=inbox.logins[-1] == login, handled=False)

    options: dict[str, Any] = {} if login is None else {"authenticator": authenticate, "auth_required": True}
    if context is not None and not from_the_start:
        options["tls_context"] = context
    if login is not None and context is None:
        options["auth_require_tls"] = False
    if from_the_start:
        options["ssl_context"] = context
    controller = Controller(Handler(inbox), hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()
