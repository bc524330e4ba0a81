"""Short mails, hostile texts, and mails that would be too large."""

from __future__ import annotations

import email.message
import email.policy
import html
import re
from collections import Counter
from typing import Any

import pytest

from lib.catalog.metrics import AVERAGE_SCORE
from lib.i18n import override_language
from lib.mail.content import MailContent
from lib.mail.message_mail import MailMessage, MessageRow, MessageTable, message_mail
from lib.mail.model import MailCard, MailLink, MailTable
from lib.mail.page_mail import MailHeading, page_mail
from lib.mail.size_limit import MOST_BYTES
from lib.mail.texts import MOST_SUBJECT
from lib.pdf import page_document
from lib.reports.page import (
    Block,
    Cards,
    ChartBlock,
    Click,
    ExternalLink,
    Heading,
    Leader,
    Leaders,
    MetricCard,
    Notice,
    PageValue,
    Sentences,
    Shares,
    ShareSegment,
    TableBlock,
    Tone,
)
from lib.reports.table import Column, Look, PageTable
from tests.charts.samples import groups, ranked, sums
from tests.hostile.names import NAMES
from tests.mail.word_engine import problems

ALERT = MailMessage(
    "Alert: average score of Lima is 6.91",
    "Average score of Lima",
    ("It is below 7.00.", "Since 1 Oct 2026."),
    MessageTable(
        ("Group", "Value", "n"),
        (
            MessageRow(("Lima", "6.91", "1,330"), "https://calls.example.com/?a=1&b=2", "bad"),
            MessageRow(("Quito", "7.20", "900"), kind="good"),
        ),
        count=40,
        order="lowest first",
        title="Groups",
    ),
    (MailLink("See the calls", "https://calls.example.com/evaluations"),),
    "You follow this alert.",
)


def test_an_alert_says_the_same_as_html_and_as_text() -> None:
    mail = message_mail(ALERT)
    assert problems(mail.html) == [] and mail.pictures == () and mail.language == "en"
    assert mail.subject == "Alert: average score of Lima is 6.91"
    for words in ("It is below 7.00.", "The first 2 of 40 rows, lowest first.", "You follow this alert."):
        assert words in mail.html and words in mail.text
    assert '<a class="a" href="https://calls.example.com/?a=1&amp;b=2"' in mail.html
    assert re.search(r'<td [^>]*class="c n bad"[^>]*>6.91</td>', mail.html)
    lines = mail.text.splitlines()
    place = lines.index("Group  Value      n")
    assert lines[place + 1 : place + 4] == ["-----  -----  -----", "Lima    6.91  1,330", "Quito   7.20    900"]
    assert "See the calls: https://calls.example.com/evaluations" in lines
    assert "nsubscribe" not in mail.html + mail.text


def test_a_message_names_25_rows_at_most() -> None:
    rows = tuple(MessageRow((f"Group {place}", str(place))) for place in range(40))
    mail = message_mail(MailMessage("S", "T", table=MessageTable(("Group", "n"), rows)))
    assert "Group 24" in mail.text and "Group 25" not in mail.html + mail.text
    assert "The first 25 of 40 rows." in mail.text and "The first 25 of 40 rows." in mail.html


def test_tables_and_cards_are_checked_when_they_are_made() -> None:
    with pytest.raises(ValueError, match="2 columns has a row of 1"):
        message_mail(MailMessage("S", "T", table=MessageTable(("A", "B"), (MessageRow(("x",)),))))
    with pytest.raises(ValueError, match="kind"):
        MailCard("A", "1", kind="great")
    with pytest.raises(ValueError, match="row of 0"):
        MailTable(("A",), (), (), ())


def names_table(names: tuple[str, ...], columns: int = 3, cell: str = "{name}") -> TableBlock:
    """Return a table with a row for each name, as users may call what they measure."""

    def column(place: int) -> Column[str]:
        return Column(f"Column {place}", lambda name: cell.format_map({"name": name}) if place else name)

    many: tuple[Column[str], ...] = tuple(column(place) for place in range(columns))
    link: Column[str] = Column("Recording", lambda name: f"https://recordings.example.com/{name}", look=Look.LINK)
    table: PageTable[Any] = PageTable(
        "Names", "names", (*many, link), names, len(names), "", "Names", None, has_total=False, ids=names
    )
    return TableBlock(table, Click("open"))


