"""What an alert would have done: the same looks as those of checks, day by day, within a bound of time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from lib.alerts.replay import replay
from lib.alerts.states import AlertState
from lib.analytics.grants import EVERYTHING
from tests.alerts.conftest import Watch, calls, days
from tests.conftest import Load

NOW = datetime(2026, 3, 31, 9, tzinfo=UTC)


def test_each_of_the_last_days(watch: Watch, load: Load) -> None:
    """The score is below 7 on ten days, and there are no calls on the three after them."""
    low, none = days(date(2026, 3, 1), 10), days(date(2026, 3, 11), 3)
    rows = [
        (day, 6 if day in low else 8, center, f"x{number}")
        for day in days(date(2026, 2, 1), 58)
        if day not in none
        for center in ("n", "s")
        for number in range(2)
    ]
    load(calls(rows))
    body: dict[str, Any] = {"condition": {"type": "below", "value": 7}, "parameters": {"period": "today"}}
    whole = replay(watch.engine.sources, watch.add(**body).definition, EVERYTHING, NOW, days=50)
    assert whole.is_complete and [each.day for each in whole.days] == days(date(2026, 2, 9), 50)
    fires = [each.day for each in whole.days if each.firing]
    assert fires == days(date(2026, 3, 1), 13)  # what is not known ends nothing
    assert [each.day for each in whole.days if AlertState.NO_DATA in each.counts] == none
    assert (sum(each.began for each in whole.days), sum(each.ended for each in whole.days)) == (1, 1)
    by = replay(watch.engine.sources, watch.add(**body, by="callCenter").definition, EVERYTHING, NOW, days=50)
    assert [each.day for each in by.days if each.firing == ("n", "s")] == fires
    assert all(each.whole is None for each in by.days)


def test_it_takes_no_longer_than_it_may(watch: Watch, load: Load) -> None:
    load(calls([(date(2026, 3, 1), 6, "n", "x")]))
    alert = watch.add(condition={"type": "below", "value": 7})
    cut = replay(watch.engine.sources, alert.definition, EVERYTHING, NOW, seconds=-1)
    assert cut.days == () and not cut.is_complete
