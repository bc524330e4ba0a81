"""What a mail holds: it is kept as bytes and read again, and one recipient's link takes the place of the placeholder."""

from __future__ import annotations

import json
import zlib

import pytest

from lib.mail.content import UNSUBSCRIBE_URL, InlinePicture, MailAttachment, MailContent
from lib.mail.message_mail import MailMessage, message_mail

MAIL = MailContent(
    "Ünicode ▲",
    "<p>ñ</p>",
    "ñ\n",
    (InlinePicture("chart1@callboard", b"\x89PNG\x00\xff" * 900),),
    (MailAttachment("Página.pdf", "application/pdf", bytes(range(256))),),
    "es",
)

LINK = "https://calls.example.com/end?token=a&b=\"<c>'"


def test_a_mail_is_kept_and_read_again() -> None:
    kept = MAIL.to_bytes()
    assert MailContent.from_bytes(kept) == MAIL
    assert len(kept) < 2_000, "it is compressed"
    assert MAIL.size == 9 + 3 + 4 * -(-(5_400 + 256) // 3)


@pytest.mark.parametrize(
    "kept",
    [
        b"",
        b"no mail",
        zlib.compress(b"[]"),
        zlib.compress(b"no JSON"),
        zlib.compress(b'{"version": 1}'),
        zlib.compress(json.dumps({"version": 2}).encode()),
        MAIL.to_bytes()[:-3],
    ],
)
def test_what_is_no_mail_is_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r"no mail|version|JSON|Expecting"):
        MailContent.from_bytes(kept)


def subscribed(*sentences: str) -> MailContent:
    return message_mail(MailMessage("Subject", "Title", sentences, reason="Because.", is_subscription=True))


def test_each_recipient_has_a_link_of_their_own() -> None:
    mail = subscribed("Calls.").with_unsubscribe(LINK)
    assert 'href="https://calls.example.com/end?token=a&amp;b=&quot;&lt;c&gt;&#x27;"' in mail.html
    assert mail.text.endswith(f"Because.\nUnsubscribe: {LINK}\n")
    assert UNSUBSCRIBE_URL not in mail.html + mail.text


def test_without_a_link_the_words_go() -> None:
    mail = subscribed("Calls.").with_unsubscribe(None)
    assert "nsubscribe" not in mail.html and mail.text.endswith("--\nBecause.\n")
    silent = message_mail(MailMessage("Subject", "Title"))
    assert silent.with_unsubscribe(LINK) == silent.with_unsubscribe(None) == silent


def test_who_writes_the_placeholder_gets_no_link() -> None:
    """Names of users may hold anything, also what marks the footer."""
    fake = f'<!--unsubscribe--><a href="{UNSUBSCRIBE_URL}">x</a><!--/unsubscribe-->'
    mail = subscribed(fake, UNSUBSCRIBE_URL).with_unsubscribe(LINK)
    assert mail.html.count("calls.example.com") == mail.text.count("calls.example.com") == 1
    assert mail.text.endswith(f"Unsubscribe: {LINK}\n") and fake in mail.text
    gone = subscribed(fake).with_unsubscribe(None)
    assert fake in gone.text and "https://unsubscribe.invalid/" in gone.html and gone.text.endswith("Because.\n")


def test_files_are_added() -> None:
    more = MailAttachment("a.csv", "text/csv", b"1")
    assert MAIL.with_attachments(more).attachments == (*MAIL.attachments, more)
