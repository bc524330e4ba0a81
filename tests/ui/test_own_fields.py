"""Own fields on the pages: their filters in the sidebar, links to fields that are gone, labels that would be code."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.analytics import field_definitions
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.sharing.saved_views import EVERYONE
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

HOSTILE = "*Channel* <b>{x}</b> :red[x] $x$"
CALLS = """\
id,audioDate,averageNote,executiveName,Channel,Lang,CSAT,Resolved,Comments,Seen
1,2024-01-01,9,Ann,chat,es,4.5,Y,called <b>twice</b> {x},2024-01-01T23:30:00Z
2,2024-01-02,5,Bob,phone,en,2,N,,
3,2024-01-03,7,Bob,,en,,,"refund, *please*",
"""
MAPPING = f"""
[fields]
channel = {{ column = "Channel", label = "{HOSTILE}" }}
language = {{ column = "Lang", label = "Score" }}
csat = {{ column = "CSAT", type = "number", label = "Satisfaction", unit = "points" }}
resolved = {{ column = "Resolved", type = "yes_no", yes = ["Y"], no = ["N"], label = "Resolved" }}
remark = {{ column = "Comments", type = "text", label = "Remark" }}
seen = {{ column = "Seen", type = "instant", label = "Seen at" }}
"""
EMPTY = (
    OwnField(0, "empty", OwnFieldType.CATEGORY, "Empty"),
    OwnField(0, "emptyToo", OwnFieldType.NUMBER, "Empty too"),
    OwnField(0, "emptyThree", OwnFieldType.YES_NO, "Empty three"),
)


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def app(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """Give the pages of a workspace with own fields: a copy of one that is filled once."""
    filled = tmp_path.parent / "filled-own-fields"
    if not filled.exists():
        path = tmp_path / "calls.csv"
        path.write_text(CALLS)
        opened = Workspace(settings.model_copy(update={"data_dir": filled}))
        payload = {"files": [(str(path), "calls.csv")], "mapping": MAPPING, "actor": "test"}
        TASKS["import"](opened, payload, lambda *_: None)
        with opened.facts.write() as connection:
            field_definitions.define(connection, EMPTY)
        opened.close()
    shutil.copytree(filled, settings.data_dir)
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


def shown(app: AppTest) -> str:
    """Return what the page says in its own HTML."""
    bodies = (re.sub(r"<[^>]+>", " ", each.proto.body) for each in app.get("html"))
    return html.unescape(" ".join(" ".join(bodies).split()))


def notices(app: AppTest) -> str:
    return " ".join(each.value for each in app.warning).replace("\\", "")


def gone(name: str, *, is_archived: bool = False) -> None:
    """Delete a field, or archive it."""
    with workspaces.current().facts.write() as connection:
        if is_archived:
            field_definitions.change(connection, name, archived=True)
        else:
            field_definitions.delete(connection, name)


def test_each_kind_of_field_has_its_filter(app: AppTest) -> None:
    app.run()
    assert app.multiselect(key="field.channel").options == ["(none)", "chat", "phone"]
    assert app.multiselect(key="field.resolved").options == ["Yes", "No", "(none)"]
    app.multiselect(key="field.channel").select("chat").select("(none)").run()
    assert app.query_params["field.channel"] == ["chat", "(none)"]
    assert f"{HOSTILE}: chat, (none)" in shown(app) and "2 evaluations" in shown(app)
    app.multiselect(key="field.resolved").select("Yes").run()
    app.number_input(key="field.csat.min").set_value(4.25).run()
    assert "Resolved: Yes" in shown(app) and "Satisfaction (points): at least 4.25" in shown(app)
    assert "1 evaluation " in shown(app)
    next(button for button in app.button if button.label == "Reset filters").click().run()
    assert "3 evaluations" in shown(app) and not app.exception
    assert not [name for name in app.query_params if name.startswith("field.")]


def test_only_fields_with_data_have_a_filter(app: AppTest) -> None:
    app.run()
    keys = {widget.key for widget in (*app.multiselect, *app.number_input)}
    assert {"field.channel", "field.csat.min", "field.csat.max", "field.resolved"} <= keys
    assert not {key for key in keys if key and key.startswith("field.empty")}
    app.query_params.update({"field.empty": "x", "field.emptyToo.max": "3", "period": "all"})
    app.run()
    keys = {widget.key for widget in (*app.multiselect, *app.number_input)}
    assert {"field.empty", "field.emptyToo.min", "field.emptyToo.max"} <= keys and not app.exception


def test_labels_are_the_users_text(app: AppTest) -> None:
    """They are no Markdown, and are not looked up: one that is called like a text of ours stays as it is."""
    app.query_params.update({"lang": "es", "field.language": "es", "period": "all"})
    app.run()
    label = app.multiselect(key="field.channel").label
    assert label.replace("\\", "") == HOSTILE and r"\*Channel\* \<b\>\{x\}" in label
    assert app.multiselect(key="field.language").label == "Score"
    assert "Score: es" in shown(app)
    assert app.number_input(key="field.csat.min").label.replace("\\", "") == "Satisfaction (points) desde"
    assert app.multiselect(key="field.resolved").options == ["Sí", "No", "(sin asignar)"]


@pytest.mark.parametrize("is_archived", [False, True])
def test_a_link_to_a_field_that_is_gone_shows_the_rest(app: AppTest, is_archived: bool) -> None:
    app.run()
    gone("channel", is_archived=is_archived)
    app.query_params.update({"field.channel": ["chat"], "field.resolved": ["true"], "period": "all"})
    app.run()
    assert "There is no field field.channel" in notices(app) and "deleted or archived" in notices(app)
    assert "Resolved: Yes · 1 evaluation" in shown(app) and not app.error and not app.exception


def test_a_filter_whose_field_goes_while_the_page_is_open_is_told(app: AppTest) -> None:
    app.run()
    app.multiselect(key="field.channel").select("chat").run()
    gone("channel")
    app.run()
    assert "There is no field field.channel" in notices(app) and "3 evaluations" in shown(app)
    assert "field.channel" not in app.query_params and not app.exception


def test_saved_views_and_pinned_links_with_a_field_that_is_gone(app: AppTest) -> None:
    app.run()
    app.multiselect(key="field.channel").select("chat").run()
    app.button(key="pin").click().run()
    pinned = app.session_state["_pinned_now"]
    space = workspaces.current()
    asked = {"field.channel": ["chat"], "field.resolved": ["true"]}
    view = space.views.save(EVERYONE, "Chats", "campaigns", asked)
    space.views.set_default(view.id, EVERYONE)
    gone("channel")
    for query, page in (({"view": view.id}, "campaigns"), ({}, "campaigns"), ({"link": pinned}, "")):
        fresh = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
        fresh.query_params.update(query)
        fresh.run()
        assert "There is no field field.channel" in notices(fresh), query
        assert not fresh.error and not fresh.exception
        assert ("Resolved: Yes" in shown(fresh)) is bool(page)
        # The figures that are shown are of another selection than those that were pinned.
        assert "This link was made on" not in shown(fresh)


GROUPINGS = {
    "field.channel": (["Total", "(none)", "chat", "phone"], "field.channel", ["chat"]),
    "field.resolved": (["Total", "Yes", "No", "(none)"], "field.resolved", ["true"]),
    "executive": (["Total", "Bob", "Ann"], "executiveId", ["Ann"]),
    "isAICall": (["Total", "Human"], "isAICall", "false"),
    "state": (["Total", "Completed"], "state", ["Completed"]),
    "sentiment": (["Total", "(none)"], "sentiment", ["(none)"]),
}


@pytest.mark.parametrize("by", GROUPINGS)
def test_a_breakdown_by_anything(app: AppTest, by: str) -> None:
    groups, parameter, opened = GROUPINGS[by]
    app.query_params.update({"by": by, "period": "all"})
    app.run()
    app.switch_page("breakdown.py").run()
    assert not app.exception and not app.error
    frame = app.dataframe[0].value
    assert sorted(frame.iloc[:, 0]) == sorted(groups) and frame["Evaluations"].tolist()[0] == 3
    assert frame["Evaluations"].tolist()[1:] == sorted(frame["Evaluations"].tolist()[1:], reverse=True)
    app.query_params[parameter] = opened  # as a click on the group does
    app.run()
    assert not app.exception and len(app.dataframe[0].value) == 2


def test_only_what_is_in_use_is_offered(app: AppTest) -> None:
    app.run()
    app.switch_page("breakdown.py").run()
    assert app.selectbox(key="by").options == [
        *("Campaign", "Executive", "Handled by", "State", "Sentiment"),
        *(HOSTILE, "Score", "Resolved"),
    ]
    assert app.selectbox(key="by").label == "Group by"
    app.switch_page("trends.py").run()
    assert app.selectbox(key="split").options == [
        "No split",
        *("Executive", "Handled by", "State", "Sentiment", HOSTILE, "Score", "Resolved"),
    ]
    app.selectbox(key="split").select(HOSTILE).run()
    assert app.query_params["split"] in ("field.channel", ["field.channel"]) and not app.exception
    assert HOSTILE in app.dataframe[0].value.columns


def test_what_changed_by_an_own_field(app: AppTest) -> None:
    days = {"dateFrom": "2024-01-02", "dateTo": "2024-01-02", "compareFrom": "2024-01-01", "compareTo": "2024-01-01"}
    asked = {**days, "by": "field.resolved", "compare": "own"}
    app.query_params.update(asked)
    app.run()
    app.switch_page("drivers.py").run()
    assert "State" not in app.selectbox(key="by").options
    told = shown(app)
    assert "The average score fell by 4.00, from 9.00 to 5.00. Mix (shares of the groups of Resolved)" in told
    assert not app.exception and not app.error


def test_evaluations_have_own_fields_as_columns(app: AppTest) -> None:
    app.query_params.update({"columns": ["field.csat", "field.seen", "field.nothing"], "timezone": "Asia/Tokyo"})
    app.run()
    app.switch_page("evaluations.py").run()
    assert "There is no field field.nothing" in notices(app)
    frame = app.dataframe[0].value
    assert HOSTILE not in frame.columns and list(frame.columns)[-2:] == ["Satisfaction (points)", "Seen at"]
    assert frame["Satisfaction (points)"].tolist()[1:] == [2.0, 4.5]
    assert str(frame["Seen at"].tolist()[2]) == "2024-01-02 08:30:00"
    chooser = app.multiselect(key="columns")
    assert chooser.options == [HOSTILE, "Score", "Satisfaction", "Resolved", "Remark", "Seen at"]
    chooser.set_value(["field.channel", "field.remark", "field.resolved"]).run()
    frame = app.dataframe[0].value
    assert frame[HOSTILE].tolist() == ["(none)", "phone", "chat"]
    assert frame["Remark"].tolist() == ["refund, *please*", "", "called <b>twice</b> {x}"]
    assert frame["Resolved"].tolist() == ["", "No", "Yes"] and not app.exception
    assert app.query_params["columns"] == ["field.channel", "field.resolved", "field.remark"] or set(
        app.query_params["columns"]
    ) == {"field.channel", "field.remark", "field.resolved"}


def test_an_evaluation_is_opened_with_its_own_fields(app: AppTest) -> None:
    app.query_params.update({"timezone": "Asia/Tokyo", "period": "all"})
    app.run()
    app.switch_page("evaluations.py").run()
    app.query_params["open"] = "1"
    app.run()
    own = app.dataframe[1].value
    assert dict(zip(own.iloc[:, 0], own.iloc[:, 1], strict=True)) == {
        HOSTILE: "chat",
        "Score": "es",
        "Satisfaction (points)": "4.5",
        "Resolved": "Yes",
        "Remark": "called <b>twice</b> {x}",
        "Seen at": "2 Jan 2024, 08:30",
    }
    assert not app.exception


def test_the_search_looks_in_remarks_and_says_so(app: AppTest) -> None:
    app.query_params.update({"search": "REFUND", "period": "all"})
    app.run()
    app.switch_page("evaluations.py").run()
    assert app.dataframe[0].value["Id"].tolist() == ["3"]
    (search,) = (each for each in app.text_input if each.key == "search")
    assert "recording file names and Remark" in search.help.replace("\\", "")
    app.text_input(key="search").set_value("nowhere").run()
    assert "or of a remark" in shown(app) and not app.exception
    gone("remark", is_archived=True)
    app.text_input(key="search").set_value("refund").run()
    assert "or of a recording's file name" in shown(app)


def test_the_overview_has_the_figures_of_own_fields(app: AppTest) -> None:
    days = {"dateFrom": "2024-01-02", "dateTo": "2024-01-03", "compareFrom": "2024-01-01", "compareTo": "2024-01-01"}
    app.query_params.update({**days, "compare": "own"})
    app.run()
    assert "Fields" in [each.value for each in app.subheader] and not app.exception
    frame = app.dataframe[0].value
    assert frame[["Field", "Figure"]].to_numpy().tolist() == [
        ["Satisfaction (points)", "average"],
        ["Satisfaction (points)", "sum"],
        ["Resolved", "share of yes"],
    ]
    assert frame["Value"].tolist() == [2.0, 2.0, 0.0] and frame["n"].tolist() == [1, 1, 1]
    assert frame["Change"].tolist() == [-2.5, -2.5, -1.0] and frame["Before"].tolist() == [4.5, 4.5, 1.0]
    gone("csat")
    gone("resolved", is_archived=True)
    app.run()
    assert "Fields" not in [each.value for each in app.subheader] and not app.exception


def test_trends_of_an_own_metric(app: AppTest) -> None:
    app.query_params["period"] = "all"
    app.run()
    app.switch_page("trends.py").run()
    chooser = app.selectbox(key="metric")
    own = ["Satisfaction (points): average", "Satisfaction (points): sum", "Resolved: share of yes"]
    assert chooser.options[-3:] == own
    chooser.select(own[0]).run()
    assert app.query_params["metric"] in ("field.csat", ["field.csat"]) and not app.exception
    assert app.dataframe[0].value[own[0]].dropna().tolist() == [2.0, 4.5]
    app.selectbox(key="split").select("Resolved").run()
    frame = app.dataframe[0].value
    held = frame.dropna(subset=[own[0]])
    assert held[["Resolved", own[0]]].to_numpy().tolist() == [["No", 2.0], ["Yes", 4.5]] and not app.exception
    app.query_params["metric"] = "field.gone"
    app.run()
    assert "There is no field field.gone" in notices(app) and not app.exception
