"""What is out of order, and who is told when something is?"""

from lib import workspace
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import alerts_page, page_layout

page_layout.head(text("Alerts"), text("What is out of order, and who is told when something is?"), page_help.ALERTS)
page_layout.link_notices()
with page_layout.stop_on_error():
    alerts_page.show(workspace.current())
