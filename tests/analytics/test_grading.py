"""How evaluators work, and strictness like for like: by hand and beside pandas, on both engines."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lib.analytics.dimensions_in_use import dimensions_in_use
from lib.analytics.grading import Grading, grading
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query_cache import QueryCache
from lib.analytics.standardization import standardized_scores
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, EVALUATOR, EXECUTIVE, FORM
from lib.workspace import Workspace
from tests.conftest import Load
from tests.filters import make_filters

ROWS = """id,audioDate,state,averageNote,campaignName,executiveName,evaluatorName,form,evaluatedAt
1,2024-01-01T09:00,Completed,10,A,Ann,Eva,v1,2024-01-01T10:00
2,2024-01-01T09:00,Completed,9.9999,A,Ann,Eva,v1,2024-01-01T09:00:30
3,2024-01-02T09:00,Completed,10,A,Bob,Eva,v1,2024-01-02T12:00
4,2024-01-02T09:00,Completed,,A,Bob,Eva,v1,2024-01-01T12:00
5,2024-01-02T09:00,Pending,10,B,Bob,Max,v2,2024-01-03T09:00
6,2024-01-03T09:00,Failed,10,B,Bob,,v2,
"""


def test_by_hand(workspace: Workspace, load: Load, answers: QueryCache) -> None:
    load(ROWS)
    found = answers.run(grading, make_filters(), workspace.calendar)
    named = {member.name: each for member, each in found.evaluators.items()}
    # An evaluation before its call says nothing of how long it took; what is not completed has no score.
    assert named == {"Eva": Grading(3, 2, 3, 3600), "Max": Grading(0, 0, 0, None), "(none)": Grading(0, 0, 0, None)}
    assert found.total == Grading(3, 2, 3, 3600)
    assert (found.total.full_marks_share, named["Max"].full_marks_share) == (2 / 3, None)
    low, high = found.total.full_marks_interval or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.2077, 0.9385)  # Wilson's, of 2 in 3
    first = answers.run(grading, make_filters(date(2024, 1, 1), date(2024, 1, 1)), workspace.calendar)
    assert first.total == Grading(2, 1, 2, 30)  # the lower one of two in the middle
    seen = answers.run(grading, make_filters(grant=Grant.of({"campaign": ["B"]})), workspace.calendar)
    assert {member.name for member in seen.evaluators} == {"Max", "(none)"}


@pytest.mark.parametrize("zone", [None, "America/Lima"])
def test_full_marks_allow_for_days(workspace: Workspace, load: Load, answers: QueryCache, zone: str | None) -> None:
    """Eva has days on which all goes well; Max gives no full marks, Kim nothing else, and Solo evaluated one call."""
    random = np.random.default_rng(11)
    n = 600
    at = pd.Timestamp("2024-01-01T00:00Z") + pd.to_timedelta(random.integers(0, 20 * 24, n), unit="h")
    frame = pd.DataFrame({"id": range(n), "audioDate": at, "evaluatorName": random.choice(["Eva", "Max", "Kim"], n)})
    frame.loc[0, "evaluatorName"] = "Solo"
    local = frame["audioDate"].dt.tz_convert(zone or "UTC").dt.date
    good = random.random(n) < np.where(local.map(lambda day: day.day % 3 == 0), 0.8, 0.3)
    frame["averageNote"] = np.select(
        [frame["evaluatorName"] == "Kim", (frame["evaluatorName"] == "Eva") & good], [10, 10], 7
    )
    load(frame.to_csv(index=False))
    found = answers.run(grading, make_filters(timezone=zone), workspace.calendar)
    named = {member.name: each for member, each in found.evaluators.items()}
    frame["day"] = local
    for of, rows in ((named["Eva"], frame[frame["evaluatorName"] == "Eva"]), (found.total, frame)):
        assert of.full_marks_interval == pytest.approx(interval_by_days(rows["averageNote"] == 10, rows["day"]))
    # Nothing says how far chance carries what is the same each time.
    assert [named[name].full_marks_share for name in ("Max", "Kim", "Solo")] == [0, 1, 0]
    assert [named[name].full_marks_interval for name in ("Max", "Kim", "Solo")] == [None] * 3


def test_medians_are_those_of_single_evaluations(workspace: Workspace, load: Load, answers: QueryCache) -> None:
    random = np.random.default_rng(12)
    n = 1500
    at = pd.Timestamp("2024-01-01T00:00Z") + pd.to_timedelta(random.integers(0, 40 * 24, n), unit="h")
    who = random.choice(["", *(f"E{number}" for number in range(9))], n)
    slow = np.where(who == "E1", 60, np.where(who == "E2", 4000, 90_000))  # E1 is done within one part of those counted
    seconds = np.floor(random.exponential(slow)).astype(int) - np.where(who == "E3", 10**6, 0)  # E3: before the call
    frame = pd.DataFrame({"id": range(n), "audioDate": at, "evaluatorName": who, "averageNote": 7})
    frame["evaluatedAt"] = at + pd.to_timedelta(seconds + random.random(n) * (seconds >= 0), unit="s")
    load(frame.to_csv(index=False))
    found = answers.run(grading, make_filters(), workspace.calendar)
    timed = frame.assign(seconds=seconds)[seconds >= 0]
    lower = timed.groupby("evaluatorName")["seconds"].quantile(0.5, "lower")
    for member, each in found.evaluators.items():
        name = member.name if member.id else ""
        assert (each.timed, each.median_seconds) == ((timed["evaluatorName"] == name).sum(), lower.get(name)), name
    assert found.total.timed == len(timed)
    assert found.total.median_seconds == timed["seconds"].quantile(0.5, "lower")
    assert set(lower.index) == {"", *(f"E{number}" for number in range(9) if number != 3)}


def interval_by_days(marks: pd.Series, days: pd.Series) -> tuple[float, float]:
    """Return Wilson's interval of a share, of as many independent calls as its days are worth, from single rows."""
    n, share = len(marks), marks.mean()
    of_days = (marks - share).groupby(days).sum()
    weight = marks.groupby(days).count() / n
    variance = (of_days**2 / (1 - weight)).sum() / n**2
    spare = weight**2 / (1 - weight)
    t = stats.t.ppf(0.975, 1 / ((weight**2).sum() + spare.sum() ** 2 - (spare**2).sum()))
    worth = marks.var(ddof=1) / variance  # of n calls, whose share has the variance marks.var / n
    center = (share + t**2 / (2 * worth)) / (1 + t**2 / worth)
    half = t / (1 + t**2 / worth) * np.sqrt(share * (1 - share) / worth + t**2 / (4 * worth**2))
    return center - half, center + half


