"""Which call centers stand where?"""

from lib.catalog.dimensions import CALL_CENTER
from lib.ui import breakdown_page

breakdown_page.show(CALL_CENTER, "Call centers", "Which call centers stand where?")
