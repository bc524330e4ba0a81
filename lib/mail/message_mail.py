"""Short mails in the look of a page's: sentences, a small table, and links, for alerts and notices."""

from __future__ import annotations

from dataclasses import dataclass

from lib.i18n import current
from lib.mail.content import MailContent
from lib.mail.model import MailCell, MailDocument, MailLink, MailSection, MailTable
from lib.mail.plain_text import to_text
from lib.mail.size_limit import within_size
from lib.mail.table_layout import MOST_ROWS
from lib.mail.texts import MOST_SUBJECT, header_text, say, shorten
from lib.reports.words import Words


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A row of a message's table: its cells, the address that the first of them leads to, and what it means.

    `kind` colors the second cell, the value: good, bad, chance or plain.
    """

    cells: tuple[Words, ...]
    url: str | None = None
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class MessageTable:
    """A small table: `right` says which columns hold numbers, all but the first by default; `count` is of all rows."""

    header: tuple[Words, ...]
    rows: tuple[MessageRow, ...]
    right: tuple[bool, ...] = ()
    count: int = 0
    order: Words = ""
    title: Words = ""


@dataclass(frozen=True, slots=True)
class MailMessage:
    """What a short mail says: subject, title, sentences, at most 25 rows, links as buttons.

    `reason` says at the foot why the mail is sent; `is_subscription`: it ends with the recipient's own link to get no
    more of them.
    """

    subject: Words
    title: Words
    sentences: tuple[Words, ...] = ()
    table: MessageTable | None = None
    links: tuple[MailLink, ...] = ()
    reason: Words = ""
    is_subscription: bool = False


def message_mail(message: MailMessage) -> MailContent:
    """Return a short mail in the language in use."""
    table = message.table
    sentences = tuple(map(say, message.sentences))
    sections = () if table is None else (MailSection(say(table.title), body=_table(table)),)
    document = MailDocument(
        title=say(message.title),
        language=current(),
        sections=sections,
        preview=" ".join(sentences)[:200],
        sentences=sentences,
        links=message.links,
        reason=say(message.reason),
        is_subscription=message.is_subscription,
    )
    fitting, html = within_size(document)
    subject = shorten(header_text(str(message.subject)), MOST_SUBJECT)
    return MailContent(subject, html, to_text(fitting), (), (), current())


def _table(table: MessageTable) -> MailTable:
    rows = table.rows[:MOST_ROWS]
    right = table.right or (False,) + (True,) * (len(table.header) - 1)
    return MailTable(
        tuple(map(say, table.header)),
        tuple(tuple(_cells(row)) for row in rows),
        right,
        right,
        count=max(table.count, len(table.rows)),
        order=say(table.order),
        label=say(table.title),
    )


def _cells(row: MessageRow) -> list[MailCell]:
    return [
        MailCell(say(words), row.kind if place == 1 else "plain", None if place else row.url)
        for place, words in enumerate(row.cells)
    ]
