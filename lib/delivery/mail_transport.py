"""Mail over SMTP: one connection, one message to one address at a time, and what the server said of each."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from types import TracebackType
from typing import Self

from lib.configuration.mail_server import MailServer
from lib.observability.redaction import redact

TIMEOUT_SECONDS = 30
"""Seconds that the server may take to answer a command."""


class MailUnsentError(Exception):
    """A message did not go out; `is_final` says whether it is of no use to try again. The text is the server's."""

    def __init__(self, answer: str, *, is_final: bool) -> None:
        """Keep what the server said, or why there was no answer."""
        super().__init__(answer)
        self.answer, self.is_final = answer, is_final


class MailConnection:
    """A connection to a mail server, opened with the first message and again after a fault."""

    def __init__(self, server: MailServer, timeout: float = TIMEOUT_SECONDS) -> None:
        """Prepare; nothing is opened yet."""
        self._server, self._timeout = server, timeout
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._close()

    def send(self, message: EmailMessage, sender: str, recipient: str) -> tuple[str, int]:
        """Send a message to one address; return the server's answer and the bytes that went out.

        Raises MailUnsentError.
        """
        content = message.as_bytes(policy=SMTP)
        try:
            smtp = self._opened()
            self._check(smtp.mail(sender))
            self._check(smtp.rcpt(recipient))
            answer = smtp.data(content)
            self._check(answer)
        except MailUnsentError as error:
            if self._smtp is not None:
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    self._smtp.rset()
            raise error from None
        except (smtplib.SMTPException, OSError) as error:
            self._close()
            raise _unsent(error) from None
        return _answer(*answer), len(content)

    def _opened(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        server, context = self._server, ssl.create_default_context()
        if server.tls == "always":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        self._smtp = smtp
        smtp.ehlo_or_helo_if_needed()
        is_secret = server.tls == "always"
        if server.tls == "offered" and smtp.has_extn("starttls"):
            smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            is_secret = True
        if server.user:
            if not is_secret and server.tls != "off" and not _is_loopback(server.host):
                self._close()
                words = "The server offers no STARTTLS, and a password would be sent for all to read; nothing was sent."
                raise MailUnsentError(words, is_final=False)
            smtp.login(server.user, server.password)
        return smtp

    def _check(self, answer: tuple[int, bytes]) -> None:
        code, words = answer
        if 200 <= code < 300:
            return
        if code == 421:  # the server closes the connection
            self._close()
        raise MailUnsentError(_answer(code, words), is_final=code >= 500)

    def _close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()


def _unsent(error: Exception) -> MailUnsentError:
    """Return what is to be said of a fault of the connection; a password that is refused may be mended."""
    if isinstance(error, smtplib.SMTPResponseException):
        return MailUnsentError(_answer(error.smtp_code, error.smtp_error), is_final=False)
    if isinstance(error, TimeoutError) or "timed out" in str(error):  # the library has no kind for it
        return MailUnsentError("The mail server did not answer in time.", is_final=False)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return MailUnsentError("The mail server closed the connection.", is_final=False)
    reason = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return MailUnsentError(f"The mail server can't be used: {redact(reason)[:200]}.", is_final=False)


def _answer(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return redact(f"{code} {' '.join(text.split())}")[:300]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
