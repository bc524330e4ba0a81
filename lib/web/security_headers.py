"""The headers that every answer carries: what its page may load, who may frame it, what it tells others.

Scripts come from this server alone. The few that stand within a page are known by their hash, which is computed from
the page that is served, not written down here.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)

HSTS = (b"strict-transport-security", b"max-age=31536000")
"""For a year, by TLS alone; sent where the visitor came by TLS."""

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""The policy of what is no page: data, files, pictures."""

_EVERY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # links hold filters
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)

READABLE = (b"_streamlit_xsrf",)
"""Cookies that the pages' own script reads: it repeats the token in a header, which another site could not."""


def inline_hashes(page: str) -> list[str]:
    """Return the hashes by which a policy knows the scripts within an HTML page."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def of_page(page: str) -> str:
    """Return the policy of an HTML page.

    Styles may stand within it: the pages' own library writes them at run time, and so do charts. Nothing is compiled
    at run time, WebAssembly neither: what would (whole numbers of 64 bits) does without.
    """
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *inline_hashes(page)],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "media-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def headers(policy: str) -> Headers:
    """Return the headers of every answer that has this policy."""
    return ((b"content-security-policy", policy.encode()), *_EVERY)


def cookie(header: bytes, by_tls: bool) -> bytes:
    """Return a Set-Cookie header with what it lacks: kept from scripts and other sites, carried by TLS alone."""
    name = header.partition(b"=")[0].strip()
    given = {part.partition(b"=")[0].strip().lower() for part in header.split(b";")[1:]}
    if name not in READABLE and b"httponly" not in given:
        header += b"; HttpOnly"
    if b"samesite" not in given:
        header += b"; SameSite=Lax"
    if by_tls and b"secure" not in given:
        header += b"; Secure"
    return header
