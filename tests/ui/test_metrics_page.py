"""The Metrics page: what is listed, a metric from its formula to its second version, faults, and who may change what."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.users import LOCAL, Role
from lib.analytics.grants import EVERYTHING
from lib.analytics.queries import options
from lib.catalog.dimensions import CAMPAIGN
from lib.catalog.own_metrics import MetricDefinition
from lib.jobs import metric_tasks
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui.metric_draft import proposed_name
from lib.ui.metric_preview import fault_lines
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.ui.test_forged_values import FORGERIES, forged, run
from tests.waiting import LONG_SECONDS

HOSTILE = "*Share* <b>{x}</b> :red[x] $x$"
CALLS = """\
id,audioDate,averageNote,executiveName,campaignName,isAICall,Resolved,Refund
1,2024-01-01,9,Ann,Retention,true,Y,1
2,2024-01-02,5,Bob,Retention,false,N,2.5
3,2024-01-03,7,Bob,Sales,false,,
4,2024-01-04,8,Ann,Sales,true,Y,4
"""
MAPPING = """
[fields]
resolved = { column = "Resolved", type = "yes_no", yes = ["Y"], no = ["N"], label = "Resolved" }
refund = { column = "Refund", type = "number", label = "Refund", unit = "€" }
"""


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def app(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Give the page of a workspace with own fields: a copy of one that is filled once."""
    filled = tmp_path.parent / "filled-metrics"
    if not filled.exists():
        path = tmp_path / "calls.csv"
        path.write_text(CALLS)
        opened = Workspace(settings.model_copy(update={"data_dir": filled}))
        payload = {"files": [(str(path), "calls.csv")], "mapping": MAPPING, "actor": "test"}
        TASKS["import"](opened, payload, lambda *_: None)
        opened.close()
    shutil.copytree(filled, settings.data_dir)
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    app = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    app.query_params["period"] = "all"
    app.run()
    yield app.switch_page("own_metrics.py").run()
    workspaces.close_current()


def shown(app: AppTest) -> str:
    """Return what the page says in its own HTML."""
    bodies = (re.sub(r"<[^>]+>", " ", each.proto.body) for each in app.main.get("html"))
    return html.unescape(" ".join(" ".join(bodies).split()))


def field(app: AppTest, name: str, kind: str = "text_input") -> str:
    """Return the key of an input of the editor as it is now."""
    keys = [str(each.key) for each in getattr(app, kind) if re.fullmatch(rf"_metric-\d+-{name}", str(each.key))]
    assert len(keys) == 1, (name, keys)
    return keys[0]


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.replace("\\", "") == label).click()
    return app.run()


def write(app: AppTest, formula: str, label: str = "") -> AppTest:
    """Write a formula, and a label where one is said."""
    if label:
        app.text_input(key=field(app, "label")).set_value(label)
    app.text_area(key=field(app, "formula", "text_area")).set_value(formula)
    return app.run()


def metrics() -> dict[str, MetricDefinition]:
    return {each.name: each for each in workspaces.current().catalog.metric_definitions}


def test_without_a_metric_of_one_s_own(app: AppTest) -> None:
    assert not app.exception and not app.error
    assert "No metrics of your own yet" in shown(app) and "4 evaluations" in shown(app)
    listed = app.dataframe[0].value
    assert listed["Name"].tolist()[:3] == ["totalEvaluations", "completedEvaluations", "averageScore"]
    assert set(listed["Version"]) == {"built in"}
    assert "percentile(score, 90)" in shown(app) and 'failed("Greeting")' in shown(app)
    press(app, "avg_if(score, is_ai)")
    assert app.text_area(key=field(app, "formula", "text_area")).value == "avg_if(score, is_ai)"
    assert "8.50" in shown(app) and "n = 2" in shown(app)


