"""A mail's document as plain text: the same numbers, tables with their columns in line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from lib.i18n import t
from lib.mail.content import UNSUBSCRIBE_URL
from lib.mail.model import (
    MailBody,
    MailCard,
    MailCards,
    MailDocument,
    MailLink,
    MailLinks,
    MailNotice,
    MailPassage,
    MailPicture,
    MailSection,
    MailShares,
    MailTable,
)
from lib.mail.table_notes import column_note, row_notes
from lib.mail.texts import shorten

_WIDEST_CELL = 60


def to_text(mail: MailDocument) -> str:
    """Return a mail as plain text, its paragraphs with an empty line between them."""
    parts = [[f"Callboard · {mail.label}" if mail.label else "Callboard", mail.title.upper(), mail.question]]
    parts += [[" · ".join(mail.shown)], [*mail.sentences], [_link(each) for each in mail.links]]
    parts += [list(_section(section)) for section in mail.sections]
    footer = [mail.reason, f"{t('Unsubscribe')}: {UNSUBSCRIBE_URL}" if mail.is_subscription else ""]
    paragraphs = ["\n".join(filter(None, part)) for part in [*parts, ["--", *footer]]]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _section(section: MailSection) -> Iterator[str]:
    if section.heading:
        yield section.heading
        yield "=" * min(_width(section.heading), 72)
    yield from section.lead
    if section.body is not None:
        yield from _body(section.body)


def _body(body: MailBody) -> Iterator[str]:
    match body:
        case MailCards():
            yield from map(_card, body.cards)
        case MailPicture():
            yield from (body.alt, *body.notes)
        case MailTable():
            yield from _table(body)
        case MailShares():
            yield from (f"{share.label}: {share.count} · {share.percent}" for share in body.shares)
        case MailPassage():
            yield from body.sentences
            if body.link:
                yield _link(body.link)
        case MailNotice():
            yield " ".join((body.ended_label, *body.sentences))
        case MailLinks():
            yield from map(_link, body.links)


def _card(card: MailCard) -> str:
    value = f"{card.value} {card.scale}".rstrip()
    change = f"{card.change} ({card.against})" if card.change and card.against else card.change
    return f"{card.label}: " + " · ".join(filter(None, (value, *card.notes, change)))


def _link(link: MailLink) -> str:
    return f"{link.label}: {link.url}"


def _table(table: MailTable) -> Iterator[str]:
    rows = [[cell.words for cell in row] for row in ([table.total] if table.total else []) + [*table.rows]]
    lines = [[shorten(cell, _WIDEST_CELL) for cell in row] for row in [[*table.header], *rows]]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    if rows:
        yield _line(lines[0], widths, table.right)
        yield "  ".join("-" * width for width in widths)
        yield from (_line(line, widths, table.right) for line in lines[1:])
    yield from (*row_notes(table), column_note(table.left_out))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = []
    for cell, width, is_right in zip(cells, widths, right, strict=True):
        space = " " * (width - _width(cell))
        padded.append(space + cell if is_right else cell + space)
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Return how many columns a text takes in letters of one width."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.category(letter) in ("Mn", "Cf") for letter in text)