def test_what_is_in_use(load: Load, answers: QueryCache) -> None:
    load("id,audioDate,campaignName\n1,2024-01-01,A\n2,2024-01-01,B\n")
    assert answers.run(dimensions_in_use, EVERYTHING, BUILT_IN) == (CAMPAIGN,)
    load("id,audioDate,campaignName,evaluatorName,form\n1,2024-01-01,A,Eva,\n2,2024-01-01,B,,v1\n")
    assert answers.run(dimensions_in_use, EVERYTHING, BUILT_IN) == (CAMPAIGN, EVALUATOR, FORM)
    assert answers.run(dimensions_in_use, Grant.of({"campaign": ["A"]}), BUILT_IN) == (CAMPAIGN, EVALUATOR)


@pytest.fixture
def graded(load: Load) -> pd.DataFrame:
    """Load evaluations whose scores depend on the campaign, the form, the executive and the evaluator."""
    random = np.random.default_rng(17)
    n = 900
    frame = pd.DataFrame(
        {
            "id": [f"c{number}" for number in range(n)],
            "audioDate": [f"2024-01-{day:02}" for day in random.integers(1, 29, n)],
            "state": "Completed",
            "isAICall": random.random(n) < 0.2,
            "campaignName": random.choice(["A", "B", "C"], n),
            "executiveName": random.choice(["Ann", "Bob", "Cid"], n),
            "form": random.choice(["v1", "v2"], n),
            "durationInSeconds": random.integers(60, 200, n),
        }
    )
    strict = random.random(n) < np.where(frame["campaignName"] == "A", 0.8, 0.2)
    frame["evaluatorName"] = np.where(strict, "Strict", "Mild")
    level = frame["campaignName"].map({"A": 8.0, "B": 6.0, "C": 5.0}) + frame["form"].map({"v1": 0.0, "v2": 0.5})
    level = level + frame["executiveName"].map({"Ann": 0.6, "Bob": 0.0, "Cid": -0.4}) - strict
    frame["averageNote"] = np.clip(np.round(level + random.normal(0, 0.5, n), 2), 0, 10)
    written = io.StringIO()
    frame.to_csv(written, index=False)
    load(written.getvalue())
    return frame


