"""The page Criteria: its numbers beside those worked out by hand, from tests/scorecards.py."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from lib.catalog.criteria import Criterion
from lib.catalog.dimensions import EXECUTIVE, Member
from lib.catalog.measures import ANSWER_NAMES, MeasureTotals
from lib.charts.chart import Chart
from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.exports.page_workbook import page_workbook
from lib.i18n import override_language
from lib.pdf import page_document
from lib.pdf.model import Passage
from lib.reports.choice import ChoiceInput
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.criterion_words import criterion_id, criterion_names, read_criterion_id
from lib.reports.figures import MOST_CRITERIA, MOST_MEMBERS, CriteriaMapFigure, ScorePartsFigure, TrendFigure
from lib.reports.page import (
    Block,
    Caption,
    Cards,
    ChartBlock,
    Empty,
    IgnoredPart,
    Leader,
    Leaders,
    PageValue,
    Sentences,
    TableBlock,
)
from lib.reports.pages import criteria, evaluations, overview
from lib.reports.table import PageTable
from lib.workspace import Workspace
from tests import scorecards
from tests.filters import make_filters
from tests.scorecards import LAST, TURN, answer, four_weeks

LATER, VIEW = make_filters(TURN, LAST), ViewOptions()


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    scorecards.load(workspace, *four_weeks())
    return workspace


def context_of(opened: Workspace, view: ViewOptions = VIEW, filters: Any = LATER) -> PageContext:
    return build_context(opened.answers, opened.calendar, filters, view, lambda *_: ())


def page_of(opened: Workspace, view: ViewOptions = VIEW, filters: Any = LATER) -> list[Block]:
    return list(criteria.PAGE.blocks(context_of(opened, view, filters)))


def lines(blocks: Sequence[Block], key: str) -> list[dict[str, str]]:
    """Return the rows of a table by their columns, as they are shown."""
    table = table_of(blocks, key)
    return [{str(column.label): column.say(row) for column in table.columns} for row in table.rows]


def table_of(blocks: Sequence[Block], key: str) -> PageTable[Any]:
    return next(each.table for each in blocks if isinstance(each, TableBlock) and each.table.key == key)


def figure(blocks: Sequence[Block], key: str) -> Any:
    return next(each.figure for each in blocks if isinstance(each, ChartBlock) and each.key == key)


def test_criteria_with_their_figures(filled: Workspace) -> None:
    blocks = page_of(filled)
    identity, greeting, refund = lines(blocks, "table-criteria")
    assert greeting.pop("Average share: 95 % CI").endswith("\u00a0%")
    assert greeting == {
        "Criterion": "Greeting",
        "Section": "Opening",
        "Answers": "56",
        "Average share": "83.3 %",  # of four calls one has a third
        "Note": "–",
        "Average share: change": "≈ +16.6 pp",  # from 66.7 %; Bob got better, and Ann worse
        "Full marks": "75.0 %",
        "Failed": "0.0 %",
        "Critical fails": "0",
        "Not applicable": "0",
    }
    assert (identity["Average share"], identity["Failed"], identity["Critical fails"]) == ("75.0 %", "25.0 %", "14")
    assert refund["Average share"] == "–" and refund["Not applicable"] == "56" and refund["Note"] == "few answers"
    said = [str(each.words) for each in blocks if isinstance(each, Caption)]
    assert any("Welch's test" in words and "Changes tested: 2." in words for words in said)


def test_what_nobody_failed_leads_nowhere(filled: Workspace) -> None:
    blocks = page_of(filled)
    identity = criterion_id(Criterion("Identity checked", None, None))
    assert table_of(blocks, "table-criteria").ids == (identity, None, None)
    parts = table_of(blocks, "table-score-parts")
    assert dict(zip([str(row.name) for row in parts.rows], parts.ids, strict=True)) == {
        "Total": None,
        "Identity checked": identity,
        "Refund offered": None,
        "Greeting": None,
        "Critical failures set the score to 0": None,
        "Everything else": None,
    }
    map_, steps = (draw(figure(blocks, key), ChartTheme(LIGHT)) for key in ("criteria-map", "score-parts"))
    assert map_ and steps
    opened = {(row["member"], row["criterion"]): (row["cell"], row["click"]) for row in map_.data["rows"]}
    failed = criterion_id(Criterion("Identity checked", None, None), "Bob")
    assert opened.pop(("Bob", "Identity checked")) == (failed, "lists those without points")
    assert set(opened.values()) == {("", "nothing to list")}
    assert [row["id"] for row in steps.data["rows"]] == ["", identity, "", "", ""]


def test_the_figures_come_first_and_files_have_the_order_of_the_page(filled: Workspace) -> None:
    table = table_of(page_of(filled), "table-criteria")
    assert [str(column.label) for column in table.columns] == [
        "Criterion",
        "Average share",
        "Answers",
        "Average share: change",
        "Failed",
        "Critical fails",
        "Note",
        "Average share: 95 % CI",
        "Full marks",
        "Not applicable",
        "Section",
    ]
    assert table.file and [field.name for field in table.file.fields][:3] == ["criterion", "averageShare", "answered"]


def test_cards(filled: Workspace) -> None:
    with_answers, rate, number = next(each for each in page_of(filled) if isinstance(each, Cards)).cards
    assert str(with_answers.value) == "56" and str(number.value) == "3"
    assert str(rate.value) == "25.0 %" and str(rate.was) == "0.0 %" and "n = 56" in map(str, rate.basis)


def test_by_executive(filled: Workspace) -> None:
    found: CriteriaMapFigure = figure(page_of(filled), "criteria-map")
    shares = {
        (criterion.name, member.name): Fraction(totals["share_sum"], totals["answered"] * 10**9)
        for (criterion, member), totals in found.cells.items()
        if totals["answered"]
    }
    chart = draw(found, ChartTheme(LIGHT))
    assert chart and {(row["criterion"], row["member"]): row["shown"] for row in chart.data["rows"]} == {
        ("Greeting", "Ann"): "66.7 %",
        ("Greeting", "Bob"): "100.0 %",
        ("Identity checked", "Ann"): "100.0 %",
        ("Identity checked", "Bob"): "50.0 %",
    }
    assert len(shares) == 4 and all(row["few"] for row in chart.data["rows"])  # 28 answers each
    assert chart.notes == ("Small squares: under 30 answers.",)
    legends = [str(layer["encoding"].get("fill", {}).get("legend")) for layer in chart.spec["layer"]]
    assert "'title': 'Average share'" in legends[0]
    assert {row["failed"] for row in chart.data["rows"]} == {"0", "14"}


def test_what_moved_the_score(filled: Workspace) -> None:
    blocks = page_of(filled)
    parts: ScorePartsFigure = figure(blocks, "score-parts")
    amounts = {criterion.name: float(amount) for criterion, amount in parts.parts.parts}
    assert amounts == pytest.approx({"Identity checked": -0.25, "Refund offered": 0, "Greeting": 1.5}, abs=1e-6)
    assert float(parts.parts.critical) == pytest.approx(-2.25, abs=1e-6)
    assert sum(amount for _, amount in parts.parts.parts) + parts.parts.critical + parts.parts.rest == -1
    table = [(row["Criterion"], row["Part"]) for row in lines(blocks, "table-score-parts")]
    assert table == [
        ("Total", "−1.00"),
        ("Identity checked", "−0.25"),
        ("Refund offered", "0.00"),
        ("Greeting", "+1.50"),
        ("Critical failures set the score to 0", "−2.25"),
        ("Everything else", "0.00"),
    ]
    said = " ".join(str(words) for each in blocks if isinstance(each, Sentences) for words in each.sentences)
    assert "went from 7.00 (1–14 Jan 2024) to 6.00 (−1.00)" in said
    assert "100.0 % of the scores are made of the answers; 100.0 % were" in said
    chart = draw(parts, ChartTheme(LIGHT))
    assert chart and [row["shown"] for row in chart.data["rows"]][1:-1] == ["−0.25", "+1.50", "−2.25"]


def test_parts_of_few_evaluations_are_not_good_or_bad(filled: Workspace) -> None:
    """Of a week of 28 calls nobody should say what moved its score; of two weeks one may."""
    week = make_filters(TURN, TURN + timedelta(days=6))
    for filters, is_small in ((week, True), (LATER, False)):
        blocks = page_of(filled, filters=filters)
        said = " ".join(str(words) for each in blocks if isinstance(each, Sentences) for words in each.sentences)
        assert ("one of the two periods has fewer than 30 scored evaluations" in said) is is_small
        table = table_of(blocks, "table-score-parts")
        part = next(column for column in table.columns if str(column.label) == "Part")
        kinds = {part.kind(row) for row in table.rows if part.kind}
        assert kinds == ({"chance"} if is_small else {"chance", "good", "bad"})
        chart = draw(figure(blocks, "score-parts"), ChartTheme(LIGHT))
        assert chart
        drawn = str(chart.spec["layer"][0]["encoding"]["color"])
        assert (LIGHT.muted in drawn, LIGHT.negative in drawn) == (is_small, not is_small)


def test_the_parts_explain_all_of_their_columns(filled: Workspace) -> None:
    blocks = page_of(filled)
    helps = {str(column.label): str(column.help or "") for column in table_of(blocks, "table-score-parts").columns}
    assert len(helps) == 6 and all(helps.values())
    against = "because fewer or more evaluations have the criterion"
    assert against in helps["Part"]
    assert any(against in str(each.words) for each in blocks if isinstance(each, Caption))


def test_a_criterion_over_time(filled: Workspace) -> None:
    view = ViewOptions(texts={"criterion": "Greeting"})
    course: TrendFigure = figure(page_of(filled, view), "criterion-course")
    (_, trend), metric = course.courses[0], course.metric
    assert [metric.rounded(point.sums) for point in trend.points] == [0.8333] * 14
    assert course.compared and {metric.rounded(point.sums) for point in course.compared.points} == {0.6667}
    chart = draw(course, ChartTheme(LIGHT))
    assert chart and {row["counted"] for row in chart.data["rows"]} == {"4"}
    assert all(row["few"] for row in chart.data["rows"]) and "Small points: under 30 answers." in chart.notes[0]


def test_a_criterion_that_is_not_in_the_selection_and_one_that_is_nowhere(filled: Workspace) -> None:
    other = [{"id": "x", "audioDate": "2023-01-01", "averageNote": "5"}]
    scorecards.load(filled, other, {"x": [answer("Asked before", 1)]})
    elsewhere = page_of(filled, ViewOptions(texts={"criterion": "Asked before"}))
    choice = next(each for each in elsewhere if isinstance(each, ChoiceInput))
    assert [value for value, _ in choice.options][-1] == "Asked before"
    assert "No answers to this criterion in this selection" in [str(e.what) for e in elsewhere if isinstance(e, Empty)]
    assert not [each for each in elsewhere if isinstance(each, IgnoredPart)]
    nowhere = page_of(filled, ViewOptions(texts={"criterion": "Nobody asks this"}))
    assert [str(each.words) for each in nowhere if isinstance(each, IgnoredPart)] == [
        "criterion 'Nobody asks this' is not in the data."
    ]
    choice = next(each for each in nowhere if isinstance(each, ChoiceInput))
    assert [value for value, _ in choice.options] == ["Identity checked", "Greeting", "Refund offered"]
    assert figure(nowhere, "criterion-course").courses[0][1].points


def test_without_a_comparison(filled: Workspace) -> None:
    blocks = page_of(filled, ViewOptions("none"))
    assert "Average share: change" not in lines(blocks, "table-criteria")[0]
    assert [str(each.what) for each in blocks if isinstance(each, Empty)] == ["Nothing to compare with"]


def test_without_answers(workspace: Workspace) -> None:
    evaluations_, _ = four_weeks()
    scorecards.load(workspace, evaluations_, {})
    (nothing,) = page_of(workspace)
    assert isinstance(nothing, Empty) and str(nothing.what) == "No evaluation has answers to criteria"
    assert "callboard import --answers" in str(nothing.hint)
    other = [{"id": "x", "audioDate": "2023-01-01", "averageNote": "5"}]
    scorecards.load(workspace, other, {"x": [answer("Greeting", 1)]})
    (nothing,) = page_of(workspace)
    assert isinstance(nothing, Empty) and str(nothing.what) == "No answers to criteria in this selection"


def test_scores_without_answers_leave_the_rest(workspace: Workspace) -> None:
    """Of the earlier half nobody has answers: what the scores are made of is known of the later alone."""
    evaluations_, answers = four_weeks()
    scorecards.load(workspace, evaluations_, {id_: each for id_, each in answers.items() if id_ >= "e056"})
    rows = {row["Criterion"]: row["Part"] for row in lines(page_of(workspace), "table-score-parts")}
    assert rows == {
        "Total": "−1.00",
        "Greeting": "−1.50",
        "Identity checked": "−0.25",
        "Refund offered": "0.00",
        "Critical failures set the score to 0": "−2.25",
        "Everything else": "+3.00",  # the earlier scores lost 3 points on average
    }


def test_forms_that_share_a_name(workspace: Workspace) -> None:
    rows = [{"id": f"f{n}", "audioDate": "2024-01-20", "form": f"F{n % 2}", "averageNote": "5"} for n in range(4)]
    scorecards.load(
        workspace, rows, {row["id"]: [answer("Greeting", 1), answer("Own " + row["form"], 1)] for row in rows}
    )
    found = lines(page_of(workspace), "table-criteria")
    assert [(row["Criterion"], row["Form"]) for row in found] == [
        ("Greeting", "F0"),
        ("Own F0", "F0"),
        ("Greeting", "F1"),
        ("Own F1", "F1"),
    ]
    names = criterion_names(Criterion(row["Criterion"], row["Form"], None) for row in found)
    assert list(names.values()) == ["Greeting (F0)", "Own F0", "Greeting (F1)", "Own F1"]


def test_a_large_map_is_cut_with_words() -> None:
    criteria_ = tuple(Criterion(f"C{n:02}", None, None) for n in range(MOST_CRITERIA + 3))
    members = tuple(Member(str(n), f"M{n:02}") for n in range(MOST_MEMBERS + 5))
    names = ANSWER_NAMES
    totals = [MeasureTotals.from_values([1 + (place > 2)] * len(names), names) for place in range(len(criteria_))]
    cells = {(each, member): totals[place] for place, each in enumerate(criteria_) for member in members}
    map_ = CriteriaMapFigure(EXECUTIVE, criteria_, members, cells)
    chart = draw(map_, ChartTheme(LIGHT))
    assert chart and len(chart.data["rows"]) == MOST_CRITERIA * MOST_MEMBERS
    assert chart.notes[1:] == (
        "30 of 35 executives shown, those with the most answers.",
        "40 of 43 criteria shown, those with the most answers.",
    )
    assert map_.drawn_criteria == criteria_[3:]


def test_workbook_and_pdf_hold_all_of_it(filled: Workspace) -> None:
    context = context_of(filled)
    for language, sheet, criterion in (("en", "Criteria", "Criterion"), ("es", "Criterios", "Criterio")):
        with override_language(language):
            page = criteria.PAGE
            value = PageValue(page.title, page.question, context.shown, tuple(page.blocks(context)))
            book = openpyxl.load_workbook(io.BytesIO(page_workbook(value).xlsx()))
            header, *rows = book[sheet].iter_rows(values_only=True)
            assert criterion in header and len(rows) == 3
            said = [str(cell) for row in book.worksheets[0].iter_rows(values_only=True) for cell in row if cell]
            assert not [words for words in said if "click" in words.lower() or "clic " in words.lower()]
            bodies = [section.body for section in page_document.paper(value).sections]
            printed = [words for body in bodies if isinstance(body, Passage) for words in body.sentences]
            assert printed and not [words for words in printed if "click" in words.lower() or "clic " in words.lower()]
            assert page_document.pdf(value).startswith(b"%PDF")


def test_what_moved_the_score_stands_below_its_title_on_paper_and_in_workbooks(filled: Workspace) -> None:
    context, page = context_of(filled), criteria.PAGE
    value = PageValue(page.title, page.question, context.shown, tuple(page.blocks(context)))
    sections = page_document.paper(value).sections
    chart = next(each for each in sections if each.heading == "Which criteria moved the score" and each.lead)
    assert isinstance(chart.body, Chart) and chart.lead[0].startswith("The average score went from 7.00")
    assert "The average score went" not in str([each.body for each in sections if isinstance(each.body, Passage)])
    book = openpyxl.load_workbook(io.BytesIO(page_workbook(value).xlsx()))
    lines_ = [[str(cell or "") for cell in row[:2]] for row in book.worksheets[0].iter_rows(values_only=True)]
    place = next(place for place, (label, _) in enumerate(lines_) if label == "Which criteria moved the score")
    assert lines_[place][1].startswith("Waterfall chart") and lines_[place + 1][1].startswith("The average score went")


def test_the_answers_of_an_evaluation(filled: Workspace) -> None:
    context = context_of(filled, ViewOptions("none", opened="e059"))
    found = lines(list(evaluations.PAGE.blocks(context)), "table-answers")
    assert found == [
        {
            "Section": "Compliance",
            "Criterion": "Identity checked",
            "Points": "0 of 1",
            "Critical": "critical, failed",
        },
        {"Section": "Opening", "Criterion": "Greeting", "Points": "9 of 9", "Critical": "–"},
        {"Section": "Closing", "Criterion": "Refund offered", "Points": "not applicable", "Critical": "–"},
    ]
    context = context_of(filled, ViewOptions("none", opened="e058"))
    assert lines(list(evaluations.PAGE.blocks(context)), "table-answers")[1]["Comment"] == "No name given"


@pytest.mark.parametrize("said", ["", "x", "{}", "[1, 2, 3]", '["a", "b"]', '["", "", ""]', '["a", null, ""]'])
def test_what_no_mark_tells(said: str) -> None:
    assert read_criterion_id(said) is None


def test_what_a_mark_tells() -> None:
    criterion = Criterion('A "b" ñ', "F", "S")
    assert read_criterion_id(criterion_id(criterion, "7")) == (Criterion('A "b" ñ', "F", None), "7")


def leaders_of(opened: Workspace, filters: Any = LATER) -> dict[str, Leader]:
    """Return what the overview says is first in something, by its label."""
    blocks = overview.PAGE.blocks(context_of(opened, filters=filters))
    (found,) = (each for each in blocks if isinstance(each, Leaders))
    return {str(each.label): each for each in found.leaders}


def test_the_overview_names_the_weakest_criterion_and_that_failed_most_often(filled: Workspace) -> None:
    """They are what the page Criteria has, and lead to it and to the evaluations."""
    found = leaders_of(filled)
    assert [*found] == ["Top campaign", "Top call center", "Weakest criterion", "Criterion failed most often"]
    identity = lines(page_of(filled), "table-criteria")[0]
    weakest, failed = found["Weakest criterion"], found["Criterion failed most often"]
    assert (weakest.name, failed.name) == ("Identity checked", "Identity checked")
    assert str(weakest.note) == (
        f"average share {identity['Average share']} · 95 % CI {identity['Average share: 95 % CI']} · n = 56"
    )
    assert str(failed.note).startswith(f"no points in {identity['Failed']} of answers · 95 % CI ")
    assert weakest.link is not None and failed.link is not None
    assert weakest.link.page == "criteria" and ("criterion", "Identity checked") in weakest.link.parameters
    assert ("dateFrom", str(TURN)) in weakest.link.parameters
    assert failed.link.page == "evaluations" and ("failedCriterion", "Identity checked") in failed.link.parameters


def test_the_overview_says_nothing_of_criteria_where_there_is_nothing_to_say(workspace: Workspace) -> None:
    calls = [{"id": f"e{n}", "audioDate": f"{TURN}T12:00:00Z", "averageNote": "5"} for n in range(3)]
    scorecards.load(workspace, calls, {})
    assert [*leaders_of(workspace)] == ["Top campaign", "Top call center"]
    scorecards.load(workspace, calls, {"e0": (answer("Smile", 1), answer("Refund", None))})
    assert [*leaders_of(workspace)] == ["Top campaign", "Top call center"]  # one has answers with points
    scorecards.load(workspace, calls, {"e0": (answer("Smile", 1), answer("Listen", 2))})
    few = [*leaders_of(workspace).values()][2:]
    assert [(each.name, str(each.note), each.link) for each in few] == [
        ("–", "Each has fewer than 30 answers.", None)
    ] * 2
    assert [*leaders_of(workspace, make_filters(LAST, LAST))] == ["Top campaign", "Top call center"]


def test_the_overview_says_that_every_answer_has_points(workspace: Workspace) -> None:
    calls = [
        {"id": f"e{n}", "audioDate": f"{TURN}T12:00:00Z", "averageNote": "5", "form": "AB"[n % 2]} for n in range(80)
    ]
    answers = {f"e{n}": (answer("Smile", 4 - n % 2 * 2), answer("Listen", 9)) for n in range(80)}
    scorecards.load(workspace, calls, answers)
    weakest, failed = [*leaders_of(workspace).values()][2:]
    assert (weakest.name, str(failed.note), failed.name) == ("Smile (B)", "Every answer has points.", "–")
    assert weakest.link is not None and ("criterion", "Smile (B)") in weakest.link.parameters
