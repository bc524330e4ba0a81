"""A workspace's own metrics: what people define, and the metrics of the catalog that come of it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from lib.catalog.catalog import Catalog, KeptMeasures
from lib.catalog.dimensions import NamedDimension
from lib.catalog.formulas.checker import check
from lib.catalog.formulas.expansion import MOST_PARTS, expanded
from lib.catalog.formulas.expressions import Expression, Kind, Reference
from lib.catalog.formulas.metric_maker import MetricMaker
from lib.catalog.formulas.row_measures import MeasureMaker
from lib.catalog.formulas.row_sql import BUILT_IN_NUMBERS, RowBindings, own_number
from lib.catalog.formulas.vocabulary import Vocabulary
from lib.catalog.measures import PLAIN_MEASURES, find_measure
from lib.catalog.metrics import METRICS, FormulaVersion, Metric, Unit
from lib.catalog.own_fields import OWN_SUM, OwnField, OwnFieldType, with_own
from lib.catalog.rollups import metric_rollups
from lib.catalog.targets import stored_targets
from lib.catalog.uncertainty import FEW_EVALUATIONS
from lib.errors import FormulaError
from lib.errors.formula_codes import FormulaCode
from lib.store.enums import Sentiment, State

MOST_NESTED = 20
"""Metrics that may be made of one another, one within the next."""

MOST_KEPT_FIELDS = 12
"""Of so many own fields the rollups hold what their metrics are made of; of the others the facts answer."""

BUILT_IN_FORMULAS: Mapping[str, str] = {
    "totalEvaluations": "count()",
    "completedEvaluations": 'count_if(state = "Completed")',
    "averageScore": "avg(score)",
    "averageDurationSeconds": "avg(duration_seconds)",
    "completionRate": 'count_if(state = "Completed") / count()',
    "failureRate": 'count_if(state = "Failed") / count_if(state in ("Completed", "Failed"))',
    "netSentiment": (
        '(count_if(sentiment = "Positive") - count_if(sentiment = "Negative")) / count_if(sentiment is not null)'
    ),
    "scoredEvaluations": "count_if(score is not null)",
}
"""What the built-in metrics are in the language of formulas, so that others can be made of them."""

_UNITS = {
    "number": Unit.NUMBER,
    "share": Unit.SHARE,
    "score": Unit.SCORE,
    "seconds": Unit.SECONDS,
    "count": Unit.COUNT,
}
UNITS = tuple(_UNITS)
"""The units that have a form of their own; any other text is what numbers are counted in, such as €."""

DIMENSION_NAMES = {
    "campaign": "campaign",
    "call_center": "callCenter",
    "engagement": "engagement",
    "executive": "executive",
    "evaluator": "evaluator",
    "form": "form",
}
"""What dimensions are called in formulas, by their names in the catalog."""

_PLAIN_COLUMNS = {
    "score": Kind.NUMBER,
    "duration_seconds": Kind.NUMBER,
    "hour": Kind.NUMBER,
    "weekday": Kind.NUMBER,
    "state": Kind.TEXT,
    "sentiment": Kind.TEXT,
    "is_ai": Kind.CONDITION,
}
_CALLED = {
    "averageNote": "score",
    "durationInSeconds": "duration_seconds",
    "isAICall": "is_ai",
    "callCenter": "call_center",
    **{f"{own}Name": name for name, own in DIMENSION_NAMES.items()},
    **{f"{own}Id": name for name, own in DIMENSION_NAMES.items()},
}
"""What files and the API call by other names."""

_FIELD_KINDS = {
    OwnFieldType.NUMBER: Kind.NUMBER,
    OwnFieldType.YES_NO: Kind.CONDITION,
    OwnFieldType.TEXT: Kind.TEXT,
    OwnFieldType.INSTANT: Kind.INSTANT,
}


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A metric as its workspace defines it: one version of it."""

    name: str
    label: str
    formula: str
    description: str = ""
    unit: str = "number"
    decimals: int | None = None  # None: what the unit has
    better: str | None = None  # higher | lower
    minimum: int = FEW_EVALUATIONS
    target: str | None = None  # JSON
    version: int = 1
    archived: bool = False

    @property
    def label_with_unit(self) -> str:
        """The label, with the unit where that is a text of its own."""
        return self.label if self.unit in _UNITS else f"{self.label} ({self.unit})"


