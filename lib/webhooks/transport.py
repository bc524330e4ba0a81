"""One call over HTTP: to an address that was checked, within ten seconds in all, without redirects or proxies.

The host is resolved once, and the connection goes to what came of that, so that a name that has another address a
moment later leads nowhere else. The certificate is checked against the host's name.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpcore
import httpx

from lib.webhooks.addresses import Resolver, WebhookTarget, resolve, system_addresses
from lib.webhooks.webhook import NoAnswer

SECONDS = 10.0
"""How long a call may take in all."""

MAX_RESPONSE = 64 * 1024
"""Bytes of an answer that are read."""

MAX_SHOWN = 200
"""Characters of an answer that are kept."""

_WRITE_BYTES = 4096
"""Bytes that are sent at a time, so that a receiver that takes them one by one is not waited for."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of a call: the answer's status and the beginning of its text, or a NoAnswer."""

    status: int | None
    text: str

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300

    def __str__(self) -> str:
        """Return it as a delivery keeps it."""
        return f"{self.status} {self.text}".strip() if self.status is not None else self.text


class WebhookTransport:
    """Makes calls; several threads may use it at a time."""

    def __init__(
        self,
        resolver: Resolver = system_addresses,
        trusted: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Ask `resolver` for addresses, and trust whom `trusted` does, or SSL_CERT_FILE, or the public authorities."""
        self._resolver, self._seconds = resolver, seconds
        self._chosen_trust = trusted

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return self._chosen_trust or httpx.create_ssl_context()

    def post(self, target: WebhookTarget, headers: Mapping[str, str], body: bytes) -> CallResult:
        """Send a body and return what came of it; nothing that a receiver does is an error."""
        deadline = time.monotonic() + self._seconds
        addresses = resolve(target, self._resolver)
        if isinstance(addresses, NoAnswer):
            return CallResult(None, addresses)
        backend = _PinnedBackend(addresses, deadline)
        url = httpcore.URL(scheme=target.url.raw_scheme, host=target.host, port=target.port, target=target.url.raw_path)
        sent = {"Host": target.url.netloc.decode("ascii"), "Accept-Encoding": "identity", **headers}
        tls = self._trusted if target.url.scheme == "https" else None
        try:
            with (
                httpcore.ConnectionPool(ssl_context=tls, network_backend=backend, max_connections=1) as pool,
                pool.stream("POST", url, headers=list(sent.items()), content=body) as response,
            ):
                return CallResult(response.status, _beginning(response))
        except (httpcore.TimeoutException, TimeoutError):
            return CallResult(None, NoAnswer.TIMEOUT)
        except httpcore.ConnectError as error:
            is_tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError) or "SSL" in str(error)
            return CallResult(None, NoAnswer.TLS_FAILED if is_tls else NoAnswer.CONNECTION_FAILED)
        except (httpcore.NetworkError, OSError):
            return CallResult(None, NoAnswer.CONNECTION_FAILED)
        except httpcore.ProtocolError:
            return CallResult(None, NoAnswer.INVALID_ANSWER)


def _beginning(response: httpcore.Response) -> str:
    """Return the beginning of an answer's text; how the rest comes, or whether it does, makes no difference."""
    content = bytearray()
    try:
        for chunk in response.iter_stream():
            content += chunk
            if len(content) >= MAX_RESPONSE:
                break
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        pass  # the status is the answer
    text = re.sub(r"\s+", " ", content[:MAX_RESPONSE].decode("utf-8", "replace"))
    return "".join(character for character in text if character.isprintable())[:MAX_SHOWN].strip()


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever the host is called, before a deadline."""

    def __init__(self, addresses: Sequence[str], deadline: float) -> None:
        self._addresses, self._deadline = addresses, deadline

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the addresses are its own
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is for all that is done
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers."""
        last: Exception = httpcore.ConnectError("no address")
        for tried, address in enumerate(self._addresses):
            # Of several addresses, one that is silent is not to take all the time.
            seconds = _left(self._deadline) / (len(self._addresses) - tried)
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
            else:
                return _TimedStream(stream, self._deadline)
        raise last

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse: no webhook lives in a file."""
        raise httpcore.ConnectError("no address")


class _TimedStream(httpcore.NetworkStream):
    """A connection on which nothing is done after a deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as connect_tcp
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        for start in range(0, len(buffer), _WRITE_BYTES):
            self._stream.write(buffer[start : start + _WRITE_BYTES], _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    """Return the seconds that are left. Raises ReadTimeout where none is."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise httpcore.ReadTimeout("The time for a call is over.")
    return seconds
