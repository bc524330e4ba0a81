"""A page drawn, printed and written as a workbook comes from the same value: all three show the same numbers."""

from __future__ import annotations

import csv
import io
import pickle
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.catalog.criterion_metrics import NUMBER_OF_CRITERIA
from lib.catalog.metrics import Unit
from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.exports.page_workbook import page_workbook
from lib.exports.table_files import TableExport
from lib.i18n import number, override_language, t
from lib.jobs import metric_tasks
from lib.pdf import page_document
from lib.pdf.model import Passage
from lib.reports import catalog_words, formatting
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.figure_files import figure_file
from lib.reports.page import (
    Block,
    Cards,
    ChartBlock,
    MetricCard,
    Notice,
    PageValue,
    Sentences,
    Shares,
    Story,
    TableBlock,
)
from lib.reports.pages import PAGES
from lib.reports.table import Column, FileField, Look, PageTable, TableFile
from lib.reports.words import text
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.filters import make_filters
from tests.scorecards import Answers, answer, load
from tests.waiting import LONG_SECONDS

PERIOD = make_filters(date(2024, 2, 1), date(2024, 2, 29))


DEFINED = {
    "longCalls": "count_if(duration_seconds > 300) / completedEvaluations",
    "greeting": 'avg(criterion("Greeting")) * 10',
    "middle": "median(score)",
    "people": "count_distinct(executive)",
}
"""Metrics of each kind that the workspace defines."""


def calls() -> Iterator[str]:
    """Give two months of calls: two campaigns whose shares and scores change, four executives, all states."""
    yield "id,audioDate,state,sentiment,averageNote,durationInSeconds,campaignName,callCenterName,executiveName"
    for place in range(600):
        day = date(2024, 1, 1) + timedelta(days=place % 60)
        campaign = "Alpha" if (place % 7 < (3 if day.month == 1 else 5)) else "Beta"
        state = ("Completed", "Completed", "Completed", "Completed", "Failed", "Pending", "Processing")[place % 7]
        if day.month == 1:
            state = "Completed"
        sentiment = ("Positive", "Neutral", "Negative")[place % 3] if state == "Completed" else ""
        score = (place * 37 % 80) / 10 + (1 if campaign == "Alpha" else 2) if state == "Completed" else ""
        yield f"{place},{day},{state},{sentiment},{score},{60 + place},{campaign},N{place % 3},Ann {place % 4}"


