"""PUT of one evaluation: under the id of the path, whatever that is, by the rules of POST."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from lib.analytics.grants import Grant
from tests.api.conftest import App
from tests.api_client import Client

DAY = {"audioDate": "2024-02-01T10:00:00Z"}


def put(client: Client, number: str, body: dict[str, Any]) -> dict[str, Any]:
    found = client.ask("PUT", f"/v1/evaluations/{quote(number, safe='')}", json=body)
    assert found.status_code == 200, found.text
    answer: dict[str, Any] = found.json()
    return answer


def test_an_evaluation_is_put_changed_and_left_as_it_is(client: Client) -> None:
    expected = {"read": 1, "duplicates": 0, "exactDuplicates": 0, "blank": 0, "bad": 0}
    for score, added, changed, unchanged in ((5, 1, 0, 0), (6, 0, 1, 0), (6, 0, 0, 1)):
        counts = put(client, "put-1", {**DAY, "averageNote": score})
        assert counts.pop("importId").startswith("imp_")
        assert counts == {**expected, "added": added, "changed": changed, "unchanged": unchanged}
    assert client.get("/v1/evaluations/put-1")["averageNote"] == 6
    assert put(client, "put-1", {"id": "put-1", **DAY, "averageNote": 6})["unchanged"] == 1
    assert put(client, "put-1", {"ID": " put-1 ", **DAY, "averageNote": 6})["unchanged"] == 1


@pytest.mark.parametrize("number", ["a/b/c", "with space", "100%", "é?#&", "通話 1", "x/results", "a%2Fb"])
def test_any_id_can_be_put(client: Client, number: str) -> None:
    assert put(client, number, DAY)["added"] == 1
    assert client.ask("GET", f"/v1/evaluations/{quote(number, safe='')}").json()["id"] == number
    assert put(client, number, DAY)["unchanged"] == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("q%ff", "%FF"),
        ("q%fe", "%FE"),
        ("%20m", "right would be 'm'"),
        ("a%09b", "right would be 'a%20b'"),
        ("a%E2%80%8Bb", "right would be 'ab'"),
        ("a%E2%80%AEb", "right would be 'ab'"),
        ("%E2%80%8B", "an id that can be seen"),
        ("n%0Am", "right would be 'n%20m'"),
    ],
)
def test_an_id_that_would_not_be_found_again_is_refused(client: Client, path: str, said: str) -> None:
    error = client.refused(400, "INVALID_PARAMETER", "PUT", f"/v1/evaluations/{path}", json=DAY)
    assert error["parameter"] == "id" and said in error["message"]
    client.refused(404, "NOT_FOUND", "GET", f"/v1/evaluations/{path}")


def test_a_number_as_id_is_the_one_of_the_path(client: Client) -> None:
    assert put(client, "4711", {"id": 4711, **DAY})["added"] == 1


def test_what_is_wrong_is_said_by_name(client: Client) -> None:
    path = "/v1/evaluations/put-2"

    def refused(body: Any) -> dict[str, Any]:
        return client.refused(400, "INVALID_PARAMETER", "PUT", path, json=body)

    for other in ("put-3", 5, True, ["put-2"]):
        assert refused({"id": other, **DAY})["parameter"] == "id"
    assert "audioDate" in refused({"averageNote": 5})["message"]
    assert "'11'" in refused({**DAY, "averageNote": 11})["message"]
    assert "averageNot" in refused({**DAY, "averageNot": 1})["message"]
    for body in ([DAY], "put-2", 5):
        assert "object" in refused(body)["message"]
    unknown = client.refused(400, "INVALID_PARAMETER", "PUT", f"{path}?timezone=UTC", json=DAY)
    assert unknown["parameter"] == "timezone"
    lines = {"content": b"{}", "headers": {"Content-Type": "application/x-ndjson"}}
    client.refused(415, "UNSUPPORTED_MEDIA_TYPE", "PUT", path, **lines)
    client.refused(404, "NOT_FOUND", "GET", path)


def test_a_limited_key_puts_what_it_may_see_alone(small_app: App) -> None:
    with small_app.client(grant=Grant.of({"campaign": ["a"]})) as limited:
        assert put(limited, "put-limited", {**DAY, "campaignId": "a"})["added"] == 1
        limited.refused(400, "INVALID_PARAMETER", "PUT", "/v1/evaluations/put-4", json={**DAY, "campaignId": "b"})
        limited.refused(409, "CONFLICT", "PUT", "/v1/evaluations/3", json={**DAY, "campaignId": "a"})
    with small_app.client("evaluations:read") as reader:
        reader.refused(403, "INSUFFICIENT_SCOPE", "PUT", "/v1/evaluations/put-5", json=DAY)
