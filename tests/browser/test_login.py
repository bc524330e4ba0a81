"""The login, by a real provider in a real browser: who gets in, what they may do and see, and how it ends."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from lib.access.actors import SystemActor
from lib.access.audit_log import Action, AuditFilter, AuditLog
from lib.access.users import Role, UserRepository
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.store import schema
from lib.store.state import StateStore
from lib.workspace import Workspace
from tests.browser.lists import choose, open_list
from tests.browser.patience import settle
from tests.conftest import ROOT
from tests.serving import free_port, served
from tests.waiting import until

CALLS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,campaignName,callCenterName,executiveName
1,2024-01-01T08:00:00Z,Completed,Positive,9,100,Spring,North,Ann
2,2024-01-02T08:00:00Z,Completed,Negative,5,200,Spring,South,Bob
3,2024-01-03T08:00:00Z,Completed,Neutral,7,300,Autumn,North,Ann
4,2024-01-04T08:00:00Z,Failed,,,,Autumn,South,Bob
"""
SECRET = "a secret that no log may hold"  # noqa: S105 - that of the tests' own provider
FOREIGN = ("South", "Bob", "Autumn")


@dataclass(frozen=True)
class Place:
    """A running app with a login, and its store."""

    address: str
    settings: Settings
    log: Path

    def state(self) -> StateStore:
        return StateStore(self.settings)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("login")
    (folder / "calls.csv").write_text(CALLS)
    settings = Settings(data_dir=folder / "data", sample="off")
    workspace = Workspace(settings)
    TASKS["import"](workspace, {"files": [(str(folder / "calls.csv"), "calls.csv")], "actor": "t"}, lambda *_: None)
    people = workspace.people
    people.add("viewer@example.com", Role.VIEWER, EVERYTHING, "t")
    people.add("analyst@example.com", Role.ANALYST, Grant.of({"callCenter": ["North"], "campaign": ["Spring"]}), "t")
    people.add("unverified@example.com", Role.ADMIN, EVERYTHING, "t")
    workspace.close()
    port, provider_port = free_port(), free_port()
    redirect = f"http://127.0.0.1:{port}/oauth2callback"
    node = shutil.which("node")
    assert node, "Node.js is missing; make test installs it"
    command = [node, str(ROOT / "tests" / "oidc" / "provider.mjs"), str(provider_port), redirect]
    provider = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert provider.stdout is not None and provider.stdout.readline() == "ready\n"
        variables = {
            "CALLBOARD_SAMPLE": "off",
            "CALLBOARD_BASE_URL": f"http://127.0.0.1:{port}",
            "CALLBOARD_OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
            "CALLBOARD_OIDC_CLIENT_ID": "callboard",
            "CALLBOARD_OIDC_CLIENT_SECRET": SECRET,
            "CALLBOARD_OIDC_PROMPT": "login",
            "CALLBOARD_ADMINS": "root@example.com",
        }
        with served(folder / "data", port, **variables) as address:
            yield Place(address, settings, folder / "data.log")
    finally:
        provider.terminate()
        provider.communicate()


Browse = Callable[[], BrowserContext]


@pytest.fixture
def browse(chromium: Browser) -> Iterator[Callable[[], BrowserContext]]:
    contexts: list[BrowserContext] = []

    def new() -> BrowserContext:
        contexts.append(chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True))
        return contexts[-1]

    yield new
    for context in contexts:
        context.close()


def open_page(context: BrowserContext, place: Place, path: str = "") -> Page:
    page = context.new_page()
    page.goto(f"{place.address}/{path}")
    return page


def log_in(page: Page, who: str) -> None:
    """Log in with the provider, which takes any password and then asks whether it may tell."""
    page.get_by_role("button", name="Log in").click()
    page.locator("input[name=login]").fill(who)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector(".stApp h1")
    settle(page)


def arrive(context: BrowserContext, place: Place, who: str, path: str = "") -> Page:
    page = open_page(context, place, path)
    log_in(page, who)
    return page


def heading(page: Page, text: str) -> None:
    expect(page.locator("h1", has_text=text)).to_be_visible()


