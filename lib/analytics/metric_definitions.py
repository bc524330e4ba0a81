"""Own metrics: read, defined, archived and brought back, each version of them kept.

What changes a definition must run inside `FactStore.write`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lib.analytics import field_definitions
from lib.analytics.field_definitions import own_fields
from lib.analytics.grants import Grant
from lib.analytics.kept_measures import kept_measures
from lib.catalog.catalog import Catalog
from lib.catalog.criterion_metrics import CRITERION_METRICS, SCORECARD_METRICS
from lib.catalog.formulas.functions import EXAMPLES
from lib.catalog.formulas.tokens import KEYWORDS
from lib.catalog.metrics import Metric
from lib.catalog.own_fields import NAME, OwnField, catalog_with
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, UNITS, MetricDefinition, reader_of, with_metrics
from lib.errors import FormulaError, MetricError, nearest
from lib.errors.metric_codes import MetricCode
from lib.store import schema

MOST_METRICS = 200
"""So many own metrics a workspace may have, archived ones counted."""

MAX_LABEL, MAX_DESCRIPTION, MAX_UNIT = 80, 500, 20
"""Characters that the label, the description and the unit of a metric may have."""

MAX_DECIMALS, MAX_MINIMUM = 4, 1_000_000
"""What decimals and the least number of evaluations may be at most."""

PREVIEW = "_preview"
"""The name of a metric that is not yet one; no other can have it."""

_NAME = re.compile(NAME, re.ASCII)
_HELD = ("label", "formula", "description", "unit", "decimals", "better", "minimum", "target")


@dataclass(frozen=True, slots=True)
class MetricVersion:
    """One version of a metric, when it was made and by whom."""

    definition: MetricDefinition
    created_at: datetime
    created_by: str


def definitions(connection: Connection) -> tuple[MetricDefinition, ...]:
    """Return the last version of each metric, in the order in which they were first defined."""
    held = schema.metrics.c
    rows = connection.execute(sa.select(schema.metrics).order_by(held.version))
    firsts: dict[str, datetime] = {}
    last: dict[str, MetricDefinition] = {}
    for row in rows:
        firsts.setdefault(row.name, row.created_at)
        last[row.name] = _definition(row)
    return tuple(last[name] for name in sorted(last, key=lambda name: (firsts[name], name)))


def versions(connection: Connection, name: str) -> tuple[MetricVersion, ...]:
    """Return all versions of a metric, the first one first. Raises MetricError where there is none of the name."""
    held = schema.metrics.c
    asked = sa.select(schema.metrics).where(held.name == name).order_by(held.version)
    rows = connection.execute(asked).fetchall() if _NAME.fullmatch(name) else []
    if not rows:
        known = connection.scalars(sa.select(held.name).distinct())
        raise MetricError(MetricCode.METRIC_UNKNOWN, name=name[:60], hint=nearest(name, known))
    return tuple(MetricVersion(_definition(row), row.created_at, row.created_by) for row in rows)


def stored_catalog(connection: Connection) -> Catalog:
    """Return the catalog with the workspace's own fields and metrics."""
    return stored_catalog_of(connection, own_fields(connection))


def stored_catalog_of(connection: Connection, fields: tuple[OwnField, ...]) -> Catalog:
    """Return the catalog with own fields, the workspace's metrics, and the rollups that hold these."""
    return with_metrics(catalog_with(fields), definitions(connection), kept_measures(connection))


def criteria_names(connection: Connection) -> frozenset[str]:
    """Return the names of the criteria that there are."""
    return frozenset(connection.scalars(sa.select(schema.criteria.c.name).distinct()))


def check_formula(connection: Connection, catalog: Catalog, definition: MetricDefinition) -> None:
    """Raise FormulaError where a metric's formula is none, also for a criterion that there is not."""
    others = [each for each in catalog.metric_definitions if each.name != definition.name]
    reader_of(catalog, [*others, definition], criteria_names(connection)).made(definition)


def with_preview(
    connection: Connection, catalog: Catalog, wanted: MetricDefinition, name: str | None, grant: Grant
) -> Catalog:
    """Return a catalog with a metric that is not yet one, in place of what `name` is.

    Who may see a part of the data is not told which criteria there are. Raises MetricError and FormulaError where it
    can't be so.
    """
    others = tuple(each for each in catalog.metric_definitions if each.name not in (name, wanted.name))
    criteria = criteria_names(connection) if grant.everything else None
    reader_of(catalog, (*others, wanted), criteria).made(wanted)
    return with_metrics(replace(catalog, metric_definitions=()), (*others, wanted))


def label_of(name: str) -> str:
    """Return the label of a metric that was given none: `firstContact` is First contact."""
    return field_definitions.label_of(name) if _NAME.fullmatch(name) else name


