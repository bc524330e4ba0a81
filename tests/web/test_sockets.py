"""Websockets of pages: how large a message may be, how many and how often, before a log-in and after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, suppress
from typing import Any

import httpx
import pytest
from starlette.types import Message, Scope
from websockets.exceptions import ConnectionClosed

from lib.errors import RefusedError
from lib.reports.pages import PAGES
from lib.web import sockets, websocket_protocol
from lib.web.sockets import ANONYMOUS, LOGGED_IN, OWNER, Rate, Socket, Sockets, TokenBucket
from tests.page_client import PageClient, Visitor, end_session, log_in, metric, rerun
from tests.serving import served
from tests.waiting import until
from tests.web.conftest import LoginApp
from tests.web.test_gateway import alone

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def open_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an app without a login."""
    with served(tmp_path_factory.mktemp("open") / "data", CALLBOARD_SAMPLE="off") as address:
        yield address


@pytest.mark.parametrize("values", [(1, 25 * MEGABYTE), (1, 64 * 1024), (ANONYMOUS.message_values + 1, 0)])
def test_before_a_login_a_large_message_ends_the_connection(login_app: LoginApp, values: tuple[int, int]) -> None:
    with Visitor(login_app.address).page() as page:
        assert "Log in" in page.draw(rerun(1, 60_000, query="campaignId=a"))  # what a page may have sent before
        page.connection.send(rerun(*values))
        assert page.closed_with() == 1009


@pytest.mark.parametrize("values", [(1, 25 * MEGABYTE), (1, MEGABYTE), (OWNER.message_values + 1, 0)])
def test_so_does_one_of_the_owner(open_app: str, values: tuple[int, int]) -> None:
    with Visitor(open_app).page() as page:
        page.draw(rerun(900, 1_000))
        page.connection.send(rerun(*values))
        assert page.closed_with() == 1009


@pytest.mark.parametrize(("message", "code"), [("text", 1003), (b"\xff\xff\xff", 1007)])
def test_a_message_that_no_page_sends_ends_the_connection_without_a_fault(
    login_app: LoginApp, message: str | bytes, code: int
) -> None:
    log = login_app.log.stat().st_size
    with Visitor(login_app.address).page() as page:
        page.draw()
        page.connection.send(message)
        assert page.closed_with() == code
    until(lambda: "A page's connection was closed" in login_app.log.read_text()[log:])
    with Visitor(login_app.address).page() as page:
        page.draw()
    assert "Traceback" not in login_app.log.read_text()[log:]


def test_after_a_login_a_message_may_be_larger_until_the_session_ends(login_app: LoginApp) -> None:
    visitor, claims = log_in(login_app.address, login_app.settings, "large")
    with visitor.page() as page:
        assert "Almost there" in page.draw(rerun(900, 1_000))
    end_session(login_app.settings, claims)
    with visitor.page() as page:
        assert "Your session has ended" in page.draw()
        page.connection.send(rerun(1, 64 * 1024))
        assert page.closed_with() == 1009


@pytest.mark.parametrize("cookie", ["x", '"', "1?x?x", "\xff"])
def test_a_forged_cookie_is_no_login(login_app: LoginApp, cookie: str) -> None:
    with Visitor(login_app.address, {"_streamlit_user": cookie}).page() as page:
        assert "Log in" in page.draw()
        page.connection.send(rerun(1, 64 * 1024))
        assert page.closed_with() == 1009


def test_an_old_cookie_begins_no_session(login_app: LoginApp) -> None:
    visitor, _ = log_in(login_app.address, login_app.settings, "late", time.time() - 3_600)
    with visitor.page() as page:
        page.connection.send(rerun(1, 64 * 1024))
        assert page.closed_with() == 1009


def test_a_message_comes_in_few_fragments(login_app: LoginApp) -> None:
    message = rerun(1, 1_000)
    with Visitor(login_app.address).page() as page:
        page.connection.send([message[:500], message[500:]])
        page.draw()
        with suppress(ConnectionClosed):  # by then, or while the rest is sent
            page.connection.send([b""] * websocket_protocol.MAX_FRAGMENTS + [message])
        assert page.closed_with() == 1009


def test_a_session_without_a_login_ends_with_its_connection(login_app: LoginApp, open_app: str) -> None:
    """What a visitor left is kept for those who may come back alone: not for one who was never in, nor is no more."""
    known, claims = log_in(login_app.address, login_app.settings, "back")

    def comes_back(visitor: Visitor) -> bool:
        with visitor.page() as page:
            page.draw()
        with visitor.page(page.session) as again:
            again.draw()
        return again.session == page.session

    assert not comes_back(Visitor(login_app.address))
    assert comes_back(Visitor(open_app))
    assert comes_back(known)
    end_session(login_app.settings, claims)
    assert not comes_back(known)


