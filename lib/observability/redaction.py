"""What may never be read in a log, an address or an error: the secrets, and the forms by which they are known.

`redact` is the one place that takes them out of a text. Secrets of the settings are made known by `register_secrets`;
keys, passwords in addresses, signatures, tokens and cookies are known by their form.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote, quote_plus

INSTEAD = "***"
_SHORTEST = 6
"""A shorter secret is not looked for: it would be found in half the words."""

_FORMS = (
    (re.compile(r"(cb_live_[A-Za-z0-9]{8}_?)[A-Za-z0-9]+"), rf"\1{INSTEAD}"),  # what names the key may be read
    # What repeats is bounded, or begins where nothing like it lies before: a long text takes no longer than its length.
    (re.compile(r"((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}://[^\s/:@]*):[^\s/]*@", re.IGNORECASE), rf"\1:{INSTEAD}@"),
    (re.compile(r"\b(bearer|basic)\s+(?!cb_live_)[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE), rf"\1 {INSTEAD}"),
    (re.compile(r"(_streamlit_\w{1,40}=)[^;\s\"']+"), rf"\1{INSTEAD}"),
    (re.compile(r"(oauth2callback\?)[^\s\"']+"), rf"\1{INSTEAD}"),
    (
        re.compile(
            r"\b(signature|password|client_secret|cookie_secret|secret_key|[a-z]+_token|api_?key)"
            r"([\"']?\s*[=:]\s*[\"']?)(?!cb_live_)[^\s&\"',;)]+",
            re.IGNORECASE,
        ),
        rf"\1\2{INSTEAD}",
    ),
)

_SIGNS = (
    "cb_live_",
    "://",
    "bearer",
    "basic",
    "_streamlit_",
    "oauth2callback",
    "sign",
    "pass",
    "secret",
    "token",
    "api",
)
"""One of these is in every text that a form finds something in; most lines of a log have none."""

_hidden: set[str] = set()
_pattern: re.Pattern[str] | None = None


def register_secrets(*secrets: str) -> None:
    """Make secrets known, each as it is and as addresses and JSON write it."""
    global _pattern
    new = {secret for secret in secrets if len(secret) >= _SHORTEST} - _hidden
    if not new:
        return
    _hidden.update(new)
    forms = {form for secret in _hidden for form in (secret, quote(secret, ""), quote_plus(secret), _escaped(secret))}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    _pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def redact(text: str) -> str:
    """Return a text without the secrets in it."""
    if _pattern is not None:
        text = _pattern.sub(INSTEAD, text)
    small = text.lower()
    if any(sign in small for sign in _SIGNS):
        for form, instead in _FORMS:
            text = form.sub(instead, text)
    return text


def _escaped(secret: str) -> str:
    return json.dumps(secret)[1:-1]