def like_for_like(frame: pd.DataFrame, group: str, strata: list[str]) -> dict[str, float]:
    """Return adjusted means as the method says: the whole's mean, plus the share of others times the weighted gap."""
    found = {}
    whole, n = frame["averageNote"].mean(), len(frame)
    for name, own in frame.groupby(group):
        gap = weight = 0.0
        for key, mine in own.groupby(strata):
            same = (frame[strata] == list(key)).all(axis=1)
            others = frame[same & (frame[group] != name)]
            if len(others):
                w = len(mine) * len(others) / (len(mine) + len(others))
                gap += w * (mine["averageNote"].mean() - others["averageNote"].mean())
                weight += w
        found[str(name)] = whole + (1 - len(own) / n) * gap / weight
    return found


def test_a_strict_evaluator_and_easy_calls_are_told_apart(
    workspace: Workspace, graded: pd.DataFrame, answers: QueryCache
) -> None:
    found = answers.run(standardized_scores, make_filters(), workspace.calendar, EVALUATOR)
    expected = like_for_like(graded, "evaluatorName", ["campaignName", "isAICall", "form"])
    assert {row.named.name: float(row.adjusted or 0) for row in found.rows} == pytest.approx(expected, abs=1e-9)
    raw = graded.groupby("evaluatorName")["averageNote"].mean()
    assert raw["Strict"] > raw["Mild"] and expected["Mild"] - expected["Strict"] == pytest.approx(1, abs=0.1)


def test_executives_by_the_same_evaluator(workspace: Workspace, graded: pd.DataFrame, answers: QueryCache) -> None:
    graded["band"] = np.where(graded["durationInSeconds"] < 120, 1, 2)
    strata = ["campaignName", "isAICall", "band"]
    for held, of in ((None, strata), (EVALUATOR, [*strata, "evaluatorName"])):
        found = answers.run(standardized_scores, make_filters(), workspace.calendar, EXECUTIVE, held)
        expected = like_for_like(graded, "executiveName", of)
        assert {row.named.name: float(row.adjusted or 0) for row in found.rows} == pytest.approx(expected, abs=1e-9)


def test_evaluators_by_the_same_executive(workspace: Workspace, load: Load, answers: QueryCache) -> None:
    """Strict has mostly Ann's calls, which are the better ones: only as good an executive tells how strict he is."""
    random = np.random.default_rng(3)
    n = 800
    frame = pd.DataFrame({"id": range(n), "audioDate": [f"2024-01-{day:02}" for day in random.integers(1, 29, n)]})
    frame["campaignName"], frame["form"], frame["isAICall"] = "A", "v1", False
    frame["executiveName"] = random.choice(["Ann", "Bob"], n)
    is_strict = random.random(n) < np.where(frame["executiveName"] == "Ann", 0.8, 0.2)
    frame["evaluatorName"] = np.where(is_strict, "Strict", "Mild")
    level = 6 + 2 * (frame["executiveName"] == "Ann") - is_strict
    frame["averageNote"] = np.round(level + random.normal(0, 0.5, n), 2)
    load(frame.to_csv(index=False))
    gaps = []
    for held, strata in ((None, ["campaignName"]), (EXECUTIVE, ["campaignName", "executiveName"])):
        found = answers.run(standardized_scores, make_filters(), workspace.calendar, EVALUATOR, held)
        adjusted = {row.named.name: float(row.adjusted or 0) for row in found.rows}
        assert adjusted == pytest.approx(like_for_like(frame, "evaluatorName", strata), abs=1e-9)
        gaps.append(adjusted["Mild"] - adjusted["Strict"])
    assert gaps == [pytest.approx(-0.2, abs=0.15), pytest.approx(1, abs=0.1)]
