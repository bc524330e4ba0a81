"""The address of a mail server, as a setting holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server: its host and port, the log-in (empty without one), and how the connection is kept secret.

    `tls` is `always` (from the first byte), `offered` (STARTTLS wherever the server offers it) or `off`.
    """

    host: str
    port: int
    user: str
    password: str
    tls: Literal["always", "offered", "off"]


def parse_mail_server(value: str) -> MailServer:
    """Read `smtp://user:password@host:587` or `smtps://host:465`. Raises ValueError."""
    right = "right would be such as smtp://user:password@mail.example.com:587"
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"not the address of a mail server; {right}") from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/"):
        raise ValueError(f"not the address of a mail server; {right}")
    options = parse_qs(parts.query, keep_blank_values=True)
    if options not in ({}, {"starttls": ["off"]}):
        raise ValueError("a mail server's address takes ?starttls=off, and nothing else after its port")
    secure = parts.scheme == "smtps"
    tls: Literal["always", "offered", "off"] = "always" if secure else "off" if options else "offered"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise ValueError("a mail server's user and password can hold plain ASCII characters alone")
    return MailServer(host, port or (465 if secure else 587), user, password, tls)
