"""The Alerts page: what is listed, an alert from its making to its history, who may change what, and forged values."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.owners import Owner
from lib.access.users import LOCAL
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.service import AlertService
from lib.alerts.states import AlertState
from lib.analytics.grants import EVERYTHING, Grant
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

HOSTILE = "*Weekly* <b>{x}</b> :red[x] $x$"
CALLS = "id,audioDate,averageNote,executiveName,campaignId,campaignName,callCenterId,callCenterName\n" + "".join(
    f"{n},{date.today() - timedelta(days=n % 100)},{(6, 8)[n // 100 % 2]},Agent {n // 100 % 4},a,Alpha,"
    f"{'ns'[n // 100 % 2]},{('North', 'South')[n // 100 % 2]}\n"
    for n in range(800)
)
"""Eight calls on each of the last 100 days: in the North all have 6, in the South all have 8."""

OWNER = Owner.of_user(LOCAL)
BELOW_7 = {"type": "below", "value": 7.5}


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def app(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Give the page of a workspace without a mail server: a copy of one that is filled once."""
    filled = tmp_path.parent / "filled-alerts"
    if not filled.exists():
        path = tmp_path / "calls.csv"
        path.write_text(CALLS)
        opened = Workspace(settings.model_copy(update={"data_dir": filled}))
        TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
        opened.close()
    shutil.copytree(filled, settings.data_dir)
    for name, value in {
        "DATA_DIR": str(settings.data_dir),
        "SAMPLE": "off",
        "MAIL_DOMAINS": "outside.example",
        "BASE_URL": "https://calls.example.com",
    }.items():
        monkeypatch.setenv(f"CALLBOARD_{name}", value)
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


@pytest.fixture
def page(app: AppTest) -> AppTest:
    """Give the page Alerts of whoever sits at the machine."""
    app.query_params["period"] = "all"
    app.run()
    return app.switch_page("alerts.py").run()


def keep(owner: Owner = OWNER, grant: Grant = EVERYTHING, **body: Any) -> Alert:
    """Keep an alert of some body, and check it."""
    space = workspaces.current()
    order = {
        "name": "Score",
        "metric": "averageScore",
        "parameters": {"period": "last30"},
        "condition": BELOW_7,
        "minimum": 5,
        **body,
    }
    alert = AlertService(space.state, space.alert_engine.sources, space.alerts).create(order, owner, grant)
    return space.alert_engine.check_now(alert.id, owner.id, datetime.now(UTC))


def kept() -> list[Alert]:
    listed, _ = workspaces.current().alerts.all_of(None)
    return listed


def states(alert: Alert) -> list[tuple[str, AlertState]]:
    return [(each.name, each.state) for each in workspaces.current().alerts.states(alert.id)]


def shown(app: AppTest) -> str:
    """Return what the page says in its own HTML."""
    bodies = (re.sub(r"<[^>]+>", " ", each.proto.body) for each in app.main.get("html"))
    return html.unescape(" ".join(" ".join(bodies).split()))


def said(app: AppTest) -> str:
    """Return what the page says beside that."""
    words = " ".join(
        each.value for kind in (app.main.caption, app.info, app.success, app.error, app.markdown) for each in kind
    )
    return words.replace("\\", "").replace("\u2060", "")


def key(app: AppTest, name: str, kind: str = "selectbox") -> str:
    """Return the key of an input of the editor as it is now."""
    keys = [str(each.key) for each in getattr(app, kind) if re.fullmatch(rf"_alert-\d+-{name}", str(each.key))]
    assert len(keys) == 1, (name, keys)
    return keys[0]


def choose(app: AppTest, name: str, value: Any) -> AppTest:
    return app.selectbox(key=key(app, name)).select(value).run()


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.replace("\\", "") == label).click()
    return app.run()


def open_alert(app: AppTest, alert: Alert) -> AppTest:
    app.run()
    return app.selectbox(key="_alert_chosen").select(alert.id).run()


def table(app: AppTest, place: int) -> dict[str, list[str]]:
    """Return the columns of a table of the page."""
    return {str(name): [str(each) for each in app.dataframe[place].value[name]] for name in app.dataframe[place].value}


def write(app: AppTest, name: str, value: float = 7.5) -> AppTest:
    app.text_input(key=key(app, "name", "text_input")).input(name)
    app.number_input(key=key(app, "value", "number_input")).set_value(value)
    return app.run()


def test_without_an_alert(page: AppTest) -> None:
    assert not page.exception and not page.error
    assert "No alerts yet" in shown(page) and not page.dataframe
    assert "Mail is not set up" in said(page) and "Filters: none" in said(page)


def test_from_its_making_to_its_end(page: AppTest) -> None:
    """North has 6 and South 8, each with four calls a day: together 7, which is below 7.5."""
    write(page, HOSTILE)
    press(page, "Save")
    assert not page.exception and not page.error
    assert f"{HOSTILE} is saved." in said(page)
    (alert,) = kept()
    assert (alert.definition.name, alert.owner_id, alert.definition.condition.value) == (HOSTILE, "local", 7.5)
    assert table(page, 0)["State"] == ["Firing"]
    worst = table(page, 0)["Worst"][0]
    assert worst.startswith("7.00 · 95 % CI") and "n = 56 · threshold 7.50 · since" in worst
    members = table(page, 1)
    assert (members["State"], members["Value"], members["n"]) == (["Firing"], ["7.00"], ["56"])
    assert "/trends?" in members["Trend"][0] and "metric=averageScore" in members["Trend"][0]
    assert "/evaluations?dateFrom=" in members["Calls"][0]
    history = table(page, 2)
    assert (history["Change"], history["Value"], history["n"]) == (["OK → Firing"], ["7.00"], ["56"])

    page.text_input(key="_alert_remark").input("on it").run()
    press(page, "Acknowledge now")
    assert table(page, 1)["Acknowledged"] == ["this machine: on it"]
    press(page, "Snooze now")
    assert "Snoozed until" in said(page) and "Snoozed until" in table(page, 0)["Status"][0]
    press(page, "End the snooze")
    assert table(page, 0)["Status"] == ["Active"]
    press(page, "Check now")
    assert "is checked." in said(page)
    press(page, "Pause")
    assert kept()[0].status is AlertStatus.PAUSED and table(page, 0)["Status"] == ["Paused"]
    assert not any(button.label == "Check now" for button in page.button)
    press(page, "Resume")
    assert kept()[0].status is AlertStatus.ACTIVE

    page.number_input(key=key(page, "value", "number_input")).set_value(6.5).run()
    press(page, "Save")
    assert table(page, 0)["State"] == ["OK"] and len(kept()) == 1
    press(page, f"Delete {HOSTILE}")
    assert not page.exception and kept() == [] and "is deleted." in said(page)
