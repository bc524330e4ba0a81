"""What a workspace says and holds, to be compared before evaluations are archived, while they are, and afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from lib.alerts.questions import newest_instants
from lib.analytics import minutes, records
from lib.analytics.criteria import evaluation_answers
from lib.analytics.field_definitions import fields_in_use
from lib.analytics.grants import EVERYTHING
from lib.analytics.metric_definitions import stored_catalog
from lib.analytics.query import Filters, Predicate
from lib.analytics.ranges import Range
from lib.analytics.records import Record
from lib.catalog.dimensions import EXECUTIVE
from lib.exports.answers import answer_export
from lib.exports.evaluations import evaluation_export
from lib.jobs.tasks import TASKS
from lib.reports.context import ViewOptions, build_context
from lib.reports.page import Caption, PageValue
from lib.reports.pages import PAGES
from lib.store import schema
from lib.workspace import Workspace
from tests.filters import make_filters

NOON = datetime(2025, 4, 10, 12, tzinfo=UTC)
"""An instant within what is archived, which cuts a day."""


def do(workspace: Workspace, kind: str, **payload: Any) -> dict[str, Any]:
    """Do a job's task at once."""
    return TASKS[kind](workspace, {"actor": "test", **payload}, lambda *_: None)


def rows(workspace: Workspace) -> dict[str, list[str]]:
    """Return the rows of every table of the facts but those that say what is archived, and when they changed."""
    with workspace.facts.read() as connection:
        catalog = stored_catalog(connection)
        named = [own.names for own in catalog.own_fields if own.is_category]
        rollups = [table for rollup in catalog.rollups for table in rollup.tables]
        tables = {table.name: table for table in (*schema.FACTS.sorted_tables, *named, *rollups)}
        tables[catalog.evaluations.name] = catalog.evaluations
        return {
            name: sorted(map(repr, connection.execute(sa.select(table)).all()))
            for name, table in tables.items()
            if name not in ("archives", "workspace")
        }


def selections(workspace: Workspace) -> Iterator[tuple[str, Filters, tuple[str, ...]]]:
    """Yield selections that need the evaluations themselves, each with the pages that are asked of it.

    One is in another zone, one is cut by an instant, one is of evaluations by their answers.
    """
    whole = make_filters(date(2025, 1, 1), date(2025, 12, 31)).in_catalog(workspace.catalog)
    yield "zone", replace(whole, date_from=None, date_to=None, timezone="Asia/Tokyo"), ("overview", "evaluations")
    yield "cut", replace(whole, date_to=NOON, ranges=(Range("durationInSeconds", Decimal(100), None),)), tuple(PAGES)
    yield "failed", replace(whole, predicates=(Predicate("failedCriterion", ("Identity checked",)),)), ("criteria",)


def answers(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield what pages, files and programs are told of selections, each with its name."""
    for name, filters, pages in selections(workspace):
        for definition in (PAGES[page] for page in pages):
            view = ViewOptions("previous" if definition.is_compared else "none")
            context = build_context(workspace.answers, workspace.calendar, filters, view, lambda *_: ())
            page = PageValue(definition.title, definition.question, context.shown, tuple(definition.blocks(context)))
            yield f"{name}: {definition.name or 'overview'}", _plain(page)
        with workspace.facts.read() as connection:
            for export in (evaluation_export, answer_export):
                texts = export(connection, filters, workspace.calendar).texts
                yield f"{name}: {export.__name__}", repr(sorted(map(repr, connection.execute(texts).all())))
            now = datetime(2025, 4, 8, 12, tzinfo=UTC)
            live = minutes.live_figures(connection, filters, workspace.calendar, now, 3)
            yield f"{name}: live", _plain(live)
            yield f"{name}: newest", _plain(newest_instants(connection, filters, workspace.calendar, EXECUTIVE))
            oldest = records.records(connection, filters, workspace.calendar, 1, 30, records.RecordOrder.OLDEST)
            yield f"{name}: records", _plain(oldest)
            opened = (records.record(connection, filters, workspace.calendar, each.id) for each in oldest.records[:3])
            yield f"{name}: record", _plain(list(opened))
            for each in oldest.records:
                yield f"{name}: answers", _plain(evaluation_answers(connection, each.answer_set, each.archived_id))
            yield f"{name}: fields", _plain(fields_in_use(connection, EVERYTHING))


def _plain(value: Any) -> str:
    """Return a value as text, without what tells archived evaluations from others and what is new each time."""
    return re.sub(r" at 0x[0-9a-f]+|version=-?\d+", "", repr(_sorted(value)))


def _sorted(value: Any) -> Any:
    """Return a value with what is known by keys in the order of these, which is no order that is shown."""
    if isinstance(value, Record):
        return repr(replace(value, is_archived=False))
    if isinstance(value, Mapping):
        return sorted((repr(key), repr(_sorted(each))) for key, each in value.items())
    if isinstance(value, list | tuple):
        return [_sorted(each) for each in value if not _says_archived(each)]
    if is_dataclass(value):
        return [type(value).__name__, *((each.name, _sorted(getattr(value, each.name))) for each in fields(value))]
    return value


def _says_archived(block: Any) -> bool:
    """Return whether a page's block says which months are archived."""
    return isinstance(block, Caption) and str(block.words).startswith("Archived: ")
