"""Checks on both engines: states, what is told and how often, faults, rights, two processes at once."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from lib.access import api_keys
from lib.access.audit_log import Action, AuditFilter
from lib.access.owners import Owner
from lib.access.users import Role
from lib.alerts.alert import AlertPause, AlertStatus
from lib.alerts.checker import AlertChecker
from lib.alerts.engine import AlertEngine
from lib.analytics.grants import EVERYTHING, Grant
from lib.catalog.catalog import BUILT_IN, Catalog
from lib.errors import AlertError, DatabaseUnavailableError
from lib.jobs import metric_tasks
from lib.store.outgoing_schema import alerts, deliveries
from tests.alerts.conftest import BELOW_SEVEN, LOCAL, Watch, calls, days, watch_of
from tests.conftest import Load

MONDAY = date(2026, 3, 2)


def score_of(load: Load, score: float, center: str = "n") -> None:
    """Load two calls of a center with a score, in place of those that it had."""
    load(calls((MONDAY, score, center, f"{center}{number}") for number in range(2)))


def test_fires_once_and_recovers_once(watch: Watch, load: Load) -> None:
    alert = watch.add(condition=BELOW_SEVEN)
    seen = []
    for score in (8, 6, 6.5, 7.2, 6.9, 7.5, 7.2, 8):
        score_of(load, score)
        seen.append(watch.check(alert)[""])
    assert seen == ["ok", "firing", "firing", "firing", "firing", "ok", "ok", "ok"]
    assert watch.notices == [("firing", [""]), ("recovered", [""])]
    changes, count = watch.space.alerts.history(alert.id, 0, 10)
    assert count == 2
    assert [(each.before, each.after, each.value, each.n, each.threshold) for each in changes] == [
        ("firing", "ok", 7.5, 2, 7.0),
        ("ok", "firing", 6.0, 2, 7.0),
    ]
    assert all(each.cause for each in changes)


def test_many_members_are_told_together(watch: Watch, load: Load) -> None:
    rows = [(MONDAY, 8 - number / 10, f"n{number:02}", "x") for number in range(40) for _ in range(2)]
    load(calls(rows))
    alert = watch.add(condition={"type": "below", "value": 8.5}, by="callCenter")
    states = watch.check(alert)
    assert set(states.values()) == {"firing"} and len(states) == 40
    [(kind, named)] = watch.notices
    assert kind == "firing" and named == [f"n{number:02}" for number in range(39, 29, -1)]
    assert watch.space.alerts.history(alert.id, 0, 1)[1] == 40


def test_so_many_checks_in_a_row(watch: Watch, load: Load) -> None:
    alert = watch.add(condition=BELOW_SEVEN, checks=2)
    seen = []
    for score in (6, 8, 6, 6, 8, 8):
        score_of(load, score)
        seen.append(watch.check(alert)[""])
    assert seen == ["pending", "ok", "pending", "firing", "recovering", "ok"]
    assert [kind for kind, _ in watch.notices] == ["firing", "recovered"]


def test_few_evaluations_and_an_outage_tell_nothing(watch: Watch, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    alert = watch.add(condition=BELOW_SEVEN, parameters={"callCenterId": "n"})
    score_of(load, 6)
    assert watch.check(alert) == {"": "firing"}
    with monkeypatch.context() as patched:

        def away(*_: object, **__: object) -> None:
            raise DatabaseUnavailableError("connection to db.internal refused")

        patched.setattr(watch.engine.sources.answers, "run_with_version", away)
        watch.check(alert)
        watch.check(alert)
    failed = watch.space.alerts.get(alert.id, None)
    assert failed.failure is not None and "db.internal" not in str(failed.failure)
    assert failed.status is AlertStatus.ACTIVE and failed.next_at == watch.now - timedelta(days=1, minutes=-1)
    assert watch.check(alert) == {"": "firing"}
    assert watch.space.alerts.get(alert.id, None).failure is None
    assert watch.notices == [("firing", [""])]
    changes, _ = watch.space.alerts.history(alert.id, 0, 10)
    assert [(each.before.value, each.after.value) for each in changes] == [
        ("error", "firing"),
        ("firing", "error"),
        ("ok", "firing"),
    ]


def test_a_selection_without_evaluations_has_no_data(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN, parameters={"callCenterId": ["nobody"]})
    assert watch.check(alert) == {"": "no_data"}
    assert watch.notices == []


def test_reminders_and_what_is_acknowledged(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN, reminderHours=24)
    watch.check(alert, hours=23)
    watch.check(alert, hours=1)
    assert [kind for kind, _ in watch.notices] == ["firing"]
    watch.engine.attend(watch.now)  # without a check
    watch.engine.attend(watch.now)
    assert [kind for kind, _ in watch.notices] == ["firing", "reminder"]
    watch.space.alerts.acknowledge(alert.id, LOCAL.id, None, "Ann", "on it")
    watch.now += timedelta(days=3)
    watch.engine.attend(watch.now)
    watch.check(alert)
    assert [kind for kind, _ in watch.notices] == ["firing", "reminder"]
    [state] = watch.space.alerts.states(alert.id)
    assert (state.acknowledged_by, state.remark) == ("Ann", "on it")
    score_of(load, 8)
    watch.check(alert)
    assert [kind for kind, _ in watch.notices] == ["firing", "reminder", "recovered"]
    [state] = watch.space.alerts.states(alert.id)
    assert (state.acknowledged_by, state.remark) == (None, None)
    with pytest.raises(AlertError, match="Nothing of it is firing"):
        watch.space.alerts.acknowledge(alert.id, LOCAL.id, None, "Ann", "")


def test_a_snooze_keeps_back_what_is_told(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN)
    snoozed = watch.service.snooze(alert.id, {"hours": 48}, LOCAL, watch.now)
    assert snoozed.snoozed_until == watch.now + timedelta(hours=48)
    assert watch.check(alert, hours=24) == {"": "firing"}
    watch.engine.attend(watch.now)
    assert watch.notices == []
    watch.now += timedelta(hours=24)
    watch.engine.attend(watch.now)
    watch.engine.attend(watch.now)
    assert watch.notices == [("firing", [""])]  # it fires still, and nobody knew
    watch.service.snooze(alert.id, {"hours": 100}, LOCAL, watch.now)
    for score in (8, 6, 8, 6):
        score_of(load, score)
        watch.check(alert)
    watch.service.snooze(alert.id, None, LOCAL, watch.now)
    watch.engine.attend(watch.now)
    assert watch.notices == [("firing", [""])]  # what came and went meanwhile is not told
    assert watch.space.alerts.history(alert.id, 0, 1)[1] == 6


def test_an_alert_sees_what_its_owner_may_see_now(watch: Watch, load: Load) -> None:
    load(calls([(MONDAY, 9, "n", "x")] * 3 + [(MONDAY, 5, "s", "y")] * 3))
    state, catalog = watch.space.state, BUILT_IN
    north = Grant.of({"callCenter": ["n"]})
    _, key = api_keys.create(state, "north", ["reports:write"], "test", north, catalog)
    owner = Owner.of_key(key)
    alert = watch.add(north, owner, condition={"type": "below", "value": 8}, by="callCenter")
    other = watch.add(north, owner, condition={"type": "below", "value": 8}, parameters={"callCenterId": "s"})
    assert watch.check(alert) == {"n": "ok"}
    assert watch.check(other) == {"": "no_data"}
    api_keys.revoke(state, key.prefix, "test")
    watch.check(alert)
    paused = watch.space.alerts.get(alert.id, None)
    assert (paused.status, paused.pause_reason) == (AlertStatus.PAUSED, AlertPause.KEY_ENDED)
    entry = watch.space.audit.entries(AuditFilter(watch.space.settings.zone), 1)[0]
    assert (entry.actor, entry.action, entry.subject) == ("system:local", Action.ALERT_CHANGED, alert.definition.name)
    assert entry.details == {"id": alert.id, "version": 1, "status": "paused", "why": "key_ended"}
    assert watch.notices == []


def test_a_person_who_lost_their_role(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    person = watch.space.people.add("ann@example.com", Role.VIEWER, EVERYTHING, "test")
    alert = watch.add(owner=Owner.of_user(person), condition=BELOW_SEVEN)
    assert watch.check(alert) == {"": "firing"}
    watch.space.people.change(person.id, Role.NONE, EVERYTHING, "test")
    watch.check(alert)
    paused = watch.space.alerts.get(alert.id, None)
    assert (paused.status, paused.pause_reason) == (AlertStatus.PAUSED, AlertPause.OWNER_WITHOUT_ACCESS)
    with pytest.raises(AlertError, match="paused"):
        watch.engine.check_now(alert.id, None, watch.now)


def test_what_is_gone_is_an_error_that_says_so(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN)
    definition = alert.definition
    gone = type(definition)(**{name: getattr(definition, name) for name in definition.__slots__} | {"metric": "gone"})
    watch.space.alerts.change(alert.id, LOCAL, gone, AlertStatus.ACTIVE)
    watch.check(alert)
    assert str(watch.space.alerts.get(alert.id, None).failure) == "There is no metric gone any more."


def test_many_at_once_write_one_check(watch: Watch, load: Load) -> None:
    """Two processes have read the alert in the same state: one of them writes, the other one is refused."""
    score_of(load, 6)
    alert = watch.space.alerts.get(watch.add(condition=BELOW_SEVEN).id, None)
    watches = [watch_of(watch.space) for _ in range(6)]
    begin = threading.Barrier(len(watches))
    written = []

    def check(one: Watch) -> None:
        begin.wait()
        written.append(one.engine.check(alert, watch.now))

    threads = [threading.Thread(target=check, args=(one,)) for one in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [False] * 5 + [True]
    assert watch.notices == [("firing", [""])]
    assert watch.space.alerts.history(alert.id, 0, 1)[1] == 1


def test_what_fails_while_it_is_written_leaves_nothing(
    watch: Watch, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a process that is killed before its commit: the next check tells it, once."""
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("lib.alerts.engine.next_attention", killed)
        with pytest.raises(KeyboardInterrupt):
            watch.check(alert)
    assert watch.space.alerts.states(alert.id) == [] and watch.notices == []
    assert watch.check(alert) == {"": "firing"}
    assert watch.notices == [("firing", [""])]


