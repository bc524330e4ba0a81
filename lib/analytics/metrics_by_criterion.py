"""Metrics of the evaluations that have an answer to each criterion, whether it applies or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.calendar import Calendar
from lib.analytics.criteria import criteria_by_key
from lib.analytics.query import Filters
from lib.analytics.sources import FactRows, fact_rows
from lib.analytics.unsummed_values import unsummed_values
from lib.catalog.criteria import CRITERION, Criterion
from lib.catalog.measures import ExtraColumn, MeasureTotals, aggregates, find_measure


@dataclass(frozen=True, slots=True)
class MetricsByCriterion:
    """The totals of evaluations by the criterion that they have an answer to. No day's spread is known of these."""

    criteria: Mapping[Criterion, MeasureTotals]


def metrics_by_criterion(
    connection: Connection, filters: Filters, calendar: Calendar, metrics: tuple[str, ...]
) -> MetricsByCriterion:
    """Return what metrics need of the evaluations of a selection, by criterion. It reads the facts."""
    measures = filters.catalog.measure_names(metrics)

    def answered(extras: Sequence[ExtraColumn]) -> FactRows:
        rows = fact_rows(connection, filters, calendar, extras, answers=True)
        answers = rows.answers
        same = answers.c.answer_set == rows.facts.c.answer_set
        joined = sa.select(*rows.facts.c, answers.c.criterion_key).select_from(rows.facts.join(answers, same))
        with_criteria = joined.where(*rows.conditions).subquery("answered_evaluations")
        return FactRows(with_criteria, with_criteria.c.day, [])

    def key(rows: FactRows) -> list[sa.ColumnElement[Any]]:
        return [rows.facts.c[CRITERION.column]]

    extras = dict.fromkeys(extra for name in measures for extra in find_measure(name).extras)
    rows = answered(tuple(extras))
    statement = sa.select(*key(rows), *aggregates(rows.facts, measures)).group_by(*key(rows))
    unsummed = unsummed_values(connection, filters, metrics, answered, key)
    known = criteria_by_key(connection)
    return MetricsByCriterion(
        {
            known[number]: MeasureTotals.from_values(values, measures).with_unsummed(unsummed.get((number,), {}))
            for number, *values in connection.execute(statement)
        }
    )
