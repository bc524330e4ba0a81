"""Pages as their browsers ask for them, over the websocket alone: honest people who work, each by the clock."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

PAUSE = 4.0
"""Seconds from one action of an honest person to the next."""

ANSWER_SECONDS = 60

_WIDGET = re.compile(rb"\$\$ID-[0-9a-f]{32}-[A-Za-z0-9_-]+")

PATHS = ("", "campaigns", "call_centers", "executives", "trends", "drivers", "sample_size", "evaluations")


@dataclass(frozen=True, slots=True)
class Place:
    """A running app: host and port, and the cookies of who asks; empty for one who is not logged in."""

    netloc: str
    cookies: str = ""


@dataclass(slots=True)
class Work:
    """What honest people met: seconds of each action, and what failed in words."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def socket(place: Place) -> connect:
    """Return a websocket of a page, to be opened."""
    headers = {"Cookie": place.cookies} if place.cookies else {}
    token = SimpleCookie(place.cookies).get("_streamlit_xsrf")
    return connect(
        f"ws://{place.netloc}/_stcore/stream",
        # The server takes nobody for logged in whose page does not repeat the token.
        subprotocols=[Subprotocol("streamlit"), *([Subprotocol(token.value)] if token else [])],
        origin=Origin(f"http://{place.netloc}"),
        additional_headers=headers,
        max_size=None,
    )


def rerun(query: str = "", page: str = "") -> BackMsg:
    """Return what a browser sends to have a page drawn."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_name = page
    message.rerun_script.is_history_navigation = bool(query)
    return message


async def drawn(page: ClientConnection, message: BackMsg) -> tuple[bool, set[str]]:
    """Have a page drawn; return whether its script ended well, and the ids of its widgets."""
    await page.send(message.SerializeToString())
    widgets: set[str] = set()
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            content = await page.recv(decode=False)
            widgets |= {each.decode() for each in _WIDGET.findall(content)}
            found = ForwardMsg.FromString(content)
            if found.WhichOneof("type") == "script_finished":
                return found.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY, widgets


async def work(place: Place, number: int, ends: float, done: Work) -> None:
    """Look at one page after another, each with other days, until `ends` (by time.monotonic)."""
    await asyncio.sleep(number % 10 * PAUSE / 10)
    due = time.monotonic()
    try:
        async with socket(place) as page:
            well, widgets = await drawn(page, rerun(page=PATHS[number % len(PATHS)]))
            if not well or not any(each.endswith("-campaignId") for each in widgets):
                done.failures.append("a page was not drawn, or not for one who is logged in")
            for turn in itertools.count(number):
                due += PAUSE
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if time.monotonic() > ends:
                    return
                days = f"dateFrom=2025-{turn % 12 + 1:02}-{turn % 27 + 1:02}"
                began = time.monotonic()
                well, _ = await drawn(page, rerun(days, PATHS[turn % len(PATHS)]))
                done.seconds.append(time.monotonic() - began)
                if not well:
                    done.failures.append(f"a page with {days} was not drawn")
    except (ConnectionClosed, TimeoutError, OSError) as error:
        done.failures.append(f"{type(error).__name__}: {error}")
