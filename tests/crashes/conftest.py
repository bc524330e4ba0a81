"""What the tests of crashes share: the times that restarts took, told at the end."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.crashes.killing import Openings

_PROPERTY = "restarts"


@pytest.fixture(autouse=True)
def _no_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep children from running the program that tests of pages have left as the main one in this process."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@pytest.fixture
def openings(request: pytest.FixtureRequest) -> Iterator[Openings]:
    """Collect how long restarts take."""
    found = Openings([])
    yield found
    request.node.user_properties.append((_PROPERTY, found.seconds))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how long restarts took, for each test."""
    lines = []
    for report in (each for reports in terminalreporter.stats.values() for each in reports):
        seconds = dict(getattr(report, "user_properties", ())).get(_PROPERTY)
        if seconds and getattr(report, "when", None) == "teardown":
            name = report.nodeid.split("/")[-1]
            lines.append(
                f"{name}: {len(seconds)} restarts, median {statistics.median(seconds):.2f} s, "
                f"longest {max(seconds):.2f} s"
            )
    if lines:
        terminalreporter.section("from the restart until questions are answered")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line)
