"""Values that no widget offers, as a made-up browser sends them: no page breaks by one, none is taken at its word."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

from lib import workspace as workspaces
from lib.analytics.query import MAX_VALUE_LENGTH, MAX_VALUES
from lib.exports.reports import FORMATS, REPORTS
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import charts
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.test_architecture import SOURCES, module
from tests.waiting import LONG_SECONDS

PAGES = [
    "overview",
    "campaigns",
    "call_centers",
    "executives",
    "evaluators",
    "criteria",
    "trends",
    "drivers",
    "sample_size",
    "evaluations",
    "exports",
]
PAGES += ["live", "own_metrics", "reports", "alerts", "data", "audit", "settings"]
CALLS = """\
id,audioDate,state,sentiment,averageNote,campaignId,campaignName,callCenterName,executiveName
1,2024-01-01,Completed,Positive,9,a,Alpha,North,Ann
2,2024-01-02,Completed,Negative,5,b,Beta,South,Bob
3,2024-02-03,Pending,,,b,Beta,South,Bob
"""
LONG = "y" * 20_000


@pytest.fixture
def engine() -> str:
    return "duckdb"


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[AppTest]:
    path = tmp_path / "calls.csv"
    path.write_text(CALLS)
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


def run(app: AppTest, forge: Callable[[Widget], list[str] | str | float | None], press: str = "") -> None:
    """Run a page with the values that `forge` makes for its widgets, None for those that are to be as they are.

    The button that says `press` is pressed.
    """
    states = WidgetStates()
    for node in app._tree:
        if not isinstance(node, Widget) or not hasattr(node.proto, "id"):
            continue
        value = True if node.type == "button" and node.proto.label == press else forge(node)
        if value is not None:
            put(states.widgets.add(id=node.proto.id), value)
    app._run(widget_state=states)


def choosing(key: str, name: str) -> Callable[[Widget], list[str] | None]:
    """Return what sends one name of the list with a key, as a browser does."""
    return lambda node: [name] if node.key == key else None


def put(state: WidgetState, value: dict[str, int] | list[str] | str | float) -> None:
    if value is True:
        state.trigger_value = True
    elif isinstance(value, dict):
        state.json_value = json.dumps(value)
    elif isinstance(value, list):
        state.string_array_value.data[:] = value
    elif isinstance(value, str):
        state.string_value = value
    else:
        state.double_value = value


def forged(choose: Callable[[list[str]], list[str]]) -> Callable[[Widget], Any]:
    """Return what makes a value of each kind of widget; `choose` those of a list, of the labels that it offers."""

    def forge(node: Widget) -> Any:
        if node.type in ("multiselect", "button_group"):
            return choose([str(option) for option in node.proto.options])
        if node.type == "selectbox":
            return choose(list(node.proto.options))[0]
        if node.type == "date_input":
            return ["0001-01-01"]
        if node.type in ("text_input", "text_area"):
            return LONG
        return -5.0 if node.type == "number_input" else None

    return forge


FORGERIES: dict[str, Callable[[list[str]], list[str]]] = {
    "unknown": lambda _: ["nonsense"],
    "long": lambda _: [LONG],
    "many": lambda _: [f"x{number}" for number in range(4_000)],
    "upper": lambda labels: [label.upper() for label in labels] or ["X"],
    "title": lambda labels: [label.title() for label in labels] or ["X"],
    "folded": lambda labels: [label.casefold() for label in labels] or ["x"],
}


NUMBER = -1.5
WRONG_KINDS: list[Any] = [math.nan, math.inf, NUMBER, "x", ["x"], [LONG], {"a": 1}]
"""A number for a list, a list for a number, numbers that are none, and an object, which nothing takes."""


def test_values_of_a_wrong_kind_leave_a_page_as_it_was(app: AppTest) -> None:
    app.run()
    app.multiselect(key="campaignId").select("a").run()
    app.switch_page("evaluations.py").run()
    kinds = ("multiselect", "selectbox", "button_group", "number_input", "date_input", "text_input")
    for value in WRONG_KINDS:
        is_number = value == NUMBER  # which the fields of numbers take

        def forge(node: Widget, value: Any = value, is_number: bool = is_number) -> Any:
            return value if node.type in kinds and not (is_number and node.type == "number_input") else None

        run(app, forge)
        assert not app.exception, (value, app.exception[0].stack_trace)
        assert not [each.value for each in app.error if "went wrong" in each.value], value
        app.run()
        assert not app.exception and not app.error, "the next run is as good as any"
    assert app.dataframe[0].value["Id"].tolist() == ["1"]


@pytest.mark.parametrize("value", [{"a": 1}, [LONG], -1.5], ids=["object", "list", "number"])
def test_values_of_a_wrong_kind_before_their_widgets_are_known(app: AppTest, value: Any) -> None:
    """A session that begins with them draws what any other does."""
    app.run()
    kinds = ("multiselect", "selectbox", "button_group", "date_input", "text_input")
    ids = [node.proto.id for node in app._tree if isinstance(node, Widget) and node.type in kinds]
    assert len(ids) > 4
    fresh = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    states = WidgetStates()
    for each in ids:
        put(states.widgets.add(id=each), value)
    fresh._run(widget_state=states)
    fresh.run()
    assert not fresh.exception, fresh.exception[0].stack_trace
    assert not fresh.error, [each.value for each in fresh.error]
    assert len(fresh.multiselect) > 2


def test_the_limits_of_filters_hold_for_what_widgets_send(app: AppTest) -> None:
    app.run()
    app.multiselect(key="campaignId").select("a").run()
    assert "campaignId" in app.query_params
    for values, why in (
        ([f"x{number}" for number in range(MAX_VALUES + 1)], "more than 1,000 ids"),
        (["x" * (MAX_VALUE_LENGTH + 1)], "1,001 characters"),
    ):
        run(app, lambda node, values=values: values if node.key == "campaignId" else None)  # type: ignore[misc]
        assert not app.exception
        assert [warning.value for warning in app.warning if why in warning.value]
        assert app.multiselect(key="campaignId").value == ["a"], "all is as it was"
        assert app.query_params["campaignId"] in ("a", ["a"])
    app.multiselect(key="campaignId").select("b").run()
    assert not app.warning, "the notice goes with the next choice"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_breaks(app: AppTest, page: str) -> None:
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    for name, choose in FORGERIES.items():
        run(app, forged(choose))
        assert not app.exception, (name, app.exception[0].stack_trace)
        assert not [each.value for each in app.error if "went wrong" in each.value]
        for key in ("campaignId", "state", "granularity", "metric", "compare", "scores", "by"):
            kept = app.session_state[key]
            assert len(str(kept)) < 1_000, (name, key)
        assert not app.exception, name


def test_what_is_exported_is_on_offer(app: AppTest) -> None:
    app.run()
    app.switch_page("exports.py").run()
    started = 0
    for choose in FORGERIES.values():
        run(app, forged(choose), "Start export")
        assert not app.exception
        started += any(button.label == "Start export" for button in app.button)  # else nothing has the ids asked for
    queue = workspaces.current().queue
    jobs = [queue.get(job.id) for job in queue.newest((JobKind.EXPORT,))]
    assert len(jobs) == started >= 3
    for job in jobs:
        assert job is not None and job.payload["report"] in REPORTS and job.payload["format"] in FORMATS
        assert job.payload["granularity"] in ("daily", "weekly", "monthly")


def test_the_mapping_of_a_file_is_on_offer(app: AppTest, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("Number,Day,Mood,State\n1,2024-01-01,Very good,Done\n2,2024-01-02,Bad,Done\n")
    app.run()
    form = AppTest.from_string(
        "from pathlib import Path\nimport streamlit as st\nfrom lib import workspace\nfrom lib.ui import mapping_form\n"
        "from lib.ingest.mapping_toml import write_mapping\nfrom lib.ingest.file_reading import InputFile\n"
        f"file = InputFile(Path({str(path)!r}), 'other.csv')\n"
        "mapped = mapping_form.show(workspace.current(), (file,), None, 'x')\n"
        "st.session_state['toml'] = mapped and write_mapping(mapped.mapping)\n",
        default_timeout=LONG_SECONDS,
    )
    form.run()
    assert form.session_state["toml"]
    for name, choose in FORGERIES.items():
        run(form, forged(choose))
        assert not form.exception, (name, form.exception[0].stack_trace)
        assert len(form.session_state["toml"] or "") < 10_000


def test_a_note_without_a_day_is_today_s(app: AppTest) -> None:
    """A day that has been chosen can't be cleared by hand, but by who makes values up."""
    app.run()
    app.switch_page("trends.py").run()
    app.session_state["cb-notes"] = True
    app.run()
    forged_note: dict[str, Any] = {"_note_day": [], "_note_text": "made up"}
    run(app, lambda node: forged_note.get(str(node.key)), "Add note")
    assert not app.exception and not app.error
    space = workspaces.current()
    today = space.calendar.today
    assert [note.text for note in space.notes.between(today, today)] == ["made up"]


