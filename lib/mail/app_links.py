"""Absolute links of mails into the app: to the live view, to other pages, to what a row opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lib.reports.page import Click, ExternalLink, Link
from lib.reports.page_links import OPENED

_FAR = ("http", "https")
"""What links may begin with."""


@dataclass(frozen=True, slots=True)
class AppLinks:
    """Where links lead: `app_url` is the live view with its parameters, other pages' addresses begin with `base_url`.

    Without them there are no links.
    """

    app_url: str | None
    base_url: str | None

    def page(self, link: Link | None) -> str | None:
        """Return the address of another page with its parameters."""
        if link is None or not self.base_url:
            return None
        query = urlencode(link.parameters)
        return f"{self.base_url.rstrip('/')}/{link.page}{'?' if query else ''}{query}"

    def row(self, click: Click | None, row_id: str | None) -> str | None:
        """Return the address of the detail that a row of the view opens; None for rows that do something else."""
        if row_id is None or click is None or click.action != "open" or not self.app_url or not self.base_url:
            return None
        return with_parameter(self.app_url, OPENED, row_id)


def outside(link: ExternalLink) -> str | None:
    """Return the address of a link outside the app, if it is one of the web."""
    return link.address if urlsplit(link.address).scheme in _FAR else None


def with_parameter(url: str, name: str, value: str) -> str:
    """Return an address with one parameter set, and all others as they are."""
    parts = urlsplit(url)
    kept: Sequence[tuple[str, str]] = parse_qsl(parts.query, keep_blank_values=True)
    query = urlencode([*(pair for pair in kept if pair[0] != name), (name, value)])
    return urlunsplit(parts._replace(query=query))
