"""Which executives stand where?"""

from lib.analytics.dimensions import EXECUTIVE
from lib.ui import groups

groups.show(EXECUTIVE, "Executives", "Who stands out, and who only seems to?")
