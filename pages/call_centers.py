"""How do call centers compare?"""

from lib.reports.pages import breakdowns
from lib.ui import page_view

page_view.show(breakdowns.CALL_CENTERS)
