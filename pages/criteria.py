"""What are scores made of?"""

from lib.reports.pages import criteria
from lib.ui import page_view

page_view.show(criteria.PAGE)
