"""Which campaigns stand where?"""

from lib.catalog.dimensions import CAMPAIGN
from lib.ui import breakdown_page

breakdown_page.show(CAMPAIGN, "Campaigns", "Which campaigns stand where?")
