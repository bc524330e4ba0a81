"""Mails as a browser draws them: as wide as a window or a phone, light and dark, and readable for everyone."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from lib.charts.theme import DARK, LIGHT
from lib.i18n import override_language
from lib.mail.content import MailContent
from lib.mail.message_mail import message_mail
from lib.mail.page_mail import MailHeading, page_mail
from lib.reports.page import ChartBlock, PageValue, TableBlock
from lib.workspace import Workspace
from tests.charts.samples import groups, ranked
from tests.mail.test_messages import ALERT, hostile_page
from tests.mail.test_page_mail import heading, page_of

NAME = "Customer care of the north"
WORD = "x" * 400
Draw = Callable[..., Page]


def charted(name: str) -> MailContent:
    """Return a mail that has a part of each kind, all of which are called the same."""
    page = hostile_page(name)
    chart = ChartBlock(name, ranked(groups()), "ranking")
    return page_mail(
        PageValue(page.title, page.question, page.shown, (*page.blocks, chart)),
        MailHeading(name, "https://calls.example.com/overview", "https://calls.example.com", (name,)),
    )


@pytest.fixture
def draw(chromium: Browser, tmp_path: Path) -> Iterator[Draw]:
    """Show a mail in a window of a width and a color scheme, its pictures in place."""
    pages: list[Page] = []

    def show(mail: MailContent, width: int, scheme: Literal["light", "dark"]) -> Page:
        html = mail.html
        for picture in mail.pictures:
            data = base64.b64encode(picture.png).decode()
            html = html.replace(f"cid:{picture.content_id}", f"data:image/png;base64,{data}")
        (tmp_path / "mail.html").write_text(html, "utf-8")
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        page.goto(f"file://{tmp_path}/mail.html")
        return page

    yield show
    for page in pages:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 375])
@pytest.mark.parametrize("name", [NAME, WORD], ids=["name", "long word"])
def test_nothing_is_wider_than_the_window(draw: Draw, name: str, width: int, scheme: str) -> None:
    page = draw(charted(name), width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    room = page.evaluate("[...document.querySelectorAll('td')].filter(e => !e.closest('.wide')).map(e => e.getBoundingClientRect().right)")  # fmt: skip
    assert max(room) <= width
    assert page.evaluate("[...document.images].every(e => e.complete && e.naturalWidth === 1104)")


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_column_of_a_table_is_in_sight(draw: Draw, sample: Workspace, language: str) -> None:
    """In a font that is wider than Arial, too, as where there is no Arial; columns that are not drawn are counted."""
    with override_language(language):
        pages = [page_of(sample, name) for name in ("executives", "call_centers", "evaluations", "evaluators")]
        tables = tuple(block for page in pages for block in page.flat if isinstance(block, TableBlock))
        mail = page_mail(PageValue("Page", "Question", ("All",), tables), heading("overview"))
    assert len(tables) >= 4 and "Arial, Helvetica, sans-serif" in mail.html
    for font in ("Arial, Helvetica, sans-serif", "DejaVu Sans"):
        page = draw(replace(mail, html=mail.html.replace("Arial, Helvetica, sans-serif", font)), 600, "light")
        for width in (600, 500, 375, 360):
            page.set_viewport_size({"width": width, "height": 900})
            room = page.eval_on_selector_all(".wide", "all => all.map(e => e.clientWidth - e.scrollWidth)")
            assert len(room) >= 4 and min(room) >= 0, (font, width, room)
            count = "all => all.map(e => [...e.querySelectorAll('th')].filter(each => each.offsetWidth).length)"
            assert min(page.eval_on_selector_all(".data", count)) >= 2
            assert page.is_visible("p.phone") is (width < 600) and page.is_visible("p.desk") is (width == 600)


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_colors_follow_the_mode(draw: Draw, scheme: str, palette: Any) -> None:
    page = draw(message_mail(ALERT), 600, scheme)

    def color(of: str, name: str) -> str:
        said = page.eval_on_selector(of, f"e => getComputedStyle(e).{name}")
        return "#" + "".join(f"{int(part):02x}" for part in said.removeprefix("rgb(").rstrip(")").split(","))

    assert color(".sheet", "backgroundColor") == palette.panel
    assert (color("h1", "color"), color("td.c", "color")) == (palette.text, palette.text)
    assert (color("td.bad", "color"), color("td.good", "color")) == (palette.negative, palette.positive)
    assert color(".button", "backgroundColor") == color(".a", "color") == palette.accent
    picture = draw(charted(NAME), 600, scheme)
    assert picture.eval_on_selector(".chart", "e => getComputedStyle(e).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(draw: Draw, scheme: str) -> None:
    for mail in (charted(NAME), message_mail(ALERT)):
        found = Axe().run(draw(mail, 600, scheme)).response["violations"]
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        assert serious == [], [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious]
