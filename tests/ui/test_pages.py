"""Every page, drawn by Streamlit's own test runner: with data, without, with filters, with a link that can't be."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.access.users import LOCAL, Role
from lib.analytics.calendar import Granularity
from lib.analytics.grants import EVERYTHING, Grant
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import EnumDimension, EnumValue
from lib.exports.service import ExportRequest
from lib.i18n import override_language
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.reports import filter_text
from lib.settings import Settings
from lib.workspace import Workspace
from tests.conftest import ROOT
from tests.waiting import LONG_SECONDS

PAGES = [
    "overview",
    "campaigns",
    "call_centers",
    "executives",
    "evaluators",
    "criteria",
    "breakdown",
    "trends",
    "sample_size",
    "evaluations",
    "exports",
    "data",
]
CALLS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,campaignId,campaignName,callCenterName,engagementName,executiveName
1,2024-01-01,Completed,Positive,9,100,a,Alpha <b>&,North,One,Ann
2,2024-01-02,Completed,Negative,5,200,a,Alpha <b>&,South,One,Bob
3,2024-02-03,Pending,,,,b,Beta,South,Two,Bob
"""


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    yield AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    workspaces.close_current()


def fill(settings: Settings, tmp_path: Path) -> None:
    """Give the workspace its evaluations: a copy of one that they are imported into once."""
    filled = tmp_path.parent / "filled-pages"
    if not filled.exists():
        path = tmp_path / "calls.csv"
        path.write_text(CALLS)
        opened = Workspace(settings.model_copy(update={"data_dir": filled}))
        TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
        opened.close()
    shutil.copytree(filled, settings.data_dir)


def text(app: AppTest) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", each.proto.body) for each in app.get("html"))


@pytest.mark.parametrize("page", PAGES)
def test_with_data(app: AppTest, settings: Settings, tmp_path: Path, page: str) -> None:
    fill(settings, tmp_path)
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    assert not app.exception and not app.error
    assert len(app.title) == 1
    assert "3 evaluations" in " ".join(text(app).split())


@pytest.mark.parametrize("page", PAGES)
def test_without_data(app: AppTest, page: str) -> None:
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    assert not app.exception and not app.error
    assert ("No evaluations yet" if page != "data" else "No import yet") in text(app)
    links = [link.proto.label for link in app.main.get("page_link")]
    assert ("Go to Data" in links) is (page != "data")


