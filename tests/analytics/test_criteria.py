"""Answers to criteria: kept beside evaluations, counted beside pandas, taken back, and their way out and in again."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from lib.analytics import criteria, queries
from lib.analytics.calendar import Granularity
from lib.analytics.grants import Grant
from lib.analytics.query import Filters
from lib.analytics.score_parts import score_parts
from lib.catalog.criterion_metrics import CRITERION_METRICS, CRITICAL_FAIL_RATE
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE, FAILED_CRITERION, IS_AI
from lib.catalog.measures import MeasureTotals
from lib.jobs.tasks import TASKS
from lib.store import schema
from lib.store.enums import SHARE_SCALE
from lib.workspace import Workspace
from tests.filters import make_filters

FORMS: dict[str, list[tuple[str, str | None, float, bool]]] = {
    "Support v3": [("Greeting", "Opening", 10, False), ("Identity", "Compliance", 1, True), ("Tone", None, 5, False)],
    "Sales v1": [("Greeting", "Opening", 4, False), ("Closing", "End", 2.5, True)],
}


def evaluations(count: int = 300, seed: int = 7) -> list[dict[str, Any]]:
    """Return evaluations with answers, some of which are not applicable, and some evaluations without any."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        form = chance.choice(list(FORMS))
        results = []
        for name, section, most, critical in FORMS[form]:
            fate = chance.random()
            if fate < 0.1:
                continue
            given: dict[str, Any] = {"criterion": name, "section": section, "maxPoints": most, "critical": critical}
            if fate < 0.2:
                given["notApplicable"] = True
            else:
                given["points"] = chance.choice([0, most, most / 2, round(most / 4, 4)])
            if fate > 0.9:
                given["comment"] = f"said {number}"
            results.append(given)
        given_points = [each for each in results if "points" in each]
        most = sum(each["maxPoints"] for each in given_points)
        made_of_answers = round(10 * sum(each["points"] for each in given_points) / most, 1) if most else None
        when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=5 * number)
        made.append(
            {
                "id": f"e{number:04}",
                "audioDate": when.isoformat(),
                "state": "Completed" if chance.random() < 0.9 else "Failed",
                "averageNote": chance.choice([None, made_of_answers, made_of_answers, round(chance.random() * 10, 2)]),
                "isAICall": chance.random() < 0.3,
                "campaignId": chance.choice("ABC"),
                "executiveId": chance.choice(["x", "y", "z", None]),
                "form": form,
                "results": results if chance.random() < 0.9 else None,
            }
        )
    return made


