"""Evaluators, forms and recordings: there where the data have them, and not in the way where they have not."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.exports.page_workbook import page_workbook
from lib.jobs.tasks import TASKS
from lib.reports.context import ViewOptions, build_context
from lib.reports.page import PageValue
from lib.reports.pages import evaluators
from lib.reports.pages.breakdowns import EXECUTIVES
from lib.settings import Settings
from lib.workspace import Workspace
from tests.filters import make_filters
from tests.ui.test_forged_values import choosing, run
from tests.ui.test_start_period import app, asked, shown

__all__ = ["app"]

HEADER = "id,audioDate,averageNote,campaignName,executiveName"
MORE = ",evaluatorName,form,evaluatedAt,recordingUrl"


def load(settings: Settings, folder: Path, header: str, *rows: str) -> int:
    """Import rows; return how many were bad."""
    path = folder / "calls.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    opened = Workspace(settings)
    done = TASKS["import"](
        opened, {"files": [(str(path), path.name)], "actor": "test", "skip_bad_rows": True}, lambda *_: None
    )
    opened.close()
    return int(done["bad"])


def names(app: AppTest) -> list[str]:
    return [each.key for each in app.multiselect]


def test_data_without_evaluators(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    load(settings, tmp_path, HEADER, *(f"{n},2024-01-0{n % 9 + 1},7,A,Ann" for n in range(40)))
    app.run()
    assert "executiveId" in names(app) and not {"evaluatorId", "form"} & set(names(app))
    assert "No evaluation says who evaluated it" in shown(app.switch_page("evaluators.py").run())
    grid = app.switch_page("evaluations.py").run().dataframe[0].value
    assert not {"Evaluator", "Form", "Recording link"} & set(grid.columns)
    app.query_params["evaluatorId"] = "Eva"  # a link to what is not there keeps what it asks for in sight
    assert "evaluatorId" in names(app.run()) and "1 filter" in shown(app)


def test_data_with_evaluators(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    rows = [
        f"{n},2024-01-{n % 20 + 1:02},{10 if n % 4 == 0 else 6},{'AB'[n % 2]},Ann,{'Eva' if n % 3 else 'Max'},v{n % 2},"
        f"2024-01-{n % 20 + 1:02}T06:00,https://example.com/{n}.wav"
        for n in range(90)
    ]
    bad = [
        f"b{n},2024-01-01,6,A,Ann,Eva,v1,,{link}" for n, link in enumerate(("javascript:alert(1)", "ftp://a/b", "/a"))
    ]
    assert load(settings, tmp_path, HEADER + MORE, *rows, *bad) == 3
    app.switch_page("evaluators.py").run()
    page = shown(app)
    assert "90 evaluations" in page and {"evaluatorId", "form"} <= set(names(app))
    work = next(each.value for each in app.dataframe if "Time to evaluation" in each.value.columns)
    assert list(work["Evaluator"]) == ["Total", "Eva", "Max"] and list(work["Evaluations"]) == [90, 60, 30]
    assert list(work["Time to evaluation"]) == [6 * 3600] * 3
    assert list(work["Scored"]) == list(work["Evaluations with a time"]) == [90, 60, 30]
    assert list(work["Per week"]) == [31.5, 21.0, 10.5]  # of 20 days
    assert list(work["Full marks"]) == [round(23 / 90, 4), 0.25, round(8 / 30, 4)]
    app.segmented_control(key="scores").select("alike").run()
    assert "same campaign, human or AI, and form" in shown(app)
    app.multiselect(key="evaluatorId").select("Max").run()
    assert "30 evaluations" in shown(app)
    grid = app.switch_page("evaluations.py").run().dataframe[0].value
    assert set(grid["Evaluator"]) == {"Max"} and set(grid["Form"]) == {"v0", "v1"}
    assert all(link.startswith("https://example.com/") for link in grid["Recording link"])


def test_the_page_as_a_workbook(settings: Settings, tmp_path: Path) -> None:
    rows = [f"{n},2024-01-0{n % 9 + 1},6,A,Ann,{'–' if n else ''},v1,2024-01-11," for n in range(40)]
    load(settings, tmp_path, HEADER + MORE, *rows)
    opened = Workspace(settings)
    context = build_context(opened.answers, opened.calendar, make_filters(), ViewOptions("none"), lambda *_: ())
    page = evaluators.PAGE
    value = PageValue(page.title, page.question, context.shown, tuple(page.blocks(context)))
    book = openpyxl.load_workbook(io.BytesIO(page_workbook(value).xlsx()))
    opened.close()
    header, *lines = book["How evaluators work"].iter_rows(values_only=True)
    assert header[-2:] == ("Time to evaluation (seconds)", "Evaluations with a time")
    # Whoever is called as what is missing is shown has that name in files, too.
    assert [line[:3] for line in lines] == [("–", "–", 39), ("(none)", None, 1), ("Total", None, 40)]


def test_what_few_evaluations_say(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    rows = [f"{n},2024-01-0{n % 5 + 1},6,A,Ann,{'Eva' if n else 'Max'},v1,," for n in range(41)]
    load(settings, tmp_path, HEADER + MORE, *rows)
    app.run()
    app.switch_page("evaluators.py").run()
    work = next(each.value for each in app.dataframe if "Time to evaluation" in each.value.columns)
    assert list(work["Evaluator"]) == ["Total", "Eva", "Max"] and list(work["Scored"]) == [41, 40, 1]
    assert list(work["Note"]) == ["", "", "few evaluations"]
    assert not any(work["Evaluations with a time"])
    assert all(pd.isna(week) for week in work["Per week"])  # five days are no week


def test_a_period_of_more_weeks_than_a_chart_draws(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    rows = [f"{n},2024-01-{n % 20 + 1:02},6,A,Ann,{'Eva' if n % 3 else 'Max'},v1,," for n in range(90)]
    load(settings, tmp_path, HEADER + MORE, *rows)
    app.query_params.update({"dateFrom": "2024-01-01", "dateTo": "2024-12-31"})
    app.run()
    app.switch_page("evaluators.py").run()
    assert "90 evaluations" in shown(app) and app.subheader[-1].value == "Evaluations by week"
    app.query_params.update({"dateFrom": "1970-01-01", "dateTo": "2099-12-31"})
    app.run()
    assert "90 evaluations" in shown(app) and app.subheader[-1].value == "Evaluations by month"


def test_an_evaluation_leads_to_its_recording_and_its_evaluator(
    app: AppTest, settings: Settings, tmp_path: Path
) -> None:
    """The recording comes first: it is what an evaluation is opened for."""
    rows = ["1,2024-01-01,7,A,Ann,Eva,v1,,https://example.com/1.wav", "2,2024-01-02,8,A,Ann,,v1,,"]
    load(settings, tmp_path, HEADER + MORE, *rows)
    app.query_params["period"] = "all"
    app.query_params["open"] = "1"
    app.switch_page("evaluations.py").run()
    kinds = [each.type for each in app.main]
    assert kinds.index("link_button") < kinds.index("dataframe")
    assert app.get("link_button")[0].proto.url == "https://example.com/1.wav"
    assert labels(app) == ["Executive: Ann", "Evaluator: Eva", "Campaign: A", "Call center: (none)"]
    app.query_params["open"] = "2"
    app.run()
    assert labels(app) == ["Executive: Ann", "Campaign: A", "Call center: (none)"] and not app.get("link_button")


def labels(app: AppTest) -> list[str]:
    """Return what the links say that lead from an evaluation to others like it."""
    said = [each.proto.label.replace("\\", "") for each in app.get("page_link")]
    return [each for each in said if ": " in each]


def test_executives_by_the_same_evaluator(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Ann's calls were evaluated by the strict one, Bob's by the other; where both evaluated both, they are alike."""
    rows = [
        f"{n},2024-01-{n % 20 + 1:02},{5 + 3 * (n % 10 < 4) + n % 2},A,{'Ann' if n % 5 else 'Bob'},"
        f"{'Max' if n % 10 < 4 else 'Eva'},v1,,"
        for n in range(200)
    ]
    load(settings, tmp_path, HEADER + MORE, *rows)
    app.switch_page("executives.py").run()
    assert "constant" not in [each.key for each in app.segmented_control]
    app.segmented_control(key="scores").select("alike").run()
    found = []
    for constant in ("calls", "evaluator"):
        app.segmented_control(key="constant").select(constant).run()
        grid = app.dataframe[0].value.set_index("Executive")
        found.append(grid["Adjusted (like for like)"].to_dict())
    assert not app.exception and found[0] != found[1]


