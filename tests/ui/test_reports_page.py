"""The Reports page: what is listed, a report from a page to its history, who may change what, and forged values."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.owners import Owner
from lib.access.users import LOCAL, Role, User
from lib.analytics.grants import EVERYTHING, Grant
from lib.delivery.outbox import DeliveryStatus
from lib.jobs.tasks import TASKS
from lib.scheduled_reports.definition import DefinitionReader
from lib.scheduled_reports.repository import ReportStatus, ScheduledReport, unsubscribe
from lib.scheduled_reports.runs import RunStatus
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.mail_server import Inbox, mail_server
from tests.ui.test_forged_values import FORGERIES, choosing, forged, run
from tests.waiting import LONG_SECONDS, until

HOSTILE = "*Weekly* <b>{x}</b> :red[x] $x$"
CALLS = "id,audioDate,averageNote,executiveName,campaignId,campaignName,callCenterId,callCenterName\n" + "".join(
    f"{n},{date.today() - timedelta(days=n)},{n % 11},Agent {n % 3},{'ab'[n % 2]},{('Alpha', 'Beta')[n % 2]},"
    f"{'ns'[n % 2]},{('North', 'South')[n % 2]}\n"
    for n in range(240)
)
"""A call on each of the last 240 days."""

FIRST, LAST = ((date.today() - timedelta(days=days)).isoformat() for days in (60, 31))
OWNER = Owner.of_user(LOCAL)
ANN = "ann@outside.example"


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as running:
        yield running


@pytest.fixture
def app(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inbox: Inbox) -> Iterator[AppTest]:
    """Give the page of a workspace that sends mail: a copy of one that is filled once."""
    filled = tmp_path.parent / "filled-reports"
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
        "SMTP_URL": inbox.url,
        "MAIL_FROM": "Callboard <calls@example.com>",
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
    """Give the page Reports of whoever sits at the machine."""
    app.query_params["period"] = "all"
    app.run()
    return app.switch_page("reports.py").run()


def keep(owner: Owner = OWNER, **body: Any) -> ScheduledReport:
    """Keep a report of some body."""
    space = workspaces.current()
    recipients = body.get("recipients", [])
    accounts = {each: space.owners.person(each) is not None for each in recipients}
    reader = DefinitionReader(space.catalog, space.calendar, accounts, space.settings.mail_domain_names)
    is_page = "view" not in body and "export" not in body
    order = {"name": "Weekly", **({"page": "overview", "parameters": {"period": "all"}} if is_page else {}), **body}
    return space.outgoing.reports.add(reader.read(order), owner, 1)


def kept() -> list[ScheduledReport]:
    return workspaces.current().outgoing.reports.all()


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
    keys = [str(each.key) for each in getattr(app, kind) if re.fullmatch(rf"_report-\d+-{name}", str(each.key))]
    assert len(keys) == 1, (name, keys)
    return keys[0]


def choose(app: AppTest, name: str, value: Any) -> AppTest:
    return app.selectbox(key=key(app, name)).select(value).run()


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.replace("\\", "") == label).click()
    return app.run()


def press_and_go(app: AppTest, label: str, page: str) -> AppTest:
    """Press what leads to another page; a browser stays there, and AppTest has to be told."""
    press(app, label)
    return app.switch_page(f"{page}.py").run()


def open_report(app: AppTest, report: ScheduledReport) -> AppTest:
    app.run()
    return app.selectbox(key="_report_chosen").select(report.id).run()


def frame(app: AppTest) -> str:
    (drawn,) = app.main.get("iframe")
    document: str = drawn.proto.srcdoc
    return document


def test_without_a_report(page: AppTest) -> None:
    assert not page.exception and not page.error
    assert "No reports yet" in shown(page) and not page.dataframe
    assert "What goes out" in shown(page)
    assert "Next: Mon" in said(page) and "08:00 (UTC)" in said(page)


def test_a_report_from_its_inputs_to_the_list(page: AppTest) -> None:
    page.text_input(key=key(page, "name", "text_input")).set_value(HOSTILE)
    page.multiselect(key=key(page, "addresses", "multiselect")).set_value([ANN])
    page.multiselect(key=key(page, "attachments", "multiselect")).set_value(["pdf", "csv"])
    choose(page, "period", "lastWeek")
    choose(page, "weekday", 3)
    choose(page, "time", "16:30")
    choose(page, "timezone", "America/Santiago")
    assert "Next: Wed" in said(page) and "16:30 (Santiago)" in said(page)
    assert f"{ANN} has no account here and gets all that the owner of the report may see." in said(page)
    press(page, "Save")
    assert not page.exception and not page.error
    assert f"{HOSTILE} is saved." in said(page)
    (report,) = kept()
    assert report.definition.to_json() == {
        "name": HOSTILE,
        "page": "overview",
        "parameters": {"period": ["lastWeek"]},
        "schedule": {"cron": "30 16 * * 3", "timezone": "America/Santiago"},
        "recipients": [ANN],
        "attachments": ["pdf", "csv"],
        "language": "en",
    }
    assert report.owner == OWNER and report.version == 1
    row = page.dataframe[0].value.iloc[0]
    assert row["Content"] == "Overview · Last week" and row["When"] == "Wednesdays at 16:30, Santiago"
    assert (row["Name"], row["Recipients"], row["Status"], row["Last run"]) == (HOSTILE, 1, "Active", "")
    choose(page, "kind", "weekdays")
    press(page, "Save")
    (report,) = kept()
    assert report.definition.schedule is not None and report.definition.schedule.cron == "30 16 * * 1-5"
    assert report.version == 2 and page.dataframe[0].value["When"][0] == "Weekdays at 16:30, Santiago"


@pytest.mark.parametrize(
    ("kind", "schedule", "words"),
    [
        ("daily", {"cron": "0 8 * * *", "timezone": "UTC"}, "Next: "),
        ("monthly", {"cron": "0 8 1 * *", "timezone": "UTC"}, "Next: "),
        ("import", {"after": "import"}, "at most once for each period"),
        ("hand", None, "only when somebody presses Send"),
    ],
)
def test_simple_schedules(page: AppTest, kind: str, schedule: Any, words: str) -> None:
    page.text_input(key=key(page, "name", "text_input")).set_value("Simple")
    page.multiselect(key=key(page, "addresses", "multiselect")).set_value([ANN])
    choose(page, "kind", kind)
    assert words in said(page)
    press(page, "Save")
    (report,) = kept()
    assert report.definition.to_json()["schedule"] == schedule


def test_a_cron_line(page: AppTest) -> None:
    choose(page, "kind", "cron")
    assert "once the line is complete" in said(page)
    field = key(page, "cron", "text_input")
    page.text_input(key=field).set_value("0 8 * *").run()
    assert "is no cron line" in page.error[0].value
    page.text_input(key=field).set_value("15 7 * * 1,3").run()
    assert not page.error and "07:15 (UTC)" in said(page)


def test_what_can_not_be_saved_is_said(page: AppTest) -> None:
    press(page, "Save")
    assert "The Name is empty" in page.error[0].value.replace("\\", "") and not kept()
    page.text_input(key=key(page, "name", "text_input")).set_value("Weekly").run()
    press(page, "Save")
    assert "needs a recipient" in page.error[0].value
    addresses = key(page, "addresses", "multiselect")
    for address, words in (("ann", "is not an e-mail address"), ("ann@other.example", "Mail may not go to")):
        page.multiselect(key=addresses).set_value([address]).run()
        assert words in page.error[0].value.replace("\\", "")
        press(page, "Save")
        assert not kept() and not page.exception


def test_a_page_is_sent_with_its_filters_and_a_relative_period(app: AppTest) -> None:
    app.query_params.update({"campaignId": "a", "period": "all", "by": "sentiment"})
    app.run()
    app.switch_page("breakdown.py").run()
    app.selectbox(key="_preset").select("last30").run()
    press_and_go(app, "Send by mail", "reports")
    assert not app.exception and app.selectbox(key=key(app, "page")).value == "breakdown"
    assert app.selectbox(key=key(app, "period")).value == "last30"
    assert "Filters: Campaign: Alpha" in said(app)
    app.text_input(key=key(app, "name", "text_input")).set_value("Alpha")
    choose(app, "kind", "hand")
    press(app, "Save")
    (report,) = kept()
    assert dict(report.definition.parameters or {}) == {
        "campaignId": ["a"],
        "by": ["sentiment"],
        "period": ["last30"],
    }


@pytest.mark.parametrize(
    ("preset", "parameters"),
    [
        ("start", {}),
        ("all", {"period": ["all"]}),
        ("own", {"dateFrom": [FIRST], "dateTo": [LAST]}),
    ],
)
def test_the_period_of_a_page_that_is_sent(app: AppTest, preset: str, parameters: dict[str, list[str]]) -> None:
    if preset == "own":
        app.query_params.update({name: values[0] for name, values in parameters.items()})
    app.run()
    if preset == "all":
        app.selectbox(key="_preset").select("all").run()
    press_and_go(app, "Send by mail", "reports")
    assert app.selectbox(key=key(app, "period")).value == preset
    app.text_input(key=key(app, "name", "text_input")).set_value("Alpha")
    choose(app, "kind", "hand")
    press(app, "Save")
    (report,) = kept()
    assert dict(report.definition.parameters or {}) == parameters


def test_an_instant_stays_one(page: AppTest) -> None:
    parameters = {"dateFrom": [f"{FIRST}T12:00:00+00:00"], "dateTo": [LAST]}
    open_report(page, keep(parameters=parameters))
    press(page, "Save")
    assert dict(kept()[0].definition.parameters or {}) == parameters


def test_filters_are_chosen_on_the_page_and_brought_back(page: AppTest) -> None:
    report = keep(page="trends", parameters={"campaignId": ["a"], "period": "lastMonth"}, recipients=[ANN])
    open_report(page, report)
    page.text_input(key=key(page, "name", "text_input")).set_value("Not saved yet").run()
    press_and_go(page, "Choose filters on the page", "trends")
    assert page.multiselect(key="campaignId").value == ["a"] and page.selectbox(key="_preset").value == "lastMonth"
    page.multiselect(key="campaignId").select("b").run()
    press_and_go(page, "Use for the report", "reports")
    assert "Filters: Campaigns: Alpha, Beta" in said(page)
    assert page.text_input(key=key(page, "name", "text_input")).value == "Not saved yet"
    press(page, "Save")
    (changed,) = kept()
    assert changed.id == report.id and changed.name == "Not saved yet"
    assert dict(changed.definition.parameters or {}) == {"campaignId": ["a", "b"], "period": ["lastMonth"]}


def test_a_saved_view_and_an_export(page: AppTest) -> None:
    space = workspaces.current()
    view = space.views.save("everyone", "Alpha weekly", "trends", {"campaignId": ["a"]}, period="lastWeek")
    page.run()
    page.radio(key=key(page, "subject", "radio")).set_value("view").run()
    page.text_input(key=key(page, "name", "text_input")).set_value("Of a view")
    choose(page, "kind", "hand")
    press(page, "Save")
    (of_view,) = kept()
    assert (of_view.definition.view, of_view.definition.page) == (view.id, None)
    assert dict(of_view.definition.parameters or {}) == {}
    assert page.dataframe[0].value["Content"][0] == "View Alpha weekly"
    page.selectbox(key="_report_chosen").select("").run()
    page.radio(key=key(page, "subject", "radio")).set_value("export").run()
    page.text_input(key=key(page, "name", "text_input")).set_value("Of an export")
    choose(page, "export", "trends")
    choose(page, "granularity", "weekly")
    choose(page, "file_format", "xlsx")
    choose(page, "kind", "hand")
    press(page, "Save")
    of_export = next(each for each in kept() if each.name == "Of an export")
    assert of_export.definition.export == {"report": "trends", "format": "xlsx", "granularity": "weekly"}
    assert page.dataframe[0].value["Content"][1] == "Export: Trend (XLSX) · Last 7 days"
    press(page, "Preview")
    assert "The XLSX file is written when the report goes out." in frame(page)
    space.views.delete(view.id, "everyone")
    page.selectbox(key="_report_chosen").select(of_view.id).run()
    assert page.dataframe[0].value["Content"][0] == "A view that is gone" and not page.exception


def test_the_preview_is_a_frame_without_scripts(page: AppTest) -> None:
    open_report(page, keep(name=HOSTILE, attachments=["xlsx"]))
    assert not page.main.get("iframe")
    press(page, "Preview")
    document = frame(page)
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in document.partition("</head>")[0]
    assert '<base target="_blank">' in document and "data:image/png;base64," in document
    assert "cid:" not in document and "<script" not in document and "<b>{x}</b>" not in document
    assert "unsubscribe.invalid" not in document and "Average score" in document
    assert "Attached when it goes out: XLSX." in said(page)
    choose(page, "period", "last7")
    assert not page.main.get("iframe"), "it shows another period"
    choose(page, "period", "all")
    assert frame(page) == document


def test_send_to_me_and_the_history(page: AppTest, inbox: Inbox) -> None:
    report = keep(name="Quality", recipients=[ANN, "bob@outside.example"], attachments=["csv"])
    open_report(page, report)
    assert "It has not gone out yet" in shown(page)
    page.text_input(key="_report_to").set_value("me@other.example")
    next(each for each in page.button if each.key == "report-send-me-now").click().run()
    assert "Mail may not go to" in page.error[0].value
    page.text_input(key="_report_to").set_value("me@outside.example")
    next(each for each in page.button if each.key == "report-send-me-now").click().run()
    assert "Quality is on its way to me@outside.example." in said(page)
    runs = workspaces.current().outgoing.runs
    until(lambda: runs.of_report(report.id, 0, 1)[0][0].status is RunStatus.SENT)
    page.run()
    assert len(inbox.to("me@outside.example")) == 1 and not inbox.to(ANN)
    listed, run_table, mails = (each.value for each in page.dataframe)
    assert listed["Last run"][0].startswith("Sent, ")
    assert run_table[["Reason", "Status", "Problem", "Recipients"]].iloc[0].tolist() == [
        *("By hand", "Sent", "", "me@outside.example")
    ]
    row = mails.iloc[0]
    assert (row["Address"], row["Status"], row["Answer of the server"]) == ("me@outside.example", "Sent", "250 OK")
    assert row["Message-ID"] == inbox.to("me@outside.example")[0]["Message-ID"] and row["Size"].endswith("B")
    page.toggle(key="_report_reads").set_value(True).run()
    assert "Average score" in frame(page) and ".csv" in said(page)
    next(each for each in page.button if each.key == "report-send-all-now").click().run()
    assert "is on its way to all of its recipients." in said(page)
    until(lambda: runs.of_report(report.id, 0, 1)[0][0].status is RunStatus.SENT)
    assert len(inbox.to(ANN)) == len(inbox.to("bob@outside.example")) == 1


def test_a_mail_that_is_refused(page: AppTest, inbox: Inbox) -> None:
    inbox.refused[ANN] = "550 no such user"
    report = keep(recipients=[ANN])
    workspaces.current().outgoing.send_now(report)
    runs = workspaces.current().outgoing.runs
    until(lambda: runs.of_report(report.id, 0, 1)[0][0].status is RunStatus.FAILED)
    open_report(page, report)
    listed, run_table, mails = (each.value for each in page.dataframe)
    assert "1 of 1 could not be reached" in listed["Last run"][0]
    assert run_table["Status"][0] == "Failed" and mails["Status"][0] == "Failed"
    assert "550 no such user" in mails["Answer of the server"][0]


def test_pause_resume_duplicate_delete(page: AppTest) -> None:
    report = keep(name=HOSTILE, schedule={"cron": "0 8 * * 1", "timezone": "UTC"}, recipients=[ANN])
    open_report(page, report)
    assert "Unsubscribed" not in said(page)
    unsubscribe(workspaces.current().state, report.id, ANN)
    press(page, "Pause")
    assert f"Unsubscribed, so no mail goes there: {ANN}" in said(page)
    assert kept()[0].status is ReportStatus.PAUSED and page.dataframe[0].value["Status"][0] == "Paused"
    assert not page.dataframe[0].value["Next"][0] and not [each for each in page.info if "meanwhile" in each.value]
    press(page, "Resume")
    assert kept()[0].status is ReportStatus.ACTIVE and page.dataframe[0].value["Next"][0]
    press(page, "Duplicate")
    assert page.text_input(key=key(page, "name", "text_input")).value == f"{HOSTILE} (copy)" and len(kept()) == 1
    assert page.selectbox(key="_report_chosen").value == ""
    press(page, "Save")
    assert [each.name for each in kept()] == [HOSTILE, f"{HOSTILE} (copy)"]
    press(page, f"Delete {HOSTILE} (copy)")
    assert [each.id for each in kept()] == [report.id] and "is deleted." in said(page)
    assert page.selectbox(key="_report_chosen").value == ""


def test_somebody_else_changes_or_deletes_it_meanwhile(page: AppTest) -> None:
    report = keep(schedule={"cron": "0 8 * * 1", "timezone": "UTC"}, recipients=[ANN])
    open_report(page, report)
    reports = workspaces.current().outgoing.reports
    reports.change(report.id, replace(report.definition, name="Other"), "test")
    page.run()
    assert "Someone changed this report meanwhile" in said(page)
    page.text_input(key=key(page, "name", "text_input")).set_value("Mine").run()
    press(page, "Pause")  # which says nothing of what the inputs hold
    press(page, "Save")
    assert "since version 1" in said(page) and kept()[0].name == "Other"
    press(page, "Keep my inputs")
    press(page, "Save")
    assert kept()[0].name == "Mine" and "meanwhile" not in said(page)
    reports.change(report.id, replace(report.definition, name="Again"), "test")
    page.run()
    press(page, "Show their version")
    assert page.text_input(key=key(page, "name", "text_input")).value == "Again" and "meanwhile" not in said(page)
    reports.delete(report.id, "test")
    for label in ("Duplicate", "Save"):
        if any(each.label == label for each in page.button):
            press(page, label)
        assert not page.exception
    page.run()
    assert page.selectbox(key="_report_chosen").value == ""


def test_without_a_mail_server(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    space = workspaces.current()
    monkeypatch.setattr(space, "settings", space.settings.model_copy(update={"smtp_url": ""}))
    keep(recipients=[ANN])
    page.run()
    (info,) = [each.value for each in page.info]
    assert "CALLBOARD_SMTP_URL" in info and "CALLBOARD_MAIL_FROM" in info
    page.selectbox(key="_report_chosen").select(kept()[0].id).run()
    assert not [each for each in page.button if each.label.startswith("Send")] and not page.exception
    press(page, "Preview")
    assert "Average score" in frame(page)


def be(monkeypatch: pytest.MonkeyPatch, person: User) -> None:
    """Have somebody act who has an account."""

    def enter(_: Workspace) -> User:
        st.session_state["_person"] = person
        return person

    monkeypatch.setattr("lib.ui.current_user.enter", enter)


@pytest.fixture
def nora(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> User:
    """Give an analyst who sees one call center, and acts."""
    del page.session_state["_report_draft"]  # of who acted before
    people = workspaces.current().people
    people.add("boss@example.com", Role.ADMIN, EVERYTHING, "test")
    person = people.add("nora@example.com", Role.ANALYST, Grant.of({"callCenter": ["n"]}), "test")
    be(monkeypatch, person)
    return person


def test_a_person_sees_their_own_alone(page: AppTest, nora: User) -> None:
    foreign, own = keep(name="Foreign"), keep(Owner.of_user(nora), name="Own")
    page.run()
    assert page.dataframe[0].value["Name"].tolist() == ["Own"]
    assert page.selectbox(key="_report_chosen").options == ["New report", "Own"]
    run(page, choosing("_report_chosen", foreign.name))
    assert page.selectbox(key="_report_chosen").value in ("", own.id) and not page.exception
    assert "Foreign" not in said(page)


def test_a_preview_is_within_what_one_may_see(page: AppTest, nora: User) -> None:
    open_report(page, keep(Owner.of_user(nora), name="Own", page="call_centers"))
    press(page, "Preview")
    assert "North" in frame(page) and "South" not in frame(page)


def test_a_mail_to_who_may_see_more_is_not_looked_at(page: AppTest, nora: User, inbox: Inbox) -> None:
    recipients = ["boss@example.com", "nora@example.com"]
    report = keep(Owner.of_user(nora), name="Own", page="call_centers", recipients=recipients)
    space = workspaces.current()
    space.outgoing.send_now(report)
    until(lambda: space.outgoing.runs.of_report(report.id, 0, 1)[0][0].status is RunStatus.SENT)
    assert "South" in str(inbox.to("boss@example.com")[0])
    open_report(page, report)
    run_id = space.outgoing.runs.of_report(report.id, 0, 1)[0][0].id
    by_address = {each.address: each for each in space.outbox.of_causes([run_id])[run_id]}
    assert {each.status for each in by_address.values()} == {DeliveryStatus.SENT}
    page.toggle(key="_report_reads").set_value(True)
    page.selectbox(key=f"_report_mail-{run_id}").select(by_address["boss@example.com"].id).run()
    assert "This mail says more than you may see." in said(page) and not page.main.get("iframe")
    page.selectbox(key=f"_report_mail-{run_id}").select(by_address["nora@example.com"].id).run()
    assert "North" in frame(page) and "South" not in frame(page)


def test_private_views_of_a_person(page: AppTest, nora: User) -> None:
    space = workspaces.current()
    view = space.views.save(nora.id, "Private", "call_centers", {}, period="thisYear")
    space.views.save("somebody", "Of another", "trends", {})
    report = keep(Owner.of_user(nora), name="Own", view=view.id)
    open_report(page, report)
    assert page.dataframe[0].value["Content"][0] == "View Private"
    assert page.selectbox(key=key(page, "view")).options == ["Private"]
    press(page, "Preview")
    assert not page.error and page.main.get("iframe")


def test_people_are_recipients(page: AppTest, nora: User) -> None:
    page.run()
    people = page.multiselect(key=key(page, "people", "multiselect"))
    assert people.value == [nora.email] and "boss@example.com" in str(people.options)
    page.multiselect(key=key(page, "addresses", "multiselect")).set_value(["boss@example.com"]).run()
    assert "no account here" not in said(page), "the address is a person's"
    page.text_input(key=key(page, "name", "text_input")).set_value("To people")
    press(page, "Save")
    (report,) = kept()
    assert report.definition.recipients == report.definition.accounts == ("nora@example.com", "boss@example.com")


def test_a_report_is_handed_over(page: AppTest, nora: User) -> None:
    space = workspaces.current()
    boss = space.people.named("boss@example.com")
    view = space.views.save(nora.id, "Private", "call_centers", {})
    plain = keep(Owner.of_user(nora), name="Plain")
    of_view = keep(Owner.of_user(nora), name="Of a view", view=view.id)
    for report, words in ((of_view, "does not see the saved view"), (plain, "is boss@example.com's now.")):
        open_report(page, report)
        page.selectbox(key="_report_next_owner").select(boss.id)
        press(page, "Hand over now")
        assert words in said(page), said(page)
    assert {each.name: each.owner for each in kept()} == {
        "Plain": Owner.of_user(boss),
        "Of a view": Owner.of_user(nora),
    }
    assert page.dataframe[0].value["Name"].tolist() == ["Of a view"]


@pytest.mark.parametrize(("role", "sees"), [(Role.VIEWER, False), (Role.ANALYST, True)])
def test_who_sees_the_page(app: AppTest, monkeypatch: pytest.MonkeyPatch, role: Role, sees: bool) -> None:
    be(monkeypatch, replace(LOCAL, role=role))
    app.query_params["period"] = "all"
    app.run()
    links = [each.proto.label for each in app.sidebar.get("page_link")]
    assert ("Reports" in links) == sees
    assert any(each.label == "Send by mail" for each in app.button) == sees
    app.switch_page("reports.py").run()
    assert bool([each for each in app.button if each.label == "Save"]) == sees and not app.exception


def test_forged_values(page: AppTest) -> None:
    report = keep(schedule={"cron": "0 8 * * 1", "timezone": "UTC"}, recipients=[ANN])
    open_report(page, report)
    for name, forge in FORGERIES.items():
        for label in ("Save", "Preview", "Duplicate", "Choose filters on the page", "Send"):
            run(page, forged(forge), label)
            assert not page.exception, (name, label, page.exception[0].stack_trace)
            assert not [each.value for each in page.error if "went wrong" in each.value]
            page.switch_page("reports.py").run()
    for each in kept():
        assert len(each.name) <= 120 and each.definition.language in ("en", "es")
        assert set(each.definition.recipients) <= {ANN}


def test_in_spanish(page: AppTest) -> None:
    keep(name="Score", schedule={"cron": "0 8 * * 1", "timezone": "America/Santiago"}, recipients=[ANN])
    page.query_params["lang"] = "es"
    page.run()
    row = page.dataframe[0].value.iloc[0]
    assert (row["Nombre"], row["Cuándo"]) == ("Score", "Los lunes a las 08:00, Santiago")


def test_filters_that_match_nothing_yet_are_brought_back(page: AppTest) -> None:
    open_report(page, keep(parameters={"campaignId": ["a"], "period": "all"}, recipients=[ANN]))
    press_and_go(page, "Choose filters on the page", "overview")
    page.selectbox(key="_preset").select("lastYear").run()
    assert "Nothing matches these filters" in shown(page)
    press_and_go(page, "Use for the report", "reports")
    assert page.selectbox(key=key(page, "period")).value == "lastYear" and not page.exception


def test_who_comes_back_otherwise_chooses_filters_no_more(page: AppTest) -> None:
    open_report(page, keep(page="trends", parameters={"period": "all"}, recipients=[ANN]))
    press_and_go(page, "Choose filters on the page", "trends")
    assert [each.label for each in page.button if each.key == "send-by-mail"] == ["Use for the report"]
    page.switch_page("reports.py").run()
    page.switch_page("trends.py").run()
    assert [each.label for each in page.button if each.key == "send-by-mail"] == ["Send by mail"]


def test_many_runs(page: AppTest) -> None:
    report, other = keep(name="Many"), keep(name="Other")
    runs = workspaces.current().outgoing.runs
    for number in range(25):
        runs.add_by_hand(report, f"ann{number}@outside.example")
    runs.add_by_hand(other, ANN)
    open_report(page, report)
    assert len(page.dataframe[1].value) == 20
    page.number_input(key=f"_report_run_page-{report.id}").set_value(2).run()
    assert len(page.dataframe[1].value) == 5
    open_report(page, other)
    assert len(page.dataframe[1].value) == 1 and not page.exception
