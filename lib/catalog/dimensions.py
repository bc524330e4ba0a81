"""What evaluations are grouped and filtered by: campaign, call center, engagement and executive."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from lib.store import enums, schema


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to group evaluations: its names in the API, in words and in the tables."""

    name: str  # as in `campaignId`, `campaignName`
    label: str
    plural: str
    table: sa.Table
    column: str  # the key's column in the facts and in the rollup
    limits_grants: bool = False  # a grant may name those that one may see

    @property
    def parameter(self) -> str:
        """The filter's name in URLs and the API, and the column of its id."""
        return f"{self.name}Id"

    @property
    def attribute(self) -> str:
        """The name of its ids in `Filters`."""
        return self.column.removesuffix("_key")

    @property
    def name_field(self) -> str:
        """The column of its name."""
        return f"{self.name}Name"


@dataclass(frozen=True, slots=True)
class Member:
    """A campaign, call center, engagement or executive. No id: the evaluations that belong to none."""

    id: str | None
    name: str

    @property
    def parameter_value(self) -> str:
        """The value that a filter asks for it by."""
        return enums.NONE_NAME if self.id is None else self.id


CAMPAIGN = Dimension("campaign", "Campaign", "campaigns", schema.campaigns, "campaign_key", limits_grants=True)
CALL_CENTER = Dimension(
    "callCenter", "Call center", "call centers", schema.call_centers, "call_center_key", limits_grants=True
)
ENGAGEMENT = Dimension("engagement", "Engagement", "engagements", schema.engagements, "engagement_key")
EXECUTIVE = Dimension("executive", "Executive", "executives", schema.executives, "executive_key")

DIMENSIONS = (CAMPAIGN, CALL_CENTER, ENGAGEMENT, EXECUTIVE)

GRANT_DIMENSIONS = tuple(sorted((each for each in DIMENSIONS if each.limits_grants), key=lambda each: each.name))
"""What a grant may limit, by name."""
