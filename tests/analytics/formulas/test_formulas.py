"""Random formulas on each engine beside plain Python: row by row, whole, by group and by day; and what is sent."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
import sqlalchemy as sa

from lib.analytics import breakdowns, grouped_trends, heatmap, metrics_by_criterion, queries
from lib.analytics.calendar import Granularity
from lib.analytics.query import Filters
from lib.analytics.sources import fact_rows
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE
from lib.catalog.formulas.checker import check
from lib.catalog.formulas.expressions import Aggregate
from lib.catalog.formulas.row_sql import RowSql
from lib.catalog.own_metrics import BUILT_IN_FORMULAS
from lib.errors import FormulaError
from tests.analytics.formulas.conftest import Filled
from tests.analytics.formulas.rows import ZONE, Row, metric_value
from tests.catalog import formula_texts

FORMULAS, ROW_FORMULAS = 1_000, 300
AT_ONCE = 10


def readable(filled: Filled, text: str) -> bool:
    """Return whether a random formula is one; some have numbers that no engine holds."""
    try:
        filled.filters(text).catalog.all_metrics["m0"]
    except KeyError:
        return False
    return True


def values(filled: Filled, texts: list[str], filters: Callable[[Filters], Filters] = lambda each: each) -> list[Any]:
    """Return what metrics come to."""
    asked = filters(filled.filters(*texts))
    names = tuple(f"m{place}" for place in range(len(texts)))
    with filled.workspace.facts.read() as connection:
        totals = queries.own_totals(connection, asked, filled.workspace.calendar, names)
    metrics = [asked.catalog.all_metrics[name] for name in names]
    for metric in metrics:
        ends, value = metric.interval(totals), metric.value(totals)
        assert ends is None or ends[0] <= ends[1]
        assert value is not None or ends is None
    return [metric.value(totals) for metric in metrics]


def test_metrics_equal_plain_python(filled: Filled) -> None:
    dice, done, known = random.Random(11), 0, 0
    while done < FORMULAS:
        makers = (formula_texts.metric, formula_texts.aggregate)
        texts = [text for _ in range(AT_ONCE) if readable(filled, text := dice.choice(makers)(dice))]
        wanted = [metric_value(filled.reader.expression(text), filled.rows) for text in texts]
        for text, found, right in zip(texts, values(filled, texts), wanted, strict=True):
            assert found == right, text
        done, known = done + len(texts), known + sum(right is not None for right in wanted)
    assert known > FORMULAS / 2, "most of them have a value"


def test_each_row_equals_plain_python(filled: Filled) -> None:
    dice = random.Random(12)
    vocabulary, bindings = filled.reader.vocabulary, filled.reader.maker.bindings
    with filled.workspace.facts.read() as connection:
        for _ in range(ROW_FORMULAS):
            text = f"sum_if({formula_texts.row_number(dice, 3)}, {formula_texts.condition(dice, 3)})"
            (aggregate,) = [each for each in check(text, vocabulary).walk() if isinstance(each, Aggregate)]
            assert aggregate.value is not None and aggregate.condition is not None
            extras = filled.reader.maker.extras(aggregate.value, aggregate.condition)
            found = fact_rows(connection, filled.filters(), filled.workspace.calendar, extras)
            sql = RowSql(bindings, found.facts.c)
            try:
                number, condition = sql.number(aggregate.value), sql.condition(aggregate.condition)
            except FormulaError:
                continue  # it may be larger than engines hold
            asked = sa.select(found.facts.c.id, number.sql, sa.cast(condition, sa.Boolean)).where(*found.conditions)
            rows = {id_: (amount, met) for id_, amount, met in connection.execute(asked)}
            for row in filled.rows:
                amount, met = rows[row.sent["id"]]
                value = None if amount is None else Fraction(int(amount), number.scale)
                assert (value, met) == (row.of(aggregate.value), row.of(aggregate.condition)), (text, row)


GROUPED = ["avg(score)", "median(duration_seconds)", "count_distinct(executive)", "share(field.resolved)",
           "max(field.csat) - min(field.csat)", "count_if(hour < 12) / count()", 'avg(criterion("Greeting"))']  # fmt: skip


def by(rows: list[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """Return rows by a key."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def right(filled: Filled, rows: list[Row]) -> list[Any]:
    """Return what the grouped metrics are of some rows, in plain Python."""
    return [metric_value(filled.reader.expression(text), rows) for text in GROUPED]


