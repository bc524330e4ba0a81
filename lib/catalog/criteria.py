"""Criteria: the questions of scorecards, which answers are grouped by and evaluations are filtered by."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from lib.catalog.dimensions import Dimension
from lib.store.schema import criteria


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of a scorecard; it is known by its name and its form."""

    name: str
    form: str | None
    section: str | None


@dataclass(frozen=True, slots=True)
class CriterionDimension(Dimension):
    """The criteria by their keys, as ids that nobody sees: a name may be on several forms."""

    @property
    def members(self) -> sa.FromClause:
        """Every criterion."""
        return _MEMBERS


_MEMBERS = sa.select(criteria.c.key, sa.cast(criteria.c.key, sa.Text).label("id"), criteria.c.name).subquery("members")

CRITERION = CriterionDimension("criterion", "Criterion", "criteria", "criterion", "criterion_key")
"""What answers are grouped by."""