def test_from_a_formula_to_its_second_version_and_back(app: AppTest) -> None:
    write(app, "share(field.resolved)", "Resolved on first contact")
    app.selectbox(key=field(app, "unit", "selectbox")).select("share").run()
    assert "66.7 %" in shown(app) and "n = 3" in shown(app) and "95 % CI" in shown(app)
    assert len(app.get("vega_lite_chart")) + len(app.get("arrow_vega_lite_chart")) == 1
    press(app, "Save")
    assert [each.value for each in app.success] == ["Resolved on first contact is saved: version 1."]
    made = metrics()["resolvedOnFirstContact"]
    assert (made.formula, made.unit, made.version) == ("share(field.resolved)", "share", 1)
    assert app.dataframe[0].value.iloc[0].tolist() == [
        *("Resolved on first contact", "resolvedOnFirstContact", "share(field.resolved)", "Share (%)", "1", "")
    ]
    write(app, "share_if(field.resolved, is_ai)")
    app.number_input(key=field(app, "target", "number_input")).set_value(0.8).run()
    assert "100.0 %" in shown(app)
    press(app, "Save")
    assert [each.value for each in app.success] == ["Resolved on first contact is saved: version 2."]
    assert metrics()["resolvedOnFirstContact"].target == "0.8"
    assert app.dataframe[0].value["Target"][0] == "80.0 %"
    assert app.dataframe[1].value["Version"].tolist() == [2, 1]
    press(app, "Use this version again")
    assert app.text_area(key=field(app, "formula", "text_area")).value == "share(field.resolved)"
    press(app, "Save")
    assert metrics()["resolvedOnFirstContact"].version == 3


def test_a_metric_is_archived_and_brought_back(app: AppTest) -> None:
    write(app, "avg(score)", HOSTILE)
    app.text_input(key=field(app, "name")).set_value("mean").run()
    press(app, "Save")
    assert HOSTILE in app.success[0].value.replace("\\", "") and r"\*Share\*" in app.success[0].value
    press(app, f"Archive {HOSTILE}")
    assert metrics()["mean"].archived and not app.exception
    assert "No metrics of your own yet" in shown(app)
    assert app.selectbox(key="_metric_chosen").value == ""
    write(app, "avg(score)", "Other")
    app.text_input(key=field(app, "name")).set_value("mean").run()
    press(app, "Save")
    assert "There is a metric mean already" in app.error[0].value
    press(app, "Bring back")
    assert not metrics()["mean"].archived
    assert app.dataframe[0].value["Label"][0] == HOSTILE


@pytest.mark.parametrize(
    ("formula", "says", "mark"),
    [
        ("avg(scor)", "There is no 'scor'", "    ^"),
        ("avg(score", "The end is not expected here", "         ^"),
        ("1 + score", "'score' is of one evaluation", "    ^"),
        ("avg(score) +\n  $x", "'$' means nothing", "  ^"),
    ],
)
def test_a_wrong_formula_shows_its_place(app: AppTest, formula: str, says: str, mark: str) -> None:
    write(app, formula, "Wrong")
    (error,) = app.error
    assert says in error.value.replace("\\", "").replace("\u2060", "")
    (block,) = [each.proto.body for each in app.main.get("html") if "cb-fault" in each.proto.body]
    lines = re.sub(r"<[^>]+>", "", block).split("\n")
    assert lines[0] == formula.split("\n")[-1] and lines[1] == mark
    press(app, "Save")
    assert not metrics() and not app.exception
    assert "Not saved: the formula is not right yet." in [each.value for each in app.error]


def test_a_text_that_no_group_has_is_named(app: AppTest) -> None:
    write(app, 'count_if(campaign = "Retenton") + count_if(campaign = "Nobody")', "Misspelt")
    warned = " ".join(each.value for each in app.warning)
    assert "Retenton" in warned and "Nobody" in warned and "met by nothing" in warned
    write(app, "count_if(campaign is null)")
    assert not app.warning and not app.exception


def test_fault_lines() -> None:
    long = "avg(score) + " * 20 + "x"
    line, mark = fault_lines(long, len(long))
    assert line[mark.index("^")] == "x" and line.startswith("…") and len(line) < 70
    assert fault_lines("", 1) == ("", "^")
    assert fault_lines("avg(", 5) == ("avg(", "    ^")
    assert fault_lines("a\n\tb", 4) == (" b", " ^")


