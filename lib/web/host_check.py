"""Whom the server answers for: host names that it goes by, and pages of its own alone.

A page of another site can make a browser ask a server that only the browser reaches: by a name that points at it
(DNS rebinding), or by opening a websocket. The first shows in the Host header, the second in Origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from lib.errors import RefusedError

ANY = "*"


class AllowedHosts:
    """The host names that are answered."""

    def __init__(self, names: Iterable[str]) -> None:
        """Answer for these names, without ports; `*` for any."""
        self._names = frozenset(names)
        self._known: dict[bytes, str] = {}

    def check(self, header: bytes | None) -> str:
        """Return the name that was asked for, in small letters; raise RefusedError where it is not ours."""
        found = self._known.get(header or b"")
        if found is not None:
            return found
        text = (header or b"").decode("latin-1").lower()
        name = name_of(text)
        if name not in self._names and not (name and ANY in self._names):
            raise RefusedError(
                400,
                f"This server does not answer for the host '{_printable(text)}'. Which it answers for is set by "
                f"CALLBOARD_HOSTS.",
            )
        if header is not None and len(self._known) < 100:
            self._known[header] = name
        return name


def check_origin(origin: bytes | None, host: bytes | None) -> None:
    """Raise RefusedError where a request comes from a page of another site; programs send no Origin."""
    if origin is None:
        return
    try:
        asking = urlsplit(origin.decode("latin-1").lower()).netloc
    except ValueError:  # brackets that hold no address
        asking = ""
    if not asking or asking != (host or b"").decode("latin-1").lower():
        raise RefusedError(
            403,
            f"A page of '{_printable(origin.decode('latin-1'))}' may not ask this. Behind a proxy, right would be that "
            "it passes the Host header on as it came.",
        )


def name_of(host: str) -> str:
    """Return a host without its port: `localhost`, `127.0.0.1`, `[::1]`; an empty text where it is none."""
    if host.startswith("["):
        name, closed, port = host.partition("]")
        name, port = name + closed, port.removeprefix(":")
    else:
        name, _, port = host.partition(":")
    return name.rstrip(".") if not port or (port.isascii() and port.isdigit()) else ""


def _printable(text: str) -> str:
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text[:100])