def test_the_checker_checks_after_an_import_and_by_the_clock(watch: Watch, load: Load) -> None:
    after_import = watch.add(condition=BELOW_SEVEN)
    by_clock = watch.add(condition=BELOW_SEVEN, schedule={"cron": "0 8 * * *", "timezone": "UTC"})
    checker = AlertChecker(watch.engine, watch.space.facts)
    assert checker.run_once() == 2  # each at once
    assert checker.run_once() == 0
    score_of(load, 6)
    assert checker.run_once() == 1
    assert checker.run_once() == 0
    [state] = watch.space.alerts.states(after_import.id)
    assert state.state == "firing"
    later = watch.space.alerts.get(by_clock.id, None)
    assert later.next_at is not None and later.next_at > datetime.now(UTC) and later.next_at.hour == 8
    assert watch.engine.claim(None, later.next_at - timedelta(seconds=1)) is None
    due = watch.engine.claim(None, later.next_at)
    assert due is not None and due.id == by_clock.id
    assert watch.engine.claim(None, later.next_at) is None  # somebody is at it
    again = watch.engine.claim(None, later.next_at + timedelta(minutes=6))
    assert again is not None and again.id == by_clock.id  # who was at it died


def test_data_that_arrive_during_checks_keep_no_alert_waiting(watch: Watch, load: Load) -> None:
    """Each check meets newer data than the last: each alert is checked once a round, those that are due first."""
    score_of(load, 8)
    after_import = [watch.add(condition=BELOW_SEVEN) for _ in range(3)]
    schedule = {"cron": "*/5 * * * *", "timezone": "UTC"}
    by_clock = [watch.add(condition=BELOW_SEVEN, schedule=schedule) for _ in range(2)]
    arrived = itertools.count(1)

    def catalog() -> Catalog:  # what a check asks first
        number = next(arrived)
        score_of(load, 6 + number / 100)
        if number > 20:  # else a check without an end would be the test's, too
            checker.stop()
        return watch.space.catalog

    sources = replace(watch.engine.sources, catalog=catalog)
    checker = AlertChecker(AlertEngine(watch.space.state, sources, watch.engine.channels), watch.space.facts)
    for rounds in (1, 2, 3):
        assert checker.run_once() == 5
        kept = [watch.space.alerts.get(each.id, None) for each in (*after_import, *by_clock)]
        assert [each.check_count for each in kept] == [rounds] * 5
        assert max(each.checked_at for each in kept[3:]) < min(each.checked_at for each in kept[:3]) or rounds == 1
        with watch.space.state.transaction() as connection:
            now_due = sa.update(alerts).where(alerts.c.next_at.is_not(None)).values(next_at=datetime.now(UTC))
            connection.execute(now_due)


