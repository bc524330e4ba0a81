"""What a mail holds besides its recipient: subject, HTML, plain text, inline pictures and attachments.

The link that ends a subscription is each recipient's own, so a placeholder stands for it until a mail is sent.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from dataclasses import dataclass, replace
from typing import Any, Self

from lib.analytics.grants import Grant

UNSUBSCRIBE_URL = "https://unsubscribe.invalid/"
"""Stands in HTML and text for the recipient's own link."""

FOOTER_START, FOOTER_END = "<!--unsubscribe-->", "<!--/unsubscribe-->"
"""What surrounds, in HTML, the words with that link. The footer comes last, so what users wrote stands before it."""

FORMAT_VERSION = 1
"""The version of what `to_bytes` returns."""


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture that the HTML shows by `cid:` and its content id."""

    content_id: str
    png: bytes


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file that goes along: its name, its media type such as `application/pdf`, its bytes."""

    file_name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MailContent:
    """A mail in one language, the same for all who get it; `with_unsubscribe` makes it one recipient's."""

    subject: str
    html: str
    text: str
    pictures: tuple[InlinePicture, ...]
    attachments: tuple[MailAttachment, ...]
    language: str
    grant: Grant | None = None  # what it was made to be seen by, so that nobody who may see less looks at it later

    def with_unsubscribe(self, url: str | None) -> Self:
        """Return the mail with a recipient's own link in place of the placeholder; None takes the words out.

        A mail without the placeholder stays as it is.
        """
        before, start, footer = self.html.rpartition(FOOTER_START)
        if not start:
            return self
        words, end, after = footer.partition(FOOTER_END)
        text_before, _, text_after = self.text.rpartition(UNSUBSCRIBE_URL)
        if url is None:
            kept, _, _ = text_before.rpartition("\n")
            return replace(self, html=before + after, text=kept.rstrip() + text_after)
        words = words.replace(UNSUBSCRIBE_URL, html.escape(url))
        return replace(self, html=before + start + words + end + after, text=text_before + url + text_after)

    def with_attachments(self, *attachments: MailAttachment) -> Self:
        """Return the mail with more files."""
        return replace(self, attachments=(*self.attachments, *attachments))

    @property
    def size(self) -> int:
        """About how many bytes it takes as it is sent: pictures and files are a third larger then."""
        files = sum(len(each.png) for each in self.pictures) + sum(len(each.content) for each in self.attachments)
        return len(self.html.encode()) + len(self.text.encode()) + -(-files // 3) * 4

    def to_bytes(self) -> bytes:
        """Return the mail as compressed JSON, as it is kept."""
        document = {
            "version": FORMAT_VERSION,
            "subject": self.subject,
            "html": self.html,
            "text": self.text,
            "pictures": [{"contentId": each.content_id, "png": _packed(each.png)} for each in self.pictures],
            "attachments": [
                {"fileName": each.file_name, "mediaType": each.media_type, "content": _packed(each.content)}
                for each in self.attachments
            ],
            "language": self.language,
            "grant": None if self.grant is None else self.grant.to_json(),
        }
        return zlib.compress(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        """Return the mail that `to_bytes` wrote. Raises ValueError where it is none, or of another version."""
        try:
            document: dict[str, Any] = json.loads(zlib.decompress(kept))
            if document["version"] != FORMAT_VERSION:
                raise ValueError(f"The mail is of version {document['version']}; right would be {FORMAT_VERSION}.")
            return cls(
                document["subject"],
                document["html"],
                document["text"],
                tuple(InlinePicture(each["contentId"], _unpacked(each["png"])) for each in document["pictures"]),
                tuple(
                    MailAttachment(each["fileName"], each["mediaType"], _unpacked(each["content"]))
                    for each in document["attachments"]
                ),
                document["language"],
                None if document.get("grant") is None else Grant.of(document["grant"]),
            )
        except (zlib.error, KeyError, TypeError) as error:
            raise ValueError(f"These bytes are no mail: {error}") from None


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