def test_nothing_is_left_of_sockets_that_asked_for_nothing(login_app: LoginApp) -> None:
    before = metric(login_app.address, "process_open_fds")
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(Visitor(login_app.address).page())
        assert metric(login_app.address, "process_open_fds") >= before + 30
    until(lambda: metric(login_app.address, "process_open_fds") <= before + 15)


def test_of_too_many_sockets_of_one_address_the_idle_ones_make_way(login_app: LoginApp) -> None:
    visitor, refused = Visitor(login_app.address), metric(login_app.address, "callboard_refused_total")
    known, _ = log_in(login_app.address, login_app.settings, "in")
    with ExitStack() as stack:
        mine = stack.enter_context(known.page())
        first = stack.enter_context(visitor.page())
        others = [stack.enter_context(visitor.page()) for _ in range(ANONYMOUS.client_sockets - 1)]
        first.draw()
        more = [stack.enter_context(visitor.page()) for _ in range(3)]
        assert [each.closed_with() for each in others[:3]] == [1013] * 3
        for page in (first, others[-1], *more, mine):
            assert page.draw()
        assert metric(login_app.address, "callboard_refused_total") == refused + 3
        assert metric(login_app.address, "callboard_page_sessions") == ANONYMOUS.client_sockets + 1
    until(lambda: metric(login_app.address, "callboard_page_sessions") == 0)


def test_runs_are_counted_by_page(open_app: str) -> None:
    """The first page has no path of its own, and is counted by its name as the others are."""
    with Visitor(open_app).page() as page:
        assert page.draw()
    lines = httpx.get(f"{open_app}/metrics", timeout=60).text.splitlines()
    names = {line.partition('"')[2].partition('"')[0] for line in lines if line.startswith("callboard_page_runs_total")}
    assert next(iter(PAGES)) in names <= {*PAGES}


def flood(page: PageClient, count: int) -> None:
    """Send messages as fast as they go, until the server has enough of it."""
    message = rerun()
    try:
        for _ in range(count):
            page.connection.send(message)
    except ConnectionClosed:
        pass


@pytest.mark.parametrize("which", ["login", "open"])
def test_a_flood_of_messages_leads_to_few_runs(login_app: LoginApp, open_app: str, which: str) -> None:
    address, quota = (login_app.address, ANONYMOUS) if which == "login" else (open_app, OWNER)
    with Visitor(address).page() as page:
        page.draw()
        before, began = metric(address, "callboard_page_runs_total"), time.monotonic()
        flood(page, 20_000)
        assert httpx.get(f"{address}/readyz", timeout=60).status_code == 200
        runs, seconds = metric(address, "callboard_page_runs_total") - before, time.monotonic() - began
        assert page.closed_with() == 1008
    assert runs <= quota.socket_rate.burst + quota.socket_rate.per_second * seconds + 1
    with Visitor(address).page() as page:  # it hurts nobody else
        assert page.draw()


def test_hands_are_not_faster_than_the_rate() -> None:
    """Five clicks a second, or steps of a slider, for ten seconds wait for nothing."""
    now = 0.0
    buckets = [TokenBucket(quota.socket_rate, lambda: now) for quota in (LOGGED_IN, OWNER)]
    for _ in range(50):
        assert [bucket.take() for bucket in buckets] == [0, 0]
        now += 0.2


def test_a_bucket_gives_back_by_the_clock() -> None:
    now = 0.0
    bucket = TokenBucket(Rate(2, 3), lambda: now)
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    assert bucket.delay() == 1.5
    now = 1.0
    assert bucket.delay() == 0.5 and bucket.delay() == 0.5  # looking takes nothing
    now = 100.0
    assert [bucket.take() for _ in range(4)] == [0, 0, 0, 0.5]


