"""kill -9 of a server on PostgreSQL that takes evaluations and writes exports."""

from __future__ import annotations

import pytest

from lib.settings import Settings
from tests.crashes import server
from tests.crashes.killing import Openings


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_killed_while_it_takes_evaluations_and_writes_exports(settings: Settings, openings: Openings) -> None:
    server.run(settings, openings)
