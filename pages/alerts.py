"""What is out of order, and who is told when something is?"""

from lib import workspace
from lib.analytics import queries
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import alerts_page, new_data, page_layout

page_layout.head(text("Alerts"), text("What is out of order, and who is told when something is?"), page_help.ALERTS)
page_layout.link_notices()
with page_layout.stop_on_error():
    space = workspace.current()
    new_data.note(space.answers.run(queries.status).data_version)
    alerts_page.show(space)