class FormulaReader:
    """Reads the formulas of one workspace: what their names stand for, and what the metrics in them are."""

    def __init__(
        self,
        fields: Sequence[OwnField],
        dimensions: Mapping[str, NamedDimension],
        definitions: Collection[MetricDefinition] = (),
        criteria: frozenset[str] | None = None,
    ) -> None:
        """Take the own fields, the dimensions of the catalog by name, what is defined, and the criteria if known."""
        self._fields = [each for each in fields if not each.archived]
        self._archived = tuple(each.parameter for each in fields if each.archived)
        self._dimensions = dimensions
        self._defined = {each.name: each for each in definitions if not each.archived and each.name not in METRICS}
        self._archived_metrics = tuple(each.name for each in definitions if each.archived)
        self._criteria = criteria
        self._checked: dict[str, Expression] = {}
        self.maker = MeasureMaker(self._bindings)

    def made(self, definition: MetricDefinition) -> Metric:
        """Return the metric of a definition. Raises FormulaError where its formula is none."""
        maker = MetricMaker(self.expression(definition.formula, (definition.name,)), self.maker)
        return Metric(
            definition.name,
            definition.label_with_unit,
            _UNITS.get(definition.unit, Unit.NUMBER),
            definition.description or definition.formula,
            maker.calculation(),
            definition.better,  # type: ignore[arg-type]  # checked where it is defined
            maker.uncertainty(),
            is_own=True,
            own_decimals=definition.decimals,
            minimum=definition.minimum,
            versions=(_version(definition), *self._versions_within(definition)),
        )

    def _versions_within(self, definition: MetricDefinition) -> tuple[FormulaVersion, ...]:
        """Return the versions of the metrics that the formula of one is made of, each once."""
        found: dict[str, FormulaVersion] = {}
        waiting = [definition.formula]
        while waiting:
            for name in self.used(waiting.pop()):
                if name in self._defined and name not in found:
                    found[name] = _version(self._defined[name])
                    waiting.append(self._defined[name].formula)
        return tuple(found.values())

    def expression(self, formula: str, path: tuple[str, ...] = ()) -> Expression:
        """Return the tree of a formula with those of the metrics in it; `path` are the metrics that it is within."""
        tree = check(formula, self.vocabulary)
        return expanded(tree, lambda reference: self._metric(reference, path))

    def used(self, formula: str) -> tuple[str, ...]:
        """Return the metrics that a formula names. Raises FormulaError where it is none."""
        tree = check(formula, self.vocabulary)
        return tuple(dict.fromkeys(each.metric for each in tree.walk() if isinstance(each, Reference)))

    def formula_of(self, metric: str) -> str | None:
        """Return the formula of a metric that formulas may name; None where there is none."""
        return self._known_formulas.get(metric)

    def _metric(self, reference: Reference, path: tuple[str, ...]) -> Expression:
        """Return the tree of a metric within a formula; what is wrong with it is wrong where its name stands."""
        name = reference.metric
        if len(path) > MOST_NESTED:
            raise FormulaError(reference.position, FormulaCode.METRICS_TOO_DEEP, most=MOST_NESTED)
        if name in path:
            shown = " → ".join((*path, name))
            raise FormulaError(reference.position, FormulaCode.CYCLE, name=name, path=shown)
        if name not in self._checked:
            try:
                self._checked[name] = self.expression(self._known_formulas[name], (*path, name))
            except FormulaError as error:
                code, problem = error.reason.code, error.reason
                if code in (FormulaCode.CYCLE, FormulaCode.METRICS_TOO_DEEP):
                    raise FormulaError(reference.position, FormulaCode(code), **problem.values) from None
                raise FormulaError(reference.position, FormulaCode.METRIC_BROKEN, name=name, problem=problem) from None
        return self._checked[name]

    @cached_property
    def _known_formulas(self) -> Mapping[str, str]:
        of_fields: dict[str, str] = {}
        for each in self._fields:
            if each.type is OwnFieldType.NUMBER:
                of_fields[each.parameter] = f"avg({each.parameter})"
                of_fields[f"{each.parameter}{OWN_SUM}"] = f"sum({each.parameter})"
            elif each.type is OwnFieldType.YES_NO:
                of_fields[each.parameter] = f"share({each.parameter})"
        return {**BUILT_IN_FORMULAS, **of_fields, **{name: each.formula for name, each in self._defined.items()}}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names that formulas may use."""
        own = {each.parameter: _FIELD_KINDS[each.type] for each in self._fields if not each.is_category}
        groups = {each.parameter: each.parameter for each in self._fields if each.is_category}
        return Vocabulary(
            columns={**_PLAIN_COLUMNS, **own},
            dimensions={**DIMENSION_NAMES, **groups},
            metrics=tuple(self._known_formulas),
            words={"state": tuple(each.name for each in State), "sentiment": tuple(each.name for each in Sentiment)},
            criteria=self._criteria,
            archived=self._archived,
            archived_metrics=self._archived_metrics,
            called={**_CALLED, **{each.name: each.parameter for each in self._fields}},
        )

    @cached_property
    def _bindings(self) -> RowBindings:
        by_type: dict[OwnFieldType, dict[str, str]] = {each: {} for each in OwnFieldType}
        for each in self._fields:
            by_type[each.type][each.parameter] = each.column
        numbers = {name: own_number(column) for name, column in by_type[OwnFieldType.NUMBER].items()}
        return RowBindings(
            numbers={**BUILT_IN_NUMBERS, **numbers},
            flags=by_type[OwnFieldType.YES_NO],
            texts=by_type[OwnFieldType.TEXT],
            instants=by_type[OwnFieldType.INSTANT],
            dimensions=self._dimensions,
        )


def _version(definition: MetricDefinition) -> FormulaVersion:
    return FormulaVersion(definition.name, definition.label, definition.formula, definition.version)


def reader_of(
    catalog: Catalog, definitions: Collection[MetricDefinition], criteria: frozenset[str] | None = None
) -> FormulaReader:
    """Return who reads formulas with the fields of a catalog and these definitions."""
    dimensions = {each.name: each for each in catalog.dimensions}
    return FormulaReader(catalog.own_fields, dimensions, definitions, criteria)


def keepable(catalog: Catalog) -> tuple[str, ...]:
    """Return the measures of a catalog's metrics that rollups may hold beside the plain ones, in order.

    Of own fields those of the first MOST_KEPT_FIELDS, as each makes the rollups wider.
    """
    of_fields = [metric for metric in catalog.own_metrics.values() if not metric.name.endswith(OWN_SUM)]
    kept = (*of_fields[:MOST_KEPT_FIELDS], *catalog.defined_metrics.values())
    needed = {name for metric in kept for name in metric.measures}
    return tuple(sorted(name for name in needed - {*PLAIN_MEASURES} if find_measure(name).is_keepable))


@lru_cache(maxsize=32)
def unfilled(catalog: Catalog) -> frozenset[str]:
    """Return the metrics, by name, of which rollups may hold what they are made of, and do not yet."""
    missing = {*keepable(catalog)} - {*(catalog.kept_measures.names if catalog.kept_measures else ())}
    return frozenset(name for name, metric in catalog.all_metrics.items() if missing & {*metric.measures})


@lru_cache(maxsize=32)  # always the same for the same ones: tables of rollups are known by identity
def with_metrics(
    catalog: Catalog, definitions: tuple[MetricDefinition, ...], kept: KeptMeasures | None = None
) -> Catalog:
    """Return a catalog with what a workspace defines: metrics that can be asked for, and why others can't.

    `kept` are the measures that rollups hold, which are part of it where all of them can be made.
    """
    if not definitions and kept is None:
        return catalog
    reader = reader_of(catalog, definitions)
    made: dict[str, Metric] = {}
    problems: dict[str, FormulaError] = {}
    for each in definitions:
        if each.archived or each.name in METRICS:  # the latter say what target a built-in one has
            continue
        try:
            made[each.name] = reader.made(each)
        except FormulaError as error:
            problems[each.name] = error.with_traceback(None)
        except (ArithmeticError, RecursionError, ValueError):  # one that can't be made must not take all others with it
            problems[each.name] = FormulaError(1, FormulaCode.FORMULA_TOO_LARGE, most=MOST_PARTS)
    measures = {**catalog.measures, **{name: find_measure(name) for each in made.values() for name in each.measures}}
    if kept is not None and not all(name in measures and measures[name].is_keepable for name in kept.names):
        kept = None
    digest = hashlib.sha256(repr((catalog.version, definitions, kept)).encode()).digest()
    return replace(
        catalog,
        version=int.from_bytes(digest[:8], "big"),
        measures=measures,
        rollups=catalog.rollups if kept is None else with_own(catalog.rollups, metric_rollups(kept.number, kept.names)),
        kept_measures=kept,
        metric_definitions=definitions,
        defined_metrics=made,
        metric_problems=problems,
        made_measures=reader.maker.made,
        targets={each.name: stored_targets(each.target) for each in definitions if each.target and not each.archived},
    )
