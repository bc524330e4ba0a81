"""How many calls do we need to evaluate?"""

from lib.reports.pages import sample_size
from lib.ui import page_view

page_view.show(sample_size.PAGE)
