"""The outermost layer of a running app: who is answered, with which headers, and what is closed."""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from lib.errors import RefusedError
from lib.web import security_headers
from lib.web.body_limit import LimitedBody
from lib.web.gateway import Gateway, Limits
from lib.web.host_check import AllowedHosts, name_of
from lib.web.sockets import Sockets
from tests.conftest import ROOT
from tests.serving import served

HEADERS = {
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "x-frame-options",
    "x-request-id",
}


def alone(asked: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own, as a browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asked).result()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an app whose visitors come by https://callboard.example."""
    data_dir = tmp_path_factory.mktemp("front") / "data"
    with served(data_dir, CALLBOARD_SAMPLE="off", CALLBOARD_BASE_URL="https://callboard.example") as address:
        yield address


def ask(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Ask with these headers alone; `host=""` sends none."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"host": urlsplit(address).netloc, **headers}.items():
        if value:
            connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = "" if answer.status == 101 else answer.read().decode("latin-1")
    connection.close()
    return answer.status, body, [(name.lower(), value) for name, value in answer.getheaders()]


def websocket(address: str, **headers: str) -> tuple[int, str, list[tuple[str, str]]]:
    upgrade = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec_websocket_version": "13",
        "sec_websocket_key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "sec_websocket_protocol": "streamlit",
    }
    return ask(address, "/_stcore/stream", **upgrade, **headers)


PATHS = (
    "/",
    "/campaigns",
    "/favicon.png",
    "/app/static/inter.woff2",
    "/app/static/none",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/media/none",
    "/v1",
    "/v1/docs",
    "/v1/openapi.json",
    "/v1/analytics/summary",
    "/v1/nothing",
    "/healthz",
    "/readyz",
    "/metrics",
)


@pytest.mark.parametrize("path", PATHS)
def test_headers_of_every_answer(app: str, path: str) -> None:
    _, _, headers = ask(app, path, origin="http://evil.example")
    names = [name for name, _ in headers]
    assert set(names) >= HEADERS and all(names.count(name) == 1 for name in HEADERS)
    assert not [name for name in names if name.startswith("access-control-")]
    rules = dict(rule.split(" ", 1) for rule in dict(headers)["content-security-policy"].split("; "))
    scripts = rules.get("script-src", "")
    assert "unsafe" not in scripts and "http" not in scripts and "*" not in scripts
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert "strict-transport-security" not in names


def test_the_hash_is_of_the_page_that_is_served(app: str) -> None:
    for path in ("/", "/v1/docs"):
        _, page, headers = ask(app, path)
        scripts = re.findall("<script>.*?</script>", page, re.DOTALL)
        hashes = security_headers.inline_hashes(page)
        assert len(scripts) == len(hashes) == 1 and hashes[0] in dict(headers)["content-security-policy"]


@pytest.mark.parametrize(
    "headers", [{"host": "callboard.example"}, {"host": "Callboard.Example:443"}, {"x_forwarded_proto": "https"}]
)
def test_by_tls(app: str, headers: dict[str, str]) -> None:
    for path in ("/_stcore/health", "/v1/analytics/summary"):
        answered = dict(ask(app, path, **headers)[2])
        assert answered["strict-transport-security"] == "max-age=31536000"
        assert "set-cookie" not in answered or answered["set-cookie"].endswith("; Path=/; SameSite=Lax; Secure")
    assert "Secure" not in dict(ask(app, "/_stcore/health")[2])["set-cookie"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "localhost:x", "", "[::2]"]
)
def test_another_host_is_refused(app: str, host: str) -> None:
    for path in ("/", "/static/x", "/_stcore/health", "/metrics", "/v1/analytics/summary", "/v1/docs"):
        status, body, headers = ask(app, path, host=host)
        assert status == 400
        assert {name for name, _ in headers} >= HEADERS
        assert not host or "CALLBOARD_HOSTS" in body  # without one it is no HTTP
    status, body, _ = websocket(app, host=host, origin=f"http://{host}")
    assert status == 400


