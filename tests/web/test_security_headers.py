"""The headers of every answer: what a page may load, and what a cookie lacks."""

from __future__ import annotations

import base64
import hashlib

import pytest

from lib.web import security_headers

SCRIPT = "let a = 1;\nlet b = 2;"
PAGE = f"<html><script>{SCRIPT}</script><script src='x.js'></script><script>c()</script></html>"


def test_a_page_loads_from_its_server_alone() -> None:
    """What a page may do is written out, so that no source is added, and none is lost, by the way."""
    first, second = (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (SCRIPT, "c()")
    )
    rules = dict(rule.split(" ", 1) for rule in security_headers.of_page(PAGE).split("; "))
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'self' {first} {second}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        **{f"{what}-src": "'self'" for what in ("media", "connect", "worker", "manifest")},
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_every_answer_s_headers() -> None:
    found = dict(security_headers.headers(security_headers.NOTHING))
    assert found[b"content-security-policy"] == b"default-src 'none'; frame-ancestors 'none'"
    assert found[b"x-content-type-options"] == b"nosniff" and found[b"x-frame-options"] == b"DENY"
    assert found[b"referrer-policy"] == b"same-origin"
    assert found[b"cross-origin-opener-policy"] == found[b"cross-origin-resource-policy"] == b"same-origin"
    assert b"camera=()" in found[b"permissions-policy"] and len(found) == 7
    assert security_headers.HSTS == (b"strict-transport-security", b"max-age=31536000")


@pytest.mark.parametrize(
    ("given", "by_tls", "whole"),
    [
        (b"a=1", False, b"a=1; HttpOnly; SameSite=Lax"),
        (b"a=1", True, b"a=1; HttpOnly; SameSite=Lax; Secure"),
        (b"a=1; httponly; samesite=strict; secure", True, b"a=1; httponly; samesite=strict; secure"),
        (b"a=httponly; Path=/", False, b"a=httponly; Path=/; HttpOnly; SameSite=Lax"),
        (b"_streamlit_xsrf=1", False, b"_streamlit_xsrf=1; SameSite=Lax"),
    ],
)
def test_what_a_cookie_lacks(given: bytes, by_tls: bool, whole: bytes) -> None:
    assert security_headers.cookie(given, by_tls) == whole
