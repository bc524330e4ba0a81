"""No more mail of a report or an alert: by one click in the mail program (RFC 8058), or on a page that asks first."""

from __future__ import annotations

import html

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from lib.access import signing
from lib.api.dependencies import Space, strict_query
from lib.api.errors import not_found
from lib.delivery import unsubscribe_links
from lib.i18n import override_language, t
from lib.scheduled_reports.repository import unsubscribe
from lib.workspace import Workspace

router = APIRouter(prefix="/unsubscribe", tags=["Reports"])

_PARAMETERS = ("address", "signature")

_PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{words}</p>{form}</main></body></html>"""


@router.get("/{subject}", response_class=HTMLResponse, include_in_schema=False)
def ask(request: Request, space: Space, subject: str) -> Response:
    """Ask whether an address wants no more mail: programs that look at links change nothing by it."""
    address = _address(request, space, subject)
    language, name = _subject(space, subject)
    with override_language(language):
        words = t("Send no more mail of {name} to {address}?", name=name, address=address)
        button = html.escape(t("Unsubscribe"))
        return _page(words, f'<form method="post"><button type="submit">{button}</button></form>', language)


@router.post("/{subject}", response_class=HTMLResponse, include_in_schema=False)
def end(request: Request, space: Space, subject: str) -> Response:
    """Send an address no more mail of a report or an alert; the signed link in each mail leads here."""
    address = _address(request, space, subject)
    language, name = _subject(space, subject)
    unsubscribe(space.state, subject, address)
    with override_language(language):
        return _page(t("No more mail of {name} goes to {address}.", name=name, address=address), "", language)


def _address(request: Request, space: Workspace, subject: str) -> str:
    """Return the address of a link that was made here. Raises ApiError (404)."""
    parameters = strict_query(request, _PARAMETERS)
    address, signature = ((parameters.get(name) or [""])[-1] for name in _PARAMETERS)
    if not unsubscribe_links.verify(signing.load(space.settings, space.state), subject, address, signature):
        raise not_found("This link is not good.")
    return address


def _subject(space: Workspace, subject: str) -> tuple[str, str]:
    """Return the language and the name of the report or the alert of a link. Raises ApiError (404) where it is gone."""
    report = space.outgoing.reports.get(subject)
    if report is not None:
        return report.definition.language, report.name
    alert = space.alerts.find(subject)
    if alert is None:
        raise not_found("There is no such report or alert any more, so no mail of it goes out.")
    return alert.definition.language, alert.definition.name


def _page(words: str, form: str, language: str) -> Response:
    title = html.escape(t("Unsubscribe"))
    return HTMLResponse(_PAGE.format(language=language, title=title, words=html.escape(words), form=form))
