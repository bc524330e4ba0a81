"""How are we doing?"""

from lib.reports.pages import overview
from lib.ui import page_view

page_view.show(overview.PAGE)
