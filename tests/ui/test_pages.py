"""Every page, drawn by Streamlit's own test runner: with data, without, with filters, with a link that can't be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.settings import Settings
from lib.workspace import TASKS, Workspace
from tests.conftest import ROOT

PAGES = ["overview", "campaigns", "call_centers", "executives", "trends", "evaluations", "exports", "data"]
CALLS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,campaignId,campaignName,callCenterName,engagementName,executiveName
1,2024-01-01,Completed,Positive,9,100,a,Alpha <b>&,North,One,Ann
2,2024-01-02,Completed,Negative,5,200,a,Alpha <b>&,South,One,Bob
3,2024-02-03,Pending,,,,b,Beta,South,Two,Bob
"""


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=30)
    workspaces.close_current()


def fill(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(CALLS)
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()


def text(app: AppTest) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", each.proto.body) for each in app.get("html"))


@pytest.mark.parametrize("page", PAGES)
def test_with_data(app: AppTest, settings: Settings, tmp_path: Path, page: str) -> None:
    fill(settings, tmp_path)
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    assert not app.exception and not app.error
    assert len(app.title) == 1
    assert "3 evaluations" in " ".join(text(app).split())


@pytest.mark.parametrize("page", PAGES)
def test_without_data(app: AppTest, page: str) -> None:
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    assert not app.exception and not app.error
    assert ("No evaluations yet" if page != "data" else "No import yet") in text(app)


def test_filters_from_the_url(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params.update({"campaignId": ["a"], "dateFrom": "2024-01-02", "dateTo": "2024-01-31"})
    app.run()
    assert app.multiselect(key="campaignId").value == ["a"]
    shown = " ".join(text(app).split())
    assert "2–31 Jan 2024 · Campaign: Alpha &lt;b&gt;&amp; · 1 evaluations" in shown
    assert "5.00" in shown


def test_changing_a_filter_changes_the_url(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.run()
    app.multiselect(key="campaignId").select("b").run()
    assert app.query_params["campaignId"] in ("b", ["b"])
    app.selectbox(key="_preset").select("thisYear").run()
    assert "dateFrom" in app.query_params and "dateTo" in app.query_params
    next(button for button in app.button if button.label == "Reset filters").click().run()
    assert dict(app.query_params) == {}
    assert not app.exception


def test_a_link_that_can_not_be(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params.update(
        {"dateFrom": "2024-13-45", "campaignId": ["<script>alert(1)</script>"], "granularity": "hourly"}
    )
    app.run()
    assert not app.exception
    told = " ".join(warning.value for warning in app.warning)
    assert "dateFrom" in told and "granularity" in told
    assert "Nothing matches these filters" in text(app)
    assert all("<script" not in each.proto.body for each in app.get("html"))


def test_an_instant_in_a_link_is_kept(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["dateTo"] = "2024-01-01T12:00:00+00:00"
    app.run()
    assert app.query_params["dateTo"] in ("2024-01-01T12:00:00+00:00", ["2024-01-01T12:00:00+00:00"])
    assert "· 1 evaluations" in " ".join(text(app).split())


def test_granularity(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["granularity"] = "monthly"
    app.run()
    app.switch_page("trends.py").run()
    assert app.dataframe[0].value["Evaluations"].tolist() == [1, 2]


def test_records(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.run()
    app.switch_page("evaluations.py").run()
    assert app.dataframe[0].value["Id"].tolist() == ["3", "2", "1"]
    app.multiselect(key="state").select("Pending").run()
    assert app.dataframe[0].value["Id"].tolist() == ["3"]
    assert app.query_params["state"] in ("Pending", ["Pending"])


def test_coverage_that_changed_is_told(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Half the calls of January have a score, nearly all of February's: the page says so beside the better scores."""
    rows = [f"j{n},2024-01-{n % 28 + 1:02},Completed,{'6' if n % 2 else ''}" for n in range(200)]
    rows += [f"f{n},2024-02-{n % 28 + 1:02},{'Pending' if n % 10 == 9 else 'Completed'},7" for n in range(200)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["id,audioDate,state,averageNote", *rows]) + "\n")
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    app.query_params.update({"dateFrom": "2024-02-01", "dateTo": "2024-02-28", "compare": "none"})
    app.run()
    assert "Coverage changed." not in text(app)
    app.query_params.update({"compare": "own", "compareFrom": "2024-01-01", "compareTo": "2024-01-31"})
    app.run()
    shown = " ".join(text(app).split())
    assert "90.0 % of the evaluations are completed, 100.0 % in 1–31 Jan 2024." in shown
    assert "100.0 % of the completed evaluations have a score, 50.0 % in 1–31 Jan 2024." in shown
    app.query_params.update({"compareFrom": "2024-02-01", "compareTo": "2024-02-28"})
    app.run()
    assert "Coverage changed." not in text(app)


@pytest.mark.parametrize(("now", "chance"), [(7, True), (9, False)])
def test_a_change_that_may_be_chance_is_called_so(
    app: AppTest, settings: Settings, tmp_path: Path, now: int, chance: bool
) -> None:
    rows = [f"j{n},2024-01-{n % 28 + 1:02},{5 + n % 4}" for n in range(60)]  # 6.5 on average
    rows += [f"f{n},2024-01-{n % 28 + 1:02},{now}" for n in range(60, 62)]
    rows += [f"f{n},2024-02-{n % 28 + 1:02},{now - 1 + n % 2}" for n in range(60)]  # 6.5 or 8.5
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["id,audioDate,averageNote", *rows]) + "\n")
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    asked = {"dateFrom": "2024-02-01", "dateTo": "2024-02-28", "compare": "own"}
    app.query_params.update({**asked, "compareFrom": "2024-01-01", "compareTo": "2024-01-31"})
    app.run()
    told = text(app)
    assert ("A change of this size could be chance alone." in told) == chance
    assert ("≈ −0.02" in told) == chance and ("▲ +1.92" in told) != chance
