"""Holds a mail to the size that Gmail shows whole: a larger one has fewer rows in its tables, then fewer parts."""

from __future__ import annotations

from dataclasses import replace

from lib.i18n import t
from lib.mail.model import MailDocument, MailPassage, MailSection, MailTable
from lib.mail.templates import to_html

MOST_BYTES = 100_000
"""Bytes of HTML: Gmail cuts at 102 KB, and a recipient's own link may be longer than its placeholder."""

_ROWS = (20, 15, 10, 5, 3, 1)


def within_size(mail: MailDocument, most_bytes: int = MOST_BYTES) -> tuple[MailDocument, str]:
    """Return a mail, with fewer rows and parts where it would be too large, and its HTML."""
    fitting, html = mail, to_html(mail)
    for rows in _ROWS:
        if _size(html) <= most_bytes:
            return fitting, html
        fitting = _with_rows(mail, rows)
        html = to_html(fitting)
    if _size(html) <= most_bytes:
        return fitting, html
    kept, over = 0, len(fitting.sections)
    while over - kept > 1:
        middle = (kept + over) // 2
        if _size(to_html(_with_parts(fitting, middle))) <= most_bytes:
            kept = middle
        else:
            over = middle
    fitting = _with_parts(fitting, kept)
    return fitting, to_html(fitting)


def _size(html: str) -> int:
    return len(html.encode())


def _with_rows(mail: MailDocument, rows: int) -> MailDocument:
    """Return a mail whose tables have at most so many rows; what is said below them tells of the others."""
    return replace(
        mail,
        sections=tuple(
            replace(part, body=replace(part.body, rows=part.body.rows[:rows]))
            if isinstance(part.body, MailTable)
            else part
            for part in mail.sections
        ),
    )


def _with_parts(mail: MailDocument, count: int) -> MailDocument:
    """Return a mail with its first sections, which says that there are more."""
    rest = MailSection(
        body=MailPassage((t("This mail would be too long with the rest of the page."),), is_caption=True)
    )
    return replace(mail, sections=(*mail.sections[:count], rest))
