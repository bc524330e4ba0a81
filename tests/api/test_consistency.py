"""The same numbers everywhere: summary, breakdowns, trends and a recount of the records, for random filters."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.analytics.grants import Grant
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests import postgres
from tests.api.conftest import App
from tests.api_client import Client
from tests.serving import served

ROWS = 400
CENTERS = ["cc_scl", "cc_lim", "cc_bog", "cc_mex", "cc_mad", "nobody"]
CAMPAIGNS = [*(f"camp_{number}" for number in range(701, 712)), "camp_789", "(none)"]
ZONES = ["America/Santiago", "Asia/Tokyo", "UTC"]

moments = st.one_of(
    st.dates(date(2023, 12, 20), date(2024, 4, 10)).map(date.isoformat),
    st.datetimes(
        datetime(2023, 12, 20), datetime(2024, 4, 10), timezones=st.sampled_from([ZoneInfo(zone) for zone in ZONES])
    ).map(lambda moment: moment.isoformat()),
)
filter_sets = st.fixed_dictionaries(
    {},
    optional={
        "dateFrom": moments,
        "dateTo": moments,
        "campaignId": st.lists(st.sampled_from(CAMPAIGNS), min_size=1, max_size=4),
        "callCenterId": st.lists(st.sampled_from(CENTERS), min_size=1, max_size=3),
        "executiveId": st.lists(
            st.sampled_from([f"exec_{number}" for number in range(1001, 1060)]), min_size=1, max_size=20
        ),
        "isAICall": st.sampled_from(["true", "false"]),
        "timezone": st.sampled_from(ZONES),
    },
)


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def made_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Run an app with made-up evaluations of a quarter, on each engine."""
    data_dir = tmp_path_factory.mktemp("made") / "data"

    def run(variables: dict[str, str]) -> Iterator[App]:
        workspace = Workspace(
            Settings(data_dir=data_dir, sample="off", database_url=variables.get("CALLBOARD_DATABASE_URL", ""))
        )
        TASKS["sample"](workspace, {"rows": ROWS, "seed": 4, "until": "2024-03-31"}, lambda *_: None)
        workspace.close()
        with served(data_dir, CALLBOARD_RATE_LIMIT="off", **variables) as address:
            yield App(address, data_dir, variables)

    if request.param == "duckdb":
        yield from run({})
        return
    with postgres.database(request.getfixturevalue("postgres_socket"), f"made_{os.getpid()}") as url:
        yield from run({"CALLBOARD_DATABASE_URL": url})


def recount(rows: list[dict[str, Any]]) -> tuple[int, ...]:
    completed = [row for row in rows if row["state"] == "Completed"]
    return (
        len(rows),
        len(completed),
        sum(row["averageNote"] is not None for row in completed),
        *(sum(row["sentiment"] == mood for row in completed) for mood in ("Positive", "Neutral", "Negative")),
        *(sum(row["state"] == state for row in rows) for state in ("Pending", "Processing", "Failed")),
    )


def counted(figures: dict[str, Any]) -> tuple[int, ...]:
    moods, states = figures["sentimentBreakdown"], figures["stateBreakdown"]
    return (
        figures["totalEvaluations"],
        figures["completedEvaluations"],
        figures["scoredEvaluations"],
        *(moods[mood] for mood in ("positive", "neutral", "negative")),
        *(states[state] for state in ("pending", "processing", "failed")),
    )


def total(rows: list[dict[str, Any]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*(counted(row) for row in rows), strict=True)) if rows else (0,) * 9


def agree(client: Client, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask everything about one selection; return its records."""
    found = client.ask("GET", "/v1/analytics/summary", params=asked)
    if found.status_code == 400:
        assert found.json()["error"]["parameter"] == "dateFrom"  # the two ends came in the wrong order
        return []
    summary = found.json()
    records = client.get("/v1/evaluations", **asked, pageSize=1000)
    rows: list[dict[str, Any]] = records["data"]
    assert counted(summary) == recount(rows)
    assert records["totalCount"] == len(rows) == summary["totalEvaluations"]
    for path in ("campaigns", "call-centers", "executives"):
        assert counted(summary) == total(client.get(f"/v1/analytics/{path}", **asked, pageSize=1000)["data"])
    for width in ("daily", "weekly", "monthly"):
        assert counted(summary) == total(client.get("/v1/analytics/trends", **asked, granularity=width)["data"])
    scores = [row["averageNote"] for row in rows if row["state"] == "Completed" and row["averageNote"] is not None]
    assert summary["averageScore"] == (pytest.approx(sum(scores) / len(scores), abs=0.0051) if scores else None)
    return rows


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(asked=filter_sets)
def test_everything_agrees(made_app: App, asked: dict[str, Any]) -> None:
    agree(clients(made_app)[0], asked)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(asked=filter_sets)
def test_a_limited_key_sees_no_foreign_row(made_app: App, asked: dict[str, Any]) -> None:
    for row in agree(clients(made_app)[1], asked):
        assert row["callCenterId"] in ("cc_scl", "cc_mad") and row["campaignId"] in ("camp_701", "camp_789")


_clients: dict[str, tuple[Client, Client]] = {}


def clients(app: App) -> tuple[Client, Client]:
    """Return a client that may see everything and one that may not; made once for an app."""
    if app.address not in _clients:
        limited = app.client(grant=Grant.of({"callCenter": ["cc_scl", "cc_mad"], "campaign": ["camp_701", "camp_789"]}))
        _clients[app.address] = (app.client(), limited)
    return _clients[app.address]


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    for pair in _clients.values():
        for client in pair:
            client.close()
    _clients.clear()
