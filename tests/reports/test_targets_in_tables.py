"""Targets in tables of groups: each row beside its own group's, on the page and in its file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lib.analytics.calendar import Granularity
from lib.analytics.query import Filters
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN
from lib.exports.table_files import TableExport
from lib.i18n import override_language
from lib.jobs import metric_tasks
from lib.reports.context import PageContext, ViewOptions, build_context
from lib.reports.page import TableBlock
from lib.reports.pages import PAGES
from lib.reports.table import PageTable
from lib.settings import Settings
from lib.workspace import Workspace
from tests.filters import make_filters

MARCH = make_filters(date(2024, 3, 1), date(2024, 3, 31))
TARGETS = [
    {"value": 5, "from": "2024-01-01"},
    {"value": 6, "campaign": {"a": 7.5, "c": 2}, "from": "2024-03-01"},
]
LABEL = "Average score: target"


def calls() -> Iterator[str]:
    """Give calls of March: 40 of a with a mean of 8, 40 of b with 5.5, 10 of c with 9, 40 of d with 5.9, 5 of none."""
    yield "id,audioDate,averageNote,campaignId,campaignName,callCenterId,callCenterName,Solved"
    for campaign, count, mean in (("a", 40, 8.0), ("b", 40, 5.5), ("c", 10, 9.0), ("d", 40, 5.9), ("", 5, 4.0)):
        for place in range(count):
            day, score = place % 20 + 1, mean + (place % 2 - 0.5)
            center = "south" if campaign in ("c", "d") else "north"
            solved = "Y" if place % 3 else "N"
            yield f"{campaign}{place},2024-03-{day:02},{score},{campaign},{campaign.upper()},{center},{center},{solved}"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("targets")
    opened = Workspace(Settings(data_dir=folder / "data", sample="off"))
    _load(opened, folder / "calls.csv")
    metric_tasks.set_metric(opened, "test", "averageScore", {"target": TARGETS})
    metric_tasks.set_metric(
        opened,
        "test",
        "solved",
        {"formula": "share(field.solved)", "unit": "share", "target": {"callCenter": {"north": 0.5}}},
    )
    metric_tasks.set_metric(
        opened, "test", "later", {"formula": "avg(score)", "target": {"value": 5, "from": "2025-01-01"}}
    )
    yield opened
    opened.close()


def _load(opened: Workspace, path: Path) -> None:
    from lib.jobs.tasks import TASKS

    path.write_text("\n".join(calls()))
    mapping = '[fields]\nsolved = { column = "Solved", type = "yes_no", yes = ["Y"], no = ["N"] }\n'
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "mapping": mapping, "actor": "test"}, lambda *_: None)


def table_of(space: Workspace, page: str, filters: Filters = MARCH) -> PageTable[Any]:
    """Return the table of a page of groups."""
    context: PageContext = build_context(
        space.answers, space.calendar, filters.in_catalog(space.catalog), ViewOptions("none"), lambda *_: ()
    )
    (table,) = [block.table for block in PAGES[page].blocks(context) if isinstance(block, TableBlock)]
    return table


def cells(table: PageTable[Any], label: str) -> dict[str, str]:
    """Return what a column says of each group."""
    column = next(each for each in table.columns if str(each.label) == label)
    return {table.columns[0].say(row): column.say(row) for row in table.rows}


def kinds(table: PageTable[Any], label: str) -> dict[str, str]:
    """Return what the color of each cell says."""
    column = next(each for each in table.columns if str(each.label) == label)
    assert column.kind is not None
    return {table.columns[0].say(row): column.kind(row) for row in table.rows}


def test_each_group_beside_its_own_target(space: Workspace) -> None:
    table = table_of(space, "campaigns")
    assert cells(table, LABEL) == {
        "Total": "met · 6.00",
        "A": "met · 7.50",
        "B": "missed · 6.00",
        "C": "not yet sure · 2.00",
        "D": "not yet sure · 6.00",
        "(none)": "not yet sure · 6.00",
    }
    assert kinds(table, LABEL) == {
        **{"Total": "good", "A": "good", "B": "bad"},
        **{"C": "chance", "D": "chance", "(none)": "chance"},
    }
    labels = [str(column.label) for column in table.columns]
    assert "Later: target" not in labels, "it does not begin before the period ends"
    with override_language("es"):
        assert cells(table_of(space, "campaigns"), "Puntaje promedio: objetivo")["B"] == "no cumplido · 6,00"


def test_files_have_the_target_and_its_state(space: Workspace) -> None:
    file = table_of(space, "campaigns").file
    assert file is not None
    export = TableExport.of(file)
    lines = list(csv.DictReader(io.StringIO(export.csv().decode("utf-8-sig"))))
    found = {line["Campaign"]: (line["Average score: is the target met"], line[LABEL]) for line in lines}
    assert found["A"] == ("met", "7.5") and found["C"] == ("not yet sure", "2.0") and found["Total"] == ("met", "6.0")
    assert tuple(
        sorted(field.name for field in export.fields if "Target" in field.name and "average" in field.name)
    ) == ("averageScoreTarget", "averageScoreTargetState")


def test_a_group_without_a_target_of_its_own_has_that_of_the_selection(space: Workspace) -> None:
    centers = table_of(space, "call_centers")
    targets = {name: said.partition(" · ")[2] for name, said in cells(centers, LABEL).items()}
    assert targets == {"Total": "6.00", "north": "6.00", "south": "6.00"}
    of_one = table_of(space, "call_centers", MARCH.narrowed(CAMPAIGN, "a"))
    assert cells(of_one, LABEL) == {"Total": "met · 7.50", "north": "met · 7.50"}
    early = make_filters(date(2024, 2, 1), date(2024, 2, 28))
    assert cells(table_of(space, "campaigns", early), LABEL) == {"Total": "5.00"}


def test_where_only_groups_have_targets_others_have_none(space: Workspace) -> None:
    centers = table_of(space, "call_centers")
    assert cells(centers, "Solved: target") == {"Total": "–", "north": "met · 50.0 %", "south": "–"}
    campaigns = table_of(space, "campaigns", MARCH.narrowed(CALL_CENTER, "north"))
    assert cells(campaigns, "Solved: target") == {
        **{"Total": "met · 50.0 %", "A": "met · 50.0 %", "B": "met · 50.0 %"},
        "(none)": "not yet sure · 50.0 %",
    }


def test_days_that_are_still_to_come_have_no_rows(space: Workspace) -> None:
    for today, last in ((date(2024, 3, 22), "22 Mar 2024"), (date(2024, 4, 9), "31 Mar 2024")):
        calendar = replace(space.calendar, today=today)
        view = ViewOptions("none", granularity=Granularity.DAILY)
        context = build_context(space.answers, calendar, MARCH.in_catalog(space.catalog), view, lambda *_: ())
        table = next(block.table for block in PAGES["trends"].blocks(context) if isinstance(block, TableBlock))
        days = [table.columns[0].say(row) for row in table.rows]
        assert (len(days), last in days[0] or last in days[-1]) == (int(last[:2]), True), days
