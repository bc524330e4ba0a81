"""Run the measurements: `python -m bench [PART ...]`; without parts, all. `ROWS=100000` tries them out with fewer."""

from __future__ import annotations

import sys

from bench import (
    changes,
    criteria,
    data,
    growth,
    live,
    own_fields,
    own_metrics,
    posts,
    questions,
    reports,
    service,
    sessions,
    streams,
)
from bench.report import Report

PARTS = {
    "questions": questions.run,
    "service": service.run,
    "sessions": sessions.run,
    "streams": streams.run,
    "changes": changes.run,
    "posts": posts.run,
    "live": live.run,
    "own_fields": own_fields.run,
    "criteria": criteria.run,
    "own_metrics": own_metrics.run,
    "reports": reports.run,
    "growth": growth.run,
}


def main(parts: list[str]) -> None:
    """Measure on both engines and write the table."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        sys.exit(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    report = Report()
    chosen = parts or list(PARTS)
    embedded = data.made(data.settings("duckdb"))
    for part in chosen:
        PARTS[part](report, "duckdb", embedded)
    with data.server() as address:
        served = data.made(data.settings("postgresql", address))
        for part in chosen:
            PARTS[part](report, "postgresql", served)
    if data.IS_TRIAL:
        print(f"Tried out with {data.ROWS:,} evaluations; bench/results.md is as it was.")
    else:
        report.write(data.version())


if __name__ == "__main__":
    main(sys.argv[1:])