def test_evaluators_by_the_same_executive(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """Max has mostly Ann's calls, which are the better ones; of the calls of one executive he gives 2 points less."""
    rows = [
        f"{n},2024-01-{n % 20 + 1:02},{5 + 3 * (n % 2) - 2 * (n % 10 in (1, 3, 5, 0)) + n % 3 / 10},A,"
        f"{'Ann' if n % 2 else 'Bob'},{'Max' if n % 10 in (1, 3, 5, 0) else 'Eva'},v1,,"
        for n in range(200)
    ]
    load(settings, tmp_path, HEADER + MORE, *rows)
    app.query_params["scores"] = "alike"
    app.run()
    app.switch_page("evaluators.py").run()
    gaps = []
    for held in ("calls", "executive"):
        app.segmented_control(key="held").select(held).run()
        adjusted = app.dataframe[0].value.set_index("Evaluator")["Adjusted (like for like)"]
        gaps.append(adjusted["Eva"] - adjusted["Max"])
    assert not app.exception and gaps[0] < 1.5 < gaps[1] and gaps[1] == pytest.approx(2, abs=0.1)
    assert asked(app)["held"] == ["executive"]


def test_evaluators_of_one_name_are_told_apart(app: AppTest, settings: Settings, tmp_path: Path) -> None:
    """A browser sends the names that a list shows: each of two people who are called alike can be chosen, and stays."""
    header = "id,audioDate,averageNote,evaluatorId,evaluatorName"
    load(
        settings,
        tmp_path,
        header,
        *(f"{n},2024-01-0{n % 9 + 1},6,e{n % 3},{'Bob' if n % 3 else 'Ann'}" for n in range(90)),
    )
    for who in ("e1", "e2"):
        app.query_params["evaluatorId"] = who
        app.run()
        shown_names = next(each for each in app.multiselect if each.key == "evaluatorId").options
        assert shown_names == ["Ann", "Bob (e1)", "Bob (e2)"]
        for name, chosen in ((f"Bob ({who})", who), ("Ann", "e0")):
            run(app, choosing("evaluatorId", name))
            assert asked(app)["evaluatorId"] == [chosen]
    app.query_params["evaluatorId"] = ["e1", "e0", "e2"]
    app.run()
    assert "Evaluators: Bob (e1), Ann, Bob (e2) · 90 evaluations" in shown(app)
    del app.query_params["evaluatorId"]
    app.run()
    app.switch_page("evaluators.py").run()
    tables = [each.value for each in app.dataframe if "Evaluator" in each.value.columns]
    assert [set(table["Evaluator"]) for table in tables] == [{"Total", "Ann", "Bob (e1)", "Bob (e2)"}] * 2


def test_a_stricter_evaluator_is_not_worse(settings: Settings, tmp_path: Path) -> None:
    """Eva gives a point less in February; the average of all, and Ann's, is worse for it, but not Eva."""
    rows = [
        f"{month}-{n},2024-0{month}-{n % 28 + 1:02},{7 - (month - 1) * (n % 2) * 2 + n % 3 / 10},A,Ann,"
        f"{'Eva' if n % 2 else 'Max'},v1,,"
        for month in (1, 2)
        for n in range(280)
    ]
    load(settings, tmp_path, HEADER + MORE, *rows)
    opened = Workspace(settings)
    february = make_filters(date(2024, 2, 1), date(2024, 2, 29))
    changes: dict[object, object] = {}
    for page in (evaluators.PAGE, EXECUTIVES):
        context = build_context(opened.answers, opened.calendar, february, ViewOptions(), lambda *_: ())
        value = PageValue(page.title, page.question, context.shown, tuple(page.blocks(context)))
        header, *lines = openpyxl.load_workbook(io.BytesIO(page_workbook(value).xlsx()))[str(page.title)].values
        place = header.index("Average score: meaning of the change")
        changes |= {line[0]: line[place] for line in lines if line[0] != "Total"}
    opened.close()
    assert changes == {"Eva": "significant", "Max": None, "Ann": "worse"}
