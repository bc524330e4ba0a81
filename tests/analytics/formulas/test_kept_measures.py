"""The rollups that hold what metrics are made of: asked in place of the facts, kept up to date, let go when stale."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lib.analytics import breakdowns, integrity, metric_rollups, planner, queries
from lib.analytics.calendar import Granularity
from lib.analytics.field_definitions import define, delete
from lib.analytics.kept_measures import retire
from lib.analytics.metric_definitions import stored_catalog
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE
from lib.catalog.own_fields import OwnField, OwnFieldType
from lib.catalog.own_metrics import MOST_KEPT_FIELDS, reader_of
from lib.ingest import undo
from lib.jobs import metric_tasks
from lib.store import schema
from lib.workspace import Workspace
from tests.analytics.formulas.rows import FIELDS, Row, metric_value, random_rows
from tests.filters import make_filters
from tests.scorecards import load

KEPT = {
    "weak": "count_if(score < 5 and duration_seconds > 300) / completedEvaluations",
    "rate": "sum(field.csat) / sum(duration_seconds)",
    "spread": "avg_if(field.csat, field.resolved) - avg(score * 2)",
    "balance": 'count_if(sentiment = "Positive" and is_ai) - count_if(field.remark = "x")',
    "waited": "avg(field.closed - field.opened)",
}
READ = {
    "named": 'share(campaign = "Retention")',
    "early": "count_if(hour < 12)",
    "greeted": 'avg(criterion("Greeting"))',
    "middle": "median(score)",
}


@pytest.fixture
def rows() -> list[Row]:
    return random_rows(random.Random(3), 120)


@pytest.fixture
def filled(workspace: Workspace, rows: list[Row]) -> Workspace:
    with workspace.facts.write() as connection:
        define(connection, FIELDS)
    send(workspace, rows)
    for name, formula in {**KEPT, **READ}.items():
        metric_tasks.set_metric(workspace, "test", name, {"formula": formula})
    return workspace


def send(workspace: Workspace, rows: list[Row]) -> None:
    load(workspace, [row.sent for row in rows], {row.sent["id"]: row.answers for row in rows})


def check(workspace: Workspace, rows: list[Row], *, is_kept: bool = True) -> None:
    """Hold all metrics to plain Python, in all ways of asking, and the rollups to the facts."""
    filters = replace(make_filters(), catalog=workspace.catalog)
    calendar, names = workspace.calendar, tuple(KEPT)
    reader = reader_of(workspace.catalog, workspace.catalog.metric_definitions)

    def right(of: list[Row]) -> list[Any]:
        return [metric_value(reader.expression(KEPT[name]), of) for name in names]

    def values(sums: Any) -> list[Any]:
        return [workspace.catalog.all_metrics[name].value(sums) for name in names]

    with workspace.facts.read() as connection:
        for name in names:
            assert planner.is_from_rollup(filters, workspace.catalog.all_metrics[name]) is is_kept, name
        for name in READ:
            assert not planner.is_from_rollup(filters, workspace.catalog.all_metrics[name]), name
        assert values(queries.own_totals(connection, filters, calendar, names)) == right(rows)
        for dimension, key in ((CAMPAIGN, "campaign"), (EXECUTIVE, "executive")):
            for group in breakdowns.totals_by(connection, filters, calendar, dimension, names):
                named = None if group.named.id is None else (group.named.id, group.named.name)
                assert values(group.sums) == right([row for row in rows if row.groups[key] == named])
        for granularity in (Granularity.DAILY, Granularity.MONTHLY):
            for point in queries.trend(connection, filters, calendar, granularity, names).points:
                of_bucket = [row for row in rows if _start(row, granularity) == point.bucket.first]
                assert values(point.sums) == right(of_bucket)
        cut = _cut(filters)
        of_cut = [row for row in rows if _is_cut(row)]
        assert values(queries.own_totals(connection, cut, calendar, names)) == right(of_cut)
        assert integrity.findings(connection, stored_catalog(connection)).lines == ()


def _start(row: Row, granularity: Granularity) -> date:
    day = row.when.date()
    return day.replace(day=1) if granularity is Granularity.MONTHLY else day


_FROM, _UNTIL = datetime(2024, 3, 27, 9, 30, tzinfo=UTC), datetime(2024, 4, 2, 15, 0, tzinfo=UTC)


def _cut(filters: Filters) -> Filters:
    return replace(filters, date_from=_FROM, date_to=_UNTIL)


def _is_cut(row: Row) -> bool:
    return _FROM <= row.when <= _UNTIL


def test_rollups_answer_and_follow_the_facts(filled: Workspace, rows: list[Row]) -> None:
    check(filled, rows)
    more = random_rows(random.Random(4), 160)  # those of the first ids are replaced
    send(filled, more)
    check(filled, more)
    with filled.facts.read() as connection:
        last = connection.scalars(sa.select(schema.imports.c.id).order_by(schema.imports.c.id.desc())).first()
    with filled.facts.write() as connection:
        catalog = metric_rollups.stored_catalog_for_writing(connection)
        undo.undo(connection, catalog, str(last), "test")
    check(filled, rows)
    with filled.facts.write() as connection:
        undo.delete_everything(connection)
    check(filled, [])


def test_a_changed_metric_is_read_from_the_facts_until_rollups_hold_it(
    filled: Workspace, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "fill_metric_rollups", lambda *_: None)
        metric_tasks.set_metric(filled, "test", "weak", {"formula": "count_if(score < 6)"})
        filters = replace(make_filters(), catalog=filled.catalog)
        assert not planner.is_from_rollup(filters, filled.catalog.all_metrics["weak"])
        send(filled, rows[:5])
    filled.fill_metric_rollups("test")
    filters = replace(make_filters(), catalog=filled.catalog)
    assert planner.is_from_rollup(filters, filled.catalog.all_metrics["weak"])
    metric_tasks.set_metric(filled, "test", "weak", {"formula": KEPT["weak"]})
    check(filled, rows)


def test_rollups_that_nobody_kept_up_to_date_are_never_asked(
    filled: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A metric goes and comes back while the facts change: the rollups that had it were let go with the change."""
    more = random_rows(random.Random(5), 150)
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "fill_metric_rollups", lambda *_: None)
        metric_tasks.archive_metric(filled, "test", "rate", archived=True)
        send(filled, more)
        metric_tasks.archive_metric(filled, "test", "rate", archived=False)
        check(filled, more, is_kept=False)
    filled.fill_metric_rollups("test")
    check(filled, more)