def test_a_refusal_has_the_shape_of_the_api(app: str) -> None:
    for path in ("/metrics", "/v1/analytics/summary"):
        found = httpx.get(app + path, headers={"Host": "evil.example"}, timeout=60)
        error = found.json()["error"]
        assert error["code"] == "INVALID_PARAMETER" and error["requestId"] == found.headers["x-request-id"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST:1", "callboard.example."])
def test_ours_are_answered(app: str, host: str) -> None:
    assert ask(app, "/", host=host)[0] == 200
    assert websocket(app, host=host, origin=f"http://{host.lower()}")[0] == 101


def test_load_balancers_ask_by_number(app: str) -> None:
    assert [ask(app, path, host="10.1.2.3")[0] for path in ("/healthz", "/readyz")] == [200, 200]


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:1", "http://127.0.0.1", "null", "https://10.0.0.1"]
)
def test_no_page_of_another_site_opens_a_websocket(app: str, origin: str) -> None:
    status, body, _ = websocket(app, origin=origin)
    assert status == 403 and "may not ask this" in body
    upload = "/_stcore/upload_file/a/b"
    status, body, _ = ask(app, upload, "PUT", content_length="10")  # no session that drew the field for files
    assert (status, "No file may be brought" in body) == (403, True)
    assert ask(app, upload, "PUT", origin=origin)[0] == 403


def test_our_own_page_and_programs_open_one(app: str) -> None:
    assert websocket(app, origin=app)[0] == websocket(app)[0] == 101


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/metrics/",
        "/_stcore/script-health-check",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/mcp",
        "/_stcore/agent/interact",
        "/_stcore/bidi-components/x",
        "/campaigns/_stcore/metrics",
        "/component/x",
    ],
)
def test_closed(app: str, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        status, body, _ = ask(app, path, method, content_length="0")
        assert (status, body) == (404, "There is nothing here.\n")


def test_what_browsers_ask_of_the_server_is_open(app: str) -> None:
    for path in ("/_stcore/health", "/_stcore/host-config"):
        assert ask(app, path)[0] == 200, path


def test_no_other_site_logs_anybody_out(app: str) -> None:
    for site, expected in (("cross-site", 403), ("same-site", 403), ("same-origin", 302), ("none", 302)):
        assert ask(app, "/auth/logout", **{"sec_fetch_site": site})[0] == expected


@pytest.mark.parametrize(
    "path", ["/app/static/", "/app/static", "/static/", "/app/static/%2e%2e/main.py", "/app/static/../main.py"]
)
def test_static_files_are_no_folder(app: str, path: str) -> None:
    _, body, _ = ask(app, path)
    assert "inter-license.txt" not in body and "import streamlit" not in body


def test_head_says_of_a_page_what_get_says(app: str) -> None:
    changing = {"date", "x-request-id"}
    for path in ("/", "/campaigns", "/index.html", "/words/es.js", "/favicon.png", "/healthz"):
        status, body, headers = ask(app, path)
        of_head = ask(app, path, "HEAD")
        assert (of_head[0], of_head[1]) == (status, "") and body
        assert [each for each in of_head[2] if each[0] not in changing] == [
            each for each in headers if each[0] not in changing
        ]


def test_names_of_files_that_no_disk_has(app: str) -> None:
    """They are answered as all names without a file, and are no fault that the log explains."""
    for name in ("a" * 300, "a/" * 3000 + "a", "%C3%A9" * 200, "icon.svg/" + "a" * 5000):
        assert ask(app, f"/app/static/{name}")[:2] == (404, "There is nothing here.\n")
        assert ask(app, f"/static/{name}")[0] == 404
        assert ask(app, f"/{name}")[0] == 200, "a page's own text says that there is none"


def test_sizes(app: str) -> None:
    assert ask(app, "/campaigns", "POST", content_length=str(2**17))[0] == 413
    status, body, _ = ask(app, "/_stcore/upload_file/a/b", "PUT", content_length=str(502 * 2**20))
    assert status == 413 and "501 MB" in body
    status, body, _ = ask(app, "/v1/evaluations", "POST", content_length=str(2**40))
    assert status == 413 and "PAYLOAD_TOO_LARGE" in body
    status, body, _ = ask(app, "/v1/evaluations", "POST", content_length=str(32 * 2**20 + 1))
    assert status == 413 and "32 MB" in body
    status, body, _ = ask(app, "/?x=" + "a" * 40_000)
    assert status == 414 and "32 KB" in body
    assert httpx.get(f"{app}/v1/analytics/summary?campaignId=" + "a" * 40_000, timeout=60).status_code == 414
    many = {f"x_{number}": "a" * 1_000 for number in range(40)}
    status, body, _ = ask(app, "/", **many)
    assert status == 431 and "32 KB" in body


def test_what_anybody_may_call_a_method(app: str) -> None:
    """Methods without a meaning, and long ones, are refused, and leave nothing in the metrics."""
    for method in ("HURT", "X" * 5_000):
        assert ask(app, "/v1/analytics/summary", method)[0] == 405
    told = ask(app, "/metrics")[1]
    assert "HURT" not in told and "XXX" not in told
    counted = [
        line for line in told.splitlines() if line.startswith("callboard_http_requests_total{") and "405" in line
    ]
    assert len(counted) == 1 and counted[0].endswith(" 2.0"), counted


def test_a_refused_websocket_has_the_headers_of_every_answer(app: str) -> None:
    status, _, headers = websocket(app, origin="https://evil.example")
    assert status == 403 and {name for name, _ in headers} >= HEADERS


def test_errors_tell_nothing_of_the_inside(app: str) -> None:
    for method, path in (
        ("GET", "/media/none"),
        ("POST", "/"),
        ("TRACE", "/"),
        ("GET", "//evil.example/"),
        ("GET", "/%00"),
    ):
        status, body, _ = ask(app, path, method, content_length="0")
        assert 400 <= status < 500 and len(body) < 120
        for inside in ("Traceback", "site-packages", str(ROOT), "treamlit", "tarlette"):
            assert inside not in body


def test_a_broken_websocket_is_closed_without_a_word(app: str) -> None:
    for frame, code in (("text", 1003), (b"\xff\xff\xff", 1007)):
        with connect(app.replace("http", "ws") + "/_stcore/stream", subprotocols=[Subprotocol("streamlit")]) as opened:
            opened.send(frame)
            with pytest.raises(ConnectionClosed) as caught:
                while True:
                    opened.recv(timeout=20)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == code and not caught.value.rcvd.reason


async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/cookies":
        answer = PlainTextResponse("yes")
        answer.set_cookie("_streamlit_user", "x", samesite=None)
        answer.headers.append("Set-Cookie", "_streamlit_xsrf=2|x; Path=/")
        await answer(scope, receive, send)
        return
    raise ValueError("what is inside")


def ask_wrapped(url: str) -> httpx.Response:
    front = Gateway(
        _broken,
        hosts=["testserver"],
        base_url="",
        page="",
        limits=Limits(1, 1),
        refusal=lambda *_: PlainTextResponse("no"),
        sockets=Sockets(None, lambda _: 0, 1_000),
    )

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(front)) as client:
            return await client.get(url)

    answer: httpx.Response = alone(asked())
    return answer


