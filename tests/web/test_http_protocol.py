"""What is no request that can be served: answered in words, with the headers of every answer, never by a reset."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from lib.web.http_protocol import MAX_ADDRESS
from tests.browser.conftest import served
from tests.page_client import Visitor
from tests.web.test_gateway import HEADERS

UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("parser") / "data", CALLBOARD_SAMPLE="off") as address:
        yield address


def send(address: str, request: bytes) -> tuple[int, dict[str, str], str]:
    """Send bytes, all of them, and return what comes back until the server has no more to say."""
    host, port = urlsplit(address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request.replace(b"HOST", f"Host: {host}:{port}\r\n".encode()))
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
    assert len(headers) == len(dict(headers)), headers
    return int(first.split(" ")[1]), dict(headers), body.decode()


def refused(address: str, request: bytes, *statuses: int) -> dict[str, str]:
    """Hold that a request gets one of these statuses, and return what is said of it; of pages the words alone."""
    status, headers, body = send(address, request)
    assert status in statuses, (status, body)
    assert set(headers) >= HEADERS and headers["connection"] == "close"
    if not headers["content-type"].startswith("application/json"):
        return {"message": body}
    error: dict[str, str] = json.loads(body)["error"]
    assert error["requestId"] == headers["x-request-id"]
    return error


@pytest.mark.parametrize("size", [MAX_ADDRESS + 1, 70_000, 200_000, 2_000_000])
@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_an_address_of_any_length_is_answered(app: str, size: int, method: bytes) -> None:
    for path in (b"/campaigns?campaignId=", b"/"):
        line = method + b" " + path + b"a" * size + b" HTTP/1.1\r\n"
        told = refused(app, line + b"HOSTConnection: close\r\n\r\n", 414)
        assert "32 KB" in told["message"] and "code" not in told
    for path in (b"/v1/analytics/summary?campaignId=", b"/v1/"):
        line = method + b" " + path + b"a" * size + b" HTTP/1.1\r\n"
        told = refused(app, line + b"HOSTConnection: close\r\n\r\n", 414)
        assert told["code"] == "URI_TOO_LONG" and "32 KB" in told["message"]


def test_the_longest_address_is_served(app: str) -> None:
    path = b"/v1/analytics/summary?campaignId="
    line = b"GET " + path + b"a" * (MAX_ADDRESS - len(path)) + b" HTTP/1.1\r\n"
    assert send(app, line + b"HOSTConnection: close\r\n\r\n")[0] == 401


@pytest.mark.parametrize("size", [70_000, 200_000, 2_000_000])
def test_headers_of_any_length_are_answered(app: str, size: int) -> None:
    header = b"X-Long: " + b"a" * size + b"\r\n"
    assert "32 KB" in refused(app, b"GET / HTTP/1.1\r\nHOSTConnection: close\r\n" + header + b"\r\n", 431)["message"]
    told = refused(app, b"GET /v1/docs HTTP/1.1\r\nHOSTConnection: close\r\n" + header + b"\r\n", 400)
    assert told["code"] == "INVALID_PARAMETER" and "32 KB" in told["message"]


@pytest.mark.parametrize(
    "rest",
    [
        b" HTTP/1.1\r\n\r\n",  # no host
        b" HTTP/1.1\r\nHOST: x\r\n\r\n",
        b" HTTP/1.1\r\nHOSTHOST\r\n\r\n",
        b" HTTP/1.1\r\nHOSTContent-Length: x\r\n\r\n",
        b" NONE/1.1\r\nHOST\r\n",
        b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told_so(app: str, rest: bytes) -> None:
    assert refused(app, b"GET /" + rest, 400)["message"]
    assert refused(app, b"GET /v1/analytics/summary" + rest, 400)["code"] == "INVALID_PARAMETER"


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01", b"\x00" * 100, b"a" * 100_000, b"\r\n" * 50 + b"x y z"]
)
def test_what_is_nothing_at_all_is_told_so(app: str, garbage: bytes) -> None:
    assert refused(app, garbage + b"\r\n\r\n", 400, 414)["message"]


def test_a_second_request_on_one_connection(app: str) -> None:
    """What is wrong with the second is told of the second."""
    first = b"GET /healthz HTTP/1.1\r\nHOST\r\n"
    host, port = urlsplit(app).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(first.replace(b"HOST", f"Host: {host}:{port}\r\n".encode()))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /v1/" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.count(b"HTTP/1.1 414") == answer.count(b"HTTP/1.1 ") == 1 and b"URI_TOO_LONG" in answer


def test_a_body_that_breaks_off_its_form(app: str) -> None:
    """The request is being served when its body turns out to be none: one answer, and the next visitor gets theirs."""
    request = b"POST /v1/evaluations HTTP/1.1\r\nHOSTTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n"
    status, headers, _ = send(app, request)
    assert status in (400, 401) and set(headers) >= HEADERS
    assert send(app, b"GET /healthz HTTP/1.1\r\nHOSTConnection: close\r\n\r\n")[0] == 200


@pytest.mark.parametrize(("method", "path"), [(b"POST", b"/campaigns"), (b"PUT", b"/_stcore/upload_file/a/b")])
@pytest.mark.parametrize("length", [True, False])
def test_a_body_that_is_refused_may_be_sent_to_its_end(app: str, method: bytes, path: bytes, length: bool) -> None:
    form = b"Content-Length: 10000000\r\n" if length else b"Transfer-Encoding: chunked\r\n"
    body = b"a" * 10_000_000 if length else b"989680\r\n" + b"a" * 10_000_000 + b"\r\n0\r\n\r\n"
    refused(
        app, method + b" " + path + b" HTTP/1.1\r\nHOSTConnection: close\r\n" + form + b"\r\n" + body, 403, 405, 413
    )


def test_a_websocket_of_a_long_address_or_headers_is_answered(app: str) -> None:
    stream = b"GET /_stcore/stream?x=%b HTTP/1.1\r\nHOST%b\r\n"
    for size in (33_000, 200_000):
        assert "32 KB" in refused(app, stream % (b"a" * size, UPGRADE), 414)["message"]
        cookie = b"Cookie: x=" + b"a" * size + b"\r\n"
        assert "32 KB" in refused(app, stream % (b"a", UPGRADE + cookie), 431)["message"]
    many = b"".join(b"X-%d: a\r\n" % number for number in range(150))
    assert "128" in refused(app, stream % (b"a", UPGRADE + many), 431)["message"]


def test_a_login_may_have_long_cookies(app: str) -> None:
    cookies = {"_streamlit_user": "a" * 15_000, "_streamlit_user_tokens": "a" * 15_000}
    with Visitor(app, cookies).page() as page:
        assert page.draw()
