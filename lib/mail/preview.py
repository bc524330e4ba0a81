"""A mail as a page shows it in a frame: its pictures within the document, no script, links in a new tab."""

from __future__ import annotations

import base64

from lib.mail.content import MailContent

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What the frame may load and do: nothing but what the mail itself holds."""

_HEAD = "<head>"


def preview_html(content: MailContent) -> str:
    """Return a mail's document for a frame, without the words that end a subscription, which are a recipient's own."""
    html = content.with_unsubscribe(None).html
    for picture in content.pictures:
        png = base64.b64encode(picture.png).decode()
        html = html.replace(f"cid:{picture.content_id}", f"data:image/png;base64,{png}")
    rules = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><base target="_blank">'
    before, head, after = html.partition(_HEAD)
    return before + head + rules + after if head else rules + html
