"""Sentences of pages that depend on the data: coverage, leaders, what can't be compared, empty pages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, SENTIMENT, STATE
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import AVERAGE_SCORE, METRICS
from lib.i18n import override_language
from lib.reports import cards, formatting
from lib.reports.changes import basis, delta
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.coverage import coverage_notices
from lib.reports.missing_values import missing_values
from lib.reports.page import Caption, ChartBlock, Empty, PageDefinition, Story, TableBlock
from lib.reports.pages import breakdowns, drivers, evaluations, overview, trends
from lib.statistics.clusters import ClusterSpread
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

FEBRUARY = make_filters(date(2024, 2, 1), date(2024, 2, 29))


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def calls() -> str:
    """Give two campaigns of one name, of which the smaller scores higher; Beta is scored in February alone."""
    lines = ["id,audioDate,state,sentiment,averageNote,campaignId,campaignName"]
    for place in range(5):
        lines.append(f"s{place},2024-02-0{place + 1},Completed,Positive,9.9,a,Sales")
    for place in range(100):
        month, score = 1 + place % 2, 7 + place % 3
        lines.append(f"b{place},2024-0{month}-{place % 27 + 1:02},Completed,Negative,{score},b,Sales")
        lines.append(f"c{place},2024-0{month}-{place % 27 + 1:02},Completed,,{score - 1 if month == 2 else ''},c,Beta")
    lines += [f"f{place},2024-02-0{place + 1},Failed,,,c,Beta" for place in range(9)]
    return "\n".join(lines) + "\n"


def context_of(workspace: Workspace, answers: QueryCache, filters: Filters, compare: str = "previous") -> PageContext:
    return build_context(answers, workspace.calendar, filters, ViewOptions(compare), lambda *_: ())


def notices(context: PageContext) -> list[str]:
    return [" ".join(map(str, (notice.label, *notice.sentences))) for notice in coverage_notices(context)]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ("4.5", "4.9999", "Score: 4.5 to under 5"),
        ("7", "7.4999", "Score: 7 to under 7.5"),
        ("9.5", "10", "Score: 9.5 to 10"),
        ("4.5", "4.998", "Score: 4.5 to 4.998"),
        ("", "4.9999", "Score: at most 4.9999"),
    ],
)
def test_a_range_is_said_as_the_bar_that_it_is_of(
    workspace: Workspace, answers: QueryCache, load: Load, low: str, high: str, said: str
) -> None:
    load(calls())
    ends = {"averageNote.min": low, "averageNote.max": high}
    parameters = {name: [end] for name, end in ends.items() if end}
    filters = Filters.from_parameters(parameters, workspace.calendar.zone, EVERYTHING, BUILT_IN)
    assert said in [*map(str, context_of(workspace, answers, filters).selection)]


def test_what_a_filter_decides_is_said(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    scores = "of the completed evaluations have a score"
    (changed,) = notices(context_of(workspace, answers, FEBRUARY))
    assert "of the evaluations are completed" in changed and scores in changed
    completed = context_of(workspace, answers, FEBRUARY.narrowed(STATE, "Completed"))
    decided, changed = notices(completed)
    assert "failure rate" in decided and "which states were chosen" in decided
    assert scores in changed and "of the evaluations are completed" not in changed
    ended = context_of(workspace, answers, FEBRUARY.narrowed(STATE, "Completed", "Failed"))
    assert "Completion rate and coverage" in notices(ended)[0]
    everything = FEBRUARY.narrowed(STATE, *(each.id for each in STATE.values))
    assert notices(context_of(workspace, answers, everything)) == notices(context_of(workspace, answers, FEBRUARY))
    happy = context_of(workspace, answers, FEBRUARY.narrowed(SENTIMENT, "Positive"))
    assert "which sentiments were chosen" in notices(happy)[0]


def test_calls_that_still_wait_are_said_beside_the_card_that_they_lower(
    workspace: Workspace, answers: QueryCache, load: Load
) -> None:
    lines = ["id,audioDate,state,averageNote"]
    for place in range(6000):  # 100 a day, of which one fails from 31 January on
        day, of_day = date(2024, 1, 1) + timedelta(days=place // 100), place % 100
        waits, fails = day >= date(2024, 2, 28) and of_day < 20, day >= date(2024, 1, 31) and of_day == 99
        state = "Pending" if waits else "Failed" if fails else "Completed"
        lines.append(f"{place},{day},{state},{'7' if state == 'Completed' else ''}")
    load("\n".join(lines) + "\n")
    last30 = make_filters(date(2024, 1, 31), date(2024, 2, 29))
    assert notices(context_of(workspace, answers, last30)) == [
        "Newest calls still wait. 99.0 % of the evaluations up to 27 Feb 2024 are completed, 100.0 % in "
        "1–30 Jan 2024; calls of the newest 2 days still wait."
    ]
    settled = make_filters(date(2024, 1, 29), date(2024, 2, 27))
    assert notices(context_of(workspace, answers, settled)) == []


def test_the_leader_of_two_with_one_name(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    (campaign, _) = cards.leaders(context_of(workspace, answers, FEBRUARY))
    assert campaign.name == "Sales" and "n = 50" in str(campaign.note) and "9.9" not in str(campaign.note)


def test_few_scores_make_a_leader_that_is_marked(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    few = FEBRUARY.narrowed(CAMPAIGN, "a")
    context = context_of(workspace, answers, few)
    (campaign, _) = cards.leaders(context)
    assert campaign.name == context.summary.top_campaign == "Sales", "as the API names it"
    assert str(campaign.note) == "average score 9.90 · n = 5 · each has fewer than 30 scored evaluations"
    with override_language("es"):
        assert "menos de 30 evaluaciones con puntaje en cada caso" in str(campaign.note)


def test_columns_of_changes_are_left_out_where_they_hold_none(
    workspace: Workspace, answers: QueryCache, load: Load
) -> None:
    """Two campaigns of which one is new; 30 days, whose days before fall on other weekdays."""
    load("id,audioDate,averageNote,campaignId\na,2024-02-01,7,old\nb,2024-03-12,7,new\nc,2024-03-13,8,new\n")
    month = make_filters(date(2024, 2, 29), date(2024, 3, 29))

    def said(context: PageContext, page: PageDefinition) -> tuple[list[str], list[str]]:
        blocks = [*page.blocks(context)]
        columns = [str(each.label) for block in blocks if isinstance(block, TableBlock) for each in block.table.columns]
        captions = [str(block.words) for block in blocks if isinstance(block, Caption)]
        return [each for each in columns if "change" in each], [each for each in captions if "No changes" in each]

    context = context_of(workspace, answers, month)
    assert said(context, breakdowns.CAMPAIGNS) == (
        [],
        ["No changes are shown: no whole row has a value in both periods."],
    )
    by_day = "No changes are shown by day: the compared days fall on other weekdays."
    assert said(context, trends.PAGE) == ([], [by_day])
    both = context_of(workspace, answers, make_filters(date(2024, 2, 1), date(2024, 2, 29)), "none")
    assert said(both, breakdowns.CAMPAIGNS) == said(both, trends.PAGE) == ([], [])


@pytest.mark.parametrize(
    ("evaluations", "scored", "mark"),
    [
        (1330, 29, "few scored"),
        (30, 29, "few scored"),
        (30, 1, "few scored"),
        (30, 0, "no scores"),
        (29, 29, "few evaluations"),
        (30, 30, ""),
        (5, 0, "few evaluations"),
    ],
)
def test_a_mark_says_what_is_few(evaluations: int, scored: int, mark: str) -> None:
    assert formatting.small_sample(MeasureTotals(evaluations=evaluations, scored=scored)) == mark


def test_why_a_metric_has_no_value(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    """In place of charts with empty axes, on each page that draws the score."""
    load(calls())
    for narrowed, why in (
        (FEBRUARY.narrowed(STATE, "Failed"), "None of these evaluations is completed."),
        (
            make_filters(date(2024, 1, 1), date(2024, 1, 31)).narrowed(CAMPAIGN, "c"),
            "None of the completed evaluations has a score.",
        ),
    ):
        context = context_of(workspace, answers, narrowed)
        for page in (overview.PAGE, trends.PAGE, breakdowns.CAMPAIGNS, breakdowns.CALL_CENTERS):
            blocks = [*page.blocks(context)]
            assert [str(block.hint) for block in blocks if isinstance(block, Empty)] == [why]
            assert not [block for block in blocks if isinstance(block, ChartBlock)]
    assert missing_values(METRICS["failureRate"], MeasureTotals(evaluations=1)) is not None
    assert missing_values(METRICS["totalEvaluations"], MeasureTotals()) is None


def test_why_nothing_is_compared(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())

    def told(context: PageContext) -> list[str]:
        blocks = [*drivers.PAGE.blocks(context)]
        return [str(block.what) + str(block.hint) for block in blocks if isinstance(block, Empty)]

    failed = context_of(workspace, answers, FEBRUARY.narrowed(STATE, "Failed"))
    assert failed.compared is None and "that has data before it" in told(failed)[0]
    none = context_of(workspace, answers, FEBRUARY, "none")
    assert "Choose in the sidebar what to compare the period with." in told(none)[0]
    beta = Filters.from_parameters(
        {"dateFrom": ["2024-02-01"], "dateTo": ["2024-02-29"], "campaignId": ["c"]},
        workspace.settings.zone,
        EVERYTHING,
        BUILT_IN,
    )
    unscored = context_of(workspace, answers, beta)
    assert unscored.compared is not None and "No scores to compare" in told(unscored)[0]
    (story,) = [
        each for each in drivers.PAGE.blocks(context_of(workspace, answers, FEBRUARY)) if isinstance(each, Story)
    ]
    assert "(not scored before)" in str(story.parts)


def test_a_change_that_can_not_be_tested_means_nothing() -> None:
    one = MeasureTotals(completed=1, scored=1, score_sum=50_000, score_square_sum=50_000**2)
    two = MeasureTotals(completed=2, scored=2, score_sum=180_000, score_square_sum=2 * 90_000**2)
    changed = delta(AVERAGE_SCORE, one, two)
    assert changed is not None and (changed.sign, changed.kind, changed.meaning) == ("", "plain", None)


def timed(mean_seconds: int, spread_seconds: int, count: int = 100) -> MeasureTotals:
    """Give durations of which half lie below the mean by the spread, half above it."""
    low, high = mean_seconds - spread_seconds, mean_seconds + spread_seconds
    half = count // 2
    totals = MeasureTotals(
        completed=count,
        timed=count,
        duration_sum=half * (low + high),
        duration_square_sum=half * (low * low + high * high),
    )
    # On nine days, which spread as single calls do.
    return totals.with_days({"averageDurationSeconds": ClusterSpread(9, spread_seconds**2 / count, 8.0, 1 / 9)})


def test_a_change_of_a_duration_is_marked_only_beyond_chance_and_never_as_good_or_bad() -> None:
    duration = METRICS["averageDurationSeconds"]
    # The mean of a hundred has an error of 10 s, the difference of two one of 14 s.
    for now, sign, kind in ((320, "≈", "chance"), (340, "▲", "plain"), (260, "▼", "plain")):
        changed = delta(duration, timed(300, 100), timed(now, 100))
        assert changed is not None and (changed.sign, changed.kind) == (sign, kind)
    assert str(basis(duration, timed(300, 100))[0]) == "95 % CI 4:40–5:20"
    assert len(basis(duration, timed(300, 0))) == 1  # no interval where all are the same, n alone


def test_no_evaluations_are_no_page_of_them(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load(calls())
    empty = context_of(workspace, answers, make_filters(date(2023, 1, 1), date(2023, 1, 2)))
    assert [type(block) for block in evaluations.PAGE.blocks(empty)] == [Empty]
