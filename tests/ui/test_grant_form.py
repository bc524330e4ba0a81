"""What somebody may see, as an administrator chooses it and as a table says it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.analytics.grants import EVERYTHING, Grant
from lib.jobs.tasks import TASKS
from lib.ui import grant_form
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.ui.test_forged_values import choosing, run
from tests.waiting import LONG_SECONDS

FORM = """
import streamlit as st
from lib import workspace
from lib.analytics.grants import Grant
from lib.ui import grant_form
grant = Grant.from_column(st.session_state.get("grant"))
st.text(grant_form.choose(workspace.current(), grant, "x").to_column())
"""


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    calls = tmp_path / "calls.csv"
    calls.write_text("id,audioDate,campaignId,campaignName\n1,2024-01-01,a,Alpha\n2,2024-01-01,b,Beta\n")
    opened = workspaces.current()
    TASKS["import"](opened, {"files": [(str(calls), calls.name)], "actor": "test"}, lambda *_: None)
    yield opened
    workspaces.close_current()


def drawn(grant: Grant) -> AppTest:
    app = AppTest.from_string(FORM, default_timeout=LONG_SECONDS)
    app.session_state["grant"] = grant.to_column()
    app.run()
    assert not app.exception
    return app


def test_what_a_table_says_of_a_grant(space: Workspace) -> None:
    assert grant_form.columns(space, EVERYTHING) == {"Campaigns": "all", "Call centers": "all"}
    limited = Grant.of({"campaign": ["b", "a"], "callCenter": []})
    assert grant_form.columns(space, limited) == {"Campaigns": "a, b", "Call centers": "none of them"}


@pytest.mark.usefixtures("space")
def test_what_is_chosen_is_the_grant() -> None:
    app = drawn(EVERYTHING)
    campaigns, centers = (app.multiselect(key=f"{name}-x") for name in ("campaign", "callCenter"))
    assert (campaigns.label, centers.label) == ("Limit to campaigns", "Limit to call centers")
    assert (campaigns.options, centers.options) == (["Alpha", "Beta"], [])
    assert app.text[0].value == "None"
    campaigns.select("b").run()
    assert app.text[0].value == '{"campaign": ["b"]}'
    app.multiselect(key="campaign-x").unselect("b").run()
    assert app.text[0].value == "None"


@pytest.mark.usefixtures("space")
def test_a_grant_stays_until_another_is_chosen() -> None:
    """What is not known any more is shown by its id, and a limit that shows nothing is not lifted by looking at it."""
    app = drawn(Grant.of({"campaign": ["a", "gone"], "callCenter": []}))
    assert app.text[0].value == '{"callCenter": [], "campaign": ["a", "gone"]}'
    assert app.multiselect(key="campaign-x").options == ["Alpha", "Beta", "gone (unknown)"]
    app.multiselect(key="campaign-x").unselect("gone").run()
    assert app.text[0].value == '{"callCenter": [], "campaign": ["a"]}'


def test_campaigns_of_one_name_are_told_apart(space: Workspace, tmp_path: Path) -> None:
    calls = tmp_path / "more.csv"
    calls.write_text("id,audioDate,campaignId,campaignName\n3,2024-01-01,c,Alpha\n4,2024-01-01,d,Alpha (c)\n")
    TASKS["import"](space, {"files": [(str(calls), calls.name)], "actor": "test"}, lambda *_: None)
    names = ["Alpha (a)", "Alpha (c) (c)", "Alpha (c) (d)", "Beta"]
    assert sorted(drawn(EVERYTHING).multiselect(key="campaign-x").options) == names
    for name, chosen in zip(names, "acdb", strict=True):
        app = drawn(EVERYTHING)
        run(app, choosing("campaign-x", name))
        assert not app.exception and Grant.from_column(app.text[0].value) == Grant.of({"campaign": [chosen]})
