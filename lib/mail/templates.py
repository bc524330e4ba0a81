"""A mail's document as HTML: nested tables with the style at each element, as Word's engine, Gmail and phones want it.

What may be lost without harm is in the one style sheet that stays: dark colors, and less padding on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.charts import font_metrics
from lib.charts.theme import DARK, LIGHT
from lib.i18n import t
from lib.mail.content import FOOTER_END, FOOTER_START, UNSUBSCRIBE_URL
from lib.mail.model import (
    MailBody,
    MailCards,
    MailDocument,
    MailLinks,
    MailNotice,
    MailPassage,
    MailPicture,
    MailShare,
    MailShares,
    MailTable,
)
from lib.mail.table_notes import column_note, row_notes
from lib.mail.texts import breakable

GROUND, SHADE = "#eef3f3", "#f1f6f6"
"""Colors of what lies around the sheet, and of what stands out on it."""

DARK_GROUND, DARK_SHADE = "#0f171b", "#1f2c33"

_KINDS = {
    MailCards: "cards",
    MailPicture: "picture",
    MailTable: "table",
    MailShares: "shares",
    MailPassage: "passage",
    MailNotice: "notice",
    MailLinks: "links",
}

_BUTTON_PADDING = 36


def to_html(mail: MailDocument) -> str:
    """Return a mail as one HTML document that refers to nothing outside, but by links."""
    page = _environment().get_template("mail.html").render(
        mail=mail,
        footer_start=FOOTER_START,
        footer_end=FOOTER_END,
        unsubscribe_url=UNSUBSCRIBE_URL,
        unsubscribe_words=t("Unsubscribe"),
    )  # fmt: skip
    return _inliner().inline(page)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {
        "light": LIGHT,
        "dark": DARK,
        "ground": GROUND,
        "shade": SHADE,
        "dark_ground": DARK_GROUND,
        "dark_shade": DARK_SHADE,
    }
    environment.filters |= {
        "breakable": breakable,
        "kind": _kind,
        "row_notes": row_notes,
        "column_note": column_note,
        "bar_widths": _bar_widths,
        "button_width": _button_width,
    }
    return environment


@cache
def _inliner() -> CSSInliner:
    css = _environment().get_template("style.css").render()
    return CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, minify_css=True, extra_css=css
    )


def _kind(body: MailBody) -> str:
    return _KINDS[type(body)]


def _bar_widths(shares: Sequence[MailShare]) -> list[tuple[MailShare, int]]:
    """Return the parts of a bar that are there, with their widths in whole percent, which add up to 100."""
    parts = [share for share in shares if share.amount > 0]
    widths = [max(1, round(share.amount * 100)) for share in parts]
    if widths:
        widths[widths.index(max(widths))] += 100 - sum(widths)
    return list(zip(parts, widths, strict=True))


def _button_width(label: str) -> int:
    return round(font_metrics.width(label, 14, bold=True) * 1.05) + _BUTTON_PADDING
