"""What evaluations are filtered by: by what they belong to, by one of some fixed values, or by yes and no.

A filter is declared here once. Its parameter in URLs and the API, its condition in SQL, its words and its place in the
sidebar follow from the declaration.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from functools import cache

import sqlalchemy as sa

from lib.store import schema
from lib.store.enums import NO_KEY, NONE_NAME, Sentiment, State


@dataclass(frozen=True, slots=True)
class Dimension(ABC):
    """A way to tell evaluations apart: its names in the API, in words and in the tables."""

    name: str  # as in `campaignName`
    label: str
    plural: str
    parameter: str  # the filter's name in URLs and the API, and for named ones the column of the id
    column: str  # in the facts, and in the rollups that have it
    is_own: bool = field(default=False, kw_only=True)  # a field that the workspace defined
    is_grouping: bool = field(default=True, kw_only=True)  # an evaluation belongs to one of its groups

    @property
    @abstractmethod
    def members(self) -> sa.FromClause:
        """Key, id and name of each of its groups; the evaluations without one have NO_KEY there, and no id."""

    @property
    def name_field(self) -> str:
        """The column of its name."""
        return f"{self.name}Name"

    @property
    def id_label(self) -> str:
        """The label of the column of its id."""
        return f"{self.label} ID"

    @property
    def plural_label(self) -> str:
        """The label of several of its groups."""
        return self.plural[0].upper() + self.plural[1:]

    @property
    def unfiltered_label(self) -> str:
        """What no filter by it is called."""
        return f"All {self.plural}"

    def member(self, id_: str | None, name: str) -> Member:
        """Return the group of an id and a name."""
        return Member(id_, name)


@dataclass(frozen=True, slots=True)
class NamedDimension(Dimension):
    """One whose groups come with the evaluations, each with an id and a name."""

    table: sa.Table  # key, id and name of each
    limits_grants: bool = False  # a grant may name those that one may see
    is_named_by_id: bool = False  # its groups have no other name, and evaluations have one column for both

    @property
    def name_field(self) -> str:
        """The column of its name."""
        return self.parameter if self.is_named_by_id else f"{self.name}Name"

    @property
    def members(self) -> sa.FromClause:
        """The table of the names."""
        return self.table

    @property
    def staged_id(self) -> str:
        """The column of its id among the rows of an import."""
        return f"{self.column.removesuffix('_key')}_id"

    @property
    def staged_name(self) -> str:
        """The column of its name among the rows of an import."""
        return f"{self.column.removesuffix('_key')}_name"


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One of the fixed values that evaluations have in a dimension, under its names."""

    id: str  # what a filter asks for it by
    key: int | bool  # as it is stored; NO_KEY for those without a value, which are null in the facts
    label: str
    phrase: str | None = None  # a selection of it in words, where that needs no label of the dimension


@dataclass(frozen=True, slots=True)
class EnumDimension(Dimension):
    """One that has a few fixed values."""

    values: tuple[EnumValue, ...]

    @property
    def members(self) -> sa.FromClause:
        """The values."""
        return _members(self.values)

    def member(self, id_: str | None, name: str) -> Member:
        """Return the group of a value."""
        return Member(id_, name, is_value=True)


@dataclass(frozen=True, slots=True)
class FlagDimension(EnumDimension):
    """Yes or no: a filter asks for one of them, or for all."""

    all_label: str  # what no filter is called


@dataclass(frozen=True, slots=True)
class Member:
    """A group of a dimension, as a campaign or a state. No id: the evaluations that belong to none."""

    id: str | None
    name: str
    is_value: bool = field(default=False, compare=False)  # one of fixed values, whose names are message ids

    @property
    def parameter_value(self) -> str:
        """The value that a filter asks for it by."""
        return NONE_NAME if self.id is None else self.id


@cache
def _members(values: tuple[EnumValue, ...]) -> sa.FromClause:
    key = sa.column("key", sa.Boolean if isinstance(values[0].key, bool) else sa.SmallInteger)
    columns = (key, sa.column("id", sa.Text), sa.column("name", sa.Text))
    rows = [(each.key, None if each.id == NONE_NAME else each.id, each.label) for each in values]
    return sa.select(sa.values(*columns, name="members", literal_binds=True).data(rows)).subquery()


def _enum_values(values: type[Enum]) -> tuple[EnumValue, ...]:
    return tuple(EnumValue(each.name, each.value, each.name) for each in values)


CAMPAIGN = NamedDimension(
    "campaign", "Campaign", "campaigns", "campaignId", "campaign_key", schema.campaigns, limits_grants=True
)
CALL_CENTER = NamedDimension(
    *("callCenter", "Call center", "call centers", "callCenterId", "call_center_key"),
    table=schema.call_centers,
    limits_grants=True,
)
ENGAGEMENT = NamedDimension(
    "engagement", "Engagement", "engagements", "engagementId", "engagement_key", schema.engagements
)
EXECUTIVE = NamedDimension("executive", "Executive", "executives", "executiveId", "executive_key", schema.executives)
EVALUATOR = NamedDimension("evaluator", "Evaluator", "evaluators", "evaluatorId", "evaluator_key", schema.evaluators)
FORM = NamedDimension("form", "Form", "forms", "form", "form_key", schema.forms, is_named_by_id=True)
IS_AI = FlagDimension(
    *("isAICall", "Handled by", "AI or human calls", "isAICall", "is_ai"),
    values=(EnumValue("false", False, "Human", "Human calls"), EnumValue("true", True, "AI", "AI calls")),
    all_label="All calls",
)
STATE = EnumDimension("state", "State", "states", "state", "state", _enum_values(State))
SENTIMENT = EnumDimension(
    *("sentiment", "Sentiment", "sentiments", "sentiment", "sentiment"),
    values=(*_enum_values(Sentiment), EnumValue(NONE_NAME, NO_KEY, NONE_NAME)),
)


@dataclass(frozen=True, slots=True)
class FailedCriterionDimension(Dimension):
    """The names of criteria that an evaluation got no points in: one may have failed several, on whatever form."""

    @property
    def members(self) -> sa.FromClause:
        """Every name of a criterion."""
        return _CRITERION_NAMES

    @property
    def unfiltered_label(self) -> str:
        """What no filter by it is called."""
        return "Failed or not"


_CRITERION_NAMES = (
    sa.select(
        sa.func.min(schema.criteria.c.key).label("key"),
        schema.criteria.c.name.label("id"),
        schema.criteria.c.name.label("name"),
    )
    .group_by(schema.criteria.c.name)
    .subquery("members")
)

FAILED_CRITERION = FailedCriterionDimension(
    *("failedCriterion", "Failed criterion", "failed criteria", "failedCriterion", "failed_criterion"),
    is_grouping=False,
)

DIMENSIONS = (CAMPAIGN, CALL_CENTER, ENGAGEMENT, EXECUTIVE, EVALUATOR, FORM)
"""What evaluations are grouped by."""

FILTERS: tuple[Dimension, ...] = (*DIMENSIONS, IS_AI, STATE, SENTIMENT, FAILED_CRITERION)
"""What evaluations are filtered by, in the order of the parameters and of the words."""
