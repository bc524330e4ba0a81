"""What changed a metric that is not the average score: sentences, bars, table and files say the same; and what has no parts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from lib import workspace as workspaces
from lib.analytics.decomposition import ShownAmounts
from lib.charts.draw import draw
from lib.charts.theme import LIGHT, ChartTheme
from lib.i18n import override_language
from lib.pdf import page_document
from lib.reports import catalog_words, formatting
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.figure_files import figure_file
from lib.reports.figures import WaterfallFigure
from lib.reports.page import ChartBlock, Empty, Link, PageValue, Story, TableBlock
from lib.reports.pages import PAGES
from lib.reports.table import PageTable
from tests.reports.test_page_values import PERIOD, filled

__all__ = ["filled"]  # a fixture


@pytest.fixture(autouse=True)
def opened(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(filled))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    yield
    workspaces.close_current()


def page_about(metric: str, page: str = "drivers") -> PageValue:
    """Return the page of what changed a metric."""
    space, definition = workspaces.current(), PAGES[page]
    view = ViewOptions(selected={"metric": metric, "by": "campaign"})
    filters = PERIOD.in_catalog(space.catalog)
    context: PageContext = build_context(space.answers, space.calendar, filters, view, lambda *_: ())
    return PageValue(definition.title, definition.question, context.shown, tuple(definition.blocks(context)))


def parts(page: PageValue) -> tuple[Story, WaterfallFigure, ChartBlock, PageTable[object]]:
    """Return what a page says of a change: in sentences, as bars and as a table."""
    (story,) = [block for block in page.flat if isinstance(block, Story)]
    (chart,) = [block for block in page.flat if isinstance(block, ChartBlock)]
    (table,) = [block.table for block in page.flat if isinstance(block, TableBlock)]
    assert isinstance(chart.figure, WaterfallFigure)
    return story, chart.figure, chart, table


@pytest.mark.parametrize(
    ("metric", "amount"),
    [
        *(("longCalls", "."), ("greeting", "."), ("completionRate", "pp"), ("failureRate", "pp")),
        *(("averageDurationSeconds", ":"), ("netSentiment", ".")),
    ],
)
def test_a_change_in_sentences_bars_and_a_table(metric: str, amount: str) -> None:
    page = page_about(metric)
    story, figure, chart, table = parts(page)
    change = figure.decomposition
    which = change.metric
    assert which.name == metric and change.change == sum(part.total for part in change.parts) != 0
    words = str(story.change)
    moved = change.shown.total
    verb = "is still" if not moved else "rose by" if moved > 0 else "fell by"
    assert words.startswith(f"{catalog_words.metric_label(which)} {verb} ")
    if moved:
        assert amount in words.split(" by ")[1].split(", from")[0]
        assert formatting.metric(which, change.before) in words
    assert formatting.metric(which, change.now) in words
    assert ("contributor" in str(story.parts)) is any(part.shown.total for part in change.parts)
    differs = story.chance is None
    assert differs or str(story.chance) == "This change is not statistically significant."
    within, mix, whole = (column for column in table.columns if str(column.label) in ("Performance", "Mix", "Total"))
    for row in table.rows:
        assert whole.value(row) == pytest.approx(within.value(row) + mix.value(row))
    assert table.file is not None and table.file.total is not None
    names = [field.name for field in table.file.fields]
    lines = [dict(zip(names, table.file.values(row), strict=True)) for row in (*table.file.rows(), table.file.total)]
    for name in ("within", "mix", "total", "shareNow", "shareBefore"):
        assert sum(line[name] for line in lines[:-1]) == pytest.approx(lines[-1][name], abs=2e-4)
    assert lines[-1][f"{metric}Now"] == which.rounded(change.now)
    assert lines[-1]["total"] == pytest.approx(float(change.change))
    assert sum(line["nNow"] for line in lines[:-1]) == lines[-1]["nNow"] == which.n(change.now)
    numbers = figure_file(chart.title, chart.key, figure)
    assert numbers is not None
    first, *_, last = (numbers.values(row) for row in numbers.rows())
    assert (first[-1], last[-1]) == tuple(
        pytest.approx(float(which.value(each) or 0), abs=1e-2) for each in (change.before, change.now)
    )
    drawn = draw(figure, ChartTheme(LIGHT, "en"))
    assert drawn is not None and formatting.metric(which, change.now) in drawn.alt
    assert len(table.rows) > 1 and page_document.paper(page).sections
    with override_language("es"):
        assert "Mezcla (peso de las campañas)" in str(parts(page_about(metric))[0].change)


@pytest.mark.parametrize("metric", ["middle", "people", "totalEvaluations"])
def test_what_has_no_parts_says_so_and_leads_to_its_trend(metric: str) -> None:
    page = page_about(metric)
    (empty,) = [block for block in page.flat if isinstance(block, Empty)]
    assert "can't be split over groups" in str(empty.what) and "percentiles" in str(empty.hint)
    link = next(block for block in page.flat if isinstance(block, Link))
    assert link.page == "trends" and ("metric", metric) in link.parameters
    assert not [block for block in page.flat if isinstance(block, Story | TableBlock)]


def test_a_trend_leads_to_what_changed_where_that_has_parts() -> None:
    for metric, leads in (("longCalls", True), ("middle", False), ("averageScore", False)):
        links = [block for block in page_about(metric, "trends").flat if isinstance(block, Link)]
        assert ("drivers" in {link.page for link in links}) is leads


def test_colors_say_which_direction_is_better() -> None:
    for metric, kinds in (("failureRate", {"bad", "good", "chance"}), ("longCalls", {"plain", "chance"})):
        _, figure, _, table = parts(page_about(metric))
        (whole,) = (column for column in table.columns if str(column.label) == "Total")
        assert whole.kind is not None
        found = {whole.kind(row) for row in table.rows}
        assert found <= kinds
        if metric == "failureRate":
            assert figure.decomposition.change > 0 and whole.kind(table.rows[0]) == "bad"


def test_a_value_that_crosses_zero_is_rounded_all_the_same() -> None:
    """From −0.005 to 0.005, both of which are rounded away from 0: −0.01 and 0.01 would be twice as far apart."""
    shown = ShownAmounts.rounded(Fraction(1, 100), Fraction(0), Fraction(2, 100), 100)
    assert (shown.within, shown.mix, shown.total) == (Fraction(1, 100), 0, Fraction(1, 100))


def test_amounts_are_in_the_decimals_of_their_metric() -> None:
    metrics = workspaces.current().catalog.all_metrics
    for name, amount, words in (
        ("averageScore", Fraction(-1, 8), "−0.13"),
        ("completionRate", Fraction(1, 80), "+1.3 pp"),
        ("averageDurationSeconds", Fraction(-125, 2), "−1:03"),
        ("averageDurationSeconds", Fraction(12), "+0:12"),
        ("totalEvaluations", Fraction(1200), "+1,200"),
        ("middle", Fraction(1, 3), "+0.33"),
    ):
        assert formatting.amount(metrics[name], amount) == words
        assert formatting.amount(metrics[name], Fraction(0)).strip("0.: p") == ""
