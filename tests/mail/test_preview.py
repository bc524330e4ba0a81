"""A mail in a frame: pictures within it, no script, links in a new tab."""

from __future__ import annotations

import base64

from lib.analytics.grants import EVERYTHING, Grant
from lib.mail.content import FOOTER_END, FOOTER_START, UNSUBSCRIBE_URL, InlinePicture, MailContent
from lib.mail.preview import preview_html

HTML = (
    f'<!DOCTYPE html><html><head><title>T</title></head><body><img src="cid:chart1@x">'
    f'{FOOTER_START}<a href="{UNSUBSCRIBE_URL}">Unsubscribe</a>{FOOTER_END}</body></html>'
)
MAIL = MailContent("S", HTML, f"T\nUnsubscribe: {UNSUBSCRIBE_URL}\n", (InlinePicture("chart1@x", b"PNG"),), (), "en")


def test_a_mail_in_a_frame() -> None:
    document = preview_html(MAIL)
    head = document.partition("</head>")[0]
    assert "default-src 'none'" in head and head.index("default-src") < head.index("<title>")
    assert '<base target="_blank">' in head
    assert f'src="data:image/png;base64,{base64.b64encode(b"PNG").decode()}"' in document
    assert "Unsubscribe" not in document and "cid:" not in document


def test_without_a_head() -> None:
    assert preview_html(MailContent("S", "<p>x</p>", "x", (), (), "en")).startswith("<meta http-equiv=")


def test_what_one_must_see_to_look_at_it_is_kept() -> None:
    for grant in (None, EVERYTHING, Grant.of({"callCenter": ["n"]})):
        mail = MailContent("S", "", "", (), (), "en", grant)
        assert MailContent.from_bytes(mail.to_bytes()).grant == grant
