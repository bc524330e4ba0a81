"""Answers that are kept: each is given again to the very question that it answers, and to no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import Connection

from lib.analytics import breakdowns, queries
from lib.analytics.calendar import Granularity
from lib.analytics.grants import Grant
from lib.analytics.query_cache import MAX_BYTES, MAX_WRITTEN_BYTES, QueryCache
from lib.catalog.dimensions import CAMPAIGN
from lib.observability.prometheus import REGISTRY
from lib.workspace import Workspace
from tests.filters import make_filters


class Code(IntEnum):
    """A number that has a name."""

    ONE = 1


@dataclass(frozen=True)
class Asked:
    """A value within a value."""

    value: Any


@dataclass(frozen=True)
class AskedOtherwise:
    """The same in another class."""

    value: Any


NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
LATER = datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1)

EQUAL = [
    (NOON, NOON.astimezone(timezone(timedelta(hours=1)))),
    (NOON, NOON.astimezone(BERLIN)),
    (LATER, LATER.replace(fold=0)),
    (time(12, tzinfo=UTC), time(13, tzinfo=timezone(timedelta(hours=1)))),
    (1, True),
    (0, False),
    (1, 1.0),
    (0.0, -0.0),
    (1, Decimal(1)),
    (Decimal(1), Decimal("1.0")),
    (1, Code.ONE),
    ("daily", Granularity.DAILY),
    ((1, "a"), (True, "a")),
    (frozenset({1}), frozenset({1.0})),
]


def shown(_connection: Connection, /, *values: object, **named: object) -> str:
    """Answer with the values themselves."""
    return f"{values} {named}"


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
@pytest.mark.parametrize(("one", "other"), EQUAL, ids=repr)
def test_what_is_equal_and_shown_otherwise_is_another_question(answers: QueryCache, one: Any, other: Any) -> None:
    forms = (lambda value: value, lambda value: (value,), Asked, lambda value: Asked(((value,), "x")))
    for form in forms:
        for value in (one, other, one):
            assert answers.run(shown, form(value)) == f"{(form(value),)} {{}}"
            assert answers.run(shown, value=form(value)) == f"() { ({'value': form(value)}) }"
    assert answers.run(shown, Asked(1)) != answers.run(shown, AskedOtherwise(1))


def hits(question: str) -> float:
    """Return how many answers were given again."""
    return REGISTRY.get_sample_value("callboard_cache_hits_total", {"question": question}) or 0


def test_the_same_question_is_asked_once(workspace: Workspace) -> None:
    answers, calendar = QueryCache(workspace.facts), workspace.calendar
    names = ("queries.summary", "breakdowns.breakdown", "queries.trend")
    before = [hits(name) for name in names]
    for _ in range(3):
        filters = make_filters(date(2024, 1, 1), NOON, grant=Grant.of({"callCenter": ["n"]})).narrowed(
            CAMPAIGN, "a", "b"
        )
        answers.run(queries.summary, filters, calendar)
        answers.run(breakdowns.breakdown, filters, calendar, CAMPAIGN, page_size=10)
        answers.run(queries.trend, filters, calendar, Granularity.DAILY)
    assert answers.kept()[0] == 3
    assert [hits(name) - count for name, count in zip(names, before, strict=True)] == [2, 2, 2]


@dataclass(frozen=True)
class Written:
    """An answer that is bytes already."""

    size: int


def written(_: Connection, size: int) -> Written:
    """Answer with so many bytes."""
    return Written(size)


def test_a_written_answer_is_kept_unless_it_is_large(workspace: Workspace) -> None:
    answers = workspace.answers
    for size in (MAX_WRITTEN_BYTES, MAX_WRITTEN_BYTES + 1):
        assert answers.run(written, size) == Written(size)
    count, size = answers.kept()
    assert count == 1 and MAX_WRITTEN_BYTES < size < MAX_WRITTEN_BYTES + 10_000


@dataclass(frozen=True)
class Listed:
    """An answer of rows."""

    rows: tuple[int, ...]


def listed(_: Connection, count: int) -> Listed:
    """Answer with so many rows."""
    return Listed(tuple(range(count)))


def as_tuple(_: Connection, count: int) -> tuple[int, ...]:
    """Answer with rows alone."""
    return tuple(range(count))


def test_a_row_counts_as_a_kilobyte(workspace: Workspace) -> None:
    answers, before = QueryCache(workspace.facts), 0
    for question, count in ((listed, 0), (listed, 30), (as_tuple, 40)):
        answers.run(question, count)
        size = answers.kept()[1]
        assert count * 1024 + 1024 < size - before < count * 1024 + 2048
        before = size


ASKED: list[int] = []


def counted(_: Connection, size: int) -> Written:
    """Answer with so many bytes, and tell that it was asked."""
    ASKED.append(size)
    return Written(size)


def test_the_answer_that_was_used_longest_ago_makes_way(workspace: Workspace) -> None:
    answers = QueryCache(workspace.facts)
    first, second, *others = range(MAX_WRITTEN_BYTES - MAX_BYTES // MAX_WRITTEN_BYTES, MAX_WRITTEN_BYTES + 1)
    ASKED.clear()
    for size in (first, second, *others):
        answers.run(counted, size)
        answers.run(counted, first)
    count, size = answers.kept()
    assert MAX_BYTES - 2 * MAX_WRITTEN_BYTES < size <= MAX_BYTES and count < len([first, second, *others])
    assert tuple(ASKED) == (first, second, *others)
    answers.run(counted, second)
    assert ASKED[-1] == second


def rows(_: Connection, count: int) -> tuple[int, ...]:
    """Answer with so many rows."""
    return (0,) * count


def test_an_answer_larger_than_all_memory_is_not_kept(workspace: Workspace) -> None:
    answers = QueryCache(workspace.facts)
    answers.run(rows, 1)
    before = answers.kept()
    assert len(answers.run(rows, MAX_BYTES // 1024)) == MAX_BYTES // 1024
    assert answers.kept() == before
