"""A workspace with evaluations of all kinds, on each engine."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from lib.analytics.field_definitions import define
from lib.analytics.query import Filters
from lib.catalog.own_metrics import FormulaReader, MetricDefinition, reader_of, with_metrics
from lib.settings import Settings
from lib.workspace import Workspace
from tests import lakes, postgres
from tests.analytics.formulas.rows import FIELDS, ZONE, Row, random_rows
from tests.filters import make_filters
from tests.scorecards import load

COUNT = 240
"""Evaluations; as few as they are, most formulas have a value."""


@dataclass(frozen=True)
class Filled:
    """A workspace, and what its evaluations hold."""

    workspace: Workspace
    rows: list[Row]

    @property
    def reader(self) -> FormulaReader:
        """Who reads formulas with the fields of the workspace."""
        return reader_of(self.workspace.catalog, ())

    def filters(self, *formulas: str) -> Filters:
        """Return the question about all evaluations, in a catalog with the metrics m0, m1 and so on."""
        definitions = tuple(MetricDefinition(f"m{place}", "M", each) for place, each in enumerate(formulas))
        return replace(make_filters(), catalog=with_metrics(self.workspace.catalog, definitions))


@pytest.fixture(scope="module", params=lakes.ENGINES)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("formulas"), sample="off", timezone=ZONE.key)
    if request.param == "duckdb":
        yield from _filled(settings)
        return
    socket, name = request.getfixturevalue("postgres_socket"), f"formulas_{os.getpid()}"
    files = tmp_path_factory.mktemp("lake") / "files"
    is_lake = request.param == "ducklake"
    with lakes.lake(socket, name, files) if is_lake else postgres.database(socket, name) as url:
        yield from _filled(settings.model_copy(update={"database_url": url}))


def _filled(settings: Settings) -> Iterator[Filled]:
    opened, rows = Workspace(settings), random_rows(random.Random(7), COUNT)
    with opened.facts.write() as connection:
        define(connection, FIELDS)
    load(opened, [row.sent for row in rows], {row.sent["id"]: row.answers for row in rows})
    yield Filled(opened, rows)
    opened.close()
