"""Run the measurements: `python -m bench [PART ...]`; without parts, all."""

from __future__ import annotations

import sys

from bench import changes, data, questions, service
from bench.report import Report

PARTS = {"questions": questions.run, "service": service.run, "changes": changes.run}


def main(parts: list[str]) -> None:
    """Measure on both engines and write the table."""
    report = Report()
    chosen = parts or list(PARTS)
    embedded = data.made(data.settings("duckdb"))
    for part in chosen:
        PARTS[part](report, "duckdb", embedded)
    with data.server() as address:
        served = data.made(data.settings("postgresql", address))
        for part in chosen:
            PARTS[part](report, "postgresql", served)
    report.write("PostgreSQL 15")


if __name__ == "__main__":
    main(sys.argv[1:])
