"""The catalog: all that can be asked, as one frozen value that is passed in. The built-in one is made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lib.catalog.criterion_metrics import SCORECARD_METRICS
from lib.catalog.dimensions import DIMENSIONS, FILTERS, Dimension, NamedDimension
from lib.catalog.fields import FIELDS, Field, FieldType
from lib.catalog.measures import ALL_MEASURES, PLAIN_MEASURES, Measure
from lib.catalog.metrics import METRICS, Metric
from lib.catalog.ranged_fields import RANGED_FIELDS, RangedField
from lib.catalog.rollups import ROLLUPS, Rollup
from lib.store import schema
from lib.store.archived_rows import with_archived

if TYPE_CHECKING:
    from lib.catalog.own_fields import OwnField
    from lib.catalog.own_metrics import MetricDefinition
    from lib.catalog.targets import Target
    from lib.errors import FormulaError


@dataclass(frozen=True, slots=True)
class KeptMeasures:
    """The measures of formulas that rollups hold, and the number of these rollups."""

    number: int
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Catalog:
    """What can be asked. Catalogs of one version are equal: keys of caches hold the version alone."""

    version: int
    fields: Mapping[str, Field] = field(repr=False)
    dimensions: tuple[NamedDimension, ...] = field(repr=False)  # what pages and reports group by
    filters: tuple[Dimension, ...] = field(repr=False)  # in the order of the parameters and of the words
    ranged_fields: tuple[RangedField, ...] = field(repr=False)  # what one may filter by between two numbers
    measures: Mapping[str, Measure] = field(repr=False)
    metrics: Mapping[str, Metric] = field(repr=False)
    rollups: tuple[Rollup, ...] = field(repr=False)  # from the shortest to the longest
    evaluations: sa.Table = field(repr=False)  # with the columns of own fields
    replaced_evaluations: sa.Table = field(repr=False)  # with the same
    answers: sa.Table = field(default=schema.answers, repr=False)
    without_archived: Catalog | None = field(default=None, repr=False)  # where these are with archived ones
    own_fields: tuple[OwnField, ...] = field(default=(), repr=False)  # archived ones, too
    archived_dimensions: tuple[NamedDimension, ...] = field(default=(), repr=False)  # stored, but not grouped by
    own_metrics: Mapping[str, Metric] = field(default_factory=dict, repr=False)  # of own fields
    metric_definitions: tuple[MetricDefinition, ...] = field(default=(), repr=False)  # archived ones, too
    defined_metrics: Mapping[str, Metric] = field(default_factory=dict, repr=False)  # that can be asked for
    metric_problems: Mapping[str, FormulaError] = field(default_factory=dict, repr=False)  # why others can't
    made_measures: Mapping[str, Measure] = field(default_factory=dict, repr=False)  # of formulas
    kept_measures: KeptMeasures | None = field(default=None, repr=False)  # of formulas, in rollups
    targets: Mapping[str, tuple[Target, ...]] = field(default_factory=dict, repr=False)  # of metrics, by name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def with_archived(self) -> Catalog:
        """The same catalog, whose evaluations and answers are those that are archived, too."""
        if self.without_archived is not None:
            return self
        return replace(
            self,
            # A version of its own, as what is kept of a catalog is kept by its version; no other is below 0.
            version=-1 - self.version,
            evaluations=with_archived(self.evaluations),
            answers=with_archived(self.answers),
            without_archived=self,
        )

    @property
    def stored(self) -> Catalog:
        """The same catalog, whose evaluations and answers are those of the tables alone."""
        return self.without_archived or self

    @cached_property
    def filters_by_name(self) -> Mapping[str, Dimension]:
        """The dimensions that one may filter by, by name."""
        return {dimension.name: dimension for dimension in self.filters}

    @cached_property
    def groupings(self) -> tuple[Dimension, ...]:
        """What evaluations may be grouped by: what they belong to one group of, own categories and yes and no too."""
        return tuple(each for each in self.filters if each.is_grouping)

    @cached_property
    def groupings_by_name(self) -> Mapping[str, Dimension]:
        """What evaluations may be grouped by, by name."""
        return {dimension.name: dimension for dimension in self.groupings}

    @cached_property
    def ranged_fields_by_name(self) -> Mapping[str, RangedField]:
        """The fields that one may filter by between two numbers, by name."""
        return {each.name: each for each in self.ranged_fields}

    @cached_property
    def grant_dimensions(self) -> tuple[NamedDimension, ...]:
        """What a grant may limit, by name."""
        return tuple(sorted((each for each in self.dimensions if each.limits_grants), key=lambda each: each.name))

    @cached_property
    def uncertain_metrics(self) -> tuple[str, ...]:
        """The metrics that have intervals, by name."""
        return tuple(name for name, metric in self.metrics.items() if metric.uncertainty is not None)

    @cached_property
    def stored_dimensions(self) -> tuple[NamedDimension, ...]:
        """What evaluations belong to a group of, with the archived ones."""
        return (*self.dimensions, *self.archived_dimensions)

    @cached_property
    def own_fields_by_name(self) -> Mapping[str, OwnField]:
        """A workspace's own fields, by name."""
        return {own.name: own for own in self.own_fields}

    @cached_property
    def all_metrics(self) -> Mapping[str, Metric]:
        """The built-in metrics, those that the workspace defined, and those of own fields, by name."""
        return {**self.metrics, **self.defined_metrics, **self.own_metrics}

    @cached_property
    def known_metrics(self) -> Mapping[str, Metric]:
        """All metrics, those of scorecards and their criteria too, by name."""
        return {**self.all_metrics, **SCORECARD_METRICS}

    @cached_property
    def own_values(self) -> tuple[Field, ...]:
        """The own fields whose columns hold their values themselves: all but categories."""
        return tuple(each for each in self.fields.values() if each.is_own and each.kind is not FieldType.CATEGORY)

    @cached_property
    def metric_rollups(self) -> tuple[Rollup, ...]:
        """The rollups that hold measures of formulas."""
        names = set() if self.kept_measures is None else set(self.kept_measures.names)
        return tuple(each for each in self.rollups if names & set(each.tables[0].columns.keys()))

    @cached_property
    def measured_columns(self) -> tuple[str, ...]:
        """The columns of the evaluations that the rollups are computed from."""
        keys = dict.fromkeys(key for rollup in self.rollups for key in rollup.keys if key in self.evaluations.c)
        answers = ("answer_set", "answers_points", "answers_max", "critical_failed")
        own = () if self.kept_measures is None else self.kept_measures.names
        columns = dict.fromkeys(column for name in own for column in self.measures[name].columns if column not in keys)
        return ("day", "state", "sentiment", "score", "duration_seconds", *answers, *keys, *columns)

    def measure_names(self, metrics: Iterable[str]) -> tuple[str, ...]:
        """Return the plain measures, and those that own metrics need beside them."""
        own = [self.all_metrics[name].measures for name in metrics if name not in self.metrics]
        more = dict.fromkeys(name for names in own for name in names if name not in PLAIN_MEASURES)
        return (*PLAIN_MEASURES, *more) if more else PLAIN_MEASURES

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of a filter, under the names that the API and the pages share."""
        ends = (name for each in self.ranged_fields for name in each.parameters)
        return ("dateFrom", "dateTo", *(dimension.parameter for dimension in self.filters), *ends, "timezone")


BUILT_IN = Catalog(
    *(0, FIELDS, DIMENSIONS, FILTERS, RANGED_FIELDS, ALL_MEASURES, METRICS, ROLLUPS),
    evaluations=schema.evaluations,
    replaced_evaluations=schema.replaced_evaluations,
)
