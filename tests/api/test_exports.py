"""Exports as programs ask for them: queued, done, fetched, read back by another reader."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import openpyxl
import pandas as pd
import pytest

from lib.analytics.grants import Grant
from lib.exports.service import RECORD_REPORTS
from tests.api.conftest import App
from tests.api_client import Client


def finished(client: Client, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(f"/v1/analytics/export/{job}")
        if found["status"] in ("completed", "failed"):
            return found
        time.sleep(0.1)
    raise AssertionError("the export did not end")


def exported(client: Client, **order: Any) -> tuple[dict[str, Any], bytes]:
    started = client.ask("POST", "/v1/analytics/export", json=order)
    assert started.status_code == 202, started.text
    body = started.json()
    assert started.headers["location"] == body["statusUrl"] == f"{client.address}/v1/analytics/export/{body['jobId']}"
    status = finished(client, body["jobId"])
    assert status["status"] == "completed", status
    left = datetime.fromisoformat(status["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=55) < left <= timedelta(hours=2, minutes=1)
    file = httpx.get(status["downloadUrl"], timeout=60)  # without a key
    assert file.status_code == 200
    assert int(file.headers["content-length"]) == len(file.content) == status["bytes"]
    assert hashlib.sha256(file.content).hexdigest() == status["sha256"]
    return status, file.content


def test_evaluations(client: Client) -> None:
    for form in ("csv", "xlsx"):
        status, content = exported(
            client,
            format=form,
            dateFrom="2024-01-01",
            dateTo="2024-01-09",
            campaignId=["a", "b"],
            timezone="America/Santiago",
        )
        frame = (
            pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
            if form == "csv"
            else pd.read_excel(io.BytesIO(content), engine="openpyxl")
        )
        frame = (
            frame[frame["id"].astype(str).isin(list("12345"))]
            .assign(id=lambda each: each["id"].astype(int))
            .sort_values("id")
        )
        assert status["rows"] >= 5
        assert frame["id"].tolist() == [1, 2, 3, 4, 5]
        assert frame["averageNote"].sum() == 20.5
        assert frame["executiveName"].tolist()[-1] == "'=Bob"
        if form == "csv":
            assert frame["audioDate"].tolist()[:2] == ["2024-01-01T05:00:00-03:00", "2024-01-01T20:30:00-03:00"]
        else:
            assert frame["audioDate"].tolist()[0] == pd.Timestamp("2024-01-01 05:00:00")
            sheet, about = openpyxl.load_workbook(io.BytesIO(content)).worksheets
            assert sheet.freeze_panes == "A2" and sheet["B2"].number_format == "yyyy-mm-dd hh:mm:ss"
            told = {row[0].value: row[1].value for row in about.iter_rows()}
            assert told["Rows"] == told["Rows expected"] == str(status["rows"])
            assert told["Time zone"] == "America/Santiago" and "Campaigns: Alpha, Beta" in told["Shows"]


@pytest.mark.parametrize("report", ["campaigns", "call-centers", "executives", "trends", "summary"])
def test_reports_are_the_answers(client: Client, report: str) -> None:
    order = {"format": "csv", "report": report, "dateFrom": "2024-01-01", "dateTo": "2024-01-08"}
    _, content = exported(client, **order)
    frame = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
    found = client.get(f"/v1/analytics/{report}", dateFrom="2024-01-01", dateTo="2024-01-08")
    rows = found.get("data", [found])
    assert frame["totalEvaluations"].tolist() == [row["totalEvaluations"] for row in rows]
    scores = [row["averageScore"] for row in rows]
    assert [None if pd.isna(score) else score for score in frame["averageScore"]] == scores
    _, content = exported(client, **{**order, "format": "xlsx"})
    assert (
        pd.read_excel(io.BytesIO(content), engine="openpyxl")["totalEvaluations"].tolist()
        == frame["totalEvaluations"].tolist()
    )


def test_a_limited_keys_export(small_app: App) -> None:
    client = small_app.client(grant=Grant.of({"campaign": ["a"]}))
    _, content = exported(client, format="csv")
    frame = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")
    assert set(frame["campaignId"]) == {"a"}
    client.close()


def test_states_and_sentiments_are_filters_of_an_export(client: Client) -> None:
    for body, ids in (
        ({"state": "failed"}, [5]),
        ({"state": ["Completed"], "sentiment": ["Positive", "neutral"]}, [1, 3, 6]),
    ):
        _, content = exported(client, format="csv", **body)
        assert sorted(pd.read_csv(io.BytesIO(content), encoding="utf-8-sig")["id"]) == ids
    body = client.refused(
        400, "INVALID_PARAMETER", "POST", "/v1/analytics/export", json={"format": "csv", "state": "x"}
    )
    assert body["parameter"] == "state" and "right would be Pending" in body["message"]


def test_nothing_to_export_is_a_file_too(client: Client) -> None:
    for form in ("csv", "xlsx"):
        status, content = exported(client, format=form, campaignId="nobody")
        frame = (
            pd.read_csv(io.BytesIO(content)) if form == "csv" else pd.read_excel(io.BytesIO(content), engine="openpyxl")
        )
        assert (status["rows"], len(frame), frame.columns[-1]) == (0, 0, "recordingUrl")


def test_links(client: Client) -> None:
    status, content = exported(client, format="csv")
    link = status["downloadUrl"]
    part = httpx.get(link, headers={"Range": "bytes=3-10"}, timeout=60)
    assert (part.status_code, part.content) == (206, content[3:11])
    assert "attachment" in part.headers["content-disposition"]
    for wrong in (
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("expires=", "expires=9"),
        link.split("?")[0],
        link.replace("callboard-", "x-"),
    ):
        refused = httpx.get(wrong, timeout=60)
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "NOT_FOUND")


def test_parts_that_are_not_there(client: Client) -> None:
    link = exported(client, format="csv")[0]["downloadUrl"]
    for wrong in (
        "bytes=-",
        "bytes=5-1",
        "bytes=0--1",
        "bytes=1 2-3",
        "bytes=99999999-",
        "bytes=,",
        "bytes=-0",
        "lines=1-2",
    ):
        refused = httpx.get(link, headers={"Range": wrong}, timeout=60)
        assert (refused.status_code, refused.json()["error"]["parameter"]) == (400, "Range"), wrong
    for right in ("bytes=0-0", "bytes=-5", "bytes=0-1,4-5", "bytes=2-"):
        assert httpx.get(link, headers={"Range": right}, timeout=60).status_code == 206, right


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_no_file_goes_out_that_is_not_written_down(client: Client, small_app: App) -> None:
    job = client.ask("POST", "/v1/analytics/export", json={"format": "csv"}).json()["jobId"]
    link = finished(client, job)["downloadUrl"]
    state = sqlite3.connect(small_app.data_dir / "state.sqlite", isolation_level=None)
    downloads = "SELECT count(*) FROM audit WHERE action = 'download'"
    (before,) = state.execute(downloads).fetchone()
    state.execute("CREATE TRIGGER no_room BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'disk full'); END")
    try:
        assert [httpx.get(link, timeout=60).status_code for _ in range(2)] == [503, 503]
    finally:
        state.execute("DROP TRIGGER no_room")
    assert [httpx.get(link, timeout=60).status_code for _ in range(2)] == [200, 200]
    assert state.execute(downloads).fetchone() == (before + 1,)
    state.close()


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_progress_is_a_whole_number_and_100_once_it_is_done(client: Client, small_app: App) -> None:
    order = {"json": {"format": "csv", "dateFrom": "2024-01-02"}, "headers": {"Idempotency-Key": "in thirds"}}
    job = client.ask("POST", "/v1/analytics/export", **order).json()["jobId"]
    finished(client, job)
    state = sqlite3.connect(small_app.data_dir / "state.sqlite", isolation_level=None)
    for status, progress, shown in (("completed", 100.0, "100"), ("failed", 99.7, "99"), ("failed", 33.3333, "33")):
        state.execute("UPDATE jobs SET status = ?, progress = ? WHERE id = ?", (status, progress, job))
        ordered, told = (
            client.ask("POST", "/v1/analytics/export", **order),
            client.ask("GET", f"/v1/analytics/export/{job}"),
        )
        assert f'"progress":{shown},' in ordered.text and f'"progress":{shown},' in told.text
    state.close()


def test_idempotency(client: Client) -> None:
    order, key = {"format": "csv", "dateFrom": "2024-01-01"}, {"Idempotency-Key": "the same"}
    with ThreadPoolExecutor(16) as pool:
        asked = [
            pool.submit(
                httpx.post,
                f"{client.address}/v1/analytics/export",
                json=order,
                headers={**client._http.headers, **key},
                timeout=60,
            )
            for _ in range(50)
        ]
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    client.refused(409, "CONFLICT", "POST", "/v1/analytics/export", json={"format": "xlsx"}, headers=key)
    assert client.ask("POST", "/v1/analytics/export", json=order).json()["jobId"] != answers[0].json()["jobId"]


@pytest.mark.parametrize(
    ("order", "parameter"),
    [
        ({}, "format"),
        ({"format": "pdf"}, "format"),
        ({"format": "csv", "report": "everything"}, "report"),
        ({"format": "csv", "dateFrom": "2024-13-01"}, "dateFrom"),
        ({"format": "csv", "dateFrom": "2024-02-01", "dateTo": "2024-01-01"}, "dateFrom"),
        ({"format": "csv", "datefrom": "2024-01-01"}, "datefrom"),
        ({"format": "csv", "campaignId": ["a\u0000"]}, "campaignId"),
        ({"format": "csv", "report": "trends", "granularity": "hourly"}, "granularity"),
        *(({"format": "csv", "report": each, "metrics": ["averageScore"]}, "metrics") for each in RECORD_REPORTS),
    ],
)
def test_orders_that_can_not_be(client: Client, order: dict[str, Any], parameter: str) -> None:
    assert (
        client.refused(400, "INVALID_PARAMETER", "POST", "/v1/analytics/export", json=order)["parameter"] == parameter
    )


@pytest.mark.parametrize(
    ("first", "last", "width", "right"),
    [("1970-01-01", "2099-12-31", "daily", "monthly"), ("1990-01-01", "2030-12-31", None, "weekly")],
)
def test_a_trend_of_too_many_points_is_refused_at_the_order(
    client: Client, first: str, last: str, width: str | None, right: str
) -> None:
    asked = {"dateFrom": first, "dateTo": last, **({} if width is None else {"granularity": width})}
    order = {"format": "csv", "report": "trends", **asked}
    query = {name: str(value) for name, value in asked.items()}
    refused = client.refused(400, "INVALID_PARAMETER", "POST", "/v1/analytics/export", json=order)
    told = client.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/trends", params=query)
    assert (refused["parameter"], refused["message"]) == (told["parameter"], told["message"])
    assert f"granularity={right}" in refused["message"]
    taken = client.ask("POST", "/v1/analytics/export", json={**order, "granularity": right})
    assert finished(client, taken.json()["jobId"])["status"] == "completed"


def test_an_idempotency_key_has_its_limit(client: Client) -> None:
    order = {"json": {"format": "csv"}, "headers": {"Idempotency-Key": "k" * 5_000}}
    error = client.refused(400, "INVALID_PARAMETER", "POST", "/v1/analytics/export", **order)
    words = "Idempotency-Key has a value of 5,000 characters; right would be at most 255."
    assert (error["parameter"], error["message"]) == ("Idempotency-Key", words)


def test_an_order_that_is_too_large(client: Client) -> None:
    order = {"format": "csv", "campaignId": [f"{number:04}" + "x" * 300 for number in range(1_000)]}
    answer = client.ask("POST", "/v1/analytics/export", json=order)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "right would be at most 256 KB" in error["message"]