def test_filters_from_the_url(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params.update({"campaignId": ["a"], "dateFrom": "2024-01-02", "dateTo": "2024-01-31"})
    app.run()
    assert app.multiselect(key="campaignId").value == ["a"]
    shown = " ".join(text(app).split())
    assert "2–31 Jan 2024 · Campaign: Alpha &lt;b&gt;&amp; · 1 evaluation" in shown
    assert "5.00" in shown


def test_changing_a_filter_changes_the_url(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.run()
    app.multiselect(key="campaignId").select("b").run()
    assert app.query_params["campaignId"] in ("b", ["b"])
    app.selectbox(key="_preset").select("thisYear").run()
    assert "dateFrom" in app.query_params and "dateTo" in app.query_params
    next(button for button in app.button if button.label == "Reset filters").click().run()
    assert dict(app.query_params) == {}
    assert not app.exception


PRESETS = {
    "Today": "today",
    "Yesterday": "yesterday",
    "Last 7 days": "last7",
    "Last 30 days": "last30",
    "Last 90 days": "last90",
    "This week": "thisWeek",
    "Last week": "lastWeek",
    "This month": "thisMonth",
    "Last month": "lastMonth",
    "This quarter": "thisQuarter",
    "Last quarter": "lastQuarter",
    "This year": "thisYear",
    "Last year": "lastYear",
}


def test_every_period_is_under_its_label(app: AppTest) -> None:
    app.run()
    assert app.selectbox(key="_preset").options == ["All time", *PRESETS, "Custom range"]
    days = workspaces.current().calendar.presets()
    for place, (label, name) in enumerate(PRESETS.items(), 1):
        app.selectbox(key="_preset").select_index(place).run()
        assert (app.date_input(key="dateFrom").value, app.date_input(key="dateTo").value) == days[name], label
    app.selectbox(key="_preset").select_index(0).run()
    assert app.date_input(key="dateFrom").value is None and app.date_input(key="dateTo").value is None


def test_a_link_that_can_not_be(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params.update(
        {"dateFrom": "2024-13-45", "campaignId": ["<script>alert(1)</script>"], "granularity": "hourly"}
    )
    app.run()
    assert not app.exception
    told = " ".join(warning.value for warning in app.warning)
    assert "dateFrom" in told and "granularity" in told
    assert "Not in the data: Campaign: &lt;script&gt;" in text(app)
    assert all("<script>" not in each.proto.body for each in app.get("html"))


def test_pages_are_in_sections(app: AppTest) -> None:
    app.run()
    drawn = [each for each in app.sidebar if each.type in ("html", "page_link")]
    named = [each.proto.body if each.type == "html" else each.proto.label for each in drawn]
    words = [re.sub(r"<[^>]+>", "", each) for each in named]
    places = [
        words.index(each)
        for each in ("Analyze", "Overview", "Evaluations", "Metrics", "Exports", "Administration", "Audit")
    ]
    assert places == sorted(places) and words[words.index("Metrics") - 1] == "Data"


@pytest.mark.parametrize(
    ("page", "has_filters", "is_compared"),
    [
        ("overview", True, True),
        ("trends", True, True),
        ("sample_size", True, False),
        ("evaluations", True, False),
        ("live", True, False),
        ("own_metrics", True, False),
        ("exports", True, False),
        ("reports", False, False),
        ("alerts", False, False),
        ("data", False, False),
        ("audit", False, False),
        ("settings", False, False),
    ],
)
def test_filters_stand_on_pages_that_go_by_them(
    app: AppTest, settings: Settings, tmp_path: Path, page: str, has_filters: bool, is_compared: bool
) -> None:
    fill(settings, tmp_path)
    app.query_params.update({"campaignId": ["a"], "compare": "year"})
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    assert not app.exception
    keys = {each.key for kind in (app.selectbox, app.multiselect) for each in kind}
    has_period = has_filters and page != "live"  # which has a time of its own
    assert [key in keys for key in ("_preset", "campaignId", "compare")] == [has_period, has_filters, is_compared]
    shown = " ".join(each.proto.body for each in app.get("html") if "cb-shown" in each.proto.body)
    assert ("compare" in shown) == is_compared, "where nothing is compared, the head says nothing of it"
    app.switch_page("campaigns.py").run()
    assert (app.multiselect(key="campaignId").value, app.selectbox(key="compare").value) == (["a"], "year")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "All time"),
        ({"dateFrom": "2024-01-02", "dateTo": "2024-01-31"}, "2–31 Jan 2024"),
        ({"dateFrom": "2024-01-02", "campaignId": "a"}, "Since 2 Jan 2024 · 1 filter"),
        ({"dateTo": "2024-01-31", "state": "Pending", "averageNote.min": "3"}, "Until 31 Jan 2024 · 2 filters"),
    ],
)
def test_the_filter_bar_says_what_is_set(app: AppTest, parameters: dict[str, str], words: str) -> None:
    app.query_params.update(parameters)
    app.run()
    bar = next(each.proto.body for each in app.main.get("html") if "cb-filter-bar" in each.proto.body)
    assert f"<span>{words}</span>" in bar


@pytest.mark.parametrize("page", [*PAGES, "drivers", "live", "own_metrics", "reports", "alerts", "audit", "settings"])
def test_each_page_has_help(app: AppTest, page: str) -> None:
    app.run()
    if page != "overview":
        app.switch_page(f"{page}.py").run()
    (help_of_page,) = (each.proto.body for each in app.main.get("html") if "cb-help" in each.proto.body)
    assert "<dt>" in help_of_page
    is_of_figures = page not in ("live", "own_metrics", "exports", "reports", "alerts", "data", "audit", "settings")
    assert ("Failed ÷ (completed + failed) evaluations." in help_of_page) == is_of_figures


