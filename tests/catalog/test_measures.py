"""Measures: each score is in one bin; their totals are named, exact, and 0 where nothing was given."""

from __future__ import annotations

import pickle

import pytest

from lib.analytics import queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.measures import MEASURES, NOTHING, PLAIN_MEASURES, MeasureTotals
from lib.catalog.metrics import METRICS
from lib.catalog.rollups import ROLLUPS
from lib.workspace import Workspace
from tests.conftest import Load

SOME = MeasureTotals(evaluations=5, completed=4, scored=3, score_sum=210_000)


def test_totals_are_a_map_of_measures() -> None:
    assert SOME["scored"] == 3 and SOME["failed"] == 0
    assert tuple(SOME) == PLAIN_MEASURES and len(SOME) == len(PLAIN_MEASURES)
    assert {name: total for name, total in SOME.items() if total} == {
        "evaluations": 5,
        "completed": 4,
        "scored": 3,
        "score_sum": 210_000,
    }
    with pytest.raises(KeyError, match="nothing_of_ours"):
        SOME["nothing_of_ours"]
    with pytest.raises(KeyError, match="scored_twice"):
        MeasureTotals(scored_twice=1)


def test_totals_add_up_and_come_apart() -> None:
    more = MeasureTotals(evaluations=2, failed=1, score_sum=-1)
    assert SOME + more == MeasureTotals(evaluations=7, completed=4, failed=1, scored=3, score_sum=209_999)
    assert SOME + more - more == SOME
    assert MeasureTotals.total([SOME, more, more])["evaluations"] == 9
    assert MeasureTotals.total([]) == NOTHING == MeasureTotals()
    assert MeasureTotals.from_values([None] * len(PLAIN_MEASURES)) == NOTHING


def test_equal_totals_are_one_key() -> None:
    same = MeasureTotals(score_sum=210_000, scored=3, completed=4, evaluations=5)
    assert {SOME: 1}[same] == 1 and pickle.loads(pickle.dumps(SOME)) == SOME  # noqa: S301 - our own
    assert dict(SOME) != SOME and SOME != NOTHING
    assert repr(MeasureTotals(scored=2)) == "MeasureTotals(scored=2)"


def test_each_metric_says_what_it_rests_on() -> None:
    totals = MeasureTotals(
        evaluations=9, completed=6, failed=2, scored=5, timed=4, positive=1, neutral=1, negative=1, score_sum=1
    )
    assert {name: metric.n(totals) for name, metric in METRICS.items()} == {
        "totalEvaluations": None,
        "completedEvaluations": None,
        "averageScore": 5,
        "averageDurationSeconds": 4,
        "completionRate": 9,
        "failureRate": 8,
        "netSentiment": 3,
        "scoredEvaluations": None,
    }
    assert METRICS["averageScore"].is_small_sample(totals) and not METRICS["scoredEvaluations"].is_small_sample(totals)
    assert not METRICS["averageScore"].is_small_sample(MeasureTotals(scored=30))


def test_formulas_name_measures_that_every_rollup_holds() -> None:
    of_evaluations = [table for rollup in ROLLUPS for table in rollup.tables if "evaluations" in table.columns]
    for metric in METRICS.values():
        for name in metric.measures:
            assert name in PLAIN_MEASURES, metric.name
            assert all(name in table.columns for table in of_evaluations)


def test_a_rollup_stores_each_measure_as_it_is_declared() -> None:
    for rollup in ROLLUPS:
        for table in rollup.tables:
            for name in table.columns.keys() & MEASURES.keys():
                assert isinstance(table.columns[name].type, type(MEASURES[name].storage))


def test_each_score_is_in_one_bin(load: Load, workspace: Workspace, answers: QueryCache) -> None:
    """A bin holds its lower end and not its upper one; the last one holds both."""
    scores = [place / 2 + more for place in range(20) for more in (0, 0.4999)] + [10]
    load("id,audioDate,averageNote\n" + "".join(f"{score:.4f},2025-02-01,{score:.4f}\n" for score in scores))
    for parameters in ({}, {"state": ["Completed"]}):  # from the rollups, and from the facts
        filters = Filters.from_parameters(parameters, workspace.calendar.zone, EVERYTHING, BUILT_IN)
        assert answers.run(queries.distribution, filters, workspace.calendar) == (*[2] * 19, 3)
