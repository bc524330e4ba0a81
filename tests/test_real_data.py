"""The real files of `../shared/data`: every figure that another program computed from them, on both engines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pytest

from lib.analytics import breakdowns, queries
from lib.analytics.calendar import Granularity
from lib.analytics.query_cache import QueryCache
from lib.catalog.dimensions import CALL_CENTER, CAMPAIGN, EXECUTIVE, Dimension
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS
from lib.jobs.tasks import TASKS
from lib.workspace import Workspace
from tests.conftest import ROOT, SHARED, Load
from tests.filters import make_filters

DATA = SHARED / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real data sets lie beside the repository, not in it")


def figures(sums: MeasureTotals) -> dict[str, Any]:
    score, duration = METRICS["averageScore"].value(sums), METRICS["averageDurationSeconds"].value(sums)
    return {
        "evaluations": sums["evaluations"],
        "scored": sums["scored"],
        "averageScore": None if score is None else round(float(score), 6),
        "averageDurationSeconds": None if duration is None else round(float(duration), 6),
    }


def same(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return all(
        mine[name] == (pytest.approx(value, abs=1e-6) if value is not None else None) for name, value in theirs.items()
    )


@pytest.mark.parametrize("name", ["consumidor", "phonenow", "rwfd"])
def test_every_figure(name: str, workspace: Workspace, answers: QueryCache, load: Load) -> None:
    expected = json.loads((DATA / name / "expected.json").read_text())
    files = sorted(path for path in (DATA / name).iterdir() if path.suffix in (".csv", ".xlsx"))
    report = load(files, (ROOT / "samples" / f"{name}.toml").read_text())

    assert (report.result, report.bad) == ("loaded", 0)
    assert report.loaded.added == expected["evaluations"]
    assert report.blank == expected.get("blankRows", 0)
    calendar, everything = workspace.calendar, make_filters()
    total = answers.run(queries.summary, everything, calendar).sums
    assert same(
        figures(total),
        {key: expected[key] for key in ("evaluations", "scored", "averageScore", "averageDurationSeconds")},
    )
    assert total["timed"] == expected["timed"]
    moods = {"Positive": total["positive"], "Neutral": total["neutral"], "Negative": total["negative"]}
    moods["none"] = total["completed"] - METRICS["netSentiment"].n(total)
    assert {mood: count for mood, count in moods.items() if count} == expected["sentiment"]

    def groups(dimension: Dimension) -> dict[str, dict[str, Any]]:
        found = answers.run(breakdowns.breakdown, everything, calendar, dimension, page_size=10_000)
        return {group.named.name: figures(group.sums) for group in found.groups if group.named.id is not None}

    checked = 0
    for key, dimension in (("byCampaign", CAMPAIGN), ("byCallCenter", CALL_CENTER), ("byExecutive", EXECUTIVE)):
        mine = groups(dimension)
        assert len(mine) >= len(expected[key])
        for group, theirs in expected[key].items():
            assert same(mine[group], theirs), (key, group)
            checked += 1
    assert checked >= 7

    def points(granularity: Granularity) -> Iterable[tuple[str, int]]:
        found = answers.run(queries.trend, everything, calendar, granularity)
        return ((point.bucket.first.isoformat(), point.sums["evaluations"]) for point in found.points)

    weeks = dict(points(Granularity.WEEKLY))
    assert {week: weeks[week] for week in expected["firstWeeks"]} == expected["firstWeeks"]
    months = {month[:7]: count for month, count in points(Granularity.MONTHLY) if count}
    assert months == expected["byMonth"]
    assert TASKS["check"](workspace, {}, lambda *_: None)["differences"] == 0


def _rows(name: str) -> Any:
    """Return the rows of a data set's files as pandas reads them, as texts."""
    files = sorted(path for path in (DATA / name).iterdir() if path.suffix in (".csv", ".xlsx"))
    if files[0].suffix == ".xlsx":
        read = [pd.read_excel(path, dtype=str, keep_default_na=False) for path in files]
    elif name == "consumidor":
        read = [pd.read_csv(path, sep=";", encoding="cp1252", dtype=str, keep_default_na=False) for path in files]
    else:
        read = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in files]
    return pd.concat(read, ignore_index=True)


OWN_FIELDS = [
    ("consumidor", "area", "Área", "Nota do Consumidor", 2),
    ("consumidor", "uf", "UF", "Nota do Consumidor", 2),
    ("phonenow", "resolved", "Resolved", "Satisfaction rating", 2),
    ("rwfd", "channel", "channel", "csat_score", 1),
]


@pytest.mark.parametrize("case", OWN_FIELDS, ids=lambda case: case[1])
def test_own_fields_beside_pandas(
    case: tuple[str, str, str, str, int], workspace: Workspace, answers: QueryCache, load: Load
) -> None:
    name, field, column, score, scale = case
    files = sorted(path for path in (DATA / name).iterdir() if path.suffix in (".csv", ".xlsx"))
    load(files, (ROOT / "samples" / f"{name}.toml").read_text())
    rows = _rows(name)
    rows = rows[rows.apply(lambda row: any(cell.strip() for cell in row), axis=1)]
    rows["mean"] = pd.to_numeric(rows[score].str.strip().replace("", None)) * scale
    names = {"Y": "Yes", "N": "No", "": "(none)"} if field == "resolved" else {"": "(none)"}
    expected = rows.groupby(rows[column].str.strip().replace(names))["mean"].agg(["size", "count", "mean"])
    catalog = workspace.catalog
    dimension = catalog.filters_by_name[f"field.{field}"]
    everything = make_filters(catalog=catalog)
    found = answers.run(breakdowns.breakdown, everything, workspace.calendar, dimension, page_size=10_000)
    mine = {group.named.name: figures(group.sums) for group in found.groups}
    assert {group: each["evaluations"] for group, each in mine.items()} == expected["size"].to_dict()
    for group, each in mine.items():
        assert each["scored"] == expected["count"][group]
        assert each["averageScore"] is None or each["averageScore"] == pytest.approx(expected["mean"][group], abs=1e-6)
    total = answers.run(queries.summary, everything, workspace.calendar).sums
    assert MeasureTotals.total(group.sums for group in found.groups) == total
