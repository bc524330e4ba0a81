"""How do groups compare?"""

from lib.reports.pages import breakdown
from lib.ui import page_view

page_view.show(breakdown.PAGE)
