"""Who is strict, and who is lenient?"""

from lib.reports.pages import evaluators
from lib.ui import page_view

page_view.show(evaluators.PAGE)
