"""Back to where the visitor wanted to go: what is kept at the log-in, and what the provider's answer leads to."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.types import Message, Receive, Scope, Send

from lib.web.login_redirect import LoginRedirectMiddleware

HOST = "calls.example.com"


def answer(path: str, location: str = "/", **request: str) -> dict[str, str]:
    """Return the headers of the answer to a request with these headers, of a server that leads to a location."""
    sent: list[Message] = []

    async def server(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 302, "headers": [(b"location", location.encode())]})
        await send({"type": "http.response.body", "body": b"gone"})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in {"host": HOST, **request}.items()]
    scope = {"type": "http", "path": path, "headers": headers}
    with ThreadPoolExecutor(1) as pool:  # the browser's tests leave a loop running in this thread
        pool.submit(asyncio.run, LoginRedirectMiddleware(server)(scope, receive, send)).result()
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.mark.parametrize(
    ("referer", "kept"),
    [
        (f"https://{HOST}/trends?campaignId=a b", "/trends%3FcampaignId%3Da%20b"),
        (f"https://{HOST}/trends", "/trends"),
        ("https://elsewhere.example/trends", ""),
        (f"https://{HOST}//elsewhere.example", ""),
        (f"https://{HOST}/{'x' * 3_498}", f"/{'x' * 3_498}"),
        (f"https://{HOST}/{'x' * 3_499}", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_the_page_that_leads_to_the_log_in_is_kept(referer: str, kept: str) -> None:
    found = answer("/auth/login", referer=referer)
    seconds = 900 if kept else 0
    assert found["location"] == "/"
    assert found["set-cookie"] == f"callboard_wanted={kept}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("cookie", "location"),
    [
        ("callboard_wanted=/trends%3FcampaignId%3Da", "/trends?campaignId=a"),
        ("other=1; callboard_wanted=/trends", "/trends"),
        ("callboard_wanted=//elsewhere.example", "/"),
        ("callboard_wanted=https%3A//elsewhere.example", "/"),
        ("callboard_wanted=/%5Celsewhere.example", "/"),
        ("callboard_wanted=/a%20b", "/"),
        ("callboard_wanted=/%0Aa", "/"),
        ("callboard_wanted=/%C3%A9", "/"),
        ("callboard_wanted=", "/"),
        ("other=1", "/"),
    ],
)
def test_what_the_provider_s_answer_leads_to(cookie: str, location: str) -> None:
    found = answer("/oauth2callback", cookie=cookie)
    assert found["location"] == location
    assert ("Max-Age=0" in found.get("set-cookie", "")) == (location != "/")


def test_others_are_passed_on_as_they_are() -> None:
    cookie = "callboard_wanted=/trends"
    assert answer("/oauth2callback", "/elsewhere", cookie=cookie) == {"location": "/elsewhere"}
    assert answer("/trends", cookie=cookie, referer=f"https://{HOST}/drivers") == {"location": "/"}