def test_deleted_alerts_leave_nothing(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN)
    watch.check(alert)
    watch.space.alerts.delete(alert.id, LOCAL)
    with watch.space.state.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(deliveries)).scalar_one() == 0
    with pytest.raises(AlertError):
        watch.space.alerts.get(alert.id, LOCAL.id)


def test_a_change_of_what_is_watched_begins_anew(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(condition=BELOW_SEVEN)
    watch.check(alert)
    renamed = watch.service.change(alert.id, {"name": "Other", "version": 1}, LOCAL, EVERYTHING)
    assert (renamed.version, renamed.definition.name) == (2, "Other")
    assert len(watch.space.alerts.states(alert.id)) == 1
    with pytest.raises(AlertError, match="since version 1"):
        watch.service.change(alert.id, {"name": "Third", "version": 1}, LOCAL, EVERYTHING)
    watch.service.change(alert.id, {"condition": {"type": "below", "value": 5}}, LOCAL, EVERYTHING)
    assert watch.space.alerts.states(alert.id) == []
    assert watch.check(alert) == {"": "ok"}
    assert [kind for kind, _ in watch.notices] == ["firing"]


def test_no_new_data(watch: Watch, load: Load) -> None:
    score_of(load, 6)
    alert = watch.add(
        condition={"type": "no_data", "hours": 6}, schedule={"cron": "0 * * * *", "timezone": "UTC"}, by="callCenter"
    )
    watch.now = datetime(2026, 3, 2, 18, tzinfo=UTC)  # six hours after the calls
    assert watch.check(alert, hours=1) == {"n": "ok"}
    assert watch.check(alert, hours=1) == {"n": "firing"}
    load(calls([(date(2026, 3, 3), 6, "n", "z")]))
    watch.now = datetime(2026, 3, 3, 13, tzinfo=UTC)
    assert watch.check(alert) == {"n": "ok"}
    assert [kind for kind, _ in watch.notices] == ["firing", "recovered"]


def test_outside_control_limits(watch: Watch, load: Load) -> None:
    first = date(2026, 1, 1)
    rows = [
        (day, 7 + (number + place) % 3 / 2, "n", f"x{place}")
        for number, day in enumerate(days(first, 60))
        for place in range(40)
    ]
    load(calls(rows))
    alert = watch.add(condition={"type": "outside_limits"}, parameters={"period": "last30"})
    by = watch.add(condition={"type": "outside_limits"}, parameters={"period": "last30"}, by="callCenter")
    watch.now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert watch.check(alert, hours=0) == {"": "ok"}
    load(calls((date(2026, 3, 2), 4 + place % 3 / 2, "n", f"x{place}") for place in range(40)))
    watch.now = datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert watch.check(alert, hours=0) == {"": "firing"}
    assert watch.check(by, hours=0) == {"n": "firing"}
    [state] = watch.space.alerts.states(alert.id)
    assert state.value == pytest.approx(4.4875) and state.n == 40 and state.threshold > 5


def test_worse_than_before(watch: Watch, load: Load) -> None:
    """Two centers, 200 calls a day each; one drops by a point. Three weeks later that is what was before."""
    rows = []
    for number, day in enumerate(days(date(2026, 1, 1), 90)):
        for place in range(200):
            base = 6 + (place * 7 + number * 3) % 5 / 2
            rows.append((day, base, "s", f"s{place % 20}"))
            rows.append((day, base - (day >= date(2026, 2, 20)), "n", f"n{place % 20}"))
    load(calls(rows))
    alert = watch.add(
        condition={"type": "worse_than_before"}, parameters={"period": "last7"}, by="callCenter", minimum=30
    )
    seen = {}
    for day in days(date(2026, 2, 15), 25):
        watch.now = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
        seen[day] = watch.check(alert)
    assert all(states["s"] == "ok" for states in seen.values())
    fires_on = [day for day, states in seen.items() if states["n"] == "firing"]
    assert fires_on == days(date(2026, 2, 20), len(fires_on)) and 7 <= len(fires_on) <= 14
    assert [kind for kind, _ in watch.notices] == ["firing", "recovered"]


def test_missed_target_of_a_group(watch: Watch, load: Load) -> None:
    load(calls((MONDAY, 7 + place % 2, center, f"x{place}") for center in "ns" for place in range(60)))
    metric_tasks.set_metric(watch.space, "test", "averageScore", {"target": {"value": 7, "callCenter": {"n": 8}}})
    alert = watch.add(condition={"type": "misses_target"}, by="callCenter", minimum=30)
    assert watch.check(alert) == {"n": "firing", "s": "ok"}


def test_the_audit_says_who_did_what_with_an_alert(watch: Watch) -> None:
    alert = watch.add(condition=BELOW_SEVEN)
    watch.service.change(alert.id, {"status": "paused"}, LOCAL, EVERYTHING)
    now = datetime.now(UTC)
    watch.service.snooze(alert.id, {"hours": 2}, LOCAL, now)
    watch.service.snooze(alert.id, None, LOCAL, now)
    watch.space.alerts.delete(alert.id, LOCAL)
    entries = watch.space.audit.entries(AuditFilter(watch.space.settings.zone), 5)[::-1]
    assert [each.action.value for each in entries] == [
        *("alert_created", "alert_changed", "alert_snoozed", "alert_woken", "alert_deleted"),
    ]
    assert {(each.actor, each.subject) for each in entries} == {(LOCAL.actor, "Score")}
    assert entries[1].details_in_words == f"id: {alert.id}, version: 2, status: paused"
    assert entries[2].details["until"] == (now + timedelta(hours=2)).isoformat(timespec="seconds")
