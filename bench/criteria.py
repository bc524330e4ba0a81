"""Answers to ten criteria for every evaluation, and the figures of the criteria beside those of the campaigns."""

from __future__ import annotations

import shutil
import statistics
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench import data
from bench.questions import YEAR
from bench.report import Report, timed
from lib.analytics import breakdowns, criteria, rollup
from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.dimensions import CAMPAIGN, EXECUTIVE
from lib.settings import Settings
from lib.store import schema
from lib.store.enums import OWN_SCALE, SHARE_SCALE
from lib.workspace import Workspace

CRITERIA = 10
MOST = 5
WANTED = {"duckdb": 30, "postgresql": 60}


def run(report: Report, engine: str, chosen: Settings) -> None:
    """Measure on one engine; the answers go again."""
    if engine == "duckdb":
        chosen = data.copied(chosen, "with-answers")
    workspace = Workspace(chosen)
    try:
        with workspace.facts.write() as connection:
            _answer(connection)
        with workspace.facts.write() as connection:
            rollup.rebuild(connection, workspace.catalog)
        _questions(report, engine, workspace)
    finally:
        if engine == "postgresql":
            _take_back(workspace)
        workspace.close()
        if engine == "duckdb":
            shutil.rmtree(chosen.data_dir, ignore_errors=True)


def _answer(connection: Connection) -> None:
    """Give every evaluation an answer to each criterion."""
    facts, answers = schema.evaluations, schema.answers
    _forget(connection)
    names = [{"key": key, "name": f"Question {key}", "form": None, "section": None} for key in range(1, CRITERIA + 1)]
    connection.execute(sa.insert(schema.criteria), names)
    numbered = sa.select(facts.c.id, sa.func.row_number().over(order_by=facts.c.audio_at).label("number")).subquery()
    connection.execute(sa.update(facts).values(answer_set=numbered.c.number).where(facts.c.id == numbered.c.id))
    key = schema.criteria.c.key
    points = (facts.c.answer_set * 7 + key * 3 + facts.c.answer_set % 11) % (MOST + 1)
    made = sa.select(
        facts.c.answer_set,
        key,
        points * OWN_SCALE,
        sa.literal_column(str(MOST * OWN_SCALE)),
        key == 3,
        points * (SHARE_SCALE // MOST),
        (MOST - points) * (SHARE_SCALE // (MOST * CRITERIA)),
        sa.null(),
    ).select_from(facts.join(schema.criteria, sa.true()))
    connection.execute(sa.insert(answers).from_select(answers.columns.keys(), made))
    failed = sa.func.max(sa.case((sa.and_(answers.c.critical, answers.c.points == 0), 1), else_=0)) == 1
    short = (
        sa.select(
            answers.c.answer_set,
            sa.func.sum(sa.cast(answers.c.points, sa.BigInteger)).label("points"),
            failed.label("failed"),
        )
        .group_by(answers.c.answer_set)
        .subquery()
    )
    most = MOST * CRITERIA * OWN_SCALE
    values = {"answers_points": short.c.points, "answers_max": most, "critical_failed": short.c.failed}
    connection.execute(sa.update(facts).values(values).where(facts.c.answer_set == short.c.answer_set))


def _questions(report: Report, engine: str, workspace: Workspace) -> None:
    calendar = workspace.calendar
    year = Filters.from_parameters(YEAR, workspace.settings.zone, EVERYTHING, workspace.catalog)

    def ask(question: Any, *arguments: Any) -> None:
        with workspace.facts.read(workspace.settings.query_seconds) as connection:
            question(connection, *arguments)

    wanted = {
        f"criteria of a year; yardstick: by campaign; wanted: {WANTED[engine]} ms": (criteria.criteria, year, calendar),
        "criteria by executive; yardstick: by campaign": (criteria.criteria_by, year, calendar, EXECUTIVE),
    }
    for what, asked in wanted.items():
        took, yardsticks = [], []
        for _ in range(3):  # by turns, as the machine has other things to do
            yardsticks += timed(lambda: ask(breakdowns.breakdown, year, calendar, CAMPAIGN), times=5)
            took += timed(lambda asked=asked: ask(*asked), times=5)  # type: ignore[misc]
        report.add("criteria", what, engine, took, yardstick=statistics.median(yardsticks))


def _forget(connection: Connection) -> None:
    columns = ("answer_set", "answers_digest", "answers_points", "answers_max", "critical_failed")
    connection.execute(sa.update(schema.evaluations).values(dict.fromkeys(columns)))
    for table in (schema.answers, schema.criteria):
        connection.execute(sa.delete(table))


def _take_back(workspace: Workspace) -> None:
    with workspace.facts.write() as connection:
        _forget(connection)
        rollup.rebuild(connection, workspace.catalog)