class Connections:
    """Connections to the limits alone, from any address, by a clock of its own."""

    def __init__(self, logged_in: str | None = None) -> None:
        async def identify(_: Scope) -> str | None:
            return logged_in

        self.sockets = Sockets(identify, lambda _: 0, MEGABYTE)
        self.stack = AsyncExitStack()
        self.closed: list[str] = []
        self.limits: list[int] = []

    async def open(self, address: str | None) -> Socket:
        async def receive() -> Message:
            return {"type": "websocket.receive", "bytes": b"x"}

        async def send(message: Message) -> None:
            if message["type"] == "websocket.close":
                self.closed.append(f"{address} {message['code']}")

        client = None if address is None else (address, 1)
        scope = {"type": "websocket", "client": client, "state": {"limit_messages": self.limits.append}}
        return await self.stack.enter_async_context(self.sockets.opened(scope, receive, send))

    def run(self, steps: Coroutine[Any, Any, None]) -> None:
        async def all_of_it() -> None:
            async with self.stack:
                await steps

        alone(all_of_it())


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rate alone be no limit."""
    monkeypatch.setattr(sockets.TokenBucket, "delay", lambda _: 0.0)


@pytest.mark.usefixtures("unhurried")
def test_who_holds_most_makes_way_for_one_who_holds_none() -> None:
    connections = Connections()

    async def steps() -> None:
        addresses = [f"10.0.{number // 60}.1" for number in range(ANONYMOUS.total_sockets - 1)]
        for address in ["10.9.9.9", *addresses]:
            await connections.open(address)
        assert connections.closed == []
        honest = await connections.open("192.0.2.1")
        assert connections.closed == ["10.0.0.1 1013"] and not honest.closed
        await connections.open("192.0.2.2")
        assert connections.closed[1:] == ["10.0.1.1 1013"]

    connections.run(steps())
    assert set(connections.limits) == {ANONYMOUS.message_bytes}


@pytest.mark.usefixtures("unhurried")
def test_a_network_of_version_6_is_one_client() -> None:
    connections = Connections()

    async def steps() -> None:
        for number in range(ANONYMOUS.client_sockets):
            await connections.open(f"2001:db8::{number:x}")
        await connections.open("2001:db8:0:1::1")
        assert connections.closed == []
        await connections.open("2001:db8::ffff")
        assert connections.closed == ["2001:db8::0 1013"]
        for number in range(ANONYMOUS.client_sockets):
            await connections.open(("192.0.2.1", "::ffff:192.0.2.1")[number % 2])
        await connections.open("192.0.2.1")
        assert connections.closed[1:] == ["192.0.2.1 1013"]
        for address in (None, "unix", "fe80::1%eth0"):
            await connections.open(address)

    connections.run(steps())


@pytest.mark.usefixtures("unhurried")
def test_one_login_holds_a_bounded_number_and_loses_none() -> None:
    connections = Connections("ann")

    async def steps() -> None:
        for _ in range(LOGGED_IN.client_sockets):
            await connections.open("192.0.2.1")
        with pytest.raises(RefusedError, match="50 pages are open already") as caught:
            await connections.open("192.0.2.2")
        assert caught.value.status == 429 and connections.closed == []

    connections.run(steps())
    assert set(connections.limits) == {MEGABYTE}


def test_a_connection_whose_other_end_is_gone_has_ended() -> None:
    """What the framework says of a goodbye to it is no failure then."""

    async def nothing() -> Message:
        raise AssertionError("nobody receives")

    async def send(_: Message) -> None:
        raise BrokenPipeError

    socket = Socket(nothing, send, ANONYMOUS, (), lambda _: 0)
    assert not socket.has_ended
    with pytest.raises(BrokenPipeError):
        alone(socket.send({"type": "websocket.send", "bytes": b"x"}))
    assert socket.has_ended and not socket.closed


def test_the_sockets_of_one_address_wait_together() -> None:
    connections = Connections()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def steps() -> None:
        several = [await connections.open("192.0.2.1") for _ in range(20)]  # takes 20 of the client's 100
        another = await connections.open("192.0.2.2")
        slept.clear()
        for socket in several:
            for _ in range(ANONYMOUS.socket_rate.burst // 2):  # of which each alone may send twice as many
                await socket.receive()
        assert 1 <= len(slept) <= 20 * ANONYMOUS.socket_rate.burst // 2 - 80
        slept.clear()
        await another.receive()
        assert slept == []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        connections.run(steps())


def test_sockets_that_are_opened_too_fast_are_refused_and_cost_nobody_a_turn() -> None:
    connections = Connections()
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def steps() -> None:
        opened = refused = 0
        for _ in range(1_000):
            try:
                await connections.open("192.0.2.1")
                opened += 1
            except RefusedError as error:
                assert error.status == 429
                refused += 1
        most = ANONYMOUS.client_rate.burst + ANONYMOUS.client_rate.per_second * (sockets.MAX_OPENING_DELAY + 5)
        assert refused and opened <= most
        slept.clear()
        await connections.open("192.0.2.2")
        assert max(slept) <= 1  # of all there were fewer than may come at once

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        connections.run(steps())


def test_a_closed_socket_says_and_hears_nothing_more() -> None:
    connections = Connections()

    async def steps() -> None:
        socket = await connections.open("192.0.2.1")
        assert (await socket.receive())["type"] == "websocket.receive"
        await socket.close(1009, "too large")
        await socket.close(1009, "too large")
        await socket.send({"type": "websocket.close", "code": 1000})
        assert (await socket.receive())["type"] == "websocket.disconnect"
        assert connections.closed == ["192.0.2.1 1009"]

    connections.run(steps())
