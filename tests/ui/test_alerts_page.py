"""The Alerts page: what is listed, an alert from its making to its history, who may change what, and forged values."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.owners import Owner
from lib.access.users import LOCAL, Role, User
from lib.alerts.alert import Alert, AlertStatus
from lib.alerts.definition import ConditionType
from lib.alerts.repository import write_states
from lib.alerts.service import AlertService
from lib.alerts.states import AlertState
from lib.analytics.grants import EVERYTHING, Grant
from lib.delivery.schedule_choice import ScheduleKind
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import live_updates
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.filters import make_filters
from tests.ui.test_forged_values import FORGERIES, choosing, forged, run
from tests.waiting import LONG_SECONDS

HOSTILE = "*Weekly* <b>{x}</b> :red[x] $x$"
CALLS = "id,audioDate,averageNote,executiveName,campaignId,campaignName,callCenterId,callCenterName\n" + "".join(
    f"{n},{date.today() - timedelta(days=n % 100)},{(6, 8)[n // 100 % 2]},Agent {n // 100 % 4},a,Alpha,"
    f"{'ns'[n // 100 % 2]},{('North', 'South')[n // 100 % 2]}\n"
    for n in range(800)
)
"""Eight calls on each of the last 100 days: in the North all have 6, in the South all have 8."""

OWNER = Owner.of_user(LOCAL)
BELOW = {"type": "below", "value": 7.5}


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


def be(monkeypatch: pytest.MonkeyPatch, person: User) -> None:
    """Have somebody act who has an account."""

    def enter(_: Workspace) -> User:
        st.session_state["_person"] = person
        return person

    monkeypatch.setattr("lib.ui.current_user.enter", enter)


@pytest.fixture
def nora(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> User:
    """Give an analyst who sees the North alone, and acts."""
    del page.session_state["_alert_draft"]  # of who acted before
    people = workspaces.current().people
    people.add("boss@example.com", Role.ADMIN, EVERYTHING, "test")
    person = people.add("nora@example.com", Role.ANALYST, Grant.of({"callCenter": ["n"]}), "test")
    be(monkeypatch, person)
    return person


def keep(owner: Owner = OWNER, grant: Grant = EVERYTHING, **body: Any) -> Alert:
    """Keep an alert of some body, and check it."""
    space = workspaces.current()
    order = {
        "name": "Score",
        "metric": "averageScore",
        "parameters": {"period": "last30"},
        "condition": BELOW,
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
    assert worst.startswith("7.00 · 95 % CI") and worst.endswith("n = 56 · threshold 7.50")
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
    assert "Snoozed until" in said(page) and "Snoozed until" in table(page, 0)["Checks"][0]
    press(page, "End the snooze")
    assert table(page, 0)["Checks"] == ["Active"]
    press(page, "Check now")
    assert "is checked." in said(page)
    press(page, "Pause")
    assert kept()[0].status is AlertStatus.PAUSED and table(page, 0)["Checks"] == ["Paused"]
    assert not any(button.label == "Check now" for button in page.button)
    press(page, "Resume")
    assert kept()[0].status is AlertStatus.ACTIVE

    page.number_input(key=key(page, "value", "number_input")).set_value(6.5).run()
    press(page, "Save")
    assert table(page, 0)["State"] == ["OK"] and len(kept()) == 1
    press(page, f"Delete {HOSTILE}")
    assert not page.exception and kept() == [] and "is deleted." in said(page)


def test_each_member_has_a_state(page: AppTest) -> None:
    alert = keep(by="callCenter", condition={"type": "below", "value": 7})
    open_alert(page, alert)
    assert table(page, 0)["State"] == ["Firing: 1 of 2"]
    assert table(page, 0)["Worst"][0].startswith("North: 6.00")
    members = table(page, 1)
    assert (members["Call center"], members["State"]) == (["North", "South"], ["Firing", "OK"])
    assert "callCenterId=n" in members["Calls"][0] and "callCenterId=s" in members["Calls"][1]
    page.selectbox(key="_alert_member").select("n").run()
    press(page, "Acknowledge now")
    assert table(page, 1)["Acknowledged"] == ["this machine", ""]


def test_what_it_would_have_done(page: AppTest) -> None:
    write(page, "Tried", 6.5)
    press(page, "Try it on the last 90 days")
    assert not page.exception and "It would not have fired in the last 90 days." in said(page)
    page.number_input(key=key(page, "value", "number_input")).set_value(7.5).run()
    assert "would" not in said(page).replace("as a check at its end would have", "")
    press(page, "Try it on the last 90 days")
    assert "In the last 90 days it would have fired once: on " in said(page)
    first = date.today() - timedelta(days=90)
    days = [f"{each.proto.body}" for each in page.main.get("html") if "cb-days" in each.proto.body]
    assert (
        days
        and days[0].count("cb-day-firing") == 90 + 1
        and f">{first:%-d %b}: firing" in days[0].replace('title="', ">")
    )
    assert kept() == []


def test_new_ones_begin_with_what_a_page_shows(app: AppTest) -> None:
    app.query_params["callCenterId"] = ["n"]
    app.query_params["period"] = "all"
    app.run()
    button = next(each for each in app.button if each.label == "Set an alert")
    button.click().run()
    app.switch_page("alerts.py").run()
    assert "Filters: Call center: North" in said(app)
    write(app, "North")
    press(app, "Save")
    assert {name: list(values) for name, values in kept()[0].definition.parameters.items()} == {
        "callCenterId": ["n"],
        "period": ["last7"],
    }


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (ConditionType.MISSES_TARGET, "has no target that it could miss"),
        (ConditionType.BELOW, "Value should be a number"),
        (ConditionType.NO_DATA, "can't be noticed when some do"),
    ],
)
def test_what_is_no_alert_says_why(page: AppTest, kind: ConditionType, problem: str) -> None:
    page.text_input(key=key(page, "name", "text_input")).input("Wrong").run()
    choose(page, "condition", kind)
    press(page, "Save")
    assert not page.exception and problem in said(page) and kept() == []


def test_every_input_is_kept(page: AppTest) -> None:
    choose(page, "kind", ScheduleKind.CRON)
    assert "The next times are listed here" in said(page)
    page.text_input(key=key(page, "cron", "text_input")).input("* * * * *").run()
    assert "right would be 5 min or more" in said(page)
    page.text_input(key=key(page, "cron", "text_input")).input("30 8 * * 1").run()
    assert "Next: Mon" in said(page)
    choose(page, "by", "executive")
    choose(page, "condition", ConditionType.ABOVE)
    choose(page, "period", "last30")
    for name, value in {"value": 3.0, "ends_at": 2.0, "minimum": 4, "checks": 2, "reminder_hours": 12}.items():
        page.number_input(key=key(page, name, "number_input")).set_value(value)
    page.multiselect(key=key(page, "addresses", "multiselect")).set_value(["Ann@Outside.example"])
    page.multiselect(key=key(page, "filter-callCenterId", "multiselect")).set_value(["s"])
    choose(page, "language", "es")
    page.text_input(key=key(page, "name", "text_input")).input("All").run()
    assert "ann@outside.example has no account here" in said(page)
    press(page, "Save")
    assert not page.exception and not page.error
    definition = kept()[0].definition
    assert definition.to_json() == {
        "name": "All",
        "metric": "averageScore",
        "parameters": {"callCenterId": ["s"], "period": "last30"},
        "by": "executive",
        "condition": {"type": "above", "value": 3.0, "endsAt": 2.0},
        "minimum": 4,
        "checks": 2,
        "schedule": {"cron": "30 8 * * 1", "timezone": "UTC"},
        "recipients": ["ann@outside.example"],
        "webhooks": [],
        "reminderHours": 12,
        "language": "es",
    }


def test_a_check_that_fails_says_why(page: AppTest) -> None:
    alert = keep(condition={"type": "worse_than_before"})
    open_alert(page, alert)
    assert not page.exception
    space = workspaces.current()
    broken = replace(alert.definition, metric="gone")
    space.alerts.change(alert.id, OWNER, broken, AlertStatus.ACTIVE)
    open_alert(page, alert)
    press(page, "Check now")
    assert "Its checks have failed since" in said(page) and table(page, 0)["State"] == ["Check failed"]
    press(page, "Pause")
    assert kept()[0].status is AlertStatus.PAUSED and not page.exception


def test_two_change_one_alert(page: AppTest) -> None:
    alert = keep()
    open_alert(page, alert)
    space = workspaces.current()
    space.alerts.change(alert.id, OWNER, alert.definition, AlertStatus.ACTIVE)
    page.run()
    assert "Someone changed this alert meanwhile" in said(page)
    press(page, "Save")
    assert "since version 1" in said(page) and kept()[0].version == 2
    press(page, "Keep my inputs")
    press(page, "Save")
    assert kept()[0].version == 3 and "meanwhile" not in said(page)
    space.alerts.delete(alert.id, OWNER)
    press(page, "Check now")
    assert not page.exception and "No alerts yet" in shown(page)


def test_an_analyst_sees_their_own(page: AppTest, nora: User) -> None:
    """What an alert of theirs saw while they might see more is not shown to them any more."""
    keep(name="Foreign")
    own = keep(Owner.of_user(nora), EVERYTHING, name="Own", by="callCenter", condition={"type": "above", "value": 1})
    space = workspaces.current()
    south = replace(space.alerts.states(own.id)[0], member="s", name="South", state=AlertState.FIRING)
    with space.state.transaction() as connection:
        write_states(connection, own.id, [replace(south, settled=AlertState.FIRING, severity=9.0)])
    open_alert(page, own)
    assert table(page, 0)["Name"] == ["Own"] and "South" not in table(page, 0)["Worst"][0]
    assert table(page, 1)["Call center"] == ["North"]
    assert "South" not in "".join(table(page, 2)["Call center"])
    run(page, choosing("_alert_chosen", "Foreign"))
    assert page.selectbox(key="_alert_chosen").value in ("", own.id) and not page.exception
    press(page, "Try it on the last 90 days")
    assert not page.exception and "South" not in shown(page)


def test_the_page_live_shows_what_fires_to_who_may_see_it(page: AppTest, nora: User) -> None:
    above = {"type": "above", "value": 1}
    keep(name="Foreign", condition=above)
    keep(Owner.of_user(nora), nora.grant, name="Own", by="callCenter", condition=above)
    keep(Owner.of_user(nora), nora.grant, name="Quiet", condition={"type": "below", "value": 1})
    space = workspaces.current()
    boss, viewer = space.people.named("boss@example.com"), replace(nora, id="other", role=Role.VIEWER)
    for person, names in ((nora, ["Own"]), (boss, ["Foreign", "Own"])):
        filters = make_filters(grant=person.grant, catalog=space.catalog)
        drawn = live_updates.figures(space, filters, person).answer.regions["alerts"]
        assert re.findall('data-key="(.*?)"', drawn) == names
        assert "threshold 1.00" in drawn and "since " in drawn
    filters = make_filters(grant=viewer.grant, catalog=space.catalog)
    assert "alerts" not in live_updates.figures(space, filters, viewer).answer.regions
    assert not page.switch_page("live.py").run().exception
    drawn = next(each.proto.body for each in page.main.get("html") if "cb-live" in each.proto.body)
    assert "Own" in drawn and "Foreign" not in drawn


def test_forged_values(page: AppTest) -> None:
    alert = keep(by="callCenter", recipients=["ann@outside.example"])
    open_alert(page, alert)
    for name, forge in FORGERIES.items():
        for label in ("Save", "Try it on the last 90 days", "Snooze now", "Acknowledge now", "Check now"):
            run(page, forged(forge), label)
            assert not page.exception, (name, label, page.exception[0].stack_trace)
            assert not [each.value for each in page.error if "went wrong" in each.value]
            page.switch_page("alerts.py").run()
    for each in kept():
        assert len(each.definition.name) <= 80 and each.definition.language in ("en", "es")
        assert set(each.definition.recipients) <= {"ann@outside.example"}


def test_in_spanish(page: AppTest) -> None:
    keep()
    page.query_params["lang"] = "es"
    page.run()
    row = page.dataframe[0].value.iloc[0]
    assert (row["Nombre"], row["Estado"], row["Revisiones"]) == ("Score", "Activa", "Activas")
    assert not [name for name in row.index if "(" in name], "each head is another one"
    assert row["Vigila"] == "Puntaje promedio por debajo de 7,50 · Últimos 30 días"
