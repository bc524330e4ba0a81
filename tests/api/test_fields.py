"""Own fields over HTTP: defined, filled, asked about, deleted; and what is refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from lib.analytics.grants import Grant
from tests.api.conftest import App
from tests.api.test_exports import exported
from tests.api_client import Client

CALLS: list[dict[str, Any]] = [
    {"id": "f1", "audioDate": "2024-02-01", "fields": {"channel": "chat", "csat": 4.5, "resolved": True}},
    {"id": "f2", "audioDate": "2024-02-02", "fields": {"channel": "phone", "csat": -0.25, "resolved": False}},
    {"id": "f3", "audioDate": "2024-02-03", "fields": {"channel": "chat", "remark": None}},
    {"id": "f4", "audioDate": "2024-02-04", "averageNote": 8},
]
FEBRUARY = {"dateFrom": "2024-02-01", "dateTo": "2024-02-29"}


@pytest.fixture
def admin(small_app: App) -> Any:
    """Ask with a key that may do everything, on an app that has no field yet."""
    client = small_app.client(
        *("analytics:read", "analytics:export", "evaluations:read", "evaluations:write", "fields:write")
    )
    for field in client.get("/v1/fields")["data"]:
        client.ask("DELETE", f"/v1/fields/{field['name']}")
    yield client
    client.close()


def by(client: Client, field: str, **more: Any) -> dict[str | None, int]:
    """Return how many evaluations each group has, by id."""
    found = client.get("/v1/analytics/breakdown", by=field, **FEBRUARY, **more)["data"]
    return {row["id"]: row["totalEvaluations"] for row in found}


def test_a_field_is_defined_changed_and_deleted(admin: Client) -> None:
    made = admin.ask("PUT", "/v1/fields/csat", json={"type": "number", "label": "Satisfaction", "unit": "points"})
    field = {
        "name": "csat",
        "type": "number",
        "label": "Satisfaction",
        "unit": "points",
        "archived": False,
        "values": 0,
    }
    assert (made.status_code, made.json()) == (201, field)
    again = admin.ask("PUT", "/v1/fields/csat", json={"type": "number", "label": "CSAT"})
    assert (again.status_code, again.json()) == (200, {**field, "label": "CSAT"})
    assert admin.ask("PUT", "/v1/fields/csat", json={"unit": None}).json()["unit"] is None
    assert admin.get("/v1/fields") == {"data": [{**field, "label": "CSAT", "unit": None}]}
    gone = admin.ask("DELETE", "/v1/fields/csat")
    assert (gone.status_code, gone.content) == (204, b"")
    assert admin.get("/v1/fields") == {"data": []}
    admin.refused(404, "NOT_FOUND", "DELETE", "/v1/fields/csat")


def test_objects_with_fields_define_fill_and_answer(admin: Client) -> None:
    written = admin.ask("POST", "/v1/evaluations", json=CALLS)
    assert written.status_code == 200, written.text
    fields = {field["name"]: (field["type"], field["values"]) for field in admin.get("/v1/fields")["data"]}
    assert fields == {
        "channel": ("category", 3),
        "csat": ("number", 2),
        "resolved": ("yes_no", 2),
    }
    assert by(admin, "field.channel") == {"chat": 2, "phone": 1, None: 1}
    assert by(admin, "field.resolved") == {"true": 1, "false": 1, None: 2}
    assert by(admin, "field.channel", **{"field.csat.min": "0"}) == {"chat": 1}
    assert by(admin, "field.resolved", **{"field.channel": ["phone", "(none)"]}) == {"false": 1, None: 1}
    names = {row["name"] for row in admin.get("/v1/analytics/breakdown", by="field.resolved", **FEBRUARY)["data"]}
    assert names == {"Yes", "No", "(none)"}
    series = admin.get("/v1/analytics/trends", by="field.channel", granularity="monthly", **FEBRUARY)["series"]
    assert [(each["id"], each["data"][0]["totalEvaluations"]) for each in series] == [
        ("chat", 2),
        ("phone", 1),
        (None, 1),
    ]
    rows = {row["id"]: row["fields"] for row in admin.get("/v1/evaluations", **FEBRUARY)["data"]}
    nothing = dict.fromkeys(("channel", "csat", "resolved"))
    assert rows == {
        "f1": {**nothing, "channel": "chat", "csat": 4.5, "resolved": True},
        "f2": {**nothing, "channel": "phone", "csat": -0.25, "resolved": False},
        "f3": {**nothing, "channel": "chat"},
        "f4": nothing,
    }
    assert admin.get("/v1/evaluations/f2")["fields"] == rows["f2"]
    back = admin.get("/v1/evaluations", **FEBRUARY)["data"]
    assert admin.ask("POST", "/v1/evaluations", json=back).json()["unchanged"] == 4


def test_exports_carry_fields_and_come_back_whole(admin: Client) -> None:
    admin.ask("POST", "/v1/evaluations", json=CALLS)
    _, content = exported(admin, format="csv", **FEBRUARY)
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
    own = ("field.channel", "field.csat", "field.resolved")
    assert {number: tuple(row[name] for name in own) for number, row in rows.items()} == {
        "f1": ("chat", "4.5", "true"),
        "f2": ("phone", "-0.25", "false"),
        "f3": ("chat", "", ""),
        "f4": ("", "", ""),
    }
    _, content = exported(admin, format="xlsx", **{**FEBRUARY, "field.channel": "phone"})
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True)["Evaluations"]
    header, row = sheet.iter_rows(values_only=True)
    assert {name: row[header.index(name)] for name in own} == dict(zip(own, ("phone", -0.25, False), strict=True))


def test_a_field_that_is_not_there_is_named(small_app: App, admin: Client) -> None:
    admin.ask("POST", "/v1/evaluations", json=CALLS)
    told = admin.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/summary?field.chanel=chat")
    assert "did you mean 'field.channel'" in told["message"]
    told = admin.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/breakdown?by=field.chanel")
    assert "did you mean 'field.channel'" in told["message"]
    with small_app.client("evaluations:write") as writer:
        told = writer.refused(
            400, "INVALID_PARAMETER", "POST", "/v1/evaluations", json=[{**CALLS[0], "fields": {"chanel": "x"}}]
        )
        assert "field.chanel" in told["message"] and "field.channel" in told["message"]
        writer.refused(403, "INSUFFICIENT_SCOPE", "PUT", "/v1/fields/other", json={"type": "text"})
        writer.refused(403, "INSUFFICIENT_SCOPE", "DELETE", "/v1/fields/channel")


def test_a_key_that_sees_a_part_changes_no_fields_and_counts_its_part(small_app: App, admin: Client) -> None:
    admin.ask("POST", "/v1/evaluations", json=[{**call, "campaignId": call["id"]} for call in CALLS])
    grant = Grant((("campaign", ("f1", "f4")),))
    with small_app.client("analytics:read", "fields:write", "evaluations:write", grant=grant) as limited:
        assert [field["values"] for field in limited.get("/v1/fields")["data"]] == [1, 1, 1]
        limited.refused(403, "INSUFFICIENT_SCOPE", "PUT", "/v1/fields/other", json={"type": "text"})
        limited.refused(403, "INSUFFICIENT_SCOPE", "DELETE", "/v1/fields/channel")
        one = {"id": "f9", "audioDate": "2024-02-01", "campaignId": "f1", "fields": {"brandNew": 1}}
        limited.refused(400, "INVALID_PARAMETER", "POST", "/v1/evaluations", json=[one])
        assert by(limited, "field.channel") == {"chat": 1, None: 1}


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("Csat", {"type": "number"}, 400),
        ("audioDate", {"type": "number"}, 400),
        ("csat", {"type": "decimal"}, 400),
        ("csat", {}, 400),
        ("csat", {"type": 1}, 400),
        ("csat", {"type": "number", "label": ""}, 201),
        ("csat", {"type": "number", "label": "x" * 81}, 400),
        ("csat", {"type": "number", "unit": "x" * 21}, 400),
        ("csat", {"type": "text", "unit": "€"}, 400),
        ("csat", {"type": "number", "colour": "red"}, 400),
        ("csat", [], 400),
    ],
)
def test_what_no_field_can_be(admin: Client, name: str, body: Any, status: int) -> None:
    assert admin.ask("PUT", f"/v1/fields/{name}", json=body).status_code == status


def test_the_type_is_fixed_once_there_are_values(admin: Client) -> None:
    admin.ask("PUT", "/v1/fields/channel", json={"type": "number"})
    assert admin.ask("PUT", "/v1/fields/channel", json={"type": "category"}).json()["type"] == "category"
    admin.ask("POST", "/v1/evaluations", json=CALLS[:1])
    told = admin.refused(409, "CONFLICT", "PUT", "/v1/fields/channel", json={"type": "number"})
    assert "define a new field" in told["message"]
