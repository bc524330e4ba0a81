"""What was measured, as a table: medians, 95th percentiles, and ratios to the yardstick of the same run."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results.md"
_LIBRARIES = ("streamlit", "duckdb", "sqlalchemy", "duckdb-sqlalchemy", "psycopg", "pyarrow", "fastapi")


@dataclass
class Report:
    """The lines of the table so far."""

    lines: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, part: str, what: str, engine: str, took: Sequence[float], unit: str = "ms", **more: float) -> None:
        """Add a measurement. `yardstick` is a median in the same unit; `bound` what is wanted of the median."""
        middle = statistics.median(took)
        late = sorted(took)[min(len(took) - 1, int(len(took) * 0.95))]
        yardstick, bound = more.get("yardstick"), more.get("bound")
        line = (
            part,
            what,
            engine,
            f"{middle:,.1f} {unit}",
            f"{late:,.1f}",
            "" if yardstick is None else f"{yardstick:,.1f}",
            "" if yardstick is None else f"{middle / yardstick:.2f}",
            "" if bound is None else f"{bound:g}",
        )
        self.lines.append(line)
        print("  ".join(each or "–" for each in line), flush=True)

    def write(self, postgres: str, results: Path = RESULTS) -> None:
        """Write the table: what was measured now, and of other parts what it said of them, with their commits."""
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        by_part: dict[str, list[str]] = {}
        for row in results.read_text("utf-8").splitlines():
            if row.startswith("| ") and not row.startswith(("| part", "| ---")):
                by_part.setdefault(row.split(" | ")[0].removeprefix("| "), []).append(row)
        for part in {line[0] for line in self.lines}:
            lines = ([*line, commit.stdout.strip()] for line in self.lines if line[0] == part)
            by_part[part] = [f"| {' | '.join(line)} |" for line in lines]
        libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
        head = [
            "# Measured by `make bench`",
            "",
            f"Last: {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"{libraries}, {postgres}.",
            "",
            "Medians and 95th percentiles; the yardstick is measured in the same run, and so is the ratio to it.",
            "",
            "| part | what | engine | median | p95 | yardstick | ratio | wanted | commit |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        rows = [row for part in sorted(by_part) for row in by_part[part]]
        results.write_text("\n".join([*head, *rows, ""]), "utf-8")


def timed(act: Callable[[], object], times: int = 20, warm: int = 3) -> list[float]:
    """Return how many milliseconds each of some calls takes, after some that warm up."""
    for _ in range(warm):
        act()
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        took.append((time.perf_counter() - begun) * 1000)
    return took
