"""Pages as mails, over the sample data: the figures are the page's, and mail programs would take what there is."""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.i18n import override_language
from lib.mail.content import UNSUBSCRIBE_URL, MailContent
from lib.mail.page_mail import MailHeading, page_mail
from lib.mail.texts import say
from lib.reports import catalog_words, formatting
from lib.reports.context import ViewOptions, build_context
from lib.reports.page import Cards, ChartBlock, Leaders, Notice, PageValue, Sentences, Shares, Story, TableBlock
from lib.reports.pages import PAGES
from lib.reports.words import text
from lib.workspace import Workspace
from tests.filters import make_filters
from tests.mail.word_engine import problems

MONTH = make_filters(date(2026, 10, 1), date(2026, 10, 31))
LIVE = "https://calls.example.com/team/{page}?dateFrom=2026-10-01&dateTo=2026-10-31"
BASE = "https://calls.example.com/team/"


def page_of(space: Workspace, name: str) -> PageValue:
    definition = PAGES[name]
    view = ViewOptions("previous" if definition.is_compared else "none")
    context = build_context(space.answers, space.calendar, MONTH.in_catalog(space.catalog), view, lambda *_: ())
    return PageValue(definition.title, definition.question, context.shown, tuple(definition.blocks(context)))


def heading(name: str) -> MailHeading:
    return MailHeading("Monday quality", LIVE.format(page=name), BASE, (text("Unsubscribe"), "Late by an hour."))


def said(mail: MailContent) -> str:
    """Return what the HTML says: texts with single spaces, alt texts among them, without what helps lines to break."""
    spoken = re.sub(r'<img[^>]*\balt="([^"]*)"[^>]*>', r" \1 ", re.sub(r"<style>.*?</style>|<!--.*?-->", "", mail.html, flags=re.S))  # fmt: skip
    return plain(html.unescape(re.sub(r"<[^>]+>", " ", spoken)).replace("\u200b", ""))


def plain(words: str) -> str:
    return " ".join(words.replace("\u00a0", " ").split())


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_a_mail_with_its_figures(sample: Workspace, name: str, language: str) -> None:
    with override_language(language):
        page = page_of(sample, name)
        mail = page_mail(page, heading(name))
        assert problems(mail.html) == []
        assert mail.language == language and f'<html lang="{language}"' in mail.html
        drawn, written = said(mail), plain(mail.text)
        for words in (page.title, page.question, *page.shown, "Late by an hour."):
            assert plain(str(words)) in drawn and plain(str(words)).lower() in written.lower()
        for block in page.flat:
            if isinstance(block, Shares):
                for share in block.shares:
                    assert f"{share.label} {formatting.count(share.count)} ·" in drawn
                    assert f"{share.label}: {formatting.count(share.count)} ·" in written
            if isinstance(block, Leaders):
                assert all(plain(f"{each.label} {each.name} {each.note}") in drawn for each in block.leaders)
            for sentence in sentences(block):
                assert sentence in drawn and sentence in written
        check_cards(page, drawn, written)
        check_charts(page, mail, language, written)
        check_tables(page, drawn, written)
    assert len(mail.subject) <= 120 and mail.subject.startswith("Monday quality: ")
    assert UNSUBSCRIBE_URL in mail.html and UNSUBSCRIBE_URL in mail.text


def sentences(block: object) -> list[str]:
    if isinstance(block, Story):
        return [plain(str(words)) for words in (block.change, block.chance, block.mix_effect, block.parts) if words]
    return [plain(str(words)) for words in block.sentences] if isinstance(block, Notice | Sentences) else []


def check_cards(page: PageValue, drawn: str, written: str) -> None:
    """Check that each card's value, basis, change and meaning stand behind its label."""
    for card in (card for block in page.flat if isinstance(block, Cards) for card in block.cards):
        label = str(catalog_words.metric_label(card.metric))
        basis = " ".join(plain(str(words)) for words in card.basis)
        assert re.search(rf"{re.escape(label)} {re.escape(plain(str(card.value)))}( / 10)? {re.escape(basis)}", drawn)
        assert f"{label}: {plain(str(card.value))}" in written
        if card.delta is not None:
            moved = ", ".join(plain(str(words)) for words in (card.delta.words, card.delta.meaning) if words)
            assert moved in drawn and moved in written and plain(str(card.was)) in drawn


