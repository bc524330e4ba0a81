"""Which call centers stand where?"""

from lib.analytics.dimensions import CALL_CENTER
from lib.ui import groups

groups.show(CALL_CENTER, "Call centers", "Which call centers stand where?")
