"""Many saved views and notes: lists are drawn where they are open, in part, and an administrator can delete them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.settings import Settings
from lib.ui.saved_views import MAX_LISTED
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

CHOOSER = """
from lib import workspace
from lib.ui import saved_views, current_user
current_user.enter(workspace.current())
saved_views.chooser(workspace.current(), can_save=True)
"""
ADMIN = """
from lib import workspace
from lib.ui import shared_items_admin, current_user
current_user.enter(workspace.current())
shared_items_admin.show(workspace.current())
"""


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def many_views(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    space = workspaces.current()
    for number in range(MAX_LISTED + 5):
        space.views.save("everyone", f"View {number:03}", "", {})
    yield space
    workspaces.close_current()


@pytest.mark.usefixtures("many_views")
def test_views_are_drawn_where_they_are_open() -> None:
    def listed(app: AppTest) -> list[str]:
        return [each.label for each in app.button if each.label.startswith("View ")]

    app = AppTest.from_string(CHOOSER, default_timeout=LONG_SECONDS).run()
    assert not app.exception and listed(app) == []
    app.session_state["cb-views-"] = True
    app.run()
    assert not app.exception and len(listed(app)) == MAX_LISTED
    assert any("50 of 55 views." in each.value for each in app.caption)
    app.text_input(key="_view_sought").set_value("view 054").run()
    assert listed(app) == ["View 054"]


def test_an_administrator_deletes_all_of_somebody(many_views: Workspace) -> None:
    app = AppTest.from_string(ADMIN, default_timeout=LONG_SECONDS).run()
    assert not app.exception
    assert app.selectbox(key="_owner_of_views").options == ["Everybody (55)"]
    app.button(key="delete-views").click().run()
    assert not app.exception and many_views.views.owners() == {}