def done(place: Place) -> list[tuple[str, str]]:
    """Return who did what, the newest first."""
    state = place.state()
    try:
        return [
            (entry.actor, entry.action.value) for entry in AuditLog(state).entries(AuditFilter(ZoneInfo("UTC")), 500)
        ]
    finally:
        state.close()


def test_a_viewer_comes_back_to_the_link_and_looks_only(browse: Browse, place: Place) -> None:
    page = open_page(browse(), place, "campaigns?callCenterId=North&compare=none")
    assert "North" not in page.locator("body").inner_text()  # nothing is told before
    log_in(page, "viewer")
    assert page.url == f"{place.address}/campaigns?callCenterId=North&compare=none"
    expect(page.get_by_text("2 evaluations", exact=True)).to_be_visible()
    expect(page.locator(".st-key-cb-nav a", has_text="Evaluations")).to_be_visible()
    names = page.locator(".st-key-cb-nav a").all_inner_texts()
    hidden = ("Exports", "Reports", "Alerts", "Data", "Audit")
    assert "Evaluations" in "".join(names) and not any(name in "".join(names) for name in hidden)
    for label in (
        "Download CSV",
        "Download PDF",
        "Download chart",
        "Export these evaluations",
        "Send by mail",
        "Set an alert",
    ):
        assert page.get_by_text(label).count() == 0
    for path in ("exports", "reports", "alerts", "data", "audit"):
        page.goto(f"{place.address}/{path}")
        expect(page.get_by_text("This takes the role")).to_be_visible()
    page.goto(f"{place.address}/settings")
    heading(page, "Settings")
    assert page.get_by_text("API keys").count() == 0 and page.get_by_text("People").count() == 0
    assert ("viewer@example.com", "log_in") in done(place)


PAGES = (
    "",
    "campaigns",
    "call_centers",
    "executives",
    "trends",
    "drivers",
    "sample_size",
    "evaluations",
    "live",
    "exports",
    "reports",
    "alerts",
    "settings",
)


def test_an_analyst_sees_what_is_theirs_alone(browse: Browse, place: Place, tmp_path: Path) -> None:
    page = arrive(browse(), place, "analyst")
    for path in PAGES:
        page.goto(f"{place.address}/{path}")
        shown = page.locator("body").inner_text()
        assert not any(name in shown for name in FOREIGN), path
        if path not in ("", "live", "settings", "exports", "reports", "alerts"):
            expect(page.get_by_text("1 evaluation", exact=True)).to_be_visible()
    # What a link names beyond their limits is as unknown as what is not there.
    page.goto(f"{place.address}/?callCenterId=South&executiveId=Bob")
    expect(page.get_by_text("Not in the data: Call center: South; Executive: Bob")).to_be_visible()
    page.goto(f"{place.address}/call_centers?open=South")
    expect(page.get_by_text("which is not here")).to_be_visible()
    for label in ("Campaigns", "Call centers"):
        options = open_list(page.get_by_test_id("stSidebar").get_by_label(label)).all_inner_texts()
        assert options and not any(name in "".join(options) for name in FOREIGN)
        page.keyboard.press("Escape")
    page.goto(f"{place.address}/exports")
    heading(page, "Exports")
    page.get_by_role("button", name="Start export").click()
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible()
    with page.expect_download() as waiting:
        link.click()
    waiting.value.save_as(tmp_path / "out.csv")
    written = (tmp_path / "out.csv").read_text()
    assert len(written.splitlines()) == 2 and not any(name in written for name in FOREIGN)
    assert done(place)[:2] == [(SystemActor.SIGNED_LINK, "download"), ("analyst@example.com", "export")]
    # With another role what was drawn before makes no file, and is drawn no more.
    page.goto(f"{place.address}/campaigns")
    heading(page, "Campaigns")
    state = place.state()
    people = UserRepository(state, BUILT_IN)
    analyst = people.named("analyst@example.com")
    people.change(analyst.id, Role.VIEWER, analyst.grant, "t")
    state.close()
    page.get_by_role("button", name="Download CSV").click()
    page.reload()
    heading(page, "Campaigns")
    assert page.get_by_role("button", name="Download CSV").count() == 0
    assert done(place)[0] == ("t", "person_changed")


