"""Own metrics as commands, pages and programs list, define, archive and bring them back; changes are in the audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from lib.access.audit_log import Action
from lib.alerts.repository import AlertRepository
from lib.analytics import metric_definitions, metric_rollups
from lib.catalog.catalog import Catalog
from lib.catalog.metrics import Metric
from lib.catalog.own_metrics import BUILT_IN_FORMULAS, MetricDefinition
from lib.catalog.targets import Target, parse_targets
from lib.errors import MetricError, nearest
from lib.errors.metric_codes import MetricCode
from lib.outgoing.service import OutgoingService
from lib.reports.page_links import METRIC
from lib.sharing.pinned_links import PinnedLinks
from lib.sharing.saved_views import SavedViews
from lib.store.facts import FactStore
from lib.store.messages import JobStep, Message, Tell


class MetricContext(Protocol):
    """What these tasks work on: the workspace, as far as they know it."""

    facts: FactStore
    views: SavedViews
    links: PinnedLinks
    alerts: AlertRepository
    outgoing: OutgoingService

    @property
    def catalog(self) -> Catalog:
        """What can be asked."""

    def note(self, actor: str, action: Action, subject: str = "", **details: Any) -> None:
        """Write a line of the audit."""

    def fill_metric_rollups(self, actor: str) -> None:
        """See to it that rollups hold what metrics are made of."""


def work_on_metrics(workspace: MetricContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001 - a task
    """Do what `do` says and return metrics as plain JSON.

    `list`; `show` (`name`, `version`); `set` (`name`, `values`: what is to be changed); `archive` and `restore`
    (`name`).
    """
    actor, name = payload["actor"], payload.get("name", "")
    if payload["do"] == "show":
        return {"metrics": [show_metric(workspace, name, payload.get("version"))]}
    if payload["do"] == "set":
        set_metric(workspace, actor, name, payload["values"])
    elif payload["do"] in ("archive", "restore"):
        archive_metric(workspace, actor, name, archived=payload["do"] == "archive")
    return {"metrics": list_metrics(workspace)}


def list_metrics(workspace: MetricContext) -> list[dict[str, Any]]:
    """Return the built-in metrics and those of the workspace, archived ones too, as plain JSON."""
    with workspace.facts.read() as connection:
        catalog = metric_definitions.stored_catalog(connection)
    defined = {each.name: each for each in catalog.metric_definitions}
    built_in = [describe_built_in(metric, defined.get(name)) for name, metric in catalog.metrics.items()]
    own = [each for each in defined.values() if each.name not in catalog.metrics]
    return [*built_in, *(describe_metric(each, catalog) for each in own)]


def show_metric(workspace: MetricContext, name: str, version: int | None = None) -> dict[str, Any]:
    """Return a metric, or one of its versions, as plain JSON. Raises MetricError where there is none."""
    with workspace.facts.read() as connection:
        catalog = metric_definitions.stored_catalog(connection)
        known = {each.name: each for each in catalog.metric_definitions}
        if name in catalog.metrics and name not in known and version in (None, 1):
            return {**describe_built_in(catalog.metrics[name], None), "usedBy": used_by(workspace, catalog, name)}
        if name not in known:
            raise MetricError(MetricCode.METRIC_UNKNOWN, name=name[:60], hint=nearest(name, _names(catalog)))
        versions = metric_definitions.versions(connection, name)
    last = versions[-1].definition.version
    asked = next((each for each in versions if each.definition.version == (version or last)), None)
    if asked is None:
        raise MetricError(MetricCode.VERSION_UNKNOWN, name=name, version=version or last, last=last)
    described = (
        describe_built_in(catalog.metrics[name], asked.definition)
        if name in catalog.metrics
        else describe_metric(asked.definition, catalog)
    )
    return {
        **described,
        "createdAt": asked.created_at.isoformat(),
        "createdBy": asked.created_by,
        "versions": [each.definition.version for each in versions],
        "usedBy": used_by(workspace, catalog, name),
    }


def used_by(workspace: MetricContext, catalog: Catalog, name: str) -> dict[str, Any]:
    """Return where a metric is used: metrics and shared views by name; how many private views, links, reports, alerts.

    A report of a view is counted with the view.
    """
    shared, private = workspace.views.using(METRIC, name)
    return {
        "metrics": list(metric_definitions.users_of(catalog, name)),
        "views": list(shared),
        "privateViews": private,
        "pinnedLinks": workspace.links.count_using(METRIC, name),
        "reports": workspace.outgoing.reports.count_using(METRIC, name),
        "alerts": workspace.alerts.count_using(name),
    }


def describe_metric(definition: MetricDefinition, catalog: Catalog) -> dict[str, Any]:
    """Return a metric as plain JSON; `problem` says why it can't be asked for."""
    made = catalog.defined_metrics.get(definition.name)
    problem = catalog.metric_problems.get(definition.name)
    decimals = made.decimals if made is not None else definition.decimals
    return {
        "name": definition.name,
        "label": definition.label,
        "description": definition.description,
        "formula": definition.formula,
        "unit": definition.unit,
        "decimals": definition.decimals if definition.decimals is not None else decimals,
        "better": definition.better,
        "minimum": definition.minimum,
        "target": None if definition.target is None else json.loads(definition.target),
        "version": definition.version,
        "archived": definition.archived,
        "builtIn": False,
        "problem": None if problem is None else {"message": problem.message, "position": problem.position},
    }


