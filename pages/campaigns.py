"""How do campaigns compare?"""

from lib.reports.pages import breakdowns
from lib.ui import page_view

page_view.show(breakdowns.CAMPAIGNS)
