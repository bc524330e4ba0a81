"""Who stands out, and who only seems to?"""

from lib.reports.pages import breakdowns
from lib.ui import page_view

page_view.show(breakdowns.EXECUTIVES)
