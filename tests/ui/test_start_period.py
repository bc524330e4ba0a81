"""What pages begin with: the last full 90 days of the data, compared with those before; all time has an address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.ui.test_pages import text
from tests.waiting import LONG_SECONDS

FIRST, DAYS = date(2024, 1, 1), 200
SHOWN = "20 Apr – 18 Jul 2024"
"""The last 90 of these days."""


def fill(settings: Settings, folder: Path, days: int = DAYS) -> None:
    """Import an evaluation a day."""
    path = folder / f"{days}.csv"
    rows = (f"{days}-{place},{FIRST + timedelta(place)},7,{'ab'[place % 2]}" for place in range(days))
    path.write_text("\n".join(["id,audioDate,averageNote,campaignId", *rows]) + "\n")
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    opened.close()


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    if settings.database_url:
        monkeypatch.setenv("CALLBOARD_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


def shown(app: AppTest) -> str:
    assert not app.exception and not app.error
    return " ".join(text(app).split())


def asked(app: AppTest) -> dict[str, list[str]]:
    return {name: [values] if isinstance(values, str) else list(values) for name, values in app.query_params.items()}


def test_from_the_first_view_to_all_time_and_back(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.run()
    assert f"{SHOWN} · 90 evaluations · compared with 21 Jan – 19 Apr 2024" in shown(app) and asked(app) == {}
    assert app.selectbox(key="_preset").value == "start"
    app.selectbox(key="_preset").select("all").run()
    assert "1 Jan – 18 Jul 2024 · 200 evaluations" in shown(app) and asked(app) == {"period": ["all"]}
    app.multiselect(key="campaignId").select("a").run()
    assert "· 100 evaluations" in shown(app) and asked(app) == {"period": ["all"], "campaignId": ["a"]}
    app.selectbox(key="_preset").select("start").run()
    period = {"dateFrom": ["2024-04-20"], "dateTo": ["2024-07-18"]}
    assert "· 45 evaluations" in shown(app) and asked(app) == {**period, "campaignId": ["a"]}
    next(button for button in app.button if button.label == "Reset filters").click().run()
    assert SHOWN in shown(app) and asked(app) == {}


@pytest.mark.parametrize(
    ("link", "count"),
    [
        ({"campaignId": "a"}, 100),
        ({"period": "all"}, 200),
        ({"granularity": "monthly"}, 90),
        ({"dateFrom": "2024-01-01"}, 200),
    ],
)
def test_a_link_stays_as_it_is(
    app: AppTest, settings: Settings, tmp_path: Path, link: dict[str, str], count: int
) -> None:
    fill(settings, tmp_path)
    app.query_params.update(link)
    app.run()
    assert f"· {count} evaluations" in shown(app)
    assert asked(app) == {name: [value] for name, value in link.items()}


def test_a_saved_view_of_all_time_stays_one(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Also where it was saved before the period had a parameter."""
    fill(settings, tmp_path)
    space = workspaces.current()
    view = space.views.save("everyone", "All", "campaigns", {})
    app.query_params["view"] = view.id
    app.run()
    assert "· 200 evaluations" in shown(app) and asked(app) == {"period": ["all"]}


def test_a_pinned_link_to_all_time_remembers_its_days(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["period"] = "all"
    app.run()
    app.button(key="pin").click().run()
    link = workspaces.current().links.get(app.session_state["_pinned_now"])
    assert link is not None and link.parameters == {"dateFrom": ["2024-01-01"], "dateTo": ["2024-07-18"]}


def test_data_that_grow_move_the_first_view(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """A visitor who loads a first file sees it at once, and all of it while it holds fewer than 90 days."""
    app.run()
    assert "No evaluations yet" in shown(app) and asked(app) == {}
    for days, count in ((89, 89), (DAYS, 90)):
        workspaces.close_current()
        fill(settings, tmp_path, days)
        app.run()
        assert f"· {count} evaluations" in shown(app) and asked(app) == {}


def test_live_says_no_period_keeps_that_of_other_pages_and_names_what_is_unknown(
    app: AppTest, settings: Settings, tmp_path: Path
) -> None:
    fill(settings, tmp_path)
    app.run()
    app.selectbox(key="_preset").select("all").run()
    app.switch_page("live.py").run()
    app.multiselect(key="campaignId").select("a").run()
    assert asked(app) == {"campaignId": ["a"]}
    assert app.session_state["dateFrom"] is None
    app.multiselect(key="campaignId").unselect("a").run()
    assert "Not in the data" not in shown(app)
    app.query_params["campaignId"] = "gone"
    assert "Not in the data: Campaign: gone" in shown(app.run())
    next(each for each in app.button if each.label == "Remove from the filters").click().run()
    assert asked(app) == {} and app.session_state["dateFrom"] is None


def test_the_name_of_a_period_in_an_address(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    for parameters in ({"period": "lastMonth"}, {"period": "lastMonth", "campaignId": "a"}):
        app.query_params.clear()
        app.query_params.update(parameters)
        app.run()
        assert app.selectbox(key="_preset").value == "lastMonth" and not app.warning
        assert asked(app)["period"] == ["lastMonth"], "the address goes on to mean other days each day"
    app.query_params.clear()
    app.query_params["period"] = "lastWek"
    app.run()
    assert SHOWN in shown(app) and app.selectbox(key="_preset").value == "start"
    said = " ".join(each.value for each in app.warning)
    assert "'lastWek' is not a period" in said and "'lastWeek'?" in said and "that pages begin with" in said
