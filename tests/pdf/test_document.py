"""Pages as PDF: printed for real, and read again."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pypdf
import pytest

from lib import i18n
from lib.catalog.dimensions import EXECUTIVE
from lib.charts import font_metrics
from lib.charts.chart import Chart
from lib.charts.ranking import ranking
from lib.charts.theme import DARK, LIGHT, ChartTheme
from lib.pdf import document
from lib.pdf.model import Card, CardRow, Paper, Passage, Section, Share, Table
from tests.charts.samples import HOSTILE, drawings, groups, ranked
from tests.hostile.names import INJECTIONS, NAMES


def paper(rows: int = 30, language: str = "en", more: Sequence[str] = ()) -> Paper:
    some = drawings(DARK, language)
    dash = "–"
    names = ["All", *HOSTILE, *more, *(f"Campaign no. {place}" for place in range(rows))]
    table = Table(
        ("Campaign", "Evaluations", "Completed", "Scored", "Average score", "95 % CI", "Net sentiment", "Average duration", "Completion rate", "Failure rate"),
        tuple((name, f"{1200 + place:,}", "1,100", "1,050", "7.82", f"7.61 {dash} 7.99", "+0.31", "5:12", "91.2 %", "1.4 %") for place, name in enumerate(names) if place),
        ("All", "123,456", "112,345", "111,987", "7.80", f"7.79 {dash} 7.81", "0.31", "5:10", "91.0 %", "1.5 %"),
    )  # fmt: skip
    trend_course = tuple(7 + (place * 37 % 11) / 10 for place in range(30))
    cards = (
        Card("Evaluations", "123,456", "", "▲ +4.2 %", "plain", "vs 1–31 Dec 2023", trend_course),
        Card("Average score", "7.80", "95 % CI 7.79–7.81 · n 111,987", "▲ +0.21", "good", "vs 1–31 Dec 2023", trend_course),
        Card("Net sentiment", "−0.31", "95 % CI −0.33 – −0.29 · n 98,765", "▼ −0.05", "bad", "vs 1–31 Dec 2023", trend_course),
        Card("Average duration", "5:10", "n 111,987", "≈ +0.1 %", "chance", "vs 1–31 Dec 2023", trend_course),
        Card("Completion rate", "91.0 %", "95 % CI 90.8 % – 91.2 % · n 123,456", "= 0.0 pp", "plain", "vs 1–31 Dec 2023", trend_course),
        Card("Failure rate", "1.5 %", "95 % CI 1.4 % – 1.6 % · n 113,999", "▼ −0.3 pp", "good", "vs 1–31 Dec 2023", trend_course),
    )  # fmt: skip
    shares = (Share("Positive", "61,000 · 61.2 %", 61, LIGHT.positive), Share("Neutral", "25,000 · 25.3 %", 25, LIGHT.neutral), Share("Negative", "13,000 · 13.5 %", 13, LIGHT.negative))  # fmt: skip
    return Paper(
        "Overview",
        "How are we doing?",
        f"1–31 Jan 2024 · Campaign: {HOSTILE[0]} · 123,456 evaluations · compared with 1–31 Dec 2023 · last updated "
        "1 Feb 2024, 09:30 (Europe/Madrid)",
        cards,
        (
            Section("Average score over time", some["trend"]),
            Section("Score distribution", some["distribution"], narrow=True),
            Section("Sentiment", shares, narrow=True),
            Section("Average score by campaign", some["hostile"]),
            Section("Campaigns", table),
        ),
        "Printed 24 Nov 2026, 15:00 · callboard.example.com",
        language,
    )


def read(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def texts(reader: pypdf.PdfReader) -> list[str]:
    return [page.extract_text() for page in reader.pages]


def test_what_others_take_for_more_than_text_is_text() -> None:
    reader = read(document.pdf(paper(0, more=NAMES)))
    told = "".join("".join(texts(reader)).split())
    for name in INJECTIONS:
        begin = "".join(font_metrics.line(name).split())[:15]
        if begin.isascii():  # what is read back of other letters depends on the reader
            assert begin in told, name
    for sheet in reader.pages:
        assert "/Annots" not in sheet and "/AA" not in sheet
    assert not {"/OpenAction", "/AA", "/AcroForm", "/Names"} & set(reader.root_object)


def test_a_page_of_everything() -> None:
    what = paper(30)
    reader = read(document.pdf(what))
    pages = texts(reader)
    told = "\n".join(pages)
    assert len(pages) == 4
    assert all(page.mediabox.width == pytest.approx(841.89, abs=0.01) for page in reader.pages)
    assert all(page.mediabox.height == pytest.approx(595.28, abs=0.01) for page in reader.pages)
    assert reader.metadata and reader.metadata.title == "Overview"
    assert reader.root_object["/Lang"] == "en"
    assert "How are we doing?" in pages[0]
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of 4" in page
        assert what.footer in page
        assert "Overview" in page
        assert "1–31 Jan 2024" in page
    for card in what.cards:
        for text in (card.label, card.value, card.change, card.against):
            assert text in pages[0]
    for section in what.sections:
        assert section.heading in told
    assert "Positive" in told and "61,000 · 61.2 %" in told
    assert "few" in told  # the note of the chart
    assert "<script>alert" in told


def test_who_cant_see_it_is_told_what_is_what() -> None:
    what = paper(3)
    parts = list(structure(read(document.pdf(what)).root_object["/StructTreeRoot"]))
    kinds = [part.get("/S") for part in parts]
    assert kinds.count("/H1") == 1 and kinds.count("/H2") == len(what.sections)
    assert kinds.count("/TH") == 10 and "/TD" in kinds
    drawn = [section.body.alt for section in what.sections if isinstance(section.body, Chart)]
    told = [part["/Alt"] for part in parts if part.get("/S") == "/Figure"]
    assert told == [font_metrics.line(alt) for alt in drawn]


def structure(part: Any) -> Iterator[Any]:
    """Yield a part of what a PDF tells of its structure, and all parts within it, in their order."""
    part = part.get_object()
    if isinstance(part, list):
        for each in part:
            yield from structure(each)
    elif isinstance(part, dict):
        yield part
        yield from structure(part.get("/K", []))


def test_a_chart_taller_than_a_sheet_is_seen_as_a_whole() -> None:
    names = tuple(f"Executive {place:02}" for place in range(25))
    drawing = scores(names)
    drawing = replace(drawing, notes=(*drawing.notes, "A note."))
    what = Paper("T", "Q", "S", sections=(Section("Score", drawing),))
    page = read(document.pdf(what)).pages[1]
    told = page.extract_text()
    assert all(name in told for name in ("Score", *names, "A note."))
    found = boxes(page)
    assert sum(bottom < 46 for _, bottom, _, _ in found) == 1  # the number of the page
    left = min(left for left, _, _, _ in found)
    assert left == pytest.approx(40, abs=1) and max(right for _, _, right, _ in found) > page.mediabox.width - 50


def test_a_chart_below_cards_fills_the_first_sheet() -> None:
    cards = (Card("Evaluations", "1,234", "n = 1,234", "+1 %", "plain", "vs 2023", (1.0, 2.0)),) * 6
    story = Section("", Passage(("The score rose.", "Most of it by Alpha.")))
    chart = replace(scores(tuple(f"Executive {place:02}" for place in range(9))), notes=("A note.",))
    small = document.pdf(Paper("T", "Q", "S", cards, (story, Section("Score", chart))))
    (first,) = texts(read(small))
    assert "Executive 08" in first and "A note." in first and "Most of it by Alpha." in first
    tall = scores(tuple(f"Executive {place:02}" for place in range(25)))  # it would be too small to read
    pages = texts(read(document.pdf(Paper("T", "Q", "S", cards, (story, Section("Score", tall))))))
    assert len(pages) == 2 and "Executive 24" in pages[1]


def test_cards_and_captions_stand_among_sections() -> None:
    leaders = (Card("Top campaign", "Alpha <b>", "n = 31"), Card("Top call center", "Lima", "n = 40"))
    sections = (Section("", CardRow(leaders)), Section("", Passage(("What the marks mean.",), is_caption=True)))
    (page,) = texts(read(document.pdf(Paper("T", "Q", "S", sections=sections))))
    assert all(part in page for card in leaders for part in (card.label, card.value, card.note))
    assert page.index("Lima") < page.index("What the marks mean.")


def test_a_chart_is_not_parted_from_what_is_said_of_it() -> None:
    drawing = scores(tuple(f"Executive {place:02}" for place in range(9)))
    sections = [
        Section(f"Chart {place}", replace(drawing, notes=(*drawing.notes, f"Note {place}."))) for place in range(4)
    ]
    for page in texts(read(document.pdf(Paper("T", "Q", "S", sections=tuple(sections))))):
        for place in range(4):
            assert (f"Chart {place}" in page) == (f"Note {place}." in page)


def scores(names: tuple[str, ...]) -> Chart:
    some = groups(names)
    drawing = ranking(ranked(some, EXECUTIVE), ChartTheme(LIGHT))
    assert drawing
    return drawing


def test_a_value_too_wide_for_its_card_is_smaller() -> None:
    card = Card("Evaluations", "1,234,567,890,123")
    page = read(document.pdf(Paper("T", "Q", "S", (card,) * 6))).pages[0]
    assert page.extract_text().count(card.value) == 6


def test_a_long_table_has_each_row_once_and_its_header_on_each_sheet() -> None:
    header = ("Campaign", "Evaluations", "Average score")
    rows = tuple((f"Campaign {place:03}", f"{place + 5000}", "7.82") for place in range(300))
    table = Table(header, rows, ("All", "123,456", "7.80"))
    what = Paper("Campaigns", "Who stands where?", "1–31 Jan 2024", sections=(Section("By campaign", table),))
    pages = texts(read(document.pdf(what)))
    told = "\n".join(pages)
    assert len(pages) > 5
    for place in range(300):
        assert told.count(f"Campaign {place:03}") == 1
        assert told.count(f"{place + 5000}") == 1
    assert told.count("123,456") == 1
    assert all(heading in page for page in pages for heading in header)
    assert ["By campaign (continued)" in page for page in pages] == [False] + [True] * (len(pages) - 1)


def test_a_table_begins_where_some_of_its_rows_have_room() -> None:
    first = Table(("Name", "n"), tuple((f"row {place}", "1") for place in range(20)))
    second = Table(("Name", "n"), (("last", "1"),) * 4)
    pages = texts(read(document.pdf(Paper("T", "Q", "S", sections=(Section("First", first), Section("Next", second))))))
    assert len(pages) == 2 and "row 19" in pages[0]
    assert "Next" not in pages[0] and pages[1].count("last") == 4 and "continued" not in pages[1]


def test_so_many_rows_are_printed_and_the_rest_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_ROWS", 20)
    table = Table(("Name", "n"), tuple((f"row {place:02}.", "1") for place in range(25)))
    told = "\n".join(texts(read(document.pdf(Paper("T", "Q", "S", sections=(Section("H", table),))))))
    assert "row 19." in told
    assert "row 20." not in told
    assert "The first 20 of 25 rows" in told


def test_spanish() -> None:
    i18n.use("en")
    pages = texts(reader := read(document.pdf(paper(60, "es"))))
    assert i18n.current() == "en"
    assert reader.root_object["/Lang"] == "es"
    assert f"Página 1 de {len(pages)}" in pages[0]
    assert "Campaigns (continuación)" in pages[-1]
    assert "7,5" in pages[0]


def test_nothing_to_print() -> None:
    pages = texts(read(document.pdf(Paper("Empty", "Is there nothing?", "no data"))))
    assert len(pages) == 1
    assert "Is there nothing?" in pages[0]
    sections = (Section("Table", Table(("Name",), ())), Section("Shares", (), narrow=True))
    told = texts(read(document.pdf(Paper("Empty", "", "", sections=sections))))[0]
    assert told.count("Nothing to show.") == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_runs_into_another_whatever_the_texts_are(name: str) -> None:
    cards = tuple(Card(name, name, name, name, "good", name, (1.0, None, 2.0)) for _ in range(7))
    columns = 14
    table = Table((name,) * columns, ((name,) * columns,) * 3, (name,) * columns)
    shares = (Share(name, name, 1, LIGHT.positive), Share(name, name, 0, LIGHT.negative))
    sections = (Section(name, table), Section(name, shares, narrow=True))
    what = Paper(name, name, name, cards, sections, name)
    for page in read(document.pdf(what)).pages:
        found = boxes(page)
        assert len(found) > 3
        for one in found:
            assert 39 < one[0] < one[2] < page.mediabox.width - 39 and 10 < one[1] < one[3] < page.mediabox.height - 10
        for one, other in itertools.combinations(found, 2):
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], (one, other)


def boxes(page: pypdf.PageObject) -> list[tuple[float, float, float, float]]:
    """Return where each text of a sheet in Liberation Sans stands, from left and bottom to right and top."""
    found = []

    def visit(text: str, outer: list[float], inner: list[float], font: dict[str, str] | None, size: float) -> None:
        if text.strip() and font and "LiberationSans" in font["/BaseFont"]:
            wide = outer[0] * font_metrics.width(text.strip(), size, "Bold" in font["/BaseFont"])
            x, y = outer[4] + outer[0] * inner[4], outer[5] + outer[3] * inner[5]
            found.append((x, y - size * 0.2, x + wide - 0.1, y + size * 0.72))  # parts of one line touch each other

    page.extract_text(visitor_text=visit)
    return found


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="has a row of 1"):
        Table(("a", "b"), (("1",),))
