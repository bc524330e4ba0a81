"""One key can't have the whole server: points, questions at a time, what a question costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from lib.access.api_keys import Key
from lib.access.request_rates import MovingWindow
from lib.analytics.grants import EVERYTHING
from lib.api import throttle
from lib.api.errors import ApiError
from lib.api.throttle import (
    MAX_CONCURRENT,
    MAX_CONCURRENT_IN_ALL,
    RUNNING_OF_ONE,
    Slots,
    body_cost,
    charge,
    question_cost,
)
from lib.settings import Settings
from lib.workspace import Workspace
from tests import postgres
from tests.api.conftest import App
from tests.api.event_client import EventClient
from tests.api_client import Client, make_key
from tests.serving import served
from tests.waiting import LONG_SECONDS


def key(prefix: str) -> Key:
    return Key(prefix, prefix, ("analytics:read",), EVERYTHING, datetime.now(UTC), "test", None, None, None)


@pytest.mark.parametrize(
    ("first", "granularity", "points", "told"),
    [
        ("2010-04-24", "daily", 5_000, None),
        ("2010-04-23", "daily", None, "5,001 daily points"),
        ("1970-01-01", "daily", None, "granularity=weekly"),
        ("1970-01-01", "weekly", 2_818, None),
        ("1970-01-01", "monthly", 648, None),
    ],
)
def test_a_trend_has_at_most_5000_points(
    client: Client, first: str, granularity: str, points: int | None, told: str | None
) -> None:
    asked = {"dateFrom": first, "dateTo": "2023-12-31", "granularity": granularity}
    if points is None:
        body = client.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/trends", params=asked)
        assert body["parameter"] == "granularity" and str(told) in body["message"]
        assert "granularity=weekly, or a shorter period" in body["message"]
    else:
        assert len(client.get("/v1/analytics/trends", **asked)["data"]) == points


def test_a_trend_of_all_years_by_week_names_months(client: Client) -> None:
    asked = {"dateFrom": "1970-01-01", "dateTo": "2099-12-31", "granularity": "weekly"}
    body = client.refused(400, "INVALID_PARAMETER", "GET", "/v1/analytics/trends", params=asked)
    assert "granularity=monthly" in body["message"]


def test_slots_are_counted_by_key_and_in_all() -> None:
    slots = Slots("questions", MAX_CONCURRENT)
    held = [slots.take(key("a")) for _ in range(MAX_CONCURRENT)]
    for each in held:
        each.__enter__()
    with pytest.raises(ApiError, match="of this key are under way") as refused, slots.take(key("a")):
        pass
    assert (refused.value.status, refused.value.code) == (429, "TOO_MANY_CONCURRENT")
    with slots.take(key("b")):
        pass
    others = [slots.take(key(f"k{n // MAX_CONCURRENT}")) for n in range(MAX_CONCURRENT_IN_ALL - MAX_CONCURRENT)]
    for each in others:
        each.__enter__()
    with pytest.raises(ApiError, match="as many as there may be at once"), slots.take(key("c")):
        pass
    for each in (*held, *others):
        each.__exit__(None, None, None)
    with slots.take(key("a")), slots.take(key("c")):
        pass


def test_a_key_has_more_changes_at_once_than_questions_and_not_any_number() -> None:
    with ExitStack() as held:
        for _ in range(throttle.MAX_CHANGES):
            held.enter_context(throttle.CHANGES.take(key("writer")))
        with pytest.raises(ApiError, match="16 changes of this key"), throttle.CHANGES.take(key("writer")):
            pass
        with throttle.QUESTIONS.take(key("writer")):
            pass


def test_points_and_facts_cost_more() -> None:
    assert [question_cost(rows, False) for rows in (0, 1, 500, 501, 5_000)] == [1, 1, 1, 2, 10]
    assert [question_cost(rows, True) for rows in (1, 501)] == [10, 20]


def test_bodies_cost_by_their_size() -> None:
    assert [body_cost(size) for size in (0, 1, 128 * 1024, 128 * 1024 + 1, 31 * 2**20)] == [1, 1, 1, 2, 248]


def test_a_cost_is_never_more_than_the_rate() -> None:
    """Else a question could never be asked."""
    rates = MovingWindow()
    charge(rates, "3/minute", key("dear"), 50)
    with pytest.raises(ApiError, match="More than 3/minute"):
        charge(rates, "3/minute", key("dear"))
    charge(rates, "3/minute", key("cheap"), 2)
    with pytest.raises(ApiError, match="This one counts for 2"):
        charge(rates, "3/minute", key("cheap"), 2)
    charge(rates, "3/minute", key("cheap"))
    charge(rates, "off", key("cheap"), 50)


def test_counting_starts_no_thread() -> None:
    """The event loop counts, and would wait for a thread to begin."""
    before, rates = set(threading.enumerate()), MovingWindow()
    for number in range(50):
        charge(rates, "100/minute", key(f"threads {number}"))
    assert set(threading.enumerate()) <= before


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Run an app that lets a key ask twenty times a minute."""
    data_dir = tmp_path_factory.mktemp("limited") / "data"
    with served(data_dir, CALLBOARD_SAMPLE="off", CALLBOARD_RATE_LIMIT="20/minute") as address:
        yield App(address, data_dir, {})