def check_charts(page: PageValue, mail: MailContent, language: str, written: str) -> None:
    """Check that each chart is an inline picture, shown in half of its pixels, with its words beside it."""
    charts = [draw(block.figure, ChartTheme(LIGHT, language)) for block in page.flat if isinstance(block, ChartBlock)]
    pictures = re.findall(r"<img [^>]*>", mail.html)
    assert len(pictures) == len(mail.pictures) == len([chart for chart in charts if chart])
    for chart, tag, picture in zip([chart for chart in charts if chart], pictures, mail.pictures, strict=True):
        pixels = [int.from_bytes(picture.png[first : first + 4], "big") for first in (16, 20)]
        assert f'src="cid:{picture.content_id}"' in tag
        assert f'width="{pixels[0] // 2}"' in tag and f'height="{pixels[1] // 2}"' in tag and pixels[0] == 1104
        assert say(chart.alt) in html.unescape(tag) and plain(chart.alt) in written
        assert all(plain(note) in said(mail) and plain(note) in written for note in chart.notes)


def check_tables(page: PageValue, drawn: str, written: str) -> None:
    """Check that the first rows of each table are there with name and main figure, 25 and the whole at most."""
    for table in (block.table for block in page.flat if isinstance(block, TableBlock)):
        columns = table.printed_columns
        count = table.count if table.listed is None else table.listed
        rows = table.rows[: 25 + table.has_total]
        for row in rows:
            first, second = (plain(columns[place].say(row)) for place in (0, 1))
            assert first in drawn and second in drawn and first in written and second in written
        if count > len(rows) - table.has_total:
            assert f" {formatting.count(25)} " in drawn and formatting.count(count) in drawn


def test_the_subject_holds_the_figures(sample: Workspace) -> None:
    page = page_of(sample, "overview")
    cards = {card.metric.name: card for block in page.flat if isinstance(block, Cards) for card in block.cards}
    score, counted = cards["averageScore"], cards["totalEvaluations"]
    expected = f"average score {score.value} ({score.delta.words}), {counted.value} evaluations"
    assert page_mail(page, heading("overview")).subject == f"Monday quality: {expected}"
    with override_language("es"):
        assert page_mail(page, heading("overview")).subject == (
            f"Monday quality: puntaje promedio {score.value} ({score.delta.words}), {counted.value} evaluaciones"
        )
    assert (
        page_mail(page_of(sample, "evaluations"), heading("evaluations")).subject
        == f"Monday quality: Evaluations, 1–31 Oct 2026, {counted.value} evaluations"
    )


def test_links_lead_to_the_app_where_its_address_is_known(sample: Workspace) -> None:
    page = page_of(sample, "campaigns")
    mail = page_mail(page, heading("campaigns"))
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*)"', mail.html)]
    assert links[0] == LIVE.format(page="campaigns") and links[-1] == UNSUBSCRIBE_URL
    table = next(block.table for block in page.flat if isinstance(block, TableBlock))
    assert links[1:-1] == [f"{links[0]}&open={each}" for each in table.ids if each is not None]
    overview = page_mail(page_of(sample, "overview"), heading("overview"))
    assert f'href="{BASE}drivers?dateFrom=2026-10-01&amp;dateTo=2026-10-31' in overview.html
    bare = page_mail(page, MailHeading("Monday quality"))
    assert re.findall(r'href="([^"]*)"', bare.html) == [UNSUBSCRIBE_URL] and "://calls" not in bare.text


def test_rows_and_columns_that_are_left_out_are_named(sample: Workspace) -> None:
    page = page_of(sample, "executives")
    mail = page_mail(page, heading("executives"))
    table = next(block.table for block in page.flat if isinstance(block, TableBlock))
    drawn, labels = said(mail), [str(column.label) for column in table.columns]
    assert f"The first 25 of {table.count} rows, largest first." in drawn
    headers = re.findall(r'<th[^>]*class="([^"]*)"[^>]*>([^<]*)</th>', mail.html)
    kept = [plain(html.unescape(label)) for _, label in headers]
    assert kept[:2] == ["Executive", "Average score"] and "Average score: change" in kept and "Evaluations" in kept
    on_phone = [plain(html.unescape(label)) for kind, label in headers if "desk" not in kind.split()]
    assert on_phone[:2] == kept[:2] and len(on_phone) < len(kept)

    def note(shown: list[str], *, in_order: list[str]) -> str:
        missing = [label for label in in_order if label not in shown]
        return f"The table in Callboard has {len(missing)} more columns: {', '.join(missing)}."

    assert note(kept, in_order=labels) in drawn and note(kept, in_order=labels) in plain(mail.text)
    hidden_first = [label for label in labels if label in kept] + [label for label in labels if label not in kept]
    assert note(on_phone, in_order=hidden_first) in drawn
