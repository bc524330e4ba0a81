"""Own metrics in exports: as columns of reports, with the version that was used, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pandas as pd
import pytest

from tests.api.conftest import App
from tests.api.test_exports import exported, finished
from tests.api_client import Client

JANUARY = {"dateFrom": "2024-01-01", "dateTo": "2024-01-31"}
EXPORT = "/v1/analytics/export"
PATH = "/v1/analytics/metrics"
FORMULAS = {
    "weak": "count_if(score < 8) / completedEvaluations",
    "middle": "median(score)",
    "people": "count_distinct(executive)",
    "spread": "middle - averageScore + weak",
}


@pytest.fixture
def admin(small_app: App) -> Iterator[Client]:
    """Ask with a key that may define metrics and take files away, where some are defined."""
    scopes = "analytics:read", "analytics:export", "evaluations:read", "metrics:write"
    client = small_app.client(*scopes)
    for name, formula in FORMULAS.items():
        assert client.ask("PUT", f"{PATH}/{name}", json={"formula": formula}).status_code in (200, 201)
    yield client
    for name in reversed(FORMULAS):
        client.ask("DELETE", f"{PATH}/{name}")
    client.close()


def columns_of(row: dict[str, Any], name: str) -> list[Any]:
    """Return what a row of the API says of a metric: value, ends of the interval, n."""
    return [row["metrics"][name], *(row["metricIntervals"][name] or (None, None)), row["metricN"][name]]


@pytest.mark.parametrize("report", ["campaigns", "call-centers", "executives", "trends", "summary"])
def test_reports_have_the_figures_of_metrics(admin: Client, report: str) -> None:
    names = [*FORMULAS, "averageScore", "completionRate"]
    status, content = exported(admin, format="csv", report=report, metrics=names, **JANUARY)
    frame = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig").astype(object)
    frame = frame.where(frame.notna(), None)
    found = admin.get(f"/v1/analytics/{report}", metrics=names, **JANUARY)
    rows = found.get("data", [found])
    assert len(frame) == len(rows) > 0 and len(set(frame.columns)) == len(frame.columns)
    for name in names:
        held = frame[[name, f"{name}Low", f"{name}High", f"{name}N"]].to_numpy().tolist()
        assert held == [columns_of(row, name) for row in rows], name
    assert {each["name"]: each["formula"] for each in status["metrics"]} == FORMULAS
    plain, _ = exported(admin, format="csv", report=report, **JANUARY)
    assert "metrics" not in plain


def test_a_file_says_which_version_it_is_of(admin: Client) -> None:
    admin.ask("PUT", f"{PATH}/weak", json={"formula": "count_if(score < 7) / count()", "label": "Weak calls"})
    version = admin.get(f"{PATH}/weak")["version"]
    status, content = exported(admin, format="xlsx", report="campaigns", metrics=["spread"], **JANUARY)
    lines = [*openpyxl.load_workbook(io.BytesIO(content))["About"].iter_rows(values_only=True)]
    place = lines.index(("Formula of", "Name in the API", "Formula", "Version"))
    assert [line[1] for line in lines[place + 1 :]] == ["spread", "middle", "weak"], "those within follow"
    assert lines[-1] == ("Weak calls", "weak", "count_if(score < 7) / count()", str(version))
    assert status["metrics"][-1] == {
        "name": "weak",
        "label": "Weak calls",
        "formula": "count_if(score < 7) / count()",
        "version": version,
    }


def test_what_no_export_has_is_refused(admin: Client) -> None:
    def refused(**order: Any) -> str:
        body = admin.refused(400, "INVALID_PARAMETER", "POST", EXPORT, json={"format": "csv", **order})
        assert body["parameter"] == "metrics"
        return str(body["message"])

    assert "did you mean 'weak'" in refused(report="summary", metrics=["weakk"])
    assert "right would be one of campaigns" in refused(report="evaluations", metrics=["weak"])
    assert "of 20 at most" in refused(report="summary", metrics=[f"m{place}" for place in range(21)])
    started = admin.ask("POST", EXPORT, json={"format": "csv", "report": "summary", "metrics": "weak"})
    assert started.status_code == 202, "one name needs no list"
    assert finished(admin, started.json()["jobId"])["status"] == "completed"
