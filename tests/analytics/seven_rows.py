"""Seven evaluations that one can add up by hand, and filters on them."""

from __future__ import annotations

from lib.analytics.grants import EVERYTHING
from lib.analytics.query import Filters
from lib.catalog.catalog import BUILT_IN
from lib.workspace import Workspace

ROWS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,isAICall,campaignId,campaignName,callCenterName,executiveName
1,2024-01-01T08:00:00Z,Completed,Positive,9,100,true,a,Alpha,North,Ann
2,2024-01-01T23:30:00Z,Completed,Negative,4.5,200,false,a,Alpha,North,Ann
3,2024-01-03T12:00:00Z,Completed,Neutral,7,,false,b,Beta,South,Ann
4,2024-01-03T12:00:00Z,Pending,Positive,10,50,false,b,Beta,South,Bob
5,2024-01-09T00:00:00Z,Failed,,,,false,b,Beta,South,Bob
6,2024-01-09T00:00:00Z,Processing,,,,true,,,,
7,2024-01-09T23:59:59.5Z,Completed,,,60,true,,,,
"""


def parsed(workspace: Workspace, **parameters: str) -> Filters:
    """Read parameters as the API does, with everything in sight."""
    return Filters.from_parameters(
        {name: [value] for name, value in parameters.items()}, workspace.calendar.zone, EVERYTHING, BUILT_IN
    )
