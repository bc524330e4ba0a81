"""What moved the score?"""

from lib.reports.pages import drivers
from lib.ui import page_view

page_view.show(drivers.PAGE)