@pytest.mark.parametrize("typed", ["²", "9" * 5_000])
def test_a_sheet_that_only_looks_like_a_number(app: AppTest, typed: str) -> None:
    app.run()
    form = AppTest.from_string(
        "from lib.ui import mapping_file_options\nfrom lib.ingest.mapping import FileOptions\n"
        "mapping_file_options.draw_layout(FileOptions(sheet=2), None, 'x')\n",
        default_timeout=LONG_SECONDS,
    )
    form.run()
    run(form, lambda node: typed if getattr(node.proto, "label", "") == "Sheet" else None)
    assert not form.exception


@pytest.mark.parametrize(
    "points", [None, "x", {"date": "x"}, [], ["x"], [None], [{}], [{"other": "x"}], [{"date": None}], 5]
)
def test_a_click_on_nothing(points: object) -> None:
    assert charts.clicked_value(points, "date") is None


def test_a_click_on_a_point() -> None:
    assert charts.clicked_value([{"date": "2024-01-01"}], "date") == "2024-01-01"


@pytest.mark.parametrize(("page", "dimension"), [("campaigns", "Campaign"), ("drivers", "Campaign")])
def test_a_row_that_is_not_there(app: AppTest, page: str, dimension: str) -> None:
    day, before = "2024-01-02", "2024-01-01"
    app.query_params.update({"dateFrom": day, "dateTo": day, "compare": "own"})
    app.query_params.update({"compareFrom": before, "compareTo": before})
    app.run()
    app.switch_page(f"{page}.py").run()
    clicked = [table.proto.button_click_widgets for table in app.dataframe if table.proto.button_click_widgets]
    states = WidgetStates()
    states.widgets.add(id=clicked[0][dimension]).string_trigger_value.data = '{"row": 100000, "label": "x"}'
    app._run(widget_state=states)
    assert not app.exception


@pytest.mark.parametrize("path", [path for path in SOURCES if module(path).startswith(("lib.ui", "pages"))], ids=module)
def test_lists_and_fields_are_drawn_by_inputs(path: Path) -> None:
    """A list's answer is among what it offers, a field's text has a limit; Streamlit alone promises neither."""
    if module(path) == "lib.ui.inputs":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        of_inputs = isinstance(node.func.value, ast.Name) and node.func.value.id == "inputs"
        if node.func.attr in ("selectbox", "multiselect", "radio", "pills", "select_slider"):
            assert of_inputs, f"{path}:{node.lineno}: {node.func.attr} of Streamlit's own"
        if node.func.attr in ("text_input", "text_area", "chat_input"):
            limited = any(each.arg == "max_chars" for each in node.keywords)
            assert of_inputs or limited, f"{path}:{node.lineno}: a text without a limit"
