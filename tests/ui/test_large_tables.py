"""Pages over more groups and days than a table or a chart draws: the first are drawn, it is said, the files have all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access import api_keys
from lib.access.users import Role
from lib.analytics import breakdowns
from lib.analytics.grants import EVERYTHING
from lib.catalog.dimensions import EXECUTIVE
from lib.charts import funnel
from lib.jobs.tasks import TASKS
from lib.pdf import page_document
from lib.pdf.model import Table
from lib.reports.context import MAX_POINTS
from lib.reports.page import PageValue
from lib.reports.table import MOST_ROWS
from lib.settings import Settings
from lib.ui import downloads
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.filters import make_filters
from tests.waiting import LONG_SECONDS

EXECUTIVES, DAYS = 30_000, 19_500  # the days end before the executives' periods
PERIOD = {"dateFrom": "2024-04-01", "dateTo": "2024-06-28"}
FIRST = date(1970, 1, 5)


def rows() -> Iterator[str]:
    """Give a line for each call: one of each executive in each of two periods, and one on each of many days."""
    yield "id,audioDate,averageNote,campaignId,callCenterId,executiveId,executiveName"
    for number in range(EXECUTIVES):
        of = f"c{number % 7},n{number % 5},e{number:05},Executive {number:05}"
        yield f"a{number},2024-05-{number % 28 + 1:02},{number % 900 / 100},{of}"
        yield f"b{number},2024-02-{number % 28 + 1:02},{number % 700 / 100},{of}"
    for number in range(DAYS):
        yield f"d{number},{FIRST + timedelta(days=number)},{number % 10},c{number % 7},n1,e{number % 20:05},Executive {number % 20:05}"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    path = folder / "calls.csv"
    path.write_text("\n".join(rows()) + "\n")
    opened = Workspace(Settings(data_dir=folder / "data", sample="off"))
    TASKS["import"](opened, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    opened.close()
    return folder / "data"


@pytest.fixture
def app(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(filled))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """Give what makes the files that a page offers, by their names."""
    offered: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr("lib.ui.current_user.taking", lambda make, name, *_: offered.update({name: make}) or make)
    return offered


def drawn(app: AppTest, page: str, **parameters: str) -> AppTest:
    app.query_params.update(parameters)
    app.run()
    app.switch_page(f"{page}.py").run()
    assert not app.exception and not app.error
    return app


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def file(files: dict[str, Callable[[], bytes]], part: str) -> bytes:
    made = next(make for name, make in files.items() if part in name and name.endswith(".csv"))()
    return made if isinstance(made, bytes) else made.encode()


@pytest.mark.parametrize("scores", ["raw", "alike"])
def test_executives(app: AppTest, files: dict[str, Callable[[], bytes]], scores: str) -> None:
    drawn(app, "executives", scores=scores, **PERIOD)
    frame = app.dataframe[0].value
    assert len(frame) == MOST_ROWS + 1 and frame["Evaluations"].iloc[0] == EXECUTIVES
    assert frame["Evaluations: change"].notna().all() and frame["Average score: change"].notna().sum() > 900
    told = captions(app)
    assert "The first 1,000 of 30,000 rows, largest first. The downloads hold all of them." in told
    lines = file(files, "executives-").decode("utf-8-sig").splitlines()
    assert len(lines) == EXECUTIVES + 2
    assert (f"{funnel.MOST:,} of 30,000 shown" in told) is (scores == "raw")


def test_what_is_printed(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Callable[[], PageValue]] = []
    monkeypatch.setattr(downloads, "page_files", lambda page, _: made.append(page))
    drawn(app, "executives", **PERIOD)
    table = page_document.paper(made[-1]()).sections[-1].body
    assert isinstance(table, Table) and (len(table.rows), table.count) == (500, EXECUTIVES) and table.total


@pytest.mark.parametrize("by", ["executive", "campaign"])
def test_why_it_moved(app: AppTest, files: dict[str, Callable[[], bytes]], by: str) -> None:
    drawn(app, "drivers", by=by, **PERIOD)
    many = by == "executive"
    assert len(app.dataframe[0].value) == (MOST_ROWS + 1 if many else 7 + 1)
    assert ("The first 1,000 of 30,000 rows, largest contributions first." in captions(app)) is many
    lines = file(files, "what-changed-").decode("utf-8-sig").splitlines()
    assert len(lines) == (EXECUTIVES if many else 7) + 2


def test_one_campaign_by_its_executives(app: AppTest) -> None:
    drawn(app, "campaigns", open="c1", **PERIOD)
    assert "25 of 4,286 shown, by volume." in captions(app)


@pytest.mark.parametrize("page", ["overview", "trends", "evaluations", "exports"])
def test_other_pages(app: AppTest, page: str) -> None:
    drawn(app, page, split="executive", **PERIOD)


def test_days(app: AppTest, files: dict[str, Callable[[], bytes]]) -> None:
    app.query_params.update({"granularity": "daily", "dateFrom": str(FIRST)})
    app.run()
    told = [info.value for info in app.info]
    assert told == ["The period is too long for daily points; monthly points are shown."]
    drawn(app, "trends", dateFrom=str(FIRST))
    assert not app.info
    assert app.button_group(key="granularity").value == "monthly" and len(app.dataframe[0].value) <= 1_000
    assert len(file(files, "trend-").decode("utf-8-sig").splitlines()) == len(app.dataframe[0].value) + 1
    app.button_group(key="granularity").set_value("weekly").run()
    assert not app.exception and "too long for weekly points" in app.info[0].value
    assert app.button_group(key="granularity").value == "monthly"
    app.query_params.update({"granularity": "daily", "dateFrom": "2019-07-01", "dateTo": "2023-05-01"})
    app.run()
    assert not app.exception and not app.info
    assert len(app.dataframe[0].value) == MOST_ROWS and "The first 1,000 of 1,401 rows, the newest first." in captions(
        app
    )
    assert len(file(files, "trend-").decode("utf-8-sig").splitlines()) == 1_401 + 1


def test_own_days_to_compare_with_may_be_many_more(app: AppTest) -> None:
    many = {"compare": "own", "compareFrom": str(FIRST), "compareTo": "2023-05-01"}
    drawn(app, "trends", granularity="daily", dateFrom="2024-02-01", dateTo="2024-02-29", **many)
    assert len(app.dataframe[0].value) == 29


def test_a_viewer_is_told_of_no_downloads(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.ui.current_user.may", lambda role: role is Role.VIEWER)
    drawn(app, "executives", **PERIOD)
    assert re.search(r"The first 1,000 of 30,000 rows, largest first\.$", captions(app), re.MULTILINE)


def test_lists_of_the_settings_and_the_data_page(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    space = workspaces.current()
    for number in range(3):
        api_keys.create(space.state, f"key {number}", ["analytics:read"], "test", EVERYTHING, space.catalog)
        space.people.add(f"ana{number}@example.com", Role.VIEWER, EVERYTHING, "test")
    for module in ("api_keys_admin", "users_admin"):
        monkeypatch.setattr(f"lib.ui.{module}.MOST_ROWS", 2)
    drawn(app, "settings")
    assert [len(table.value) for table in app.dataframe] == [2]
    assert "The first 2 of 3 rows, the newest first." in captions(app)
    people = AppTest.from_string(
        "from lib import workspace\nfrom lib.ui import users_admin, current_user\n"
        "current_user.enter(workspace.current())\nusers_admin.show(workspace.current())\n",
        default_timeout=LONG_SECONDS,
    )
    people.run()
    assert "The first 2 of 3 rows, those who wait for a role first, then by name." in captions(people)


def test_the_measures_of_some_groups_are_those_of_all(app: AppTest) -> None:
    app.run()
    space = workspaces.current()
    filters = make_filters(date(2024, 2, 1), date(2024, 2, 29))
    groups = space.answers.run(breakdowns.breakdown, filters, space.calendar, EXECUTIVE, page_size=3_000).groups
    names = tuple(group.named for group in groups[::2])
    some = space.answers.run(breakdowns.totals_of, filters, space.calendar, EXECUTIVE, names)
    assert dict(some.groups) == {group.named: group.sums for group in groups[::2]}


def test_as_many_buckets_as_are_drawn() -> None:
    assert MAX_POINTS > (2100 - 1970) * 12 * 0.9, "months are all drawn"
