"""A mail as a message of the internet: its parts, its headers, its one recipient (RFC 5322, 2369, 8058)."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy, default
from email.utils import format_datetime, parseaddr
from typing import Any, cast

from lib.mail.content import MailContent


class _WholeLineHeader(UnstructuredHeader):
    """A header that stays in one line: an address that is cut or encoded leads nowhere (RFC 2369)."""

    max_count = 1
    name: str

    def fold(self, *, policy: Policy[Any]) -> str:
        """Return the header as it is sent."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", cast("Any", _WholeLineHeader))  # what it is becomes a header there
_POLICY = default.clone(header_factory=_HEADERS)


def mail_message(
    content: MailContent, number: str, sender: str, recipient: str, when: datetime, unsubscribe: str | None
) -> EmailMessage:
    """Return a mail to one address; with the same `number`, the same `Message-ID`.

    `unsubscribe` is the link by which the recipient wants no more, where there is an address that it can begin with.
    """
    content = content.with_unsubscribe(unsubscribe)
    name, address = parseaddr(sender)
    message = EmailMessage(_POLICY)
    message["From"] = Address(name, addr_spec=address)
    message["To"] = Address(addr_spec=recipient)
    # Text that looks like an encoded word would be decoded, and might then hold the end of a line.
    message["Subject"] = " ".join(content.subject.replace("=?", "= ?").split())
    message["Date"] = format_datetime(when)
    message["Message-ID"] = message_id(number, sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is to be told to it
    if unsubscribe is not None:
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    html = next(part for part in message.iter_parts() if part.get_content_type() == "text/html")
    for picture in content.pictures:
        html.add_related(
            picture.png,
            "image",
            "png",
            cid=f"<{picture.content_id}>",
            disposition="inline",
            filename=f"{picture.content_id.partition('@')[0]}.png",
        )
    message["Content-Language"] = content.language
    for each in content.attachments:
        main, _, sub = each.media_type.partition("/")
        parameters = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(each.content, maintype=main, subtype=sub, filename=each.file_name, params=parameters)
    return message


def message_id(number: str, sender: str) -> str:
    """Return the `Message-ID` of a mail: the same however often it is sent."""
    return f"<{number}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
