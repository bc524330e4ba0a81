"""The Reports page: what is listed, a report from a page to its history, who may change what, and forged values."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.owners import Owner
from lib.access.users import LOCAL
from lib.jobs.tasks import TASKS
from lib.scheduled_reports.definition import DefinitionReader
from lib.scheduled_reports.repository import ScheduledReport
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.mail_server import Inbox, mail_server
from tests.waiting import LONG_SECONDS

HOSTILE = "*Weekly* <b>{x}</b> :red[x] $x$"
CALLS = "id,audioDate,averageNote,executiveName,campaignId,campaignName,callCenterId,callCenterName\n" + "".join(
    f"{n},2026-0{n % 3 + 4}-{n % 27 + 1:02},{n % 11},Agent {n % 3},{'ab'[n % 2]},{('Alpha', 'Beta')[n % 2]},"
    f"{'ns'[n % 2]},{('North', 'South')[n % 2]}\n"
    for n in range(120)
)
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
    order = {"name": "Weekly", "page": "overview", "parameters": {"period": "all"}, **body}
    if "view" in body or "export" in body:
        del order["page"]
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