def test_names_are_put_into_the_formula(app: AppTest) -> None:
    box = app.selectbox(key=field(app, "insert", "selectbox"))
    assert "field.refund · Refund (€) · column" in box.options
    assert "averageScore · Average score · metric" in box.options
    assert "share(score >= 8) · function" in box.options
    box.select("averageScore").run()
    app.selectbox(key=field(app, "insert", "selectbox")).select("share(score >= 8)").run()
    assert app.text_area(key=field(app, "formula", "text_area")).value == "averageScore share(score >= 8)"
    assert app.selectbox(key=field(app, "insert", "selectbox")).value is None


def test_the_same_but_only_where(app: AppTest) -> None:
    app.selectbox(key="_metric_chosen").select("averageScore").run()
    press(app, "The same, but only where …")
    assert app.text_area(key=field(app, "formula", "text_area")).value == "avg_if(score, …)"
    assert [each.value for each in app.info] == [
        "Fill in the condition: the formula counts only the evaluations that fulfill it."
    ]
    app.text_input(key=field(app, "condition")).set_value('campaign = "Retention"').run()
    assert app.text_area(key=field(app, "formula", "text_area")).value == 'avg_if(score, campaign = "Retention")'
    assert "7.00" in shown(app) and not app.error
    app.text_input(key=field(app, "label")).set_value("Retention").run()
    press(app, "Save")
    assert metrics()["retention"].formula == 'avg_if(score, campaign = "Retention")'
    assert metrics()["retention"].better == "higher"


def test_what_can_not_be_narrowed_has_no_such_button(app: AppTest) -> None:
    write(app, "median(score)", "Median")
    press(app, "Save")
    assert "median" not in metrics() and "means something in formulas" in app.error[0].value
    write(app, "median(score)", "Middle score")
    press(app, "Save")
    assert "middleScore" in metrics() and not [each for each in app.button if each.label.startswith("The same")]


def test_where_a_metric_is_used_is_said(app: AppTest) -> None:
    space = workspaces.current()
    metric_tasks.set_metric(space, "test", "base", {"formula": "avg(score)", "label": "Base"})
    metric_tasks.set_metric(space, "test", "twice", {"formula": "2 * base", "label": "Twice"})
    app.run()
    app.selectbox(key="_metric_chosen").select("base").run()
    assert "Used by: Twice. They change with it." in [each.value for each in app.caption]
    press(app, "Archive Base")
    (warning,) = app.warning
    assert "Twice" in warning.value and "can't be computed" in warning.value


@pytest.mark.parametrize(
    "target",
    [
        {"value": 8, "from": "2026-01-01", "campaign": {"a": 7.5}},
        [7, {"value": 8, "from": "2026-01-01"}],
        {"campaign": {"a": 7.5}, "executive": {"b": 7}},
        {"campaign": {f"c{number}": 7 for number in range(51)}},
    ],
    ids=["dated", "listed", "two dimensions", "many groups"],
)
def test_a_target_that_the_inputs_do_not_hold_stays(app: AppTest, target: object) -> None:
    space = workspaces.current()
    metric_tasks.set_metric(space, "test", "base", {"formula": "avg(score)", "target": target})
    app.run()
    app.selectbox(key="_metric_chosen").select("base").run()
    assert not [each for each in app.number_input if str(each.key).endswith("-target")]
    write(app, "avg(score) + 1")
    press(app, "Save")
    saved = metrics()["base"]
    assert (saved.version, json.loads(str(saved.target))) == (2, target)
    assert app.dataframe[0].value["Target"][0] == "by group or date"


def test_targets_of_groups_are_seen_and_changed(app: AppTest) -> None:
    space = workspaces.current()
    target = {"value": 8, "campaign": {"gone": 7.5}}
    metric_tasks.set_metric(space, "test", "base", {"formula": "avg(score)", "target": target})
    app.run()
    app.selectbox(key="_metric_chosen").select("base").run()
    assert app.number_input(key=field(app, "target_of:campaign:gone", "number_input")).value == 7.5
    chosen = app.multiselect(key=field(app, "target_of:campaign", "multiselect"))
    assert chosen.value == ["gone"] and "gone (unknown)" in chosen.options
    retention = next(each for each in space.answers.run(options, CAMPAIGN, EVERYTHING, space.catalog))
    chosen.set_value(["gone", retention.id]).run()
    app.number_input(key=field(app, f"target_of:campaign:{retention.id}", "number_input")).set_value(6.25).run()
    app.number_input(key=field(app, "target_of:campaign:gone", "number_input")).set_value(None).run()
    press(app, "Save")
    assert json.loads(str(metrics()["base"].target)) == {"value": 8, "campaign": {retention.id: 6.25}}
    app.selectbox(key=field(app, "target_by", "selectbox")).select("").run()
    press(app, "Save")
    assert metrics()["base"].target == "8"


