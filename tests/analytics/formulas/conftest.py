"""Evaluations of all kinds on each engine, and a second program that computes formulas over them in plain Python."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from lib.workspace import Workspace
from tests import postgres
from tests.analytics.formulas.rows import FIELDS, Row, random_rows
from tests.scorecards import load


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, list[Row]]]:
    """Give a workspace with evaluations of all kinds, and what they hold."""
    from lib.settings import Settings

    folder, rows = tmp_path_factory.mktemp("formulas"), random_rows(random.Random(7), 240)
    if request.param == "duckdb":
        yield from _filled(Settings(data_dir=folder, sample="off", timezone="Europe/Madrid"), rows)
        return
    socket = request.getfixturevalue("postgres_socket")
    with postgres.database(socket, "formulas") as url:
        yield from _filled(Settings(data_dir=folder, database_url=url, sample="off", timezone="Europe/Madrid"), rows)


def _filled(settings: Any, rows: list[Row]) -> Iterator[tuple[Workspace, list[Row]]]:
    opened = Workspace(settings)
    with opened.facts.write() as connection:
        from lib.analytics.field_definitions import define

        define(connection, FIELDS)
    load(opened, [row.sent for row in rows], {row.sent["id"]: row.answers for row in rows})
    yield opened, rows
    opened.close()
