"""Pinned links: fixed days, figures as they were, and what an import made of them; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from lib.analytics import queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.import_log import imports_since
from lib.analytics.queries import DatasetStatus, SelectionSummary
from lib.analytics.query import Filters
from lib.catalog import metrics
from lib.catalog.catalog import BUILT_IN, Catalog
from lib.catalog.measures import PLAIN_MEASURES
from lib.catalog.sums import Quotient, Sum
from lib.errors import FileError, InvalidParameterError
from lib.i18n import day as day_in_words
from lib.jobs.tasks import TASKS
from lib.reports import formatting
from lib.settings import Settings
from lib.sharing import link_diff
from lib.sharing.link_diff import DefinitionChange, FigureChange, LinkDiff, since
from lib.sharing.pinned_links import PinnedLink
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import Load
from tests.sharing.test_saved_views import WEIRD

HEADER = "id,audioDate,averageNote,sentiment,durationInSeconds,campaignId,campaignName,state\n"
FIRST = HEADER + (
    "a,2024-01-01,8,Positive,60,c1,One,Completed\n"
    "b,2024-01-03,6,Negative,120,c1,One,Completed\n"
    "c,2024-02-01,1,Neutral,30,c2,Two,Completed\n"
)
NOTHING = LinkDiff(datetime(2024, 1, 1, tzinfo=UTC), False, False, False, (), (), ())
ZONE = ZoneInfo("UTC")


def asked(workspace: Workspace, parameters: dict[str, list[str]]) -> tuple[SelectionSummary, DatasetStatus]:
    filters = Filters.from_parameters(parameters, workspace.settings.zone, EVERYTHING, BUILT_IN)
    with workspace.facts.read() as connection:
        return queries.summary(connection, filters, workspace.calendar), queries.status(connection)


def pin(workspace: Workspace, parameters: dict[str, list[str]], page: str = "campaigns") -> PinnedLink:
    return workspace.links.make(page, parameters, *asked(workspace, parameters), "ada", EVERYTHING, {"metric"})


def told(workspace: Workspace, link: PinnedLink, catalog: Catalog = BUILT_IN) -> tuple[LinkDiff, list[str]]:
    summary, status = asked(workspace, link.parameters)
    with workspace.facts.read() as connection:
        imports = imports_since(connection, link.data_changed_at)
    found = since(link, summary, status, imports, catalog)
    return found, link_diff.in_words(found, workspace.settings.zone, formatting.value, catalog)


def test_a_link_is_kept_with_its_figures(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    link = pin(workspace, {"campaignId": ["c1"], "metric": ["averageScore"], "utm": ["x"]})
    assert workspace.links.get(link.id) == link
    # Open ends are the first and last day of all data, and stay so.
    assert link.parameters == {
        "dateFrom": ["2024-01-01"],
        "dateTo": ["2024-02-01"],
        "campaignId": ["c1"],
        "metric": ["averageScore"],
    }
    assert (link.page, link.created_by, link.data_version) == ("campaigns", "ada", 1)
    assert link.figures == {
        "totalEvaluations": 2,
        "completedEvaluations": 2,
        "averageScore": 7.0,
        "averageDurationSeconds": 90,
        "completionRate": 1.0,
        "failureRate": 0.0,
        "netSentiment": 0.0,
        "scoredEvaluations": 2,
    }
    assert set(link.measures) == set(PLAIN_MEASURES)
    assert (link.measures["score_sum"], link.measures["score_square_sum"]) == (140_000, 10_000_000_000)
    assert link.definitions["completionRate"] == metrics.METRICS["completionRate"].help
    assert "30" in link.definitions["Few evaluations"] and "10,000" in link.definitions["Unit of scores"]


def test_days_are_fixed_whatever_the_parameters_say(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    summary, status = asked(workspace, {"dateFrom": ["2024-01-02"], "dateTo": ["2024-01-31"]})
    link = workspace.links.make("", {"dateFrom": ["last week"]}, summary, status, "ada", EVERYTHING)
    assert link.parameters == {"dateFrom": ["2024-01-02"], "dateTo": ["2024-01-31"]}
    moments = {"dateFrom": ["2024-01-01T01:30+01:00"], "dateTo": ["2024-01-31"]}
    exact = pin(workspace, moments)
    assert exact.parameters == {"dateFrom": ["2024-01-01T01:30:00+01:00"], "dateTo": ["2024-01-31"]}
    assert told(workspace, exact)[1] == []


def test_nothing_is_told_when_nothing_changed(workspace: Workspace, load: Load, tmp_path: Path) -> None:
    load(FIRST)
    link = pin(workspace, {})
    load(FIRST)  # the same rows again
    load(HEADER + "d,never,1,Positive,1,c1,One,Completed\n")  # nothing loaded, as a row is bad
    with pytest.raises(FileError):
        load([tmp_path / "nowhere.csv"])
    load(HEADER + "e,2024-01-01,1,Positive,1,c1,One,Completed\n", dry_run=True)
    found, words = told(workspace, link)
    assert found == replace(NOTHING, made_at=link.created_at) and words == []


def test_an_import_made_afterwards_is_told(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    link = pin(workspace, {"campaignId": ["c1"]})
    report = load(
        HEADER + "a,2024-01-01,9,Positive,60,c1,One,Completed\nd,2024-01-31,,Positive,,c1,One,Failed\n",
        name="january.csv",
    )
    load(HEADER + "e,2024-06-01,1,Negative,60,c1,One,Completed\n", name="june.csv")
    found, words = told(workspace, link)
    assert found.data and found.selection and found.definitions == ()
    assert [(each.actor, each.files, each.added, each.changed) for each in found.imports] == [
        ("test", ("january.csv",), 1, 1),
        ("test", ("june.csv",), 1, 0),
    ]
    assert all(link.created_at < each.at for each in found.imports) and report.started_at < found.imports[0].at
    # (9 + 6) / 2; 2 of 3 completed, 1 of 3 failed. What came in June lies outside the link's days.
    assert found.figures == (
        FigureChange("totalEvaluations", 2, 3),
        FigureChange("averageScore", 7.0, 7.5),
        FigureChange("completionRate", 1.0, 0.6667),
        FigureChange("failureRate", 0.0, 0.3333),
    )
    day = day_in_words(found.imports[0].at)
    assert words[0].startswith("The data changed since this link was made on ")
    assert words[1].startswith(f"january.csv imported by test on {day}, ") and words[1].endswith(
        ": 1 added, 1 changed."
    )
    assert words[2].startswith(f"june.csv imported by test on {day}, ") and words[2].endswith(": 1 added, 0 changed.")
    assert words[3:] == [
        "Evaluations was 2 and is 3 now.",
        "Average score was 7.00 and is 7.50 now.",
        "Completion rate was 100.0 % and is 66.7 % now.",
        "Failure rate was 0.0 % and is 33.3 % now.",
    ]


def test_what_lies_outside_the_selection_leaves_it(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    link = pin(workspace, {"dateFrom": ["2024-01-01"], "dateTo": ["2024-01-31"]})
    load(HEADER + "e,2024-06-01,1,Negative,60,c1,One,Completed\n")
    found, words = told(workspace, link)
    assert (found.data, found.selection, found.figures, len(found.imports)) == (True, False, (), 1)
    assert words[-1] == "None of that touched the counts and sums of this selection."


def test_a_new_name_is_an_import_too(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    link = pin(workspace, {})
    load(HEADER + "a,2024-01-01,8,Positive,60,c1,Renamed,Completed\n")
    found, _ = told(workspace, link)
    assert found.data and not found.selection
    assert [(each.added, each.changed) for each in found.imports] == [(0, 0)]


def test_the_import_that_the_link_shows_is_not_since(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    load(HEADER + "e,2024-06-01,1,Negative,60,c1,One,Completed\n", name="june.csv")
    link = pin(workspace, {})
    with workspace.facts.read() as connection:
        assert imports_since(connection, link.data_changed_at) == ()
        before = imports_since(connection, link.data_changed_at - timedelta(microseconds=1))
        assert [each.files for each in before] == [("june.csv",)]


def test_an_import_between_the_figures_and_the_link_is_told(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    seen = asked(workspace, {})
    load(HEADER + "a,2024-01-01,9,Positive,60,c1,One,Completed\n", name="between.csv")
    link = workspace.links.make("", {}, *seen, "ada", EVERYTHING)
    found, _ = told(workspace, link)
    assert [each.files for each in found.imports] == [("between.csv",)] and found.figures


def test_another_time_zone_is_told(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    link = pin(workspace, {"dateFrom": ["2024-01-01"], "dateTo": ["2024-01-31"]})
    # Midnight is the evening before there.
    TASKS["timezone"](workspace, {"zone": "America/New_York", "actor": "test"}, lambda *_: None)
    found, words = told(workspace, link)
    # The 8 falls on 31 December now, the 1 on 31 January: (6 + 1) / 2.
    assert found.data and found.imports == () and FigureChange("averageScore", 7.0, 3.5) in found.figures
    assert "No import was made since: the data changed by sample data or another time zone." in words


TWICE = Quotient(Sum(("score_sum", "score_sum")), Sum(("scored",)), 10_000)


def test_another_definition_is_told(workspace: Workspace, load: Load) -> None:
    load(FIRST)
    link = pin(workspace, {})
    score = metrics.METRICS["averageScore"]
    doubled = replace(score, help="Twice the score.", formula=TWICE)
    others = {**BUILT_IN.metrics, "averageScore": doubled, "more": replace(doubled, name="more")}
    del others["netSentiment"]
    found, words = told(workspace, link, replace(BUILT_IN, version=1, metrics=others))
    assert not found.data and not found.selection
    assert found.figures == (FigureChange("averageScore", 5.0, 10.0),)
    gone = link.definitions["netSentiment"]
    assert found.definitions == (
        DefinitionChange("averageScore", score.help, "Twice the score."),
        DefinitionChange("netSentiment", gone, None),
    )
    assert words == [
        "Average score was 5.00 and is 10.00 now.",
        "The selection is the same: its figures differ by their definitions alone.",
        f"Average score means something else now. Then: {score.help} Now: Twice the score.",
        f"netSentiment is not shown any more. It meant: {gone}",
    ]


def test_a_figure_may_come_and_go(workspace: Workspace, load: Load) -> None:
    empty = pin(workspace, {"dateFrom": ["2024-01-01"], "dateTo": ["2024-01-31"]})
    assert empty.figures["averageScore"] is None and told(workspace, empty)[1] == []
    load(FIRST)
    found, words = told(workspace, empty)
    change = next(each for each in found.figures if each.name == "averageScore")
    assert (change.was, change.now) == (None, 7.0)
    assert "Average score was – and is 7.00 now." in words


def test_without_data_open_ends_stay_open(workspace: Workspace) -> None:
    link = pin(workspace, {"campaignId": ["c1"]})
    assert link.parameters == {"campaignId": ["c1"]} and workspace.links.get(link.id) == link


@pytest.mark.parametrize(
    ("was", "now", "sentence"),
    [
        (0.98121, 0.98122, "Completion rate changed by less than is shown: it was, and is, 98.1 %."),
        (0.5, None, "Completion rate was 50.0 % and is – now."),
    ],
)
def test_words_of_a_figure(was: float, now: float | None, sentence: str) -> None:
    moved = replace(NOTHING, data=True, selection=True, figures=(FigureChange("completionRate", was, now),))
    assert link_diff.in_words(moved, ZONE, formatting.value, BUILT_IN)[-1] == sentence


def test_words_where_rounding_hides_it() -> None:
    words = link_diff.in_words(
        replace(NOTHING, data=True, selection=True), ZoneInfo("Asia/Kolkata"), formatting.value, BUILT_IN
    )
    assert words[0] == "The data changed since this link was made on 1 Jan 2024, 05:30."
    assert words[-1] == "The figures of this selection are, as rounded, what they were."


@pytest.mark.parametrize("text", [*WEIRD, "x" * 1000])
def test_weird_texts_come_back_as_they_were(workspace: Workspace, text: str) -> None:
    link = pin(workspace, {"campaignId": [text]})
    found = workspace.links.get(link.id)
    assert found == link and found.parameters["campaignId"] == [text]


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)  # refused before any store is asked
def test_what_can_not_be_kept_is_refused(workspace: Workspace) -> None:
    seen = asked(workspace, {})
    cases: list[tuple[str, Callable[[], object]]] = [
        ("page", lambda: workspace.links.make("nowhere", {}, *seen, "ada", EVERYTHING)),
        ("campaignId", lambda: workspace.links.make("", {"campaignId": ["x" * 5000]}, *seen, "ada", EVERYTHING)),
        ("campaignId", lambda: workspace.links.make("", {"campaignId": ["\x00"]}, *seen, "ada", EVERYTHING)),
    ]
    for parameter, make in cases:
        with pytest.raises(InvalidParameterError) as caught:
            make()
        assert caught.value.parameter == parameter
    for number in ("", "a\x00aaaaaa", "nowhere1", "' OR 1=1"):
        assert workspace.links.get(number) is None


def test_a_link_outlives_the_workspace(settings: Settings, load: Load, workspace: Workspace) -> None:
    load(FIRST)
    link = pin(workspace, {"dateTo": [date(2024, 1, 31).isoformat()]})
    workspace.close()
    again = Workspace(settings)
    try:
        assert again.links.get(link.id) == link and told(again, link)[1] == []
        with again.state.read() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(schema.pinned_links)).scalar_one() == 1
    finally:
        again.close()