def load(workspace: Workspace, tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Import evaluations as JSON Lines."""
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    payload = {"files": [(str(path), path.name)], "actor": "test", **options}
    done: dict[str, Any] = TASKS["import"](workspace, payload, lambda *_: None)
    return done


def answers_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return the answers as a table, each with what its evaluation has."""
    flat = [
        {**{name: row[name] for name in ("id", "state", "averageNote", "isAICall", "campaignId", "executiveId", "form")},
         "day": row["audioDate"][:10], **given}
        for row in rows
        for given in row["results"] or ()
    ]  # fmt: skip
    frame = pd.DataFrame(flat)
    frame["share"] = frame["points"] / frame["maxPoints"]
    return frame


def check(workspace: Workspace) -> None:
    """Hold the rollups to the facts."""
    assert TASKS["check"](workspace, {}, lambda *_: None)["lines"] == ()


def figures(workspace: Workspace, filters: Filters) -> dict[tuple[str, str | None], dict[str, Any]]:
    """Return the figures of each criterion by its name and form."""
    with workspace.facts.read() as connection:
        rows = criteria.criteria(connection, filters, workspace.calendar).rows
    return {
        (row.criterion.name, row.criterion.form): {
            name: metric.rounded(row.sums) for name, metric in CRITERION_METRICS.items()
        }
        for row in rows
    }


@pytest.fixture
def rows(workspace: Workspace, tmp_path: Path) -> list[dict[str, Any]]:
    made = evaluations()
    assert load(workspace, tmp_path, made)["added"] == len(made)
    return made


SELECTIONS: list[dict[str, Any]] = [
    {},
    {"dateFrom": ["2024-01-10"], "dateTo": ["2024-02-11"]},
    {"dateFrom": ["2024-01-10T03:00:00Z"], "dateTo": ["2024-02-11T13:00:00Z"]},
    {"campaignId": ["A", "B"], "isAICall": ["false"]},
    {"executiveId": ["x", "(none)"], "form": ["Sales v1"]},
    {"state": ["Failed"]},
    {"timezone": ["America/Lima"], "dateFrom": ["2024-01-10"], "dateTo": ["2024-02-11"]},
    {"failedCriterion": ["Identity"]},
]


def chosen(rows: list[dict[str, Any]], parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the evaluations that parameters select, by plain comparison."""
    zone = timedelta(hours=-5) if "timezone" in parameters else timedelta(0)

    def fits(row: dict[str, Any]) -> bool:
        moment = datetime.fromisoformat(row["audioDate"]) + zone
        for name, values in parameters.items():
            if name == "dateFrom" and moment.isoformat() < values[0].replace("Z", ""):
                return False
            if name == "dateTo" and (moment.isoformat()[: len(values[0].replace("Z", ""))]) > values[0].replace(
                "Z", ""
            ):
                return False
            if name == "isAICall" and str(row[name]).lower() not in values:
                return False
            if name == "failedCriterion" and not any(
                given["criterion"] in values and given.get("points") == 0 for given in row["results"] or ()
            ):
                return False
            if name in ("campaignId", "executiveId", "form", "state") and (row[name] or "(none)") not in values:
                return False
        return True

    return [row for row in rows if fits(row)]


@pytest.mark.parametrize("parameters", SELECTIONS, ids=lambda parameters: "&".join(parameters) or "all")
def test_figures_are_those_of_pandas(
    workspace: Workspace, rows: list[dict[str, Any]], parameters: dict[str, Any]
) -> None:
    filters = Filters.from_parameters(parameters, workspace.settings.zone, Grant(), workspace.catalog)
    frame = answers_of(chosen(rows, parameters))
    expected: dict[Any, dict[str, Any]] = {}
    for (name, form), group in frame.groupby(["criterion", "form"]):
        given = group[group["points"].notna()]
        n = len(given)
        expected[name, form] = {
            "answered": n,
            "notApplicable": len(group) - n,
            "averageShare": round(float(given["share"].mean()), 4) if n else None,
            "fullMarks": round(float((given["points"] == given["maxPoints"]).mean()), 4) if n else None,
            "failed": round(float((given["points"] == 0).mean()), 4) if n else None,
            "criticalFails": int(((given["points"] == 0) & given["critical"]).sum()),
        }
    found = figures(workspace, filters)
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, abs=1.01e-4), key


def test_the_critical_fail_rate(workspace: Workspace, rows: list[dict[str, Any]]) -> None:
    with_answers = [row for row in rows if any("points" in each for each in row["results"] or ())]
    failed = [row for row in with_answers if any(g["critical"] and g.get("points") == 0 for g in row["results"])]
    with workspace.facts.read() as connection:
        totals = criteria.scorecard_totals(connection, make_filters(), workspace.calendar)
    assert CRITICAL_FAIL_RATE.value(totals) == Fraction(len(failed), len(with_answers))
    low, high = CRITICAL_FAIL_RATE.interval(totals) or (1, 0)
    assert low < len(failed) / len(with_answers) < high


def test_criteria_by_group_and_over_time(workspace: Workspace, rows: list[dict[str, Any]]) -> None:
    frame = answers_of(rows)
    frame = frame[frame["points"].notna()]
    with workspace.facts.read() as connection:
        for dimension, column in ((CAMPAIGN, "campaignId"), (EXECUTIVE, "executiveId")):
            cells = criteria.criteria_by(connection, make_filters(), workspace.calendar, dimension).cells
            expected = frame.groupby(["criterion", "form", frame[column].fillna("")])["share"].agg(["count", "sum"])
            found: dict[Any, MeasureTotals] = {
                (criterion.name, criterion.form, member.id or ""): sums for (criterion, member), sums in cells.items()
            }
            for key, (count, total) in expected.iterrows():
                assert found[key]["answered"] == count
                assert found[key]["share_sum"] / SHARE_SCALE == pytest.approx(total, abs=1e-6)
        (greeting, *_) = criteria.criteria(connection, make_filters(), workspace.calendar).rows
        course = criteria.criterion_trend(
            connection, make_filters(), workspace.calendar, greeting.criterion, Granularity.MONTHLY
        )
    of_one = frame[(frame["criterion"] == greeting.criterion.name) & (frame["form"] == greeting.criterion.form)]
    months = of_one.groupby(of_one["day"].str[:7])["share"].count()
    assert {bucket.first.isoformat()[:7]: sums["answered"] for bucket, sums in course.points} == months.to_dict()


def test_the_parts_of_a_change_add_up(workspace: Workspace, rows: list[dict[str, Any]]) -> None:
    """What each criterion took from the score, recomputed evaluation by evaluation."""
    before = make_filters(date(2024, 1, 1), date(2024, 1, 31))
    now = make_filters(date(2024, 2, 1), date(2024, 2, 29))
    lost: dict[bool, dict[Any, float]] = {False: defaultdict(float), True: defaultdict(float)}
    scored: dict[bool, list[float]] = {False: [], True: []}
    for row in rows:
        if row["state"] != "Completed" or row["averageNote"] is None or row["audioDate"] >= "2024-03":
            continue
        side = row["audioDate"] >= "2024-02"
        scored[side].append(row["averageNote"])
        given = [each for each in row["results"] or () if "points" in each]
        most = sum(each["maxPoints"] for each in given)
        if not given or abs(row["averageNote"] - 10 * sum(each["points"] for each in given) / most) > 0.0510001:
            continue  # made of something else, but for what is 0 as a critical criterion failed
        for each in given:
            lost[side][each["criterion"], row["form"]] += 10 * (each["maxPoints"] - each["points"]) / most
    averages = {side: sum(values) / len(values) for side, values in scored.items()}
    with workspace.facts.read() as connection:
        found = score_parts(connection, now, before, workspace.calendar)
    assert found is not None
    assert float(found.change) == pytest.approx(averages[True] - averages[False], abs=1e-9)
    assert sum(part for _, part in found.parts) + found.critical + found.rest == found.change
    for criterion, part in found.parts:
        key = criterion.name, criterion.form
        expected = lost[False][key] / len(scored[False]) - lost[True][key] / len(scored[True])
        assert float(part) == pytest.approx(expected, abs=5e-9), key


def test_scores_made_from_criteria_have_no_rest(workspace: Workspace, tmp_path: Path) -> None:
    made = [{**row, "averageNote": None, "state": "Completed"} for row in evaluations() if row["results"]]
    made = [row for row in made if any("points" in each for each in row["results"])]
    mapping = '[scoring]\nfrom = "criteria"\ncritical = "zero"\n'
    load(workspace, tmp_path, made, mapping=mapping)
    with workspace.facts.read() as connection:
        found = score_parts(
            connection,
            make_filters(date(2024, 2, 1), date(2024, 2, 29)),
            make_filters(date(2024, 1, 1), date(2024, 1, 31)),
            workspace.calendar,
        )
    assert found is not None and found.made_of_answers == (1, 1)
    assert found.critical != 0
    assert abs(found.rest) < Fraction(1, 10_000)  # scores are kept in ten-thousandths


def test_the_same_again_changes_nothing(workspace: Workspace, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    done = load(workspace, tmp_path, list(reversed(rows)))
    assert (done["added"], done["changed"], done["unchanged"]) == (0, 0, len(rows))
    before = figures(workspace, make_filters())
    without = [{**row, "results": None, "durationInSeconds": 5} for row in rows]
    assert load(workspace, tmp_path, without)["changed"] == len(rows)
    assert figures(workspace, make_filters()) == before  # what comes without answers keeps them
    check(workspace)


def test_answers_that_come_again_replace_all(workspace: Workspace, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    before = figures(workspace, make_filters())
    new = [{**row, "results": [{"criterion": "Only", "points": 1, "maxPoints": 2}]} for row in rows]
    done = load(workspace, tmp_path, new)
    assert done["changed"] == len(rows)
    forms = {row["form"] for row in rows}
    assert set(figures(workspace, make_filters())) == {("Only", form) for form in forms}
    check(workspace)
    TASKS["undo"](workspace, {"id": done["id"], "actor": "test"}, lambda *_: None)
    assert figures(workspace, make_filters()) == before
    check(workspace)
    with workspace.facts.read() as connection:
        assert "Only" not in set(connection.scalars(sa.select(schema.criteria.c.name)))
        sets = set(connection.scalars(sa.select(schema.answers.c.answer_set)))
        held = set(connection.scalars(sa.select(schema.evaluations.c.answer_set)))
    assert sets == held - {None}


def long_rows(rows: list[dict[str, Any]], **more: Any) -> str:
    """Return the answers of evaluations as a long CSV."""
    lines = ["evaluationId,criterion,section,form,points,maxPoints,notApplicable,critical,comment"]
    for row in rows:
        for each in row["results"] or ():
            values = {
                "id": row["id"],
                "criterion": each["criterion"],
                "section": each.get("section") or "",
                "form": row["form"],
                "points": each.get("points", ""),
                "most": each["maxPoints"],
                "na": str("points" not in each).lower(),
                "critical": str(each["critical"]).lower(),
                "comment": each.get("comment", ""),
            } | more
            lines.append(",".join(str(value) for value in values.values()))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("with_form", [True, False])
def test_a_long_file_is_the_same_as_lists(workspace: Workspace, tmp_path: Path, with_form: bool) -> None:
    made = evaluations()
    load(workspace, tmp_path, [{**row, "results": None} for row in made])
    path = tmp_path / "answers.csv"
    text = long_rows(made) if with_form else long_rows(made, form="")
    head, *lines = text.splitlines()
    random.Random(1).shuffle(lines)
    path.write_text("\n".join([head, *lines]) + "\n")
    payload = {"files": [(str(path), path.name)], "actor": "test", "answers": True}
    done = TASKS["import"](workspace, payload, lambda *_: None)
    have = sum(bool(row["results"]) for row in made)
    assert (done["read"], done["changed"], done["added"]) == (len(lines), have, 0)
    check(workspace)
    again = load(workspace, tmp_path, made)
    assert (again["changed"], again["unchanged"]) == (0, len(made))
    twice = TASKS["import"](workspace, payload, lambda *_: None)
    assert (twice["changed"], twice["unchanged"]) == (0, have)
    TASKS["undo"](workspace, {"id": done["id"], "actor": "test"}, lambda *_: None)
    assert figures(workspace, make_filters()) == {}
    check(workspace)


def test_answers_of_nothing_are_refused(workspace: Workspace, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text(long_rows(rows[:3]) + "ghost,Greeting,Opening,Support v3,1,10,,,\n")
    payload = {"files": [(str(path), path.name)], "actor": "test", "answers": True}
    with pytest.raises(Exception, match=r"1 of \d+ answers are of evaluations that are not there, such as 'ghost'"):
        TASKS["import"](workspace, payload, lambda *_: None)
    assert TASKS["imports"](workspace, {"limit": 1}, lambda *_: None)["imports"][0]["result"] == "failed"


def test_a_criterion_is_in_one_section(workspace: Workspace, tmp_path: Path) -> None:
    one, other = (
        {"id": number, "audioDate": "2024-01-01", "results": [
            {"criterion": "Greeting", "section": section, "points": 1, "maxPoints": 1}
        ]}
        for number, section in (("a", "Opening"), ("b", "Ending"))
    )  # fmt: skip
    answer: dict[str, Any] = {"criterion": "Greeting", "section": "Ending", "points": 1, "maxPoints": 1}
    with pytest.raises(
        Exception, match="the criterion 'Greeting' is in the section 'Opening' and in the section 'Ending'"
    ):
        load(workspace, tmp_path, [one, other])
    load(workspace, tmp_path, [one])
    load(workspace, tmp_path, [{**one, "results": [answer]}])
    with workspace.facts.read() as connection:
        held = schema.criteria.c
        found = connection.execute(sa.select(held.section).where(held.name == "Greeting", held.form.is_(None))).all()
    assert [row.section for row in found] == ["Ending"]
    newest = TASKS["imports"](workspace, {"limit": 1}, lambda *_: None)["imports"][0]["id"]
    TASKS["undo"](workspace, {"id": newest, "actor": "test"}, lambda *_: None)
    with workspace.facts.read() as connection:
        found = connection.execute(sa.select(held.section).where(held.name == "Greeting", held.form.is_(None))).all()
    assert [row.section for row in found] == ["Opening"]


@pytest.mark.usefixtures("rows")
def test_what_a_grant_does_not_cover_is_not_there(workspace: Workspace, tmp_path: Path) -> None:
    secret = [{"criterion": "Secret", "points": 0, "maxPoints": 1}]
    load(workspace, tmp_path, [{"id": "s", "audioDate": "2024-01-05", "campaignId": "S", "results": secret}])
    grant = Grant((("campaign", ("A",)),))
    limited, alone = make_filters(grant=grant), make_filters().narrowed(CAMPAIGN, "A")
    assert figures(workspace, limited) == figures(workspace, alone)
    with workspace.facts.read() as connection:
        seen = queries.options(connection, FAILED_CRITERION, grant, workspace.catalog)
        everything = queries.options(connection, FAILED_CRITERION, Grant(), workspace.catalog)
        both = [
            criteria.criteria_by(connection, filters, workspace.calendar, IS_AI).cells for filters in (limited, alone)
        ]
    assert {member.name for member in everything} - {member.name for member in seen} == {"Secret"}
    assert both[0] == both[1]
