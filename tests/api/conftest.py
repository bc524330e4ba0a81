"""A running app with sample data, and one with a few rows, on each engine; asked over real HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests import postgres
from tests.api_client import Client, make_key
from tests.serving import served

CALLS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,isAICall,campaignId,campaignName,callCenterId,callCenterName,executiveId,executiveName,evaluatorName,form
1,2024-01-01T08:00:00Z,Completed,Positive,9,100,true,a,Alpha,n,North,x,Ann,Eva,Support v3
2,2024-01-01T23:30:00Z,Completed,Negative,4.5,200,false,a,Alpha,n,North,x,Ann,Eva,Sales v1
3,2024-01-03T12:00:00Z,Completed,Neutral,7,,false,b,Beta,s,South,x,Ann,Max,Support v3
4,2024-01-03T12:00:00Z,Pending,,,,false,b,Beta,s,South,y,=Bob,,
5,2024-01-09T00:00:00Z,Failed,,,,false,b,Beta,n,North,y,=Bob,,
6,2024-01-09T00:00:00Z,Completed,Positive,8,60,true,,,,,,,,
"""


@dataclass(frozen=True)
class App:
    """A running app: its address and its data dir."""

    address: str
    data_dir: Path
    variables: dict[str, str]

    def key(self, *scopes: str, **more: Any) -> str:
        """Make a key for it."""
        settings = {"database_url": self.variables.get("CALLBOARD_DATABASE_URL", "")}
        return make_key(
            self.data_dir,
            scopes or ("analytics:read", "analytics:export", "evaluations:read", "evaluations:write"),
            settings=settings,
            **more,
        )

    def client(self, *scopes: str, **more: Any) -> Client:
        """Return a client with a new key."""
        return Client(self.address, self.key(*scopes, **more))


@pytest.fixture(scope="package")
def sample_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Run an app that filled itself with sample data."""
    data_dir = tmp_path_factory.mktemp("sample") / "data"
    with served(data_dir) as address:
        yield App(address, data_dir, {})


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def small_app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Run an app with six evaluations, on each engine."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "calls.csv").write_text(CALLS)

    def run(variables: dict[str, str]) -> Iterator[App]:
        data_dir = folder / "data"
        chosen = Settings(data_dir=data_dir, sample="off", database_url=variables.get("CALLBOARD_DATABASE_URL", ""))
        workspace = Workspace(chosen)
        TASKS["import"](
            workspace, {"files": [(str(folder / "calls.csv"), "calls.csv")], "actor": "test"}, lambda *_: None
        )
        workspace.close()
        with served(data_dir, CALLBOARD_SAMPLE="off", CALLBOARD_RATE_LIMIT="off", **variables) as address:
            yield App(address, data_dir, variables)

    if request.param == "duckdb":
        yield from run({})
        return
    socket = request.getfixturevalue("postgres_socket")
    with postgres.database(socket, f"api_{os.getpid()}") as url:
        yield from run({"CALLBOARD_DATABASE_URL": url})


@pytest.fixture
def client(small_app: App) -> Iterator[Client]:
    made = small_app.client()
    yield made
    made.close()
