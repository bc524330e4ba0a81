"""Saved views: whose they are, what they keep, the one that one begins with; on both state stores."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from lib.access.audit_log import Action, AuditFilter
from lib.analytics.calendar import Calendar
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import CAMPAIGN
from lib.errors import CallboardError, ConflictError, InvalidParameterError
from lib.reports.period_presets import PRESETS
from lib.settings import Settings
from lib.sharing import saved_views, validation
from lib.sharing.saved_views import EVERYONE, SavedView, SavedViews, resolved
from lib.workspace import Workspace
from tests.conftest import ROOT

NOW = datetime(2024, 1, 10, tzinfo=UTC)

WITHOUT_SELECTION = {"audit", "main", "live", "own_metrics", "exports", "reports", "alerts", "data", "settings"}

WEIRD = [
    'O\'Brien "the" `boss`',
    "🦊 café 日本語 \u202eabc",
    "<script>alert(1)</script>",
    "'; DROP TABLE views; --",
    "%_\\ {0} %s :name ?",
    "disk full INTERRUPT statement timeout",
    "=1+1",
]


@pytest.fixture
def views(workspace: Workspace) -> SavedViews:
    return workspace.views


def test_a_view_is_kept_as_given(views: SavedViews) -> None:
    asked = {
        "campaignId": ["b", "a", "b"],
        "dateFrom": ["2024-01-31"],
        "state": ["Failed"],
        "utm": ["x"],
        "isAICall": [],
    }
    made = views.save("ada", "  My view ", "trends", asked, view_parameters=["state", "metric"])
    kept = {"campaignId": ["b", "a", "b"], "dateFrom": ["2024-01-31"], "state": ["Failed"]}
    assert (made.name, made.page, made.parameters, made.period) == ("My view", "trends", kept, None)
    assert not made.shared and not made.is_default and validation.is_id(made.id) and made.created_at == made.changed_at
    assert views.get(made.id, "ada") == made and views.all("ada") == [made]


def test_a_view_is_deleted(views: SavedViews) -> None:
    made = views.save("ada", "View", "trends", {"campaignId": ["a"]}, period="last7", shared=True)
    views.set_default(made.id, "ada")
    assert (made.name, made.page, made.period, made.shared) == ("View", "trends", "last7", True)
    views.delete(made.id, "ada")
    assert views.all("ada") == [] and views.get(made.id, "ada") is None and views.default("ada") is None


def test_who_sees_and_who_changes(views: SavedViews) -> None:
    hers = views.save("ada", "Hers", "", {})
    shared = views.save("ada", "all see", "", {}, shared=True)
    his = views.save("bob", "His", "", {})
    assert [view.name for view in views.all("ada")] == ["all see", "Hers"]
    assert [view.name for view in views.all("bob")] == ["His", "all see"]
    assert views.all(EVERYONE) == [shared]
    assert views.get(hers.id, "bob") is None and views.get(shared.id, "bob") == shared
    for view, told in ((hers, f"There is no view '{hers.id}'"), (shared, "is ada's, who alone may change it")):
        for change in (
            lambda view: views.delete(view.id, "bob"),
            lambda view: views.set_default(view.id, "bob"),
        ):
            with pytest.raises(CallboardError, match=told):
                change(view)
    assert views.all("ada") == [shared, hers] and views.all("bob") == [his, shared]


def test_a_name_is_an_owners_once(views: SavedViews) -> None:
    for name in ("Name", "disk full"):
        views.save("ada", name, "", {})
        with pytest.raises(ConflictError, match=f"a view named '{name}' already"):
            views.save("ada", f" {name} ", "", {})
        assert views.save("bob", name, "", {}).name == name


def test_an_owner_has_so_many_views_and_all_owners_so_many(
    views: SavedViews, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_views, "MAX_OF_ONE", 2)
    monkeypatch.setattr(saved_views, "MAX_IN_ALL", 3)
    for name in ("one", "two"):
        views.save("ada", name, "", {})
    with pytest.raises(ConflictError, match="You have 2 saved views, as many as one may have"):
        views.save("ada", "three", "", {})
    views.save("bob", "one", "", {})
    with pytest.raises(ConflictError, match="There are 3 saved views"):
        views.save("cyd", "one", "", {})
    assert views.owners() == {"ada": 2, "bob": 1}
    assert views.delete_all("ada", "root") == 2
    assert views.owners() == {"bob": 1} and views.save("cyd", "one", "", {})
    asked = AuditFilter(workspace.settings.zone, actions=(Action.VIEWS_DELETED,))
    assert [(each.actor, each.subject, each.details) for each in workspace.audit.entries(asked, 5)] == [
        ("root", "ada", {"count": 2})
    ]


def test_a_failed_change_of_the_default_leaves_it(views: SavedViews) -> None:
    first, second = (views.save("ada", name, "", {}) for name in ("one", "two"))
    views.set_default(first.id, "ada")
    with pytest.raises(CallboardError):
        views.set_default("nowhere1", "ada")
    found = views.default("ada")
    assert found is not None and found.id == first.id
    views.set_default(second.id, "ada")
    assert [view.is_default for view in views.all("ada")] == [False, True]
    views.set_default(None, "ada")
    assert views.default("ada") is None


def test_one_default_whoever_sets_it(settings: Settings, workspace: Workspace) -> None:
    """Several threads, with PostgreSQL of two processes' stores, set it at the same time."""
    shops = [workspace.views]
    other = Workspace(settings) if settings.database_url else None
    if other is not None:
        shops.append(other.views)
    mine = [workspace.views.save("ada", f"view {n}", "", {}) for n in range(6)]
    his = workspace.views.save("bob", "his", "", {})
    workspace.views.set_default(his.id, "bob")
    start = threading.Barrier(len(mine))
    failed: list[BaseException] = []

    def choose(n: int, view: SavedView) -> None:
        start.wait()
        try:
            for _ in range(8):
                shops[n % len(shops)].set_default(view.id, "ada")
                if n == 0:
                    shops[0].set_default(None, "ada")
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=choose, args=pair) for pair in enumerate(mine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if other is not None:
        other.close()
    assert failed == []
    assert sum(view.is_default for view in workspace.views.all("ada")) <= 1
    workspace.views.set_default(mine[3].id, "ada")
    assert [view.name for view in workspace.views.all("ada") if view.is_default] == ["view 3"]
    found = workspace.views.default("bob")
    assert found is not None and found.id == his.id


def test_relative_dates_are_those_of_today(views: SavedViews) -> None:
    asked = {"dateFrom": ["2020-01-01"], "dateTo": ["2020-01-31"], "campaignId": ["a"]}
    view = views.save("ada", "A month", "campaigns", asked, period="lastMonth")
    assert view.parameters == {"campaignId": ["a"]}
    zone = ZoneInfo("America/New_York")
    then, later = (Calendar(zone, "monday", day) for day in (date(2024, 3, 1), date(2024, 5, 15)))
    february = {"dateFrom": ["2024-02-01"], "dateTo": ["2024-02-29"], "campaignId": ["a"]}
    assert resolved(view, then) == february
    assert resolved(view, later) == {"dateFrom": ["2024-04-01"], "dateTo": ["2024-04-30"], "campaignId": ["a"]}
    fixed = views.save("ada", "Fixed", "campaigns", february)
    assert resolved(fixed, later) == february
    Filters.from_parameters(resolved(view, later), zone, EVERYTHING, BUILT_IN)


def test_today_is_the_workspaces(views: SavedViews, workspace: Workspace) -> None:
    view = views.save("ada", "Week", "", {}, period="last7")
    ahead, behind = (workspace.calendar_in(ZoneInfo(name)) for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"))
    for calendar in (ahead, behind, workspace.calendar):
        assert resolved(view, calendar)["dateTo"] == [calendar.today.isoformat()]
    assert resolved(view, ahead) != resolved(view, behind)  # 25 hours lie between them


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_kept(name: str) -> None:
    calendar = Calendar(ZoneInfo("UTC"), "sunday", date(2024, 1, 10))
    first, last = calendar.presets()[name]
    view = SavedView("abcdefgh", "n", "o", False, "", {}, name, False, NOW, NOW)
    assert resolved(view, calendar) == {"dateFrom": [first.isoformat()], "dateTo": [last.isoformat()]}


@pytest.mark.parametrize("text", [*WEIRD, "x" * 80, "🦊" * 80])
def test_weird_texts_come_back_as_they_were(views: SavedViews, text: str) -> None:
    made = views.save(EVERYONE, text, "evaluations", {"campaignId": [text, "y" * 1000]})
    found = views.get(made.id, EVERYONE)
    assert found == made and found.name == text and found.parameters == {"campaignId": [text, "y" * 1000]}
    assert Filters.from_parameters(found.parameters, ZoneInfo("UTC"), EVERYTHING, BUILT_IN).ids(CAMPAIGN) == (
        text,
        "y" * 1000,
    )


REFUSED = [
    ({"name": ""}, "name", "is empty"),
    ({"name": " \u200b\t"}, "name", "is empty"),
    ({"name": "x" * 81}, "name", "has 81 characters; right would be at most 80"),
    ({"name": "x" * 5000}, "name", "has 5,000 characters"),
    ({"name": "a\x00b"}, "name", r"U\+0000"),
    ({"name": "a\nb"}, "name", r"U\+000A"),
    ({"name": "a\ud800b"}, "name", r"U\+D800"),
    ({"page": "campaign"}, "page", "did you mean 'campaigns'"),
    ({"page": "settings"}, "page", "is not a page with a selection"),
    ({"page": "../x\x00"}, "page", "is not a page"),
    ({"period": "lastmonth"}, "period", "did you mean 'lastMonth'"),
    ({"period": ""}, "period", "is not a period"),
    ({"parameters": {"campaignId": ["x" * 5000]}}, "campaignId", "a value of 5,000 characters"),
    (
        {"parameters": {"campaignId": ["a"] * 600, "engagementId": ["b"] * 401}},
        "engagementId",
        "more than 1,000 values",
    ),
    ({"parameters": {"campaignId": ["a\x00"]}}, "campaignId", "no text can hold"),
    ({"parameters": {"campaignId": ["\udcff"]}}, "campaignId", "no text can hold"),
]


@pytest.mark.parametrize(("wrong", "parameter", "told"), REFUSED, ids=str)
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)  # refused before any store is asked
def test_what_can_not_be_kept_is_refused(
    views: SavedViews, wrong: dict[str, object], parameter: str, told: str
) -> None:
    right: dict[str, object] = {"name": "Name", "page": "", "parameters": {}}
    with pytest.raises(InvalidParameterError, match=told) as caught:
        views.save("ada", **{**right, **wrong})  # type: ignore[arg-type]
    assert caught.value.parameter == parameter and views.all("ada") == []


@pytest.mark.parametrize("number", ["", "a\x00aaaaaa", "' OR 1=1", "aaaaaaaaa", "aaaaaaa\n", "ééééaaaa"])
def test_no_text_is_too_odd_to_be_asked_for(views: SavedViews, number: str) -> None:
    views.save("ada", "View", "", {})
    assert views.get(number, "ada") is None
    with pytest.raises(CallboardError, match="There is no view"):
        views.delete(number, "ada")


def test_every_page_with_a_selection_can_be_kept() -> None:
    stems = {path.stem for path in (ROOT / "pages").glob("*.py")} - WITHOUT_SELECTION
    assert {page or "overview" for page in validation.PATHS} == stems