def test_who_is_not_known_waits_for_a_role(browse: Browse, place: Place) -> None:
    """An e-mail that the provider has not verified is nobody's: the role that was given to it is not theirs."""
    page = arrive(browse(), place, "unverified")
    heading(page, "Almost there")
    assert "North" not in page.locator("body").inner_text()
    leaving = arrive(browse(), place, "leaving")
    leaving.get_by_role("button", name="Log out").click()  # those who wait can go, too
    leaving.get_by_role("button", name="Yes, sign me out").click()
    expect(leaving.get_by_role("button", name="Log in")).to_be_visible()
    assert done(place)[0] == ("leaving@example.com", "log_out")
    admin = arrive(browse(), place, "root", "settings")
    choose(admin, "Change what someone may do", "Unverified (unverified)")
    form = admin.locator('[data-testid="stForm"]', has_text="End their sessions")
    choose(form, "Role", "Viewer: can view pages")
    form.get_by_role("button", name="Save").click()
    until(lambda: ("root@example.com", "person_changed") in done(place))
    page.reload()
    heading(page, "Overview")
    admin.goto(f"{place.address}/audit")
    heading(admin, "Audit")
    assert ("root@example.com", "person_changed") in done(place)
    with admin.expect_download() as waiting:
        admin.get_by_role("button", name="Download CSV").click()
    assert "person changed" in Path(waiting.value.path()).read_text("utf-8-sig")


def test_a_session_that_is_ended_ends_at_the_next_action(browse: Browse, place: Place) -> None:
    context = browse()
    page = arrive(context, place, "viewer")
    other = open_page(context, place, "trends")
    heading(other, "Trends")
    other.get_by_text("Saved views").click()
    expect(other.get_by_label("Name of the view")).to_be_visible()
    cookies = context.cookies()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    # What a button does comes before the page: nothing is kept for one who is out.
    other.get_by_label("Name of the view").fill("too late")
    other.get_by_role("button", name="Save this view").click()
    expect(other.get_by_text("Your session has ended")).to_be_visible()
    state = place.state()
    with state.read() as connection:
        assert connection.execute(sa.select(schema.views.c.id).where(schema.views.c.name == "too late")).first() is None
    state.close()
    # A cookie that was copied before outlives the log-out, and opens nothing.
    thief = browse()
    thief.add_cookies(cookies)  # type: ignore[arg-type]
    stolen = open_page(thief, place, "trends")
    expect(stolen.get_by_text("Your session has ended")).to_be_visible()
    assert "North" not in stolen.locator("body").inner_text()


@pytest.mark.parametrize(("column", "age"), [("seen_at", timedelta(minutes=481)), ("started_at", timedelta(hours=169))])
def test_a_session_ends_by_time(browse: Browse, place: Place, column: str, age: timedelta) -> None:
    page = arrive(browse(), place, "viewer")
    state = place.state()
    with state.transaction() as connection:
        open_ones = schema.sessions.c.ended_at.is_(None)
        connection.execute(sa.update(schema.sessions).where(open_ones).values({column: datetime.now(UTC) - age}))
    state.close()
    page.get_by_role("link", name="Trends").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    assert done(place)[0] == (SystemActor.SESSION_TIMEOUT, Action.SESSION_ENDED.value)


def test_a_removed_person_is_out(browse: Browse, place: Place) -> None:
    page = arrive(browse(), place, "leaver")
    heading(page, "Almost there")
    state = place.state()
    people = UserRepository(state, BUILT_IN)
    people.change(people.named("leaver@example.com").id, Role.ANALYST, EVERYTHING, "t")
    page.reload()
    heading(page, "Overview")
    people.remove(people.named("leaver@example.com").id, "t")
    state.close()
    page.get_by_role("link", name="Trends").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()


def test_no_secret_is_written_down(browse: Browse, place: Place) -> None:
    context = browse()
    arrive(context, place, "viewer")
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    assert cookies["_streamlit_user"]["httpOnly"] and cookies["_streamlit_user"]["sameSite"] == "Lax"
    written = place.log.read_text()
    assert SECRET not in written and cookies["_streamlit_user"]["value"] not in written