def hostile_page(name: str) -> PageValue:
    """Return a page on which everything that users name is called the same."""
    totals = sums(400, 7.4)
    blocks: tuple[Block, ...] = (
        Heading(name),
        Cards((MetricCard(AVERAGE_SCORE, totals, ()),)),
        Notice(name, (name, name)),
        Sentences((name,), ""),
        Leaders((Leader(name, name, name), Leader(name, name, name), Leader(name, name, name))),
        Shares(name, (ShareSegment(name, name, 3, Tone.POSITIVE, ()), ShareSegment(name, name, 1, Tone.MUTED, ()))),
        names_table((name, "other")),
        ExternalLink("javascript:alert(1)", name, ""),
        ExternalLink("https://recordings.example.com/?a=1&b=2", name, ""),
    )
    return PageValue(name, name, (name,), blocks)


def elements(mail: MailContent) -> Counter[str]:
    """Return how many elements of each kind there are, but for the notes of columns that are too wide for a mail."""
    shown = re.sub(r'<p class="note[^>]*>The table in Callboard has .*?</p>', "", mail.html)
    return Counter(re.findall(r"<([a-z1-6]+)", shown))


@pytest.mark.parametrize(
    "name", [*NAMES, "عربي ‏ خطأ", "a\u2028b\u2029c", "tab\tand\x0bmore", "\u202eabc", "\x00\x1b"], ids=repr
)
def test_what_users_write_is_text(name: str) -> None:
    heading = MailHeading(name, "https://calls.example.com/overview?a=1", "https://calls.example.com", (name,))
    mail, plain = page_mail(hostile_page(name), heading), page_mail(hostile_page("plain"), MailHeading("plain", heading.app_url, heading.base_url, ("plain",)))  # fmt: skip
    assert problems(mail.html) == []
    assert elements(mail) <= elements(plain), "no name brings an element of its own"
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", mail.html + mail.text)
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*)"', mail.html)]
    assert all(link.startswith(("https://calls.", "https://recordings.", "https://unsubscribe.")) for link in links)
    assert len(mail.subject) <= MOST_SUBJECT
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = mail.subject  # raises where a line breaks in it
    assert [line for line in message.as_string().splitlines() if line and line[0] not in " \t"][1:] == []
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069\r\n\t]", mail.subject)


def test_a_notice_ends_before_the_sentences_that_follow() -> None:
    blocks = (Notice("Nothing matches", ("Try others.",)), Notice("Is it?", ("Yes.",)), Notice("Alone", ()))
    mail = page_mail(PageValue("Page", "Question", ("All",), blocks), MailHeading("Report"))
    for words in (mail.text, re.sub("<[^>]+>", "", mail.html)):
        assert "Nothing matches. Try others." in words and "Is it? Yes." in words
        assert "Alone" in words and "Alone." not in words


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "few: average score 6.10 (few evaluations)"), ("es", "few: puntaje promedio 6.10 (pocas evaluaciones)")],
)
def test_a_mean_of_few_is_marked_in_the_subject_and_its_change_is_no_finding(language: str, expected: str) -> None:
    card = MetricCard(AVERAGE_SCORE, sums(6, 6.1), (), sums(400, 7.2), "before")
    page = PageValue("Page", "Question", ("All",), (Cards((card,)),))
    with override_language(language):
        assert page_mail(page, MailHeading("few")).subject.replace(",", ".") == expected
        mark = expected.partition("(")[2].rstrip(")")
        assert mark in page_document.paper(page).cards[0].note


def test_a_long_name_leaves_the_figures_in_the_subject() -> None:
    mail = page_mail(hostile_page("plain"), MailHeading("Quality of " * 40))
    assert len(mail.subject) <= MOST_SUBJECT and re.search(r"…: average score \d\.\d\d$", mail.subject)


def test_a_large_mail_has_fewer_rows_and_says_so() -> None:
    names = tuple(f"{'long name ' * 60}{place}" for place in range(400))
    page = PageValue("Page", "Question", ("All",), tuple(names_table(names, cell="{name} again") for _ in range(6)))
    mail = page_mail(page, MailHeading("Report", "https://calls.example.com/x", "https://calls.example.com"))
    assert 20_000 < len(mail.html.encode()) <= MOST_BYTES and problems(mail.html) == []
    drawn = re.search(r"The first (\d+) of 400 rows\.", mail.html)
    assert drawn and int(drawn[1]) < 25 and mail.html.count(drawn[0]) == mail.text.count(drawn[0]) == 6


def test_a_mail_that_is_too_large_all_the_same_ends_earlier() -> None:
    blocks: tuple[Block, ...] = (*(Sentences((f"{place} " * 400,), "") for place in range(150)), ChartBlock("Last", ranked(groups()), "k"))  # fmt: skip
    with override_language("es"):
        mail = page_mail(PageValue("Page", "Question", ("All",), blocks), MailHeading("Report"))
    assert len(mail.html.encode()) <= MOST_BYTES and problems(mail.html) == []
    assert "Con el resto de la página, este correo sería demasiado largo." in mail.html
    assert "0 0 0" in mail.html and "149 149" not in mail.html and mail.pictures == ()
