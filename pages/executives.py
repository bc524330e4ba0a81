"""Which executives stand where?"""

from lib.catalog.dimensions import EXECUTIVE
from lib.ui import breakdown_page

breakdown_page.show(EXECUTIVE, "Executives", "Who stands out, and who only seems to?")
