"""The same questions over one, ten and a hundred million evaluations: do they take longer?"""

from __future__ import annotations

import statistics
from typing import Any

from bench import data
from bench.questions import YEAR
from bench.report import Report, timed
from lib.analytics import breakdowns, queries
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import EXECUTIVE
from lib.settings import Settings
from lib.workspace import Workspace

SIZES = {
    "duckdb": (data.ROWS // 10, data.ROWS, data.ROWS * 10),
    "postgresql": (data.ROWS // 10, data.ROWS, data.ROWS * 3),
}


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure a summary and a breakdown of one year at each size; the smallest is the yardstick."""
    first: dict[str, float] = {}
    for rows in SIZES[engine]:
        workspace = Workspace(data.made(data.settings(engine, chosen.database_url, rows), rows))
        try:
            year = Filters.from_parameters(YEAR, chosen.zone, EVERYTHING, BUILT_IN)
            asked: dict[str, tuple[Any, ...]] = {
                "summary": (queries.summary, year, workspace.calendar),
                "by executive": (breakdowns.breakdown, year, workspace.calendar, EXECUTIVE),
            }
            for name, (question, *arguments) in asked.items():

                def ask(question: Any = question, arguments: Any = arguments, facts: Any = workspace.facts) -> None:
                    with facts.read(chosen.query_seconds) as connection:
                        question(connection, *arguments)

                took = timed(ask)
                first.setdefault(name, statistics.median(took))
                what = f"{name} of a year, {rows:,} evaluations; wanted: ratio 1.5"
                report.add("growth", what, engine, took, yardstick=first[name])
        finally:
            workspace.close()
