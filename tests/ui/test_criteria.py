"""The page Criteria as it is used: what a click lists, what a link asks for, and what stays chosen."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lib.analytics.query_cache import QueryCache
from lib.catalog.criteria import Criterion
from lib.catalog.dimensions import EXECUTIVE
from lib.reports.context import ViewOptions, build_context
from lib.reports.criterion_words import criterion_id
from lib.reports.page import Click
from lib.settings import Settings
from lib.ui import clicks, url_state
from lib.workspace import Workspace
from tests import scorecards
from tests.filters import make_filters
from tests.scorecards import LAST, TURN, answer, four_weeks
from tests.ui.test_start_period import app, asked, shown

__all__ = ["app"]

PERIOD = {"dateFrom": TURN.isoformat(), "dateTo": LAST.isoformat()}


@pytest.fixture
def engine() -> str:
    return "duckdb"


def heads(app: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in app.subheader]


def warnings(app: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in app.warning]


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, list[str]]]]:
    """Note which pages are opened, and by which parameters."""
    opened: list[tuple[str, dict[str, list[str]]]] = []
    monkeypatch.setattr(url_state, "go", lambda page, parameters: opened.append((page, dict(parameters))))
    return opened


def test_a_click_lists_the_evaluations_that_failed(
    workspace: Workspace, answers: QueryCache, gone: list[tuple[str, dict[str, list[str]]]]
) -> None:
    scorecards.load(workspace, *four_weeks())
    days = make_filters(TURN, LAST)
    context = build_context(answers, workspace.calendar, days, ViewOptions(), lambda *_: ())
    identity = Criterion("Identity checked", None, "Compliance")
    period = {name: [value] for name, value in PERIOD.items()}
    clicks.action(context, Click("failed"))(criterion_id(identity))
    clicks.action(context, Click("failed", EXECUTIVE))(criterion_id(identity, "Bob"))
    clicks.action(context, Click("failed"))("nonsense")
    failed = period | {"failedCriterion": ["Identity checked"]}
    assert gone == [("evaluations", failed), ("evaluations", failed | {"executiveId": ["Bob"]})]


def test_a_click_on_a_criterion_of_a_form_lists_those_of_the_form(
    workspace: Workspace, answers: QueryCache, gone: list[tuple[str, dict[str, list[str]]]]
) -> None:
    rows = [{"id": f"f{n}", "audioDate": "2024-01-20", "form": f"F{n % 2}", "averageNote": "5"} for n in range(4)]
    scorecards.load(workspace, rows, {row["id"]: [answer("Greeting", 0)] for row in rows})
    context = build_context(answers, workspace.calendar, make_filters(), ViewOptions(), lambda *_: ())
    clicks.action(context, Click("failed"))(criterion_id(Criterion("Greeting", "F1", None)))
    assert gone == [("evaluations", {"form": ["F1"], "failedCriterion": ["Greeting"]})]


def test_a_list_of_those_that_failed_has_as_many_as_the_table_says(app: AppTest, settings: Settings) -> None:
    scorecards.fill(settings)
    app.query_params.update(PERIOD | {"failedCriterion": "Identity checked"})
    app.run()
    assert "14 evaluations" in shown(app.switch_page("evaluations.py").run())


def test_the_choice_of_a_criterion(app: AppTest, settings: Settings) -> None:
    """What the page begins with is in no link; another choice is; what a link asks for is shown, there or not."""
    scorecards.fill(settings)
    app.query_params.update(PERIOD)
    app.run()
    app.switch_page("criteria.py").run()
    choice = app.selectbox(key="criterion")
    assert choice.value == "Identity checked" and "criterion" not in asked(app)
    assert "Identity checked: average share" in heads(app)
    choice.select("Greeting").run()
    assert asked(app)["criterion"] == ["Greeting"]
    assert "Greeting: average share" in heads(app)
    app.selectbox(key="across").select("campaign").run()
    assert asked(app)["across"] == ["campaign"] and asked(app)["criterion"] == ["Greeting"]
    app.query_params["criterion"] = "Nobody asks this"
    app.run()
    assert "Part of this link was ignored: criterion 'Nobody asks this' is not in the data." in warnings(app)
    assert app.selectbox(key="criterion").value == "Identity checked"
    app.selectbox(key="across").select("executive").run()
    assert "criterion" not in asked(app) and not warnings(app)


def test_a_failed_criterion_that_is_nowhere(app: AppTest, settings: Settings) -> None:
    scorecards.fill(settings)
    app.query_params.update(PERIOD | {"failedCriterion": "Nobody asks this"})
    app.run()
    assert "Not in the data: Failed criterion: Nobody asks this" in shown(app.switch_page("evaluations.py").run())
    next(each for each in app.button if each.label == "Remove from the filters").click().run()
    assert "failedCriterion" not in asked(app) and "56 evaluations" in shown(app)


def test_the_first_criterion_follows_the_selection(app: AppTest, settings: Settings) -> None:
    scorecards.fill(settings)
    opened = Workspace(settings)
    other = [{"id": f"o{n}", "audioDate": "2024-02-10", "averageNote": "5"} for n in range(3)]
    scorecards.load(opened, other, {row["id"]: [answer("Opening question", 1)] for row in other})
    opened.close()
    app.query_params.update(PERIOD)
    app.run()
    app.switch_page("criteria.py").run()
    assert app.selectbox(key="criterion").value == "Identity checked"
    app.query_params.update({"dateFrom": "2024-02-10", "dateTo": "2024-02-10"})
    app.run()
    assert app.selectbox(key="criterion").value == "Opening question" and "criterion" not in asked(app)


def test_a_link_that_chooses_a_criterion_begins_with_the_usual_period(app: AppTest, settings: Settings) -> None:
    scorecards.fill(settings)
    app.query_params["criterion"] = "Greeting"
    app.run()
    assert asked(app) == {"criterion": ["Greeting"]} and "112 evaluations" in shown(app)
