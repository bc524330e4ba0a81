"""Which campaigns stand where?"""

from lib.analytics.dimensions import CAMPAIGN
from lib.ui import groups

groups.show(CAMPAIGN, "Campaigns", "Which campaigns stand where?")