def test_a_field_that_goes_takes_the_rollups_with_it(filled: Workspace, rows: list[Row]) -> None:
    with filled.facts.write() as connection:
        delete(connection, "csat")
    assert filled.catalog.kept_measures is None
    kept = {name: formula for name, formula in KEPT.items() if "csat" not in formula}
    send(filled, [replace(row, sent=_without(row.sent, "csat")) for row in rows])
    with filled.facts.write() as connection:
        define(connection, [OwnField(0, "csat", OwnFieldType.NUMBER, "CSAT")])
    filled.fill_metric_rollups("test")
    assert filled.catalog.kept_measures is not None and kept
    send(filled, rows)
    check(filled, rows)


def test_metrics_of_own_fields_are_kept_without_any_defined_one(workspace: Workspace, rows: list[Row]) -> None:
    names = ("field.csat", "field.csat.sum", "field.resolved")
    with workspace.facts.write() as connection:
        define(connection, FIELDS)
    send(workspace, rows)

    def values() -> list[Any]:
        asked = replace(make_filters(), catalog=workspace.catalog)
        with workspace.facts.read() as connection:
            sums = queries.own_totals(connection, asked, workspace.calendar, names)
        return [workspace.catalog.all_metrics[name].value(sums) for name in names]

    def are_kept() -> bool:
        asked = replace(make_filters(), catalog=workspace.catalog)
        return all(planner.is_from_rollup(asked, workspace.catalog.all_metrics[name]) for name in names)

    assert not are_kept()
    from_facts = values()
    workspace.fill_metric_rollups("test")
    assert are_kept() and values() == from_facts
    send(workspace, random_rows(random.Random(6), 160))
    kept = values()
    with workspace.facts.write() as connection:
        retire(connection)
    assert not are_kept() and values() == kept != from_facts


def test_a_later_field_of_the_same_number_is_not_taken_for_the_one_that_went(
    workspace: Workspace, rows: list[Row]
) -> None:
    last = OwnField(0, "last", OwnFieldType.NUMBER, "Last")
    with workspace.facts.write() as connection:
        (before,) = define(connection, [last])
    send(workspace, [replace(row, sent={**_plain(row.sent), "fields": {"last": "5"}}) for row in rows])
    workspace.fill_metric_rollups("test")
    with workspace.facts.write() as connection:
        delete(connection, "last")
        (after,) = define(connection, [last])
    assert after.number == before.number
    asked = replace(make_filters(), catalog=workspace.catalog)
    with workspace.facts.read() as connection:
        sums = queries.own_totals(connection, asked, workspace.calendar, ("field.last",))
    assert workspace.catalog.all_metrics["field.last"].value(sums) is None


def test_only_the_first_own_fields_make_rollups_wider(workspace: Workspace) -> None:
    many = [OwnField(0, f"n{number}", OwnFieldType.NUMBER, f"N{number}") for number in range(MOST_KEPT_FIELDS + 1)]
    with workspace.facts.write() as connection:
        define(connection, many)
    workspace.fill_metric_rollups("test")
    catalog = workspace.catalog
    asked = replace(make_filters(), catalog=catalog)
    are_kept = [planner.is_from_rollup(asked, catalog.all_metrics[own.parameter]) for own in many]
    assert are_kept == [True] * MOST_KEPT_FIELDS + [False]


def _plain(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name != "fields"}


def _without(sent: dict[str, Any], name: str) -> dict[str, Any]:
    return {**sent, "fields": {each: value for each, value in sent["fields"].items() if each != name}}


def test_retired_rollups_are_dropped_when_nobody_reads_them(
    filled: Workspace, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    def tables() -> set[str]:
        with filled.facts.read() as connection:
            names = sa.inspect(connection).get_table_names()
        return {name for name in names if "_of_metrics_" in name}

    held = tables()
    assert held
    metric_tasks.set_metric(filled, "test", "weak", {"formula": "count_if(score < 6)"})
    assert held < tables(), "who reads the old ones may go on"
    monkeypatch.setattr(metric_rollups, "READ_FOR", timedelta(0))
    filled.fill_metric_rollups("test")
    assert tables() and not held & tables()
    for name in (*KEPT, *READ):
        metric_tasks.archive_metric(filled, "test", name, archived=True)
    with filled.facts.write() as connection:
        for own in filled.catalog.own_fields:
            delete(connection, own.name)
    filled.fill_metric_rollups("test")
    assert not tables() and filled.catalog.kept_measures is None
    with filled.facts.write() as connection:
        define(connection, FIELDS)
    send(filled, rows)
    for name, formula in {**KEPT, **READ}.items():
        metric_tasks.set_metric(filled, "test", name, {"formula": formula})
    check(filled, rows)