def answers(place: int) -> Answers:
    """Return the answers of a call: one critical, one that may not apply."""
    return (
        answer("Greeting", place % 11, 10, "Opening"),
        answer("Identity checked", int(place % 9 > 0), 1, "Compliance", critical=True),
        answer("Refund offered", None if place % 3 else place % 4, 5, "Closing"),
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    opened = Workspace(Settings(data_dir=folder / "data", sample="off"))
    load(opened, list(csv.DictReader(calls())), {str(place): answers(place) for place in range(600) if place % 5})
    for metric, formula in DEFINED.items():
        metric_tasks.set_metric(opened, "test", metric, {"formula": formula, "unit": "number", "target": {"value": 3}})
    opened.close()
    return folder / "data"


@pytest.fixture
def app(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(filled))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


def page_of(name: str) -> PageValue:
    """Make a page's value as a program would, without Streamlit."""
    space, definition = workspaces.current(), PAGES[name]
    view = ViewOptions("previous" if definition.is_compared else "none")
    context: PageContext = build_context(
        space.answers, space.calendar, PERIOD.in_catalog(space.catalog), view, lambda *_: ()
    )
    return PageValue(definition.title, definition.question, context.shown, tuple(definition.blocks(context)))


def screen(app: AppTest) -> str:
    """Return all that a page says on the screen, without tags and marks."""
    parts = [re.sub(r"<[^>]+>", " ", each.proto.body) for each in app.get("html")]
    parts += [each.proto.label.replace("**", "").replace("\\", "") for each in app.get("page_link")]
    parts += [each.value.replace("\\", "") for each in app.markdown]
    return plain(" ".join([*parts, *(each.value for each in app.caption)]))


def plain(text: str) -> str:
    """Return a text with single spaces, so that lines may break anywhere."""
    return " ".join(text.replace("\u00a0", " ").replace("&#x27;", "'").split())


def sentences(block: Block) -> list[str]:
    """Return what a block says in sentences."""
    if isinstance(block, Story):
        return [str(words) for words in (block.change, block.chance, block.mix_effect, block.parts) if words]
    return [str(words) for words in block.sentences] if isinstance(block, Notice | Sentences) else []


@pytest.mark.parametrize(
    ("name", "language"),
    [*((name, "en") for name in PAGES), ("overview", "es")],
)
def test_one_value_for_screen_paper_and_workbook(app: AppTest, name: str, language: str) -> None:
    app.query_params.update({"dateFrom": "2024-02-01", "dateTo": "2024-02-29", "lang": language})
    app.run()
    if name != "overview":
        app.switch_page(f"{name}.py").run()
    assert not app.exception and not app.error
    drawn = screen(app)
    with override_language(language):
        page = page_of(name)
        printed = plain(
            " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(page_document.pdf(page))).pages)
        )
        workbook = page_workbook(page)
        assert set(re.findall(rb"lib\.[a-z_.]+", pickle.dumps(workbook))) == {b"lib.exports.workbook"}, "all is plain"
        book = openpyxl.load_workbook(io.BytesIO(workbook.xlsx()))
        first, *sheets = [[*sheet.iter_rows(values_only=True)] for sheet in book if sheet.title != t("About")]
        written = {str(row[0]): row for row in reversed(first)}  # key figures come before charts of one name
        texts = plain(" ".join(str(cell) for row in first for cell in row))
        assert plain(" · ".join(map(str, page.shown))) in drawn
        assert plain(" · ".join(map(str, page.shown))) in texts
        for block in page.flat:
            _check_figures(block, drawn, printed, written)
            for sentence in sentences(block):
                assert plain(sentence) in drawn and plain(sentence) in printed and plain(sentence) in texts
        grids = iter(app.dataframe)
        for block in page.flat:
            if isinstance(block, TableBlock):
                _check_table(block.table, sheets.pop(0), next(grids).value, printed)
            elif isinstance(block, ChartBlock):
                chart = draw(block.figure, ChartTheme(LIGHT, language))
                assert chart and all(plain(note) in drawn and plain(note) in texts for note in chart.notes)
                if (file := figure_file(block.title, block.key, block.figure)) is not None:
                    _check_numbers(file, sheets.pop(0))
        assert not sheets and not list(grids)


def test_a_workbook_says_how_many_rows_of_how_many_it_holds(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app.query_params.update({"dateFrom": "2024-02-01", "dateTo": "2024-02-29"})
    app.run()

    def evaluations() -> tuple[list[tuple[Any, ...]], str]:
        page = page_of("evaluations")
        count = next(block.table.listed for block in page.flat if isinstance(block, TableBlock))
        _, table, about = openpyxl.load_workbook(io.BytesIO(page_workbook(page).xlsx()))
        rows = {line[0]: line[1] for line in about.iter_rows(values_only=True)}
        assert rows["Table"] == "Evaluations" and count > 100
        return [*table.iter_rows(values_only=True)][1:], rows["Rows"].replace(str(count), "all")

    lines, said = evaluations()
    assert len(lines) > 100 and said == "all"
    monkeypatch.setattr("lib.reports.pages.evaluations.MOST_IN_FILE", 100)
    cut, said = evaluations()
    assert said == "100 of all" and cut[0][0] == lines[0][0] and len(cut) == 100


def _check_figures(block: Block, drawn: str, printed: str, written: dict[str, tuple[Any, ...]]) -> None:
    if isinstance(block, Cards):
        for card in block.cards:
            value = plain(str(card.value))
            assert value in drawn and value in printed
            assert all(plain(str(note)).replace("–", "–\u2060") in drawn for note in card.basis)
            row = written[str(catalog_words.metric_label(card.metric))]
            assert row[1] == card.metric.rounded(card.totals)
            if card.metric is NUMBER_OF_CRITERIA:
                assert card.delta is None and card.before is None and not any(row[5:10]), "it is not compared"
                continue
            assert card.delta and card.before is not None and plain(card.delta.words) in drawn
            assert plain(card.delta.words) in printed
            assert row[9] == card.metric.rounded(card.before)
            assert row[8] == (str(card.delta.meaning) if card.delta.meaning else None)
            _check_change(card, row[5:8])
    if isinstance(block, Shares):
        whole = sum(share.count for share in block.shares)
        for share in block.shares:
            count, percent = formatting.count(share.count), f"{number(share.count / whole * 100, 1)} %"
            assert f"{share.label} {count} ({percent})" in drawn
            assert f"{count} · {percent}" in printed
            assert written[str(share.label)][1] == share.count


def _check_change(card: MetricCard, cells: tuple[Any, ...]) -> None:
    """Check that a change stands in the column of its unit alone, as large as the page says."""
    (place,) = (place for place, cell in enumerate(cells) if cell is not None)
    assert place == {Unit.COUNT: 0, Unit.SECONDS: 0, Unit.SHARE: 2}.get(card.metric.unit, 1)
    said = str(card.delta.amount) if card.delta else ""
    amount = cells[place] * 100 if place == 0 else cells[place]
    written = float(said.replace("−", "-").replace(",", ".").removesuffix("%").removesuffix("pp"))
    assert amount == pytest.approx(written, abs=0.11 if place != 1 else 0.011)


def _check_table(table: Any, sheet: list[tuple[Any, ...]], frame: Any, printed: str) -> None:
    buttons = [t("Show")] if table.columns[0].look is Look.DATE else []
    assert [name for name in frame.columns if name not in buttons] == [str(column.label) for column in table.columns]
    assert len(frame) == len(table.rows) > 1
    for place, column in enumerate(table.columns):
        is_button = place == 0 and any(table.ids) and not buttons
        for row, shown in zip(table.rows, frame[str(column.label)].tolist(), strict=True):
            value = column.say(row) if is_button else column.value(row)
            if isinstance(value, list):
                assert [None if pd.isna(each) else each for each in shown] == value
            elif value is None:
                assert pd.isna(shown)
            else:
                assert shown == value
        if column.printed:
            for row in table.rows[:3]:
                assert plain(column.say(row)) in printed
    _check_file(table, sheet)


def _check_numbers(file: TableFile[Any], sheet: list[tuple[Any, ...]]) -> None:
    """Check that the numbers of a chart are those of its file, and that there are some."""
    header, *lines = sheet
    assert header == tuple(column.label for column in file.columns)
    assert len(lines) == len(file.rows()) > 0
    numbers = [value for row in file.rows() for value in file.values(row) if isinstance(value, int | float)]
    assert [value for line in lines for value in line if isinstance(value, int | float)] == pytest.approx(numbers)
    assert sum(numbers) > 0


def _check_file(table: PageTable[Any], sheet: list[tuple[Any, ...]]) -> None:
    """Check that a file says all that its table shows, under the labels that are seen, the total last."""
    header, *lines = sheet
    assert len(set(header)) == len(header)
    assert len(lines) == table.has_total + len(table.file.rows() if table.file else ())
    shown = [*table.rows[table.has_total :], *table.rows[: table.has_total]]
    assert len(lines) >= len(shown)  # the page of evaluations draws one page of them
    if table.columns[0].look is Look.DATE:
        shown.reverse()  # the newest stands first on the page, and last in the file
    place = 0
    for column in table.columns:
        if column.look is Look.COURSE:
            continue
        fields = column.in_file or (FileField("", column.label, column.file_text),)
        beside = slice(place, place := place + len(fields))
        assert [label.removesuffix(f" ({t('seconds')})") for label in header[beside]] == [
            str(field.label) for field in fields
        ]
        assert any(str(column.label) in label for label in header[beside]) or len(fields) > 1
        for line, row in zip(lines, shown, strict=False):
            _check_cells(column, fields, line[beside], row)


def _check_cells(column: Column[Any], fields: Sequence[FileField[Any]], cells: tuple[Any, ...], row: Any) -> None:
    """Check that the cells of a file say what one of the page says."""
    kinds, said = [field.kind for field in fields], column.say(row)
    if "instant" in kinds or "date" in kinds:
        assert cells[0].replace(tzinfo=None).isoformat()[:10] == str(column.value(row))[:10]
    elif isinstance(column.value(row), list):
        assert list(cells) == column.value(row)
    elif str(column.label).endswith(t("{metric}: change", metric="")):
        assert cells[1] == (None if column.value(row) is None else pytest.approx(column.value(row), abs=0.00006))
    elif str(column.label).endswith(t("{metric}: target", metric="")):
        assert said.partition(" · ")[0] == (cells[0] or said) and (cells[1] is None) is (said == formatting.NOTHING)
    elif column.label == text("Rank"):
        assert said == (formatting.NOTHING if None in cells else formatting.rank(cells))
    elif column.label == text("Pending, processing"):
        assert sum(cells) == column.value(row)
    elif kinds == ["points"]:
        assert said == formatting.points(cells[0])
    elif column.label == text("Noticeable change"):
        assert said == (formatting.NOTHING if cells[0] is None else f"± {number(cells[0], 2)}")
    elif kinds[0] == "text":
        assert (cells[0] or formatting.NOTHING) == said
    elif said == formatting.NOTHING:
        assert set(cells) == {None}
    elif kinds[0] == "share":  # a file has two decimals of percent, the page one
        percent = re.findall(r"\d[\d.,]*", said)
        assert [float(each.replace(",", ".")) for each in percent] == pytest.approx(
            [100 * c for c in cells], abs=0.0551
        )
    else:
        unit = next(each for each in Unit if each.value == kinds[0])
        assert said == (formatting.interval(unit, cells) if len(cells) == 2 else formatting.value(unit, cells[0]))


def test_the_parts_of_a_change_add_up_in_a_file(app: AppTest) -> None:
    app.run()
    (table,) = [block.table for block in page_of("drivers").flat if isinstance(block, TableBlock)]
    assert table.file is not None and table.file.total is not None
    places = [place for place, field in enumerate(table.file.fields) if field.kind == "points"]
    rows = [table.file.values(row) for row in table.file.rows()]
    for place in places:
        assert sum(row[place] for row in rows) == pytest.approx(table.file.values(table.file.total)[place], abs=1e-9)
    was, is_now = (
        next(place for place, field in enumerate(table.file.fields) if field.name == name)
        for name in ("averageScoreBefore", "averageScoreNow")
    )
    (chart,) = [block for block in page_of("drivers").flat if isinstance(block, ChartBlock)]
    bars = figure_file(chart.title, chart.key, chart.figure)
    total = table.file.values(table.file.total)
    assert bars is not None
    first, *steps, last = [bars.values(row) for row in bars.rows()]
    assert (first[3], last[3]) == pytest.approx((total[was], total[is_now]), abs=0.005)
    assert first[3] + sum(step[1] + step[2] for step in steps) == pytest.approx(last[3], abs=0.001)
    assert len(places) == 3 and total[places[2]] == pytest.approx(total[is_now] - total[was], abs=0.01)


def test_a_value_can_be_said_in_any_language(app: AppTest) -> None:
    app.run()
    page = page_of("drivers")
    said = []
    for language in ("en", "es"):
        with override_language(language):
            said.append([sentence for block in page.flat for sentence in sentences(block)])
    assert said[0] and len(said[0]) == len(said[1]) and not set(said[0]) & set(said[1])


@pytest.mark.parametrize("name", ["overview", "campaigns"])
def test_files_say_which_formula_their_figures_are_of(app: AppTest, name: str) -> None:
    app.run()
    page = page_of(name)
    labels = {"longCalls": "Long calls", "greeting": "Greeting", "middle": "Middle", "people": "People"}
    wanted = {(labels[name], name, formula, "1") for name, formula in DEFINED.items()}
    about = openpyxl.load_workbook(io.BytesIO(page_workbook(page).xlsx()))["About"]
    lines = [*about.iter_rows(values_only=True)]
    place = lines.index(("Formula of", "Name in the API", "Formula", "Version"))
    assert set(lines[place + 1 :]) == wanted
    (passage,) = [each.body for each in page_document.paper(page).sections if each.heading == "Formulas"]
    assert isinstance(passage, Passage)
    assert passage.sentences[0] == f"Long calls (longCalls), version 1: {DEFINED['longCalls']}"
    assert len(passage.sentences) == len(DEFINED)
    tables = [block.table.file for block in page.flat if isinstance(block, TableBlock)]
    for file in filter(None, tables):
        assert wanted <= set(TableExport.of(file).about)


def test_files_without_own_metrics_say_nothing_of_formulas(app: AppTest) -> None:
    app.run()
    page = page_of("evaluations")
    about = openpyxl.load_workbook(io.BytesIO(page_workbook(page).xlsx()))["About"]
    assert "Formula of" not in {line[0] for line in about.iter_rows(values_only=True)}
    assert "Formulas" not in {each.heading for each in page_document.paper(page).sections}
