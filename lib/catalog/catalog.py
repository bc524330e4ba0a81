"""The catalog: all that can be asked, as one frozen value that is passed in. The built-in one is made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from lib.catalog.dimensions import DIMENSIONS, FILTERS, Dimension, NamedDimension
from lib.catalog.fields import FIELDS, Field
from lib.catalog.measures import MEASURES, Measure
from lib.catalog.metrics import METRICS, Metric
from lib.catalog.ranged_fields import RANGED_FIELDS, RangedField
from lib.catalog.rollups import ROLLUPS, Rollup


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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and self.version == other.version

    def __hash__(self) -> int:
        return hash(self.version)

    @cached_property
    def filters_by_name(self) -> Mapping[str, Dimension]:
        """The dimensions that one may filter by, by name."""
        return {dimension.name: dimension for dimension in self.filters}

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
    def parameters(self) -> tuple[str, ...]:
        """The parameters of a filter, under the names that the API and the pages share."""
        ends = (name for each in self.ranged_fields for name in each.parameters)
        return ("dateFrom", "dateTo", *(dimension.parameter for dimension in self.filters), *ends, "timezone")


BUILT_IN = Catalog(0, FIELDS, DIMENSIONS, FILTERS, RANGED_FIELDS, MEASURES, METRICS, ROLLUPS)