def save(connection: Connection, wanted: MetricDefinition, actor: str) -> MetricDefinition:
    """Define a metric, or make a new version of it, and return it. An archived one comes back.

    Raises MetricError and FormulaError where it can't be so.
    """
    catalog = stored_catalog(connection)
    known = {each.name: each for each in catalog.metric_definitions}
    if wanted.name in catalog.metrics:
        _check_built_in(wanted, catalog.metrics[wanted.name])
    else:
        check_definition(wanted, catalog)
        check_formula(connection, catalog, wanted)
    before = known.get(wanted.name)
    if before is None and len(known) >= MOST_METRICS:
        raise MetricError(MetricCode.TOO_MANY_METRICS, count=len(known) + 1, most=MOST_METRICS)
    made = replace(wanted, version=1 if before is None else before.version + 1, archived=False)
    if before is not None and before.archived:
        _set_archived(connection, wanted.name, archived=False)
    values = {name: value for name, value in asdict(made).items() if name in _HELD}
    connection.execute(
        sa.insert(schema.metrics).values(
            name=made.name,
            version=made.version,
            definition=json.dumps(values, ensure_ascii=False),
            archived=False,
            created_at=datetime.now(UTC),
            created_by=actor,
        )
    )
    return made


def archive(connection: Connection, name: str, *, archived: bool) -> MetricDefinition:
    """Archive a metric, or bring it back, and return it. Raises MetricError where there is none of the name."""
    last = versions(connection, name)[-1].definition
    _set_archived(connection, name, archived=archived)
    return replace(last, archived=archived)


def _set_archived(connection: Connection, name: str, *, archived: bool) -> None:
    held = schema.metrics
    connection.execute(sa.update(held).where(held.c.name == name).values(archived=archived))


def users_of(catalog: Catalog, name: str) -> tuple[str, ...]:
    """Return the metrics whose formulas name a metric."""
    reader = reader_of(catalog, catalog.metric_definitions)
    found = []
    for each in catalog.metric_definitions:
        try:
            if not each.archived and name in reader.used(each.formula):
                found.append(each.name)
        except FormulaError:
            continue  # it uses nothing as long as it is broken
    return tuple(found)


def check_definition(wanted: MetricDefinition, catalog: Catalog) -> None:
    """Raise MetricError for what a metric can't have beside those of a catalog, but for its formula."""
    _check_name(wanted.name, catalog)
    if not (0 < len(wanted.label.strip()) <= MAX_LABEL) or not wanted.label.isprintable():
        raise MetricError(MetricCode.METRIC_LABEL, most=MAX_LABEL)
    is_plain = all(each.isprintable() or each in "\n\t" for each in wanted.description)
    if len(wanted.description) > MAX_DESCRIPTION or not is_plain:
        raise MetricError(MetricCode.METRIC_DESCRIPTION, most=MAX_DESCRIPTION)
    check_look(wanted)
    if wanted.better not in ("higher", "lower", None):
        raise MetricError(MetricCode.METRIC_BETTER, better=str(wanted.better)[:60])
    if not 0 <= wanted.minimum <= MAX_MINIMUM:
        raise MetricError(MetricCode.METRIC_MINIMUM, most=MAX_MINIMUM)


def check_look(wanted: MetricDefinition) -> None:
    """Raise MetricError for a unit or decimals that a metric can't have."""
    if wanted.unit not in UNITS and not (0 < len(wanted.unit.strip()) <= MAX_UNIT and wanted.unit.isprintable()):
        raise MetricError(MetricCode.METRIC_UNIT, most=MAX_UNIT)
    if wanted.decimals is not None and not 0 <= wanted.decimals <= MAX_DECIMALS:
        raise MetricError(MetricCode.METRIC_DECIMALS, most=MAX_DECIMALS, decimals=wanted.decimals)


def _check_built_in(wanted: MetricDefinition, built_in: Metric) -> None:
    """Raise MetricError for a built-in metric that is to be something else: it may have a target alone."""
    is_same = (wanted.formula, wanted.label, wanted.unit) == (
        BUILT_IN_FORMULAS[wanted.name],
        built_in.label,
        built_in.unit.value,
    )
    if not is_same or wanted.better is not None or wanted.decimals is not None or wanted.description:
        raise MetricError(MetricCode.METRIC_IS_BUILT_IN, name=wanted.name)


def _check_name(name: str, catalog: Catalog) -> None:
    if not _NAME.fullmatch(name):
        raise MetricError(MetricCode.METRIC_NAME, name=name[:60])
    taken = {*catalog.metrics, *SCORECARD_METRICS, *CRITERION_METRICS}
    if name in taken:
        raise MetricError(MetricCode.METRIC_IS_BUILT_IN, name=name)
    words = {*KEYWORDS, *EXAMPLES, *reader_of(catalog, ()).vocabulary.of_an_evaluation}
    if name.lower() in {each.lower() for each in words}:
        raise MetricError(MetricCode.METRIC_IS_WORD, name=name)
    known = (each.name for each in catalog.metric_definitions)
    other = next((each for each in (*taken, *known) if each != name and _folded(each) == _folded(name)), None)
    if other is not None:
        raise MetricError(MetricCode.METRIC_ALIKE, name=name, other=other)


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()


def _definition(row: Any) -> MetricDefinition:
    values: Mapping[str, Any] = json.loads(row.definition)
    held = {name: values[name] for name in _HELD if name in values}
    return MetricDefinition(name=row.name, version=row.version, archived=row.archived, **held)
