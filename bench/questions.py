"""The query module, uncached, beside the best SQL that a person would write over the same rollups."""

from __future__ import annotations

import statistics
from typing import Any

from bench.report import Report, timed
from lib.analytics import breakdowns, queries
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE
from lib.catalog.measures import PLAIN_MEASURES
from lib.settings import Settings
from lib.workspace import Workspace

YEAR = {"dateFrom": ["2025-10-15"], "dateTo": ["2026-10-14"]}
TWO_YEARS = {"dateFrom": ["2024-11-01"], "dateTo": ["2026-10-31"], "campaignId": ["camp_703"]}

SUMS = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in PLAIN_MEASURES)


def _parts(table: str, keys: str) -> str:
    """Return a year's rows: eleven months, and the days at both ends."""
    columns = f"{keys}, {', '.join(PLAIN_MEASURES)}"
    return (
        f"(SELECT {columns} FROM monthly_{table} WHERE day >= '2025-11-01' AND day < '2026-10-01' "
        f"UNION ALL SELECT {columns} FROM daily_{table} WHERE day >= '2025-10-15' AND day < '2025-11-01' "
        f"UNION ALL SELECT {columns} FROM daily_{table} WHERE day >= '2026-10-01' AND day < '2026-10-15') rows"
    )


BY_HAND = {
    "summary": f"SELECT campaign_key, call_center_key, {SUMS} FROM "
    f"{_parts('by_center', 'campaign_key, call_center_key')} "
    "GROUP BY GROUPING SETS ((), campaign_key, call_center_key)",
    "by campaign": f"SELECT campaign_key, {SUMS} FROM {_parts('by_center', 'campaign_key')} GROUP BY campaign_key",
    "by executive": f"SELECT executive_key, call_center_key, {SUMS} FROM "
    f"{_parts('by_executive', 'executive_key, call_center_key')} GROUP BY executive_key, call_center_key",
    "weekly, two years, one campaign": f"SELECT date_trunc('week', day), {SUMS} FROM daily_by_center WHERE "
    "day >= '2024-11-01' AND day <= '2026-10-31' AND campaign_key = (SELECT key FROM campaigns WHERE id = 'camp_703') "
    "GROUP BY 1",
}
FROM_FACTS = (
    "SELECT count(*), avg(score) FILTER (WHERE state = 3), avg(duration_seconds) FILTER (WHERE state = 3) "
    "FROM evaluations WHERE day >= '2025-10-15' AND day < '2026-10-15'"
)
BOUNDS = {"duckdb": 12, "postgresql": 30}


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure each question on one engine."""
    workspace = Workspace(chosen)
    try:
        calendar, zone = workspace.calendar, chosen.zone
        year, years = (Filters.from_parameters(each, zone, EVERYTHING, BUILT_IN) for each in (YEAR, TWO_YEARS))
        asked: dict[str, tuple[Any, ...]] = {
            "summary": (queries.summary, year, calendar),
            "by campaign": (breakdowns.breakdown, year, calendar, CAMPAIGN),
            "by executive": (breakdowns.breakdown, year, calendar, EXECUTIVE),
            "weekly, two years, one campaign": (queries.trend, years, calendar, Granularity.WEEKLY),
        }
        for name, (question, *arguments) in asked.items():

            def ask(question: Any = question, arguments: Any = arguments) -> None:
                with workspace.facts.read(chosen.query_seconds) as connection:
                    question(connection, *arguments)

            def by_hand(text: str = BY_HAND[name]) -> None:
                with workspace.facts.engine.connect() as connection:
                    driver: Any = connection.connection.driver_connection
                    driver.execute(text).fetchall()

            yardstick = statistics.median(timed(by_hand))
            report.add("questions", name, engine, timed(ask), yardstick=yardstick, bound=BOUNDS[engine])

        def over_facts() -> None:
            with workspace.facts.engine.connect() as connection:
                connection.exec_driver_sql(FROM_FACTS).all()

        report.add("questions", "SQL over the facts, for comparison", engine, timed(over_facts, times=5, warm=1))
    finally:
        workspace.close()
