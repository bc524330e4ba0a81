"""Which calls?"""

from lib.reports.pages import evaluations
from lib.ui import page_view

page_view.show(evaluations.PAGE)