def test_a_built_in_metric_may_have_a_target(app: AppTest) -> None:
    app.selectbox(key="_metric_chosen").select("averageScore").run()
    assert "7.25" in shown(app) and not app.text_area
    app.number_input(key=field(app, "target", "number_input")).set_value(8.0).run()
    press(app, "Save")
    assert metrics()["averageScore"].target == "8" and not app.error


def test_what_is_written_is_kept_while_another_page_is_looked_at(app: AppTest) -> None:
    write(app, "sum(field.refund)", "Refunds")
    app.selectbox(key=field(app, "unit", "selectbox")).select("other").run()
    app.text_input(key=field(app, "own_unit")).set_value("€").run()
    assert "7.50 €" in shown(app)
    app.switch_page("trends.py").run()
    app.switch_page("own_metrics.py").run()
    assert app.text_area(key=field(app, "formula", "text_area")).value == "sum(field.refund)"
    assert app.text_input(key=field(app, "label")).value == "Refunds" and "7.50 €" in shown(app)


def test_somebody_else_saves_meanwhile(app: AppTest) -> None:
    space = workspaces.current()
    metric_tasks.set_metric(space, "test", "base", {"formula": "avg(score)"})
    app.run()
    app.selectbox(key="_metric_chosen").select("base").run()
    metric_tasks.set_metric(space, "test", "base", {"formula": "avg(score) + 1"})
    app.run()
    assert "Someone saved version 2 meanwhile; yours will come after it." in [each.value for each in app.info]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST])
def test_others_see_the_list_alone(app: AppTest, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    metric_tasks.set_metric(workspaces.current(), "test", "base", {"formula": "avg(score)"})
    metric_tasks.set_metric(workspaces.current(), "test", "gone", {"formula": "avg(score)"})
    metric_tasks.archive_metric(workspaces.current(), "test", "gone", archived=True)
    monkeypatch.setattr("lib.ui.current_user.LOCAL", replace(LOCAL, role=role))
    app.run()
    assert app.dataframe[0].value["Name"][0] == "base" and not app.exception
    assert not app.text_area and not [each for each in app.button if each.label in ("Save", "Bring back")]


def test_forged_values(app: AppTest) -> None:
    metric_tasks.set_metric(workspaces.current(), "test", "base", {"formula": "avg(score)"})
    metric_tasks.set_metric(workspaces.current(), "test", "gone", {"formula": "avg(score)"})
    metric_tasks.archive_metric(workspaces.current(), "test", "gone", archived=True)
    app.run()
    app.selectbox(key="_metric_chosen").select("base").run()
    for name, choose in FORGERIES.items():
        for label in ("Save", "The same, but only where …", "Bring back"):
            run(app, forged(choose), label)
            assert not app.exception, (name, label, app.exception[0].stack_trace)
            assert not [each.value for each in app.error if "went wrong" in each.value]


def test_in_spanish_labels_stay_as_they_are(app: AppTest) -> None:
    metric_tasks.set_metric(workspaces.current(), "test", "base", {"formula": "avg(score)", "label": "Score"})
    app.query_params["lang"] = "es"
    app.run()
    assert app.dataframe[0].value["Etiqueta"][0] == "Score"
    write(app, "avg(scor)", "Falla")
    assert "No existe «scor»" in app.error[0].value.replace("\\", "")


def test_names_that_are_proposed() -> None:
    assert proposed_name("Resolved on first contact") == "resolvedOnFirstContact"
    assert (proposed_name(""), proposed_name("2 x 3"), proposed_name("Ñandú")) == ("", "X3", "and")
