"""The example of the reference: rows that add up to its summary, and the summary that they give."""

from __future__ import annotations

from lib.analytics import queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.metrics import METRICS
from lib.workspace import Workspace
from tests.conftest import Load


def rows() -> list[str]:
    """Return 1,250 evaluations of January 2024: 1,180 completed, mean score 7.8, mean duration 312 s."""
    lines = ["id,audioDate,state,sentiment,averageNote,durationInSeconds,campaignId,campaignName,callCenterName"]
    moods = ["Positive"] * 620 + ["Neutral"] * 380 + ["Negative"] * 180
    for number, mood in enumerate(moods):
        best = number % 2 == 0  # half the calls, at 8.3 and 7.3
        campaign = "camp_789,Q1 Outbound Sales" if best else "camp_790,Retention"
        center = "Santiago Central" if best else "Lima Norte"
        seconds = 312 + (number % 4 - 1.5) * 40  # 252, 292, 332, 372
        score = 8.3 if best else 7.3
        lines.append(
            f"ev{number},2024-01-{number % 31 + 1:02},Completed,{mood},{score},{int(seconds)},{campaign},{center}"
        )
    for number in range(70):
        state = ("Pending", "Processing", "Failed")[number % 3]
        lines.append(f"open{number},2024-01-15,{state},,,,camp_790,Retention,Lima Norte")
    return lines


def test_the_summary_of_the_reference(workspace: Workspace, answers: QueryCache, load: Load) -> None:
    load("\n".join([*rows(), "before,2023-12-31,Completed,Positive,1,1,camp_790,Retention,Lima Norte"]))
    asked = Filters.from_parameters(
        {"dateFrom": ["2024-01-01"], "dateTo": ["2024-01-31"]}, workspace.calendar.zone, EVERYTHING, BUILT_IN
    )
    found = answers.run(queries.summary, asked, workspace.calendar)
    sums = found.sums
    assert METRICS["totalEvaluations"].rounded(sums) == 1250
    assert METRICS["completedEvaluations"].rounded(sums) == 1180
    assert METRICS["averageScore"].rounded(sums) == 7.8
    assert (sums["positive"], sums["neutral"], sums["negative"]) == (620, 380, 180)
    assert METRICS["averageDurationSeconds"].rounded(sums) == 312
    assert (found.top_campaign, found.top_call_center) == ("Q1 Outbound Sales", "Santiago Central")