def test_a_long_trend_uses_up_what_ten_short_ones_do(limited: App) -> None:
    client = limited.client("analytics:read")
    long = {"dateFrom": "2011-01-01", "dateTo": "2023-12-31"}  # 4,748 points
    for day in ("2011-01-01", "2011-01-02"):
        assert client.ask("GET", "/v1/analytics/trends", params={**long, "dateFrom": day}).status_code == 200
    client.refused(429, "RATE_LIMIT_EXCEEDED", "GET", "/v1/analytics/trends", params=long)
    client.close()
    kept = limited.client("analytics:read")  # what is kept costs one request, however many points it has
    three_years = {"dateFrom": "2011-01-01", "dateTo": "2013-12-31"}  # 1,096 points, less than 512 KB
    for _ in range(15):
        assert kept.ask("GET", "/v1/analytics/trends", params=three_years).status_code == 200
    kept.close()


def test_opening_a_stream_counts_as_one_request(limited: App) -> None:
    key = limited.key("analytics:read")
    for _ in range(20):
        with EventClient(limited.address, key) as stream:
            stream.summary()
    with EventClient(limited.address, key) as stream:
        assert (stream.status, stream.body()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")


def blocked(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL").fetchone()
    return 0 if row is None else row[0]


def test_the_fifth_question_at_once_is_refused_and_others_are_answered(tmp_path: Path, postgres_socket: Path) -> None:
    """Questions wait for a lock that the test holds, so that they are under way for as long as it likes."""
    with postgres.database(postgres_socket, "throttled") as url:
        Workspace(Settings(data_dir=tmp_path / "data", database_url=url, sample="off")).close()
        variables = {"CALLBOARD_DATABASE_URL": url, "CALLBOARD_QUERY_SECONDS": str(int(LONG_SECONDS))}
        with served(tmp_path / "data", **variables) as address, psycopg.connect(url) as holder:
            keys = [make_key(tmp_path / "data", settings={"database_url": url}) for _ in range(2)]
            statuses: list[int] = []

            def ask(text: str, day: int) -> None:
                found = httpx.get(
                    f"{address}/v1/analytics/summary",
                    params={"dateFrom": f"2024-01-{day:02}"},
                    headers={"Authorization": f"Bearer {text}"},
                    timeout=LONG_SECONDS,
                )
                statuses.append(found.status_code)

            with Client(address, keys[0]) as first, Client(address, keys[1]) as second:
                for client in (first, second):
                    assert client.ask("GET", "/v1/analytics/summary").status_code == 200
                holder.execute("LOCK TABLE workspace IN ACCESS EXCLUSIVE MODE")
                waiting = [threading.Thread(target=ask, args=(keys[0], n + 1)) for n in range(MAX_CONCURRENT)]
                for each in waiting:
                    each.start()
                deadline = time.monotonic() + LONG_SECONDS
                while blocked(holder) < RUNNING_OF_ONE:  # the others hold their slots, and wait for a turn
                    assert time.monotonic() < deadline, "the questions never came"
                    time.sleep(0.05)
                time.sleep(2)
                assert blocked(holder) == RUNNING_OF_ONE
                asked = {"params": {"dateFrom": "2024-02-01"}}
                refused = first.refused(429, "TOO_MANY_CONCURRENT", "GET", "/v1/analytics/summary", **asked)
                assert refused["retryAfter"] == 1
                assert first.ask("GET", "/v1/analytics/summary").status_code == 200  # what is kept takes no slot
                assert httpx.get(f"{address}/healthz", timeout=LONG_SECONDS).status_code == 200
                other = threading.Thread(target=ask, args=(keys[1], 9))  # another key has places of its own
                other.start()
                while blocked(holder) < RUNNING_OF_ONE + 1:
                    assert time.monotonic() < deadline, "the other key's question never came"
                    time.sleep(0.05)
                holder.rollback()
                for each in (*waiting, other):
                    each.join()
                assert statuses == [200] * (MAX_CONCURRENT + 1)
                assert first.ask("GET", "/v1/analytics/summary", **asked).status_code == 200


def test_health_has_threads_of_its_own() -> None:
    assert throttle.HEALTH_THREADS is not throttle.QUESTION_THREADS
    assert throttle.QUESTION_THREADS.total_tokens > MAX_CONCURRENT
