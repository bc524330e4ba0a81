"""Own metrics: those that rollups hold beside built-in ones, those that are read from the evaluations, the filling."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import time
from typing import Any

from bench import data, sessions
from bench.questions import YEAR
from bench.report import Report, timed
from lib.analytics import breakdowns, planner, queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN
from lib.jobs import metric_tasks
from lib.settings import Settings
from lib.workspace import Workspace
from tests.api_client import Client, make_key
from tests.serving import served_by_command

KEPT = "count_if(score < 5 and duration_seconds > 600) / completedEvaluations"
PAUSE = 10 if data.IS_TRIAL else 60
"""Seconds after which each of many open pages changes its period."""

READ = {
    "middle": "median(score)",
    "named": 'avg_if(score, is_ai and campaign in ("Retention", "Customer Care"))',
    "people": "count_distinct(executive)",
    "early": "share(hour < 12)",
}


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure on one engine; what was defined goes again."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "with-metrics")
    workspace = Workspace(chosen)
    try:
        begun = time.perf_counter()
        metric_tasks.set_metric(workspace, "bench", "kept", {"formula": KEPT})
        took = (time.perf_counter() - begun) * 1000
        report.add("own metrics", f"filling the rollups of a metric over {data.ROWS:,}", engine, [took])
        for name, formula in READ.items():
            metric_tasks.set_metric(workspace, "bench", name, {"formula": formula})
        _questions(report, engine, workspace)
    finally:
        for each in workspace.catalog.metric_definitions:
            metric_tasks.archive_metric(workspace, "bench", each.name, archived=True)
        workspace.close()
    try:
        _beside_pages(report, engine, chosen)
    finally:
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)


def _beside_pages(report: Report, engine: str, chosen: Settings) -> None:
    """Define a metric whose rollups are to be filled while many pages are open; compare what these took."""
    name, formula = "besidePages", f"count_if(duration_seconds < {time.time_ns() % 3600}) / completedEvaluations"
    key = make_key(chosen.data_dir, ("metrics:write",), settings={"database_url": chosen.database_url})
    variables = {"CALLBOARD_SAMPLE": "off", "CALLBOARD_DATABASE_URL": chosen.database_url}
    with served_by_command(chosen.data_dir, **variables) as address, Client(address, key) as client:
        path = f"/v1/analytics/metrics/{name}"

        def define() -> None:
            client.ask("PUT", path, json={"formula": formula}).raise_for_status()

        changes, unfinished, _ = asyncio.run(sessions.open_all(address, PAUSE, define))
        client.ask("DELETE", path).raise_for_status()
    half = sessions.SECONDS / 2
    before = [each.took for each in changes if each.at < half]
    after = [each.took for each in changes if each.at >= half]
    pages = f"a page of {sessions.SESSIONS}, each with a new period every {PAUSE} s"
    report.add("own metrics", f"{pages}, for {half:.0f} s", engine, before)
    what = f"{pages}, in the {half:.0f} s after a metric was defined; {unfinished} errors"
    report.add("own metrics", what, engine, after, yardstick=statistics.median(before))


def _questions(report: Report, engine: str, workspace: Workspace) -> None:
    calendar, catalog = workspace.calendar, workspace.catalog
    year = Filters.from_parameters(YEAR, workspace.settings.zone, EVERYTHING, catalog)
    if not planner.is_from_rollup(year, catalog.all_metrics["kept"]):
        raise RuntimeError("the rollups do not hold the metric")

    def ask(question: Any, *arguments: Any) -> None:
        with workspace.facts.read(workspace.settings.query_seconds) as connection:
            question(connection, year, calendar, *arguments)

    of_score = (queries.own_totals, ("averageScore",))
    by_campaign: tuple[Any, ...] = (breakdowns.all_groups, CAMPAIGN)
    pairs: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
        "a year's value; yardstick: the average score; wanted: ratio 3": ((queries.own_totals, ("kept",)), of_score),
        "by campaign; yardstick: the average score; wanted: ratio 3": (
            (*by_campaign, ("averageScore", "kept"), ("kept",)),
            by_campaign,
        ),
    }
    pairs |= {f"a year's {formula}": ((queries.own_totals, (name,)), of_score) for name, formula in READ.items()}
    for what, (asked, beside) in pairs.items():
        took, yardsticks = [], []
        for _ in range(3):  # by turns, as the machine has other things to do
            yardsticks += timed(lambda beside=beside: ask(*beside), times=5)  # type: ignore[misc]
            took += timed(lambda asked=asked: ask(*asked), times=5)  # type: ignore[misc]
        report.add("own metrics", what, engine, took, yardstick=statistics.median(yardsticks))
