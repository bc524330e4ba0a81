"""Which campaigns stand where?"""

from lib.reports.pages import breakdowns
from lib.ui import page_view

page_view.show(breakdowns.CAMPAIGNS)
