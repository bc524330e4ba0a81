"""Addresses as settings hold them: of databases, of the web, of people, names with commas between."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "CALLBOARD_"
"""What the name of each variable begins with."""

_ATOM, _LABEL = r"[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+", r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@.{{1,190}}$){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
"""What mail can be sent to without quoting (RFC 5322's dot-atom, RFC 1123's host names)."""


def plain_address(text: str) -> str:
    """Return an e-mail address in small letters; an empty text for what is none, or not plain enough to compare."""
    trimmed = text.strip()
    return trimmed.lower() if trimmed.isascii() and _ADDRESS.fullmatch(trimmed) else ""


def checked_database_url(value: str, backends: set[str], right: str) -> str:
    """Return the address of a database of one of some kinds. Raises ValueError, saying what would be `right`."""
    try:
        address = make_url(value)
    except (ArgumentError, ValueError):  # the latter quotes what it took for the port, which may be of the password
        address = URL.create("none")
    backend = address.get_backend_name()
    if "@" in (address.host or ""):
        raise ValueError("the password holds an @; right would be to write it as %40, and a : as %3A, a / as %2F")
    if value and backend not in backends:
        raise ValueError(f"not an address that can be used here; right would be {right}")
    return value


def web_host(address: str) -> str:
    """Return the host that a web address names, in small letters; an empty text where it names none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # brackets that hold no address
        return ""


def is_secure_address(address: str) -> bool:
    """Return whether what is sent to a web address can't be read on its way."""
    scheme = address.partition(":")[0].lower()
    return bool(web_host(address)) and (
        scheme == "https" or (scheme == "http" and web_host(address) in ("localhost", "127.0.0.1", "::1"))
    )


def database_file(url: URL) -> Path | None:
    """Return the file of an embedded database; None for a server, or for one in memory."""
    embedded = url.get_backend_name() != "postgresql" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)).absolute() if embedded else None


def listed_names(value: str) -> list[str]:
    """Return names with commas between, in small letters."""
    return [name.strip().lower() for name in value.split(",") if name.strip()]


def with_driver(url: URL) -> URL:
    """Name the driver where an address leaves it open: `postgresql://` means psycopg."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url
