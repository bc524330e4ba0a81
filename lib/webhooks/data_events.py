"""The events of data: an import that loaded, the evaluations that are new with it, an export that is ready.

An import changes the facts, and its events lie in the state: between the two a process may die. Its events have ids
that are made of its own, so that they can be put into the outbox again, and are then there once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics.conditions import grant_conditions
from lib.analytics.grants import Grant
from lib.catalog.catalog import Catalog
from lib.exports.service import exported_grant
from lib.ingest import history
from lib.ingest.history import PROGRAM, ImportReport
from lib.jobs.queue import Job
from lib.settings import Settings
from lib.store.enums import LOADED_RESULTS
from lib.store.schema import imports
from lib.webhooks.events import Event, new_event
from lib.webhooks.webhook import EVALUATION_CREATED, EXPORT_READY, IMPORT_COMPLETED, Webhook

MOST_ANNOUNCED = 10_000
"""New evaluations of one import that are sent; of an import with more there is IMPORT_COMPLETED alone."""

BATCH = 100
"""Evaluations in one call."""

RECOVERED = timedelta(hours=24)
"""How long ago an import may have ended whose events are looked for again."""


@dataclass(frozen=True, slots=True)
class LimitedImport:
    """What of an import somebody may see: how many evaluations it added and changed, and their days."""

    added: int
    changed: int
    first_day: str | None
    last_day: str | None


def import_event(report: ImportReport, grant: Grant, seen: LimitedImport | None) -> Event:
    """Return the event of an import, for those who may see as much; `seen` is what they may, None for all of it."""
    loaded = report.loaded
    by_program = [file["name"] for file in report.files] == [PROGRAM]
    data: dict[str, Any] = {
        "importId": report.id,
        "source": "api" if by_program else "files",
        "startedAt": report.started_at.isoformat(),
        "finishedAt": _finished_at(report).isoformat(),
        "added": loaded.added if seen is None else seen.added,
        "changed": loaded.changed if seen is None else seen.changed,
        "firstDay": _iso(loaded.first_day) if seen is None else seen.first_day,
        "lastDay": _iso(loaded.last_day) if seen is None else seen.last_day,
    }
    if seen is None:
        data["files"] = [] if by_program else [file["name"] for file in report.files]
        data |= {name: getattr(report, name) for name in ("read", "blank", "bad")}
        data |= {name: getattr(loaded, name) for name in ("unchanged", "duplicates")}
    text = f"Import completed: {data['added']} evaluations added, {data['changed']} changed."
    return Event(IMPORT_COMPLETED, _id(report, IMPORT_COMPLETED, grant), _finished_at(report), data, text, grant)


def evaluation_events(report: ImportReport, grant: Grant, ids: Collection[str]) -> Iterator[Event]:
    """Yield the events of new evaluations, BATCH in each, for those who may see them."""
    listed = list(ids)
    for start in range(0, len(listed), BATCH):
        batch = tuple(listed[start : start + BATCH])
        number = _id(report, f"{EVALUATION_CREATED} {start}", grant)
        text = f"{len(batch)} new evaluations." if len(batch) > 1 else "1 new evaluation."
        # Who may see less by the time it is sent gets those alone that they may.
        yield Event(EVALUATION_CREATED, number, _finished_at(report), {"importId": report.id}, text, None, batch)


def export_event(job: Job, result: dict[str, Any], settings: Settings) -> Event:
    """Return the event of an export that is ready, for who ordered it; where it was ordered says what links begin with.

    Its `statusUrl` is None where neither the settings nor the order say it.
    """
    base_url = settings.base_url or job.payload.get("base_url", "")
    data = {
        "jobId": job.id,
        "report": job.payload["report"],
        "format": job.payload["format"],
        "rows": result["rows"],
        "bytes": result["bytes"],
        "sha256": result["sha256"],
        "statusUrl": f"{base_url}/v1/analytics/export/{job.id}" if base_url else None,
    }
    grant = exported_grant(replace(job, result=result))
    text = f"Export ready: {result['downloadName']}, {result['rows']} rows."
    return new_event(EXPORT_READY, data, text, grant)


@dataclass(frozen=True, slots=True)
class AddressedEvent:
    """An event, the webhooks that are to be called about it, and its cause, by which each of them is called once."""

    event: Event
    webhooks: tuple[Webhook, ...]
    cause: str


def import_events(
    connection: Connection, catalog: Catalog, report: ImportReport, webhooks: dict[Grant, list[Webhook]]
) -> list[AddressedEvent]:
    """Return the events of an import; the webhooks are by what their owners may see, the connection is of the facts."""
    events: list[AddressedEvent] = []
    for grant, theirs in webhooks.items():
        subscribed = {name: tuple(each for each in theirs if name in each.events) for name in _OF_IMPORTS}
        imports_to, evaluations_to = subscribed[IMPORT_COMPLETED], subscribed[EVALUATION_CREATED]
        if imports_to:
            seen = None if grant.everything else _seen(connection, catalog, report, grant)
            if seen is None or seen.added or seen.changed:
                event = import_event(report, grant, seen)
                events.append(AddressedEvent(event, imports_to, _cause(report, IMPORT_COMPLETED)))
        if evaluations_to and 0 < report.loaded.added <= MOST_ANNOUNCED:
            ids = _new_ids(connection, catalog, report, grant)
            for number, event in enumerate(evaluation_events(report, grant, ids)):
                cause = _cause(report, EVALUATION_CREATED, number)
                events.append(AddressedEvent(event, evaluations_to, cause))
    return events


def first_causes(report: ImportReport) -> tuple[str, ...]:
    """Return causes of which a webhook has one if the events of an import were put into the outbox for it."""
    return tuple(_cause(report, name) for name in _OF_IMPORTS)


def _cause(report: ImportReport, name: str, number: int = 0) -> str:
    return f"{report.id} {name} {number}"


_OF_IMPORTS = (IMPORT_COMPLETED, EVALUATION_CREATED)


def by_grant(webhooks: Collection[Webhook], grants: dict[str, Grant | None]) -> dict[Grant, list[Webhook]]:
    """Return the webhooks of imports by what their owners may see; `grants` are by owner, None for who is gone."""
    sorted_out: dict[Grant, list[Webhook]] = defaultdict(list)
    for webhook in webhooks:
        grant = grants[webhook.owner_id]
        if grant is not None and {*webhook.events} & {*_OF_IMPORTS}:
            sorted_out[grant].append(webhook)
    return dict(sorted_out)


def recent_imports(connection: Connection) -> list[ImportReport]:
    """Return the imports that loaded something not long ago, the oldest first."""
    since = datetime.now(UTC) - RECOVERED
    recent = sa.and_(imports.c.finished_at > since, imports.c.result.in_(LOADED_RESULTS), imports.c.undone_at.is_(None))
    ids = connection.scalars(sa.select(imports.c.id).where(recent).order_by(imports.c.finished_at, imports.c.id)).all()
    reports = (history.find_loaded(connection, number) for number in ids)
    return [report for report in reports if report is not None]


def _new_ids(connection: Connection, catalog: Catalog, report: ImportReport, grant: Grant) -> list[str]:
    """Return the ids of the evaluations that an import added and a grant shows, the oldest first."""
    facts, old = catalog.evaluations, catalog.replaced_evaluations
    where = _loaded(catalog, report, grant)
    if report.loaded.changed:
        replaced = sa.select(old.c.id).where(old.c.replaced_in == report.loaded.data_version)
        where.append(facts.c.id.not_in(replaced))
    return list(connection.scalars(sa.select(facts.c.id).where(*where).order_by(facts.c.audio_at, facts.c.id)))


def _seen(connection: Connection, catalog: Catalog, report: ImportReport, grant: Grant) -> LimitedImport:
    facts = catalog.evaluations
    where = _loaded(catalog, report, grant)
    values = sa.select(sa.func.count(), sa.func.min(facts.c.day), sa.func.max(facts.c.day)).where(*where)
    count, first, last = connection.execute(values).one()
    added = len(_new_ids(connection, catalog, report, grant)) if count else 0
    return LimitedImport(added, int(count) - added, _iso(first), _iso(last))


def _loaded(catalog: Catalog, report: ImportReport, grant: Grant) -> list[sa.ColumnElement[bool]]:
    """Return what the evaluations meet that an import added or changed, and that a grant shows."""
    facts, loaded = catalog.evaluations, report.loaded
    if loaded.data_version is None or loaded.first_day is None or loaded.last_day is None:  # it changed nothing
        return [sa.false()]
    # Instants have an index where versions have none; a day of any zone lies within a day of UTC's.
    first = datetime.combine(loaded.first_day - timedelta(days=1), time(), UTC)
    last = datetime.combine(loaded.last_day + timedelta(days=2), time(), UTC)
    of_days = (facts.c.audio_at >= first, facts.c.audio_at < last)
    return [facts.c.data_version == loaded.data_version, *of_days, *grant_conditions(facts, grant, catalog)]


def _finished_at(report: ImportReport) -> datetime:
    return report.loaded.changed_at or report.started_at


def _iso(day: Any) -> str | None:
    return None if day is None else str(day.isoformat())


def _id(report: ImportReport, what: str, grant: Grant) -> str:
    """Return the id of an event of an import: the same whenever it is asked for, another one for each grant."""
    digest = hashlib.sha256("\x00".join((report.id, what, grant.to_column() or "")).encode()).hexdigest()
    return f"evt_{digest[:24]}"
