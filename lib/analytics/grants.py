"""Grants: what an asker may see, as ids of the dimensions that the catalog lets one be limited to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lib.catalog.catalog import Catalog
from lib.catalog.dimensions import Dimension


@dataclass(frozen=True, slots=True)
class Grant:
    """The ids that an asker may see, by the name of the dimension, both sorted. A row must meet all of these limits.

    A dimension that is not named is not limited; one without ids shows nothing. Build it by `of`.
    """

    limits: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, limits: Mapping[str, Iterable[str] | None]) -> Grant:
        """Return the grant of some ids by dimension; None for all of a dimension."""
        return cls(tuple(sorted((name, tuple(sorted(set(ids)))) for name, ids in limits.items() if ids is not None)))

    @property
    def everything(self) -> bool:
        """Whether nothing is kept from the asker."""
        return not self.limits

    def ids(self, dimension: Dimension) -> tuple[str, ...] | None:
        """Return the ids that may be seen of a dimension; None for all."""
        return dict(self.limits).get(dimension.name)

    def covers(self, other: Grant) -> bool:
        """Return whether all that `other` may see may be seen with this grant too."""
        theirs = dict(other.limits)
        return all(name in theirs and set(theirs[name]) <= set(ids) for name, ids in self.limits)

    def narrowed(self, other: Grant) -> Grant:
        """Return the grant of what may be seen with both."""
        limits = {name: set(ids) for name, ids in self.limits}
        for name, ids in other.limits:
            limits[name] = limits.get(name, set(ids)) & set(ids)
        return Grant.of(limits)

    def in_full(self, catalog: Catalog) -> dict[str, list[str] | str]:
        """Return what it is limited to, by what the dimension's groups are called; `all` where it is not limited."""
        limits = {each.plural.replace(" ", "_"): self.ids(each) for each in catalog.grant_dimensions}
        return {name: "all" if ids is None else list(ids) for name, ids in limits.items()}

    def to_json(self) -> dict[str, list[str]]:
        """Return the limits as JSON holds them; `of` reads them."""
        return {name: list(ids) for name, ids in self.limits}

    def to_column(self) -> str | None:
        """Return what a column of the state holds: JSON, null for everything."""
        return None if self.everything else json.dumps(self.to_json())

    @classmethod
    def from_column(cls, text: str | None) -> Grant:
        """Return the grant that a column of the state holds."""
        return EVERYTHING if text is None else cls.of(json.loads(text))


EVERYTHING = Grant()
