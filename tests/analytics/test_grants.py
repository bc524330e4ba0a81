"""What a limited asker is told is what they would be told if nothing but their rows were there.

Each random grant is held against a store that was filled with its rows alone: no row, name or count of others can be
in an answer that is the same there.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run_with
from hypothesis import strategies as some

from lib.analytics import breakdowns, decomposition, grouped_trends, heatmap, queries, records, standardization
from lib.analytics.calendar import Calendar, Granularity
from lib.analytics.grants import Grant
from lib.analytics.query import Filters
from lib.catalog.dimensions import (
    CALL_CENTER,
    CAMPAIGN,
    DIMENSIONS,
    ENGAGEMENT,
    EXECUTIVE,
    IS_AI,
    SENTIMENT,
    STATE,
    Dimension,
)
from lib.exports import evaluations, reports
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests import lakes, postgres
from tests.filters import make_filters

Row = dict[str, Any]
Question = Callable[[Workspace, Filters], object]

CALENDAR = Calendar(ZoneInfo("UTC"), "monday", date(2024, 7, 1))
CAMPAIGNS = ("c1", "c2", "c3", "")
CENTERS = ("n", "s", "e", "")
_number = itertools.count()


def _rows() -> list[Row]:
    """Return evaluations of every campaign and center, with names, executives and engagements that some share."""
    chance = random.Random(6)
    found = []
    for number in range(400):
        campaign, center = chance.choice(CAMPAIGNS), chance.choice(CENTERS)
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(60 * 24 * 150))
        state = chance.choice(("Completed",) * 6 + ("Failed", "Pending"))
        done = state == "Completed"
        found.append(
            {
                "id": f"call-{number}",
                "audioDate": at.isoformat(),
                "state": state,
                "sentiment": chance.choice(("Positive", "Neutral", "Negative", "")) if done else "",
                "averageNote": chance.choice((chance.randrange(0, 1001) / 100, "")) if done else "",
                "durationInSeconds": chance.randrange(20, 900) if done else "",
                "isAICall": chance.choice(("true", "false")),
                "campaignId": campaign,
                "campaignName": f"Campaign {campaign}" if campaign else "",
                "callCenterId": center,
                "callCenterName": f"Center {center}" if center else "",
                "engagementId": chance.choice(("g1", "g2", f"g-{campaign}{center}")),
                "executiveId": chance.choice(("x1", "x2", f"x-{campaign}{center}")),
            }
        )
    return found


ROWS = _rows()


@contextmanager
def filled(engine: str, folder: Path, socket: Path | None, rows: list[Row]) -> Iterator[Workspace]:
    number = next(_number)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROWS[0]))
    writer.writeheader()
    writer.writerows(rows)
    path = folder / f"{number}.csv"
    path.write_text(text.getvalue())

    def opened(**more: str) -> Workspace:
        made = Workspace(Settings(data_dir=folder / f"data-{number}", sample="off", **more))  # type: ignore[arg-type]
        if rows:
            TASKS["import"](made, {"files": [(str(path), "calls.csv")], "actor": "t"}, lambda *_: None)
        return made

    with ExitStack() as stack:
        more: dict[str, str] = {}
        name = f"grants_{os.getpid()}_{number}"
        if engine == "postgresql":
            more["database_url"] = stack.enter_context(postgres.database(socket, name))
        elif engine == "ducklake":
            more["database_url"] = stack.enter_context(lakes.lake(socket, name, folder / f"files-{number}"))
        yield stack.enter_context(closing(opened(**more)))


@pytest.fixture(scope="module", params=lakes.ENGINES)
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, Callable[[list[Row]], Any]]]:
    """Give a store with every row, and what fills another one of the same engine with some."""
    socket = request.getfixturevalue("postgres_socket") if request.param != "duckdb" else None
    folder = tmp_path_factory.mktemp("grants")
    with filled(request.param, folder, socket, ROWS) as workspace:
        yield workspace, lambda rows: filled(request.param, folder, socket, rows)


def asked(question: Callable[..., Any], *args: Any) -> Question:
    return lambda space, filters: space.answers.run(question, filters, CALENDAR, *args)


def exported(space: Workspace, filters: Filters) -> object:
    with space.facts.read() as connection:
        chosen = evaluations.evaluation_export(connection, filters, CALENDAR)
        return chosen.rows, sorted(map(tuple, connection.execute(chosen.texts)))


def reported(report: str) -> Question:
    def made(space: Workspace, filters: Filters) -> object:
        with space.facts.read() as connection:
            return reports.table(connection, report, filters, CALENDAR, Granularity.MONTHLY, "shown").rows

    return made


def options(dimension: Dimension) -> Question:
    return lambda space, filters: space.answers.run(queries.options, dimension, filters.grant, filters.catalog)


def breakdown(dimension: Dimension, sort: str, page: int) -> Question:
    return lambda space, filters: space.answers.run(
        breakdowns.breakdown, filters, CALENDAR, dimension, sort=sort, page=page, page_size=3
    )


def moved(dimension: Dimension) -> Question:
    def asked(space: Workspace, filters: Filters) -> object:
        other = make_filters(date(2024, 1, 1), date(2024, 2, 15), grant=filters.grant)
        return space.answers.run(decomposition.decomposition, filters, other, CALENDAR, dimension)

    return asked


QUESTIONS: dict[str, Question] = {
    "summary": asked(queries.summary),
    "distribution": asked(queries.distribution),
    "records": asked(records.records),
    "heat": asked(heatmap.by_hour),
    "export": exported,
    **{f"trend {width.value}": asked(queries.trend, width) for width in Granularity},
    **{f"report {name}": reported(name) for name in ("campaigns", "call-centers", "executives", "trends", "summary")},
    **{f"options {each.name}": options(each) for each in DIMENSIONS},
    **{f"breakdown {each.name}": breakdown(each, "-totalEvaluations", 1) for each in DIMENSIONS},
    **{f"breakdown {each.name}, page 2": breakdown(each, "averageScore", 2) for each in DIMENSIONS},
    **{f"split {each.name}": asked(grouped_trends.split, each, Granularity.MONTHLY) for each in DIMENSIONS},
    **{f"courses {each.name}": asked(grouped_trends.sparklines, each) for each in DIMENSIONS},
    **{f"moved {each.name}": moved(each) for each in DIMENSIONS},
    **{
        f"like for like {each.name}": asked(standardization.standardized_scores, each)
        for each in (CALL_CENTER, EXECUTIVE)
    },
}

limits = some.none() | some.lists(
    some.sampled_from(["c1", "c2", "n", "s", "e", "nobody's", "(none)", ""]), max_size=4
).map(tuple)
grants = some.fixed_dictionaries({"callCenter": limits, "campaign": limits}).map(Grant.of)


def ids(*known: str) -> some.SearchStrategy[tuple[str, ...]]:
    return some.lists(some.sampled_from([*known, "(none)", "nobody's"]), max_size=3, unique=True).map(tuple)


days = some.none() | some.dates(date(2023, 12, 1), date(2024, 6, 30))
instants = some.datetimes(datetime(2024, 1, 1), datetime(2024, 6, 1), timezones=some.just(UTC))


@some.composite
def questions(draw: some.DrawFn) -> tuple[str, Filters]:
    name = draw(some.sampled_from(sorted(QUESTIONS)))
    ends = sorted(end for end in (draw(days), draw(days)) if end is not None)
    period: dict[str, Any] = dict(zip(("date_from", "date_to"), ends, strict=False))
    if draw(some.integers(0, 4)) == 0:
        period = {"date_from": draw(instants)}
    asked = {
        CAMPAIGN: draw(ids("c1", "c2", "c3")),
        CALL_CENTER: draw(ids("n", "s", "e")),
        EXECUTIVE: draw(ids("x1", "x-c1n", "x-c2s")) if draw(some.booleans()) else (),
        ENGAGEMENT: draw(ids("g1", "g-c1n")) if draw(some.booleans()) else (),
        IS_AI: draw(some.sampled_from([(), (), ("true",), ("false",)])),
        STATE: draw(some.sampled_from([(), (), ("Completed",), ("Failed", "Pending")])),
        SENTIMENT: draw(some.sampled_from([(), (), ("Positive",), ("Negative", "(none)")])),
    }
    filters = make_filters(**period, timezone=draw(some.sampled_from([None, None, "America/Santiago"])))
    for dimension, chosen in asked.items():
        filters = filters.narrowed(dimension, *chosen)
    return name, filters


def visible(row: Row, grant: Grant) -> bool:
    pairs = ((row[each.parameter], grant.ids(each)) for each in (CALL_CENTER, CAMPAIGN))
    return all(allowed is None or (key != "" and key in allowed) for key, allowed in pairs)


@run_with(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(grant=grants, drawn=some.lists(questions(), min_size=15, max_size=15))
def test_no_row_name_or_count_of_others(
    whole: tuple[Workspace, Callable[[list[Row]], Any]], grant: Grant, drawn: list[tuple[str, Filters]]
) -> None:
    hold(whole, grant, drawn)


@pytest.mark.parametrize(
    "grant",
    [
        Grant.of({"callCenter": ["n", "nobody's"]}),
        Grant.of({"callCenter": ["s", "e"], "campaign": ["c1"]}),
        Grant.of({"campaign": []}),
    ],
    ids=str,
)
def test_every_question(whole: tuple[Workspace, Callable[[list[Row]], Any]], grant: Grant) -> None:
    hold(whole, grant, [(name, make_filters()) for name in QUESTIONS])


def assert_same(answer: object, told: object, asked: object) -> None:
    """Hold that two answers are equal, floating numbers but for the last bits, which hang on the order of a sum."""
    if isinstance(told, float) and isinstance(answer, float):
        assert answer == pytest.approx(told, rel=1e-9, abs=1e-9), asked
    elif is_dataclass(told) and not isinstance(told, type) and type(answer) is type(told):
        for field in fields(told):
            assert_same(getattr(answer, field.name), getattr(told, field.name), asked)
    elif isinstance(told, Mapping) and isinstance(answer, Mapping):
        assert answer.keys() == told.keys(), asked
        for key, value in told.items():
            assert_same(answer[key], value, asked)
    elif isinstance(told, list | tuple) and isinstance(answer, list | tuple):
        assert len(answer) == len(told), asked
        for one, other in zip(answer, told, strict=True):
            assert_same(one, other, asked)
    else:
        assert answer == told, asked


def hold(whole: tuple[Workspace, Callable[[list[Row]], Any]], grant: Grant, asked: list[tuple[str, Filters]]) -> None:
    """Hold that the answers within a grant are those of its rows alone, and that none of these is missing."""
    workspace, fill = whole
    with fill([row for row in ROWS if visible(row, grant)]) as alone:
        for name, filters in asked:
            limited = replace(filters, grant=grant)
            told = QUESTIONS[name](alone, limited)
            assert QUESTIONS[name](workspace, limited) == told, (name, filters)
            assert QUESTIONS[name](alone, filters) == told, (name, filters)


def test_the_rows_tell_limits_apart() -> None:
    """Hold that the test above could fail: each limit leaves some rows and hides some."""
    for grant in (
        Grant.of({"callCenter": ["n"]}),
        Grant.of({"campaign": ["c1"]}),
        Grant.of({"callCenter": ["n", "s"], "campaign": ["c1", "c2"]}),
    ):
        assert 0 < sum(visible(row, grant) for row in ROWS) < len(ROWS) / 2
    assert {CAMPAIGN.name, CALL_CENTER.name} <= {each.name for each in DIMENSIONS}