def test_a_table_explains_its_columns(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.run()
    app.switch_page("executives.py").run()
    words = [each.proto.body for each in app.main.get("html") if "cb-help" in each.proto.body]
    assert "<dt>Rank</dt><dd>Possible ranks by average score" in words[-1]


def test_a_filter_of_what_is_not_there_is_named_and_removed(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params.update({"campaignId": "gone <b>", "state": "Completed"})
    app.run()
    shown = " ".join(text(app).split())
    assert "Not in the data: Campaign: gone &lt;b&gt;" in shown and "longer period" not in shown
    next(button for button in app.button if button.label == "Remove from the filters").click().run()
    assert "· 2 evaluations" in " ".join(text(app).split()) and not app.exception
    assert "campaignId" not in app.query_params and app.query_params["state"] in ("Completed", ["Completed"])


def test_an_instant_in_a_link_is_kept(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["dateTo"] = "2024-01-01T12:00:00+00:00"
    app.run()
    assert app.query_params["dateTo"] in ("2024-01-01T12:00:00+00:00", ["2024-01-01T12:00:00+00:00"])
    assert "· 1 evaluation" in " ".join(text(app).split())


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"durationInSeconds.max": "-5"}, 0),
        ({"durationInSeconds.min": "-5"}, 2),
        ({"averageNote.max": "-1"}, 0),
        ({"averageNote.min": "999999999999"}, 0),
        ({"averageNote.min": "-999999999999.5", "averageNote.max": "5.000001"}, 1),
        ({"dateFrom": "1960-01-01"}, 3),
        ({"dateTo": "1970-01-01T00:00:00+00:00", "timezone": "America/Lima"}, 0),
        ({"dateFrom": "2099-12-31T23:00:00+00:00", "timezone": "Asia/Tokyo"}, 0),
    ],
)
def test_a_filter_of_a_link_is_kept_however_far_it_reaches(
    app: AppTest, settings: Settings, tmp_path: Path, parameters: dict[str, str], count: int
) -> None:
    """A field that can't hold what a link asks for would show more evaluations than it, without a word."""
    fill(settings, tmp_path)
    app.query_params.update(parameters)
    for _ in range(2):
        app.run()
        assert f"· {count} evaluation" in " ".join(text(app).split()) and not app.exception
        assert not app.warning and set(app.query_params) == set(parameters)


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ("averageNote", "Score from is more than Score to (4.5); right would be a smaller number."),
        ("durationInSeconds", "Duration from (seconds) is more than Duration to (seconds) (4.5);"),
    ],
)
def test_fields_are_named_by_their_labels(
    app: AppTest, settings: Settings, tmp_path: Path, field: str, says: str
) -> None:
    fill(settings, tmp_path)
    app.run()
    app.number_input(key=f"{field}.max").set_value(4.5).run()
    app.number_input(key=f"{field}.min").set_value(9.0).run()
    assert not app.exception
    (told,) = (warning.value.replace("\\", "") for warning in app.warning)
    assert says in told and app.number_input(key=f"{field}.min").value is None
    assert all(app.number_input(key=f"{field}.{end}").label in says for end in ("min", "max"))


def test_labels_of_fields_in_spanish() -> None:
    with override_language("es"):
        assert filter_text.parameter_labels(BUILT_IN) == {
            "dateFrom": "Desde",
            "dateTo": "Hasta",
            "averageNote.min": "Puntaje desde",
            "averageNote.max": "Puntaje hasta",
            "durationInSeconds.min": "Duración desde (segundos)",
            "durationInSeconds.max": "Duración hasta (segundos)",
        }