def describe_built_in(metric: Metric, definition: MetricDefinition | None) -> dict[str, Any]:
    """Return a built-in metric as plain JSON, with the target that a workspace gave it."""
    target = None if definition is None or definition.target is None else json.loads(definition.target)
    return {
        "name": metric.name,
        "label": metric.label,
        "description": metric.help,
        "formula": BUILT_IN_FORMULAS[metric.name],
        "unit": metric.unit.value,
        "decimals": metric.decimals,
        "better": metric.better,
        "minimum": metric.minimum,
        "target": target,
        "version": 1 if definition is None else definition.version,
        "archived": False,
        "builtIn": True,
        "problem": None,
    }


def set_metric(workspace: MetricContext, actor: str, name: str, values: Mapping[str, Any]) -> bool:
    """Define a metric, or make a new version of one with other values; return whether it is new.

    What is left out stays as it is. Raises MetricError and FormulaError where it can't be so.
    """
    with workspace.facts.write() as connection:
        catalog = metric_definitions.stored_catalog(connection)
        before = next((each for each in catalog.metric_definitions if each.name == name), None)
        if before is None and "formula" not in values and name not in catalog.metrics:
            raise MetricError(MetricCode.METRIC_UNKNOWN, name=name[:60], hint=nearest(name, _names(catalog)))
        start = before or _new(name, catalog)
        given = dict(values)
        if "target" in given:
            names = [each.name for each in catalog.dimensions]
            targets = parse_targets(given["target"], names)
            if given.get("unit", start.unit) == "share":
                _check_share(targets)
            given["target"] = None if given["target"] is None else json.dumps(given["target"])
        made = metric_definitions.save(connection, replace(start, **given), actor)
    action = Action.METRIC_DEFINED if made.version == 1 else Action.METRIC_CHANGED
    workspace.note(actor, action, name, version=made.version, formula=made.formula)
    workspace.fill_metric_rollups(actor)
    return made.version == 1 and name not in catalog.metrics


def _check_share(targets: Sequence[Target]) -> None:
    """Raise MetricError for the target of a share that is none, as where percent are meant."""
    for target in targets:
        for value in (target.value, *(value for ids in target.groups.values() for value in ids.values())):
            if value is not None and not 0 <= value <= 1:
                raise MetricError(MetricCode.TARGET_OF_SHARE, value=f"{float(value):g}")


def _names(catalog: Catalog) -> list[str]:
    return [*catalog.metrics, *(each.name for each in catalog.metric_definitions)]


def _new(name: str, catalog: Catalog) -> MetricDefinition:
    """Return what a metric is that nothing is said of: a built-in one as it is."""
    if name in catalog.metrics:
        built_in = catalog.metrics[name]
        return MetricDefinition(name, built_in.label, BUILT_IN_FORMULAS[name], unit=built_in.unit.value)
    return MetricDefinition(name, metric_definitions.label_of(name), "")


def archive_metric(workspace: MetricContext, actor: str, name: str, *, archived: bool) -> None:
    """Archive a metric, or bring it back. Raises MetricError where there is none of the name."""
    with workspace.facts.write() as connection:
        metric_definitions.archive(connection, name, archived=archived)
    workspace.note(actor, Action.METRIC_ARCHIVED if archived else Action.METRIC_RESTORED, name)
    workspace.fill_metric_rollups(actor)


def fill_rollups(workspace: MetricContext, payload: dict[str, Any], tell: Tell) -> dict[str, Any]:  # noqa: ARG001 - a task
    """Make the rollups that hold what all metrics are made of, and drop those that nobody reads any more."""
    tell(0, Message(JobStep.COMPUTING_ROLLUPS))
    with workspace.facts.write() as connection:
        metric_rollups.drop_retired(connection)
    with workspace.facts.write() as connection:
        metric_rollups.fill(connection, lambda share: tell(share, Message(JobStep.COMPUTING_ROLLUPS)))
    return {}
