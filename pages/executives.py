"""Who stands out, and who differs only by chance?"""

from lib.reports.pages import breakdowns
from lib.ui import page_view

page_view.show(breakdowns.EXECUTIVES)
