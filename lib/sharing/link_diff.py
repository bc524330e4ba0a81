"""What changed since a pinned link was made: data, figures, definitions; as values, and in words. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lib.access.actors import actor_in_words
from lib.analytics.import_log import ImportEvent
from lib.analytics.queries import DatasetStatus, SelectionSummary
from lib.catalog.catalog import Catalog
from lib.catalog.measures import ANSWER_NAMES, PLAIN_MEASURES, SCORECARD_NAMES
from lib.catalog.metrics import Metric, Unit
from lib.i18n import number, t
from lib.reports import catalog_words, formatting
from lib.sharing.pinned_links import MetricValue, PinnedLink, definitions, figures


@dataclass(frozen=True, slots=True)
class FigureChange:
    """A metric of the selection that has another value now, both rounded."""

    name: str
    was: MetricValue
    now: MetricValue


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """A metric or term that is defined otherwise now; `now` is None where there is none of that name any more."""

    name: str
    was: str
    now: str | None


@dataclass(frozen=True, slots=True)
class LinkDiff:
    """What changed between the making of a link and now; `made_at` is when that was."""

    made_at: datetime
    data: bool  # the facts as a whole
    selection: bool  # the measures of the link's selection
    answers: bool  # what is counted and summed of its answers to criteria
    figures: tuple[FigureChange, ...]
    imports: tuple[ImportEvent, ...] | None  # None where they are not to be told
    definitions: tuple[DefinitionChange, ...]


def since(
    link: PinnedLink,
    summary_now: SelectionSummary,
    status_now: DatasetStatus,
    imports_since: tuple[ImportEvent, ...] | None,
    catalog: Catalog,
) -> LinkDiff:
    """Return what changed since a link was made.

    The summary is that of the link's parameters now, of the same version of the facts as the status; the imports are
    those since the link's `data_changed_at`; None where the visitor may not see them. A metric that the link does not
    know is no change.
    """
    changed = status_now.data_version != link.data_version
    measures, values, meanings = summary_now.sums, figures(summary_now, catalog), definitions(catalog)
    changed_measures = [name for name, was in link.measures.items() if name in measures and measures[name] != was]
    return LinkDiff(
        made_at=link.created_at,
        data=changed,
        selection=any(name in PLAIN_MEASURES for name in changed_measures),
        answers=any(name in SCORECARD_NAMES + ANSWER_NAMES for name in changed_measures),
        figures=tuple(
            FigureChange(name, was, values[name])
            for name, was in link.figures.items()
            if name in values and values[name] != was
        ),
        imports=imports_since if changed or imports_since is None else (),
        definitions=tuple(
            DefinitionChange(name, was, meanings.get(name))
            for name, was in link.definitions.items()
            if meanings.get(name) != was
        ),
    )


def in_words(
    changes: LinkDiff, zone: ZoneInfo, shown: Callable[[Unit, MetricValue], str], catalog: Catalog
) -> list[str]:
    """Return the changes as sentences, none where nothing changed; times are of `zone`, `shown` writes a value."""
    sentences = []
    if changes.data:
        sentences.append(
            t("The data changed since this link was made on {when}.", when=_instant(changes.made_at, zone))
        )
        sentences += [_import(each, zone) for each in changes.imports or ()]
        if changes.imports == ():
            sentences.append(t("No import was made since: the data changed by sample data or another time zone."))
        if not changes.selection and not changes.answers:
            sentences.append(t("None of that touched the counts and sums of this selection."))
        elif not changes.figures:
            sentences.append(t("The figures of this selection are, as rounded, what they were."))
    if changes.answers:
        sentences.append(t("The answers to criteria of this selection changed."))
    sentences += [_figure(each, shown, catalog.metrics[each.name]) for each in changes.figures]
    if changes.figures and not changes.selection:
        sentences.append(t("The selection is the same: its figures differ by their definitions alone."))
    return sentences + [_definition(each, catalog) for each in changes.definitions]


def _import(each: ImportEvent, zone: ZoneInfo) -> str:
    return t(
        "{names} imported by {actor} on {when}: {added} added, {changed} changed.",
        names=", ".join(each.files) or t("Evaluations"),
        actor=actor_in_words(each.actor),
        when=_instant(each.at, zone),
        added=number(each.added),
        changed=number(each.changed),
    )


def _figure(each: FigureChange, shown: Callable[[Unit, MetricValue], str], metric: Metric) -> str:
    label, was, now = t(metric.label), shown(metric.unit, each.was), shown(metric.unit, each.now)
    if was == now:
        return t("{label} changed by less than is shown: it was, and is, {now}.", label=label, now=now)
    return t("{label} was {was} and is {now} now.", label=label, was=was, now=now)


def _definition(each: DefinitionChange, catalog: Catalog) -> str:
    metric = catalog.all_metrics.get(each.name)
    label = t(each.name) if metric is None else str(catalog_words.metric_label(metric))
    was = t(each.was)
    if each.now is None:
        return t("{label} is not shown any more. It meant: {was}", label=label, was=was)
    return t("{label} means something else now. Then: {was} Now: {now}", label=label, was=was, now=t(each.now))


def _instant(when: datetime, zone: ZoneInfo) -> str:
    return formatting.instant(when.astimezone(zone))
