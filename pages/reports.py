"""Who gets which figures by mail, and when?"""

from lib import workspace
from lib.analytics import queries
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import new_data, page_layout, reports_page

page_layout.head(text("Reports"), text("Who gets which figures by mail, and when?"), page_help.REPORTS)
page_layout.link_notices()
with page_layout.stop_on_error():
    space = workspace.current()
    new_data.note(space.answers.run(queries.status).data_version)
    reports_page.show(space)