def test_an_unexpected_error_is_told_by_its_id_alone() -> None:
    found = ask_wrapped("http://testserver/")
    assert found.status_code == 500 and "inside" not in found.text
    assert found.headers["x-request-id"] in found.text and set(found.headers) >= HEADERS


def test_cookies_get_what_they_lack() -> None:
    plain, by_tls = (
        ask_wrapped(f"{scheme}://testserver/cookies").headers.get_list("set-cookie") for scheme in ("http", "https")
    )
    assert plain == ["_streamlit_user=x; Path=/; HttpOnly; SameSite=Lax", "_streamlit_xsrf=2|x; Path=/; SameSite=Lax"]
    assert by_tls == [f"{each}; Secure" for each in plain]  # the pages' script reads the second


def test_any_host() -> None:
    assert AllowedHosts(["*"]).check(b"evil.example:1") == "evil.example"
    with pytest.raises(RefusedError):
        AllowedHosts(["*"]).check(None)
    assert [name_of(text) for text in ("[::1]:8501", "[::1]", "a:1", "a:b", "[::1]x")] == [
        "[::1]",
        "[::1]",
        "a",
        "",
        "",
    ]


def test_a_body_does_not_take_for_ever() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def drip() -> Message:
        return {"type": "http.request", "body": b"x" * 600, "more_body": True}

    with pytest.raises(RefusedError, match="too slowly"):
        alone(LimitedBody(never, 1_000, grace=0.01)())

    async def twice() -> None:
        body = LimitedBody(drip, 1_000)
        await body()
        await body()

    with pytest.raises(RefusedError, match="larger than 0 KB"):
        alone(twice())


def test_the_script_of_the_page_is_known() -> None:
    page = "<html><script>\n  window.x = 1\n</script><script src='a.js'></script></html>"
    assert security_headers.inline_hashes(page) == ["'sha256-9drQX42/rMuCwOCH/ydXOJ/IpVUloMeSNPc4MfJKROY='"]
