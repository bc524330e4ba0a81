"""What a request's headers say of the answer: whether it may be packed, and whether the visitor has it."""

from __future__ import annotations

import re

from starlette.datastructures import Headers

_CODING = re.compile(r"([^\s;]+)(?:\s*;\s*q=([01](?:\.\d*)?))?", re.IGNORECASE)


def accepts(headers: Headers, coding: str) -> bool:
    """Return whether an answer may be packed so (RFC 9110, 12.5.3); what can't be read names no coding."""
    accepted: dict[str, bool] = {}
    for each in _listed(headers, "accept-encoding"):
        if named := _CODING.fullmatch(each):
            accepted[named[1].lower()] = float(named[2] or 1) > 0
    return accepted.get(coding, accepted.get("*", False))


def has_tag(headers: Headers, tag: str) -> bool:
    """Return whether the visitor has the answer with this ETag, strong or weak (RFC 9110, 13.1.2)."""
    tags = [each.removeprefix("W/") for each in _listed(headers, "if-none-match")]
    return "*" in tags or tag.removeprefix("W/") in tags


def _listed(headers: Headers, name: str) -> list[str]:
    return [each.strip() for value in headers.getlist(name) for each in value.split(",")]
