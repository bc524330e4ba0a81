"""Bodies of requests: how large one may be, how many large ones at a time, and what reading one takes."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import Request

from lib.api import request_body
from lib.api.errors import ApiError
from lib.api.routes.exports import ExportOrder
from lib.api.routes.reports import ReportChange
from tests.api.conftest import App
from tests.api_client import Client
from tests.waiting import until

LARGE = b"[" + b" " * 1_500_000 + b"]"
JSON = {"Content-Type": "application/json"}
EVALUATIONS, EXPORT = "/v1/evaluations", "/v1/analytics/export"


def in_pieces(body: bytes) -> Iterator[bytes]:
    """Give a body whose length is not said before."""
    yield body[:1_400_000]
    yield body[1_400_000:]


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_an_order_has_a_megabyte_at_most(client: Client) -> None:
    order = b'{"format": "csv", "report": "summary"' + b" " * 2**20 + b"}"
    for content in (order, in_pieces(order)):
        answer = client.ask("POST", EXPORT, content=content, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert "1 MB" in answer.json()["error"]["message"]
    shorter = order.replace(b" " * 1_000, b"")
    assert client.ask("POST", EXPORT, content=shorter, headers=JSON).status_code == 202
    for path in ("/v1/analytics/summary", "/v1/evaluation", "/v1/nothing"):
        answer = client.ask("POST", path, content=LARGE, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert client.ask("POST", EVALUATIONS, content=LARGE, headers=JSON).status_code == 200


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_an_order_that_is_not_read_whole_is_refused(small_app: App) -> None:
    """By what its headers say: no byte of it need come."""
    parts = urlsplit(small_app.address)
    for path, megabytes in ((EXPORT, 28), (EVALUATIONS, 33)):
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            lines = (f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {megabytes * 2**20}", "", "")
            connection.sendall("\r\n".join(lines).encode())
            assert b" 413 " in connection.recv(4096)


@contextmanager
def sending(app: App, key: str, content: bytes) -> Iterator[socket.socket]:
    """Give a connection on which the server waits for a large body, of which a part has been sent."""
    parts = urlsplit(app.address)
    lines = (
        f"POST {EVALUATIONS} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(LARGE)}",
        "Expect: 100-continue",
        "Connection: close",
    )
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        assert b"100 Continue" in connection.recv(4096)  # said as the server begins to read the body
        connection.sendall(content)
        yield connection


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_a_key_sends_one_large_body_at_a_time(small_app: App) -> None:
    key = small_app.key()
    client, another = Client(small_app.address, key), small_app.client()

    def status(content: Any) -> int:
        return client.ask("POST", EVALUATIONS, content=content, headers=JSON).status_code

    with sending(small_app, key, LARGE[:1_000]) as connection:
        for content in (LARGE, in_pieces(LARGE)):
            answer = client.ask("POST", EVALUATIONS, content=content, headers=JSON)
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (429, "RATE_LIMIT_EXCEEDED"), answer.text
            assert answer.headers["retry-after"] == str(error["retryAfter"])
        assert status(b"[]") == 200
        assert client.ask("GET", "/v1/analytics/summary").status_code == 200
        assert another.ask("POST", EVALUATIONS, content=LARGE, headers=JSON).status_code == 200
        connection.sendall(LARGE[1_000:])
        assert b" 200 " in connection.recv(4096)
    for content, expected in ((LARGE, 200), (LARGE[:-1], 400), (b"[" + b"{}," * 10**6, 413), (LARGE, 200)):
        assert status(content) == expected
    with sending(small_app, key, LARGE[:1_200_000]):
        assert status(LARGE) == 429
    until(lambda: status(LARGE) == 200)  # whoever sends the other is gone
    client.close()
    another.close()


def test_what_is_wrong_with_an_order_takes_little_memory() -> None:
    """A megabyte of it took 500 MB: each value of a long list, and each unknown field, was described."""
    request = Request({"type": "http", "headers": [(b"content-type", b"application/json")]})

    def of(unit: bytes) -> bytes:
        return b'{"format":"csv","campaignId":[' + b",".join([unit] * (2**20 // (len(unit) + 1))) + b"]}"

    unknown = b'{"format":"csv",' + b",".join(b'"%x":1' % number for number in range(2**17)) + b"}"
    for body, parameter in ((of(b"1"), "campaignId"), (of(b"[]"), "campaignId"), (unknown, "0"), (b"[" * 2**20, None)):
        tracemalloc.start()
        try:
            with pytest.raises(ApiError) as error:
                request_body.parsed(request, body, ExportOrder)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (error.value.status, error.value.parameter) == (400, parameter)
        assert peak < 64 * 2**20, f"{peak:,} bytes"


@pytest.mark.parametrize(
    ("body", "parameter", "words"),
    [
        (b'{"name": 5}', "name", 'name is 5; right would be a text such as "Monday quality".'),
        (b"{}", "name", 'name is missing; right would be one such as "Monday quality".'),
        (b'{"name": "x", "recipients": [1]}', "recipients", "An entry of recipients is 1; right would be a text."),
        (b'{"name": "x", "parameters": []}', "parameters", "parameters is a list; right would be an object such as"),
        (b'{"name": "x", "status": "on"}', "status", "status is \"on\"; right would be 'active' or 'paused'."),
        (b'{"name": "x", "version": 1.5}', "version", "version is 1.5; right would be a whole number."),
        (b'{"page": "x",\n "name": "\\ud800"}', "name", "name holds a character that no text can hold"),
        (b'{"name": "x", "export": {"a": {"b": ' + b"9" * 5_000 + b"}}}", "export", "more digits than can be read"),
        (b'{"name": "x", "schedule": ' + b"[" * 3_000 + b"]" * 3_000 + b"}", "schedule", "nested too deep"),
        (b"[" * 3_000, None, "The body holds values that are nested too deep"),
        (b'{"name": "x"', None, "not a JSON object. It can't be read from line 1, column 12 on."),
        (b"", None, "The body is not a JSON object."),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_is_said_in_plain_words(body: bytes, parameter: str | None, words: str) -> None:
    request = Request({"type": "http", "headers": [(b"content-type", b"application/json")]})
    with pytest.raises(ApiError) as error:
        request_body.parsed(request, body, ReportChange)
    assert (error.value.status, error.value.parameter) == (400, parameter) and words in error.value.message


def test_httpx_is_told_of_a_refusal(small_app: App) -> None:
    """The answer comes although the body was not read to its end."""
    answer = httpx.post(f"{small_app.address}{EVALUATIONS}", content=LARGE, headers=JSON, timeout=60)
    assert answer.status_code == 401


@pytest.mark.parametrize("small_app", ["duckdb"], indirect=True)
def test_what_is_nested_is_refused_at_any_depth(client: Client) -> None:
    """What can be decoded can be too deep for whatever goes through it next."""
    for depth in (2, *range(850, 1_001)):
        nested = b'[{"id":' + b"[" * depth + b"]" * depth + b"}]"
        client.refused(400, "INVALID_PARAMETER", "POST", EVALUATIONS, content=nested, headers=JSON)
