"""A parameter of which several options may be chosen at once, as the columns of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lib.catalog.catalog import Catalog
from lib.reports.words import Words


@dataclass(frozen=True, slots=True)
class ListParameter:
    """A URL parameter with any of several options: its label, what is shown without any, the options of a catalog."""

    parameter: str
    label: Words
    placeholder: Words
    options: Callable[[Catalog], tuple[tuple[str, Words], ...]]

    def values(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the values that may be chosen."""
        return tuple(value for value, _ in self.options(catalog))
