"""Where webhooks may go: the URL's form, the host, and each address that the host has.

A host that CALLBOARD_WEBHOOK_HOSTS names may have any address and speak http; where it names hosts, no other host is
called. Else a host must be public, over https, and so must every address that it has at the moment of the call: one
that is not refuses all. Who calls then connects to the addresses that were checked, and asks for none again.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from lib.errors import WebhookError
from lib.errors.webhook_codes import WebhookCode
from lib.webhooks.webhook import NoAnswer

MAX_URL = 2_000
"""Characters that a URL may have."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host for a port. Raises OSError where there are none."""

_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by customers of a provider; metadata of one cloud
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols; metadata of one cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # measurements
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "168.63.129.16/32",  # the host of virtual machines in one cloud
    )
)

_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
"""All that is given out; what lies outside is private, local, multicast, reserved, or a way to an IPv4 address."""

_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # protocols: Teredo, ORCHID, measurements
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)

_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa")
"""What names end with that no public host has."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """A URL that webhooks may go to; `is_named` says that its host may have any address."""

    url: httpx.URL
    host: str
    port: int
    is_named: bool


def parse_target(text: str, named_hosts: frozenset[str]) -> WebhookTarget:
    """Return where a URL leads. Raises WebhookError where it is none, or where webhooks may not go to it."""
    url = _parse_url(text)
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    port = url.port or {"https": 443, "http": 80}[url.scheme]
    host_part = f"[{host}]" if ":" in host else host
    is_named = bool(named_hosts & {host_part, f"{host_part}:{port}"})
    if named_hosts and not is_named:
        hosts = ", ".join(sorted(named_hosts))
        raise WebhookError("url", WebhookCode.WEBHOOK_HOST_OTHER, host=host_part[:100], hosts=hosts)
    if url.scheme != "https" and not is_named:
        raise WebhookError("url", WebhookCode.WEBHOOK_URL_SCHEME)
    if not is_named and _is_private(host):
        raise WebhookError("url", WebhookCode.WEBHOOK_HOST_PRIVATE, host=host_part[:100])
    return WebhookTarget(url, host, port, is_named)


def resolve(target: WebhookTarget, resolver: Resolver) -> tuple[str, ...] | NoAnswer:
    """Return the addresses of a target's host, each of which may be called; why not, where none may be."""
    try:
        texts = dict.fromkeys(resolver(target.host, target.port))
        addresses = [ipaddress.ip_address(text) for text in texts]
    except (OSError, ValueError):
        return NoAnswer.NO_ADDRESS
    if not addresses:
        return NoAnswer.NO_ADDRESS
    if not target.is_named and not all(map(is_public, addresses)):
        return NoAnswer.ADDRESS_REFUSED
    return tuple(texts)


def system_addresses(host: str, port: int) -> list[str]:
    """Return the addresses that the system knows of a host, in its order. Raises OSError."""
    try:
        listed = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:  # a part of the name that is too long
        raise OSError(str(error)) from None
    return [str(address[0]) for _, _, _, _, address in listed]


def is_public(address: IpAddress) -> bool:
    """Return whether an address is one of the internet's, and no way to one that is not."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    return address in _PUBLIC_V6 and not any(address in network for network in _REFUSED_V6)


def _parse_url(text: str) -> httpx.URL:
    """Return a URL of the form that webhooks have. Raises WebhookError."""
    if len(text) > MAX_URL:
        raise WebhookError("url", WebhookCode.WEBHOOK_URL_LONG, characters=len(text), most=MAX_URL)
    if not re.fullmatch(r"[^\s\x00-\x1f\x7f\\]+", text):
        raise WebhookError("url", WebhookCode.WEBHOOK_URL)
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise WebhookError("url", WebhookCode.WEBHOOK_URL) from None
    if url.scheme not in ("http", "https") or not url.raw_host or not _is_host(url):
        raise WebhookError("url", WebhookCode.WEBHOOK_URL)
    if url.userinfo or "@" in text.partition("://")[2].partition("/")[0]:
        raise WebhookError("url", WebhookCode.WEBHOOK_URL_SECRET)
    if "#" in text:
        raise WebhookError("url", WebhookCode.WEBHOOK_URL_FRAGMENT)
    if url.port is not None and not 0 < url.port < 2**16:
        raise WebhookError("url", WebhookCode.WEBHOOK_URL)
    return url


def _is_host(url: httpx.URL) -> bool:
    host = url.raw_host.decode("ascii", "replace").rstrip(".")
    if ":" in host:
        return "%" not in host
    parts = host.split(".")
    return len(host) <= 253 and all(re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})", part) for part in parts)


def _is_private(host: str) -> bool:
    """Return whether a host is no public one, as far as its name says."""
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001, 017700000001: what the system takes for an address
        return not is_public(ipaddress.IPv4Address(socket.inet_aton(host)))
    except OSError:
        pass
    return "." not in host or any(host == name or host.endswith(f".{name}") for name in _PRIVATE_NAMES)