def test_granularity(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["granularity"] = "monthly"
    app.run()
    app.switch_page("trends.py").run()
    assert app.dataframe[0].value["Evaluations"].tolist() == [1, 2]


def test_records(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.run()
    app.switch_page("evaluations.py").run()
    assert app.dataframe[0].value["Id"].tolist() == ["3", "2", "1"]
    app.multiselect(key="state").select("Pending").run()
    assert app.dataframe[0].value["Id"].tolist() == ["3"]
    assert app.query_params["state"] in ("Pending", ["Pending"])
    app.switch_page("overview.py").run()
    assert "State: Pending" in text(app) and "1 evaluation" in " ".join(text(app).split())
    app.multiselect(key="sentiment").select("(none)").run()
    assert "Sentiment: (none)" in text(app) and "1 evaluation" in " ".join(text(app).split())
    next(button for button in app.button if button.label == "Reset filters").click().run()
    assert "3 evaluations" in " ".join(text(app).split()) and not app.exception
    assert (app.multiselect(key="state").value, "state" in app.query_params) == ([], False)


def test_a_filter_that_is_declared_is_in_the_sidebar(
    app: AppTest, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(settings, tmp_path)
    length = EnumDimension(
        *("length", "Length", "lengths", "length", "duration_seconds"), values=(EnumValue("short", 100, "Short"),)
    )
    catalog = replace(BUILT_IN, version=1, filters=(*BUILT_IN.filters, length))
    monkeypatch.setattr(workspaces.Workspace, "catalog", catalog)
    app.run()
    app.multiselect(key="length").select("Short").run()
    assert app.query_params["length"] in ("short", ["short"]) and not app.exception
    assert "Length: Short" in text(app) and "1 evaluation" in " ".join(text(app).split())


def test_a_page_of_records_that_is_not_there(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["page"] = "999999999"
    app.run()
    app.switch_page("evaluations.py").run()
    assert app.dataframe[0].value["Id"].tolist() == ["3", "2", "1"]
    assert "1 to 3 of 3, newest first." in [caption.value for caption in app.caption]


def test_share_shows_the_address_of_the_page(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Also where the browser shows none, as an installed app."""
    fill(settings, tmp_path)
    app.run()
    assert [code.value.rpartition("/")[2] for code in app.code] == [""]
    app.multiselect(key="campaignId").select("a")
    app.number_input(key="averageNote.min").set_value(7.5).run()
    app.switch_page("evaluations.py").run()
    (shown,) = (code.value for code in app.code)
    path, _, query = shown.rpartition("/")[2].partition("?")
    assert (path, parse_qs(query)) == (
        "evaluations",
        {"campaignId": ["a"], "averageNote.min": ["7.5"], "period": ["all"]},
    )


def test_a_pinned_link_remembers_what_was_seen(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Also where a filter is changed by the same click's run."""
    fill(settings, tmp_path)
    app.run()
    app.multiselect(key="campaignId").select("a")
    app.button(key="pin").click().run()
    assert not app.exception
    link = workspaces.current().links.get(app.session_state["_pinned_now"])
    assert link is not None and "campaignId" not in link.parameters and link.measures["evaluations"] == 3


def test_exports_are_listed_whatever_the_filters(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["campaignId"] = "nobody"
    app.run()
    app.switch_page("exports.py").run()
    assert "Not in the data: Campaign: nobody" in text(app)
    assert "Recent exports" in [heading.value for heading in app.subheader]


@pytest.mark.usefixtures("app")
def test_people_that_someone_else_changed() -> None:
    """A form that is open does not change back what another admin has changed meanwhile."""
    space = workspaces.current()
    ana = space.people.add("ana@example.com", Role.ANALYST, Grant.of({"campaign": ["b"]}), "root")
    form = AppTest.from_string(
        "from lib import workspace\nfrom lib.ui import users_admin, current_user\n"
        "current_user.enter(workspace.current())\nusers_admin.show(workspace.current())\n",
        default_timeout=LONG_SECONDS,
    )
    form.run()
    form.selectbox(key="_person_chosen").select(ana.id).run()
    assert [box.value for box in form.selectbox if box.label == "Role"] == [Role.ANALYST, Role.VIEWER]
    space.people.change(ana.id, Role.VIEWER, Grant.of({"callCenter": ["n"], "campaign": ["a"]}), "other")
    next(button for button in form.button if button.label == "Save").click().run()
    assert not form.exception and "Someone changed this person meanwhile" in form.info[0].value
    now = space.people.get(ana.id)
    assert now is not None and (now.role, now.grant) == (
        Role.VIEWER,
        Grant.of({"callCenter": ["n"], "campaign": ["a"]}),
    )
    next(button for button in form.button if button.label == "Save").click().run()
    assert not form.info


@pytest.mark.usefixtures("app")
def test_an_export_is_repeated_within_the_limits_of_today(settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    space = workspaces.current()
    queue = space.queue
    filters = Filters.from_parameters({}, space.settings.zone, EVERYTHING, BUILT_IN)
    order = ExportRequest("evaluations", "csv", filters, Granularity.DAILY, "all").to_json()
    job = queue.add(JobKind.EXPORT, order, "ana@example.com")
    limited = replace(LOCAL, id="ana", email="ana@example.com", role=Role.ANALYST, grant=Grant.of({"campaign": ["b"]}))
    for person, orders in ((limited, 1), (replace(limited, grant=EVERYTHING), 2)):
        script = AppTest.from_string(
            "import streamlit as st\nfrom lib import workspace\nfrom lib.ui import export_page\n"
            "queue = workspace.current().queue\n"
            f"export_page._repeat(queue, '{job.id}')\n",
            default_timeout=LONG_SECONDS,
        )
        script.session_state["_person"] = person
        script.run()
        assert not script.exception and len(queue.newest((JobKind.EXPORT,))) == orders


def test_coverage_that_changed_is_told(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Half the calls of January have a score, nearly all of February's: the page says so beside the better scores."""
    rows = [f"j{n},2024-01-{n % 28 + 1:02},Completed,{'6' if n % 2 else ''}" for n in range(200)]
    rows += [f"f{n},2024-02-{n % 28 + 1:02},{'Pending' if n % 10 == 9 else 'Completed'},7" for n in range(200)]
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["id,audioDate,state,averageNote", *rows]) + "\n")
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    app.query_params.update({"dateFrom": "2024-02-01", "dateTo": "2024-02-28", "compare": "none"})
    app.run()
    assert "Coverage changed." not in text(app)
    app.query_params.update({"compare": "own", "compareFrom": "2024-01-01", "compareTo": "2024-01-31"})
    app.run()
    shown = " ".join(text(app).split())
    assert "90.0 % of the evaluations are completed, 100.0 % in 1–31 Jan 2024." in shown
    assert "100.0 % of the completed evaluations have a score, 50.0 % in 1–31 Jan 2024." in shown
    app.query_params.update({"compareFrom": "2024-02-01", "compareTo": "2024-02-28"})
    app.run()
    assert "Coverage changed." not in text(app)


@pytest.mark.parametrize(("now", "chance"), [(7, True), (9, False)])
def test_a_change_that_may_be_chance_is_called_so(
    app: AppTest, settings: Settings, tmp_path: Path, now: int, chance: bool
) -> None:
    rows = [f"j{n},2024-01-{n % 28 + 1:02},{5 + n % 4}" for n in range(60)]  # 6.5 on average
    rows += [f"f{n},2024-01-{n % 28 + 1:02},{now}" for n in range(60, 62)]
    rows += [f"f{n},2024-02-{n % 28 + 1:02},{now - 1 + n % 2}" for n in range(60)]  # 6.5 or 8.5
    path = tmp_path / "calls.csv"
    path.write_text("\n".join(["id,audioDate,averageNote", *rows]) + "\n")
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    asked = {"dateFrom": "2024-02-01", "dateTo": "2024-02-28", "compare": "own"}
    app.query_params.update({**asked, "compareFrom": "2024-01-01", "compareTo": "2024-01-31"})
    app.run()
    told = text(app)
    assert ("This change is not statistically significant." in told) == chance
    assert ("≈ −0.02" in told) == chance and ("▲ +1.92" in told) != chance


def test_a_number_of_a_page_is_in_its_url(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    fill(settings, tmp_path)
    app.query_params["callsHandled"] = "8"
    app.run()
    app.switch_page("sample_size.py").run()
    assert app.number_input(key="callsHandled").value == 8
    assert "25.0 % of the 8 calls handled have a score" in app.markdown[-1].value.replace("\\", "")
    app.number_input(key="callsHandled").set_value(4).run()
    assert app.query_params["callsHandled"] in ("4", ["4"]) and not app.exception
    assert "50.0 % of the 4 calls handled" in app.markdown[-1].value.replace("\\", "")
    app.number_input(key="callsHandled").set_value(None).run()
    assert "callsHandled" not in app.query_params and not app.exception
