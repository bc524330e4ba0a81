"""What the names in formulas may be: columns of an evaluation, dimensions, criteria and metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lib.catalog.formulas.expressions import Kind


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a workspace's formulas may use."""

    columns: Mapping[str, Kind]
    dimensions: Mapping[str, str]  # by their names in formulas: their names in the catalog
    metrics: Collection[str] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of columns that hold one of a few texts
    criteria: Collection[str] | None = None  # None where any name may be one
    archived: Collection[str] = ()  # fields, by their names in formulas
    archived_metrics: Collection[str] = ()
    called: Mapping[str, str] = field(default_factory=dict)  # what files and the API call by other names

    @property
    def of_an_evaluation(self) -> tuple[str, ...]:
        """The names of what one evaluation has."""
        return (*self.columns, *self.dimensions)