@pytest.mark.parametrize("zone", [None, "America/Bogota"])
def test_groups_days_and_hours_equal_plain_python(filled: Filled, zone: str | None) -> None:
    asked = replace(filled.filters(*GROUPED), timezone=zone)
    names = tuple(f"m{place}" for place in range(len(GROUPED)))
    metrics = [asked.catalog.all_metrics[name] for name in names]
    calendar = filled.workspace.calendar_in(asked.zone(ZONE))
    rows = [replace(row, values=row.clock(asked.zone(ZONE))) for row in filled.rows]
    with filled.workspace.facts.read() as connection:
        for dimension, name in ((CAMPAIGN, "campaign"), (EXECUTIVE, "executive")):
            groups = by(rows, lambda row, name=name: row.groups[name])  # type: ignore[misc]
            found = breakdowns.totals_by(connection, asked, calendar, dimension, names)
            assert len(found) == len(groups)
            for group in found:
                of_group = groups[None if group.named.id is None else (group.named.id, group.named.name)]
                assert [metric.value(group.sums) for metric in metrics] == right(filled, of_group)
        days = by(rows, lambda row: row.when.astimezone(asked.zone(ZONE)).date())
        for point in queries.trend(connection, asked, calendar, Granularity.DAILY, names).points:
            of_day = days.get(point.bucket.first, [])
            assert [metric.value(point.sums) for metric in metrics] == right(filled, of_day)
        weeks = by(rows, lambda row: (row.groups["campaign"], _week(row.when.astimezone(asked.zone(ZONE)).date())))
        split = grouped_trends.split(connection, asked, calendar, CAMPAIGN, Granularity.WEEKLY, names)
        for member, course in split.largest:
            key = None if member.id is None else (member.id, member.name)
            for point in course.points:
                of_week = weeks.get((key, point.bucket.first), [])
                if of_week:
                    assert [metric.value(point.sums) for metric in metrics] == right(filled, of_week)
        hours = by(rows, lambda row: (row.values["weekday"], row.values["hour"]))
        for cell in heatmap.by_hour(connection, asked, calendar, names).cells:
            of_hour = hours.get((cell.weekday, cell.hour), [])
            assert [metric.value(cell.sums) for metric in metrics] == right(filled, of_hour)
        answered = metrics_by_criterion.metrics_by_criterion(connection, asked, calendar, names).criteria
        for criterion, totals in answered.items():
            of_criterion = [row for row in rows if criterion.name in row.shares]
            assert [metric.value(totals) for metric in metrics] == right(filled, of_criterion)
        assert {each.name for each in answered} == {"Greeting", "Other"}


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def test_built_in_metrics_as_formulas_are_equal_to_themselves(filled: Filled) -> None:
    dice, built_in = random.Random(13), tuple(BUILT_IN_FORMULAS)
    asked = filled.filters(*BUILT_IN_FORMULAS.values())
    own = tuple(f"m{place}" for place in range(len(built_in)))
    calendar = filled.workspace.calendar
    with filled.workspace.facts.read() as connection:
        for _ in range(30):
            some, other = (_random_filters(dice, asked) for _ in range(2))
            now, before = (queries.own_totals(connection, each, calendar, (*built_in, *own)) for each in (some, other))
            for name, mine in zip(built_in, own, strict=True):
                one, two = asked.catalog.all_metrics[name], asked.catalog.all_metrics[mine]
                assert one.value(now) == two.value(now), name
                assert one.interval(now) == two.interval(now), name
                assert one.n(now) == two.n(now), name
                assert one.differs(before, now) == two.differs(before, now), name


def _random_filters(dice: random.Random, asked: Filters) -> Filters:
    first = date(2024, 3, 25) + timedelta(days=dice.randrange(8))
    chosen = replace(asked, date_from=first, date_to=first + timedelta(days=dice.randrange(12)))
    if dice.random() < 0.5:
        chosen = chosen.narrowed(CAMPAIGN, dice.choice(("camp_1", "camp_2")))
    return chosen


def test_no_text_of_a_formula_reaches_an_engine(filled: Filled) -> None:
    """Texts are bound, and the statements of two formulas that differ in texts alone are the same."""
    sent: list[tuple[str, Any]] = []

    def record(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    hostile = "x'); DROP TABLE evaluations; --"
    texts = (hostile, 'a""b', "%s %(x)s :x ?", "\\", "\u202e", "Chat")
    with filled.workspace.facts.read() as connection:
        sa.event.listen(connection, "before_cursor_execute", record)
        statements = []
        for text in texts:
            formula = f'count_if(campaign = "{text}" or field.remark = "{text}" or field.channel in ("{text}", "y"))'
            sent.clear()
            names, asked = ("m0",), filled.filters(formula)
            queries.own_totals(connection, asked, filled.workspace.calendar, names)
            statements.append([_anonymous(statement) for statement, _ in sent])
            assert not any(hostile in statement or "DROP" in statement for statement, _ in sent)
            assert any(text.replace('""', '"') in _bound(parameters) for _, parameters in sent)
        assert all(each == statements[0] for each in statements)
    assert values(filled, ["count()"]) == [len(filled.rows)]


def _bound(parameters: Any) -> list[Any]:
    return list(parameters.values() if isinstance(parameters, dict) else parameters)


def _anonymous(statement: str) -> str:
    return re.sub(r"formula_[0-9a-f]{20}", "formula", statement)
