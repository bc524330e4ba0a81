"""What is happening now?"""

from lib import workspace
from lib.analytics import queries
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import live_page, page_layout

page_layout.head(text("Live"), text("What is happening now?"), page_help.LIVE)
with page_layout.stop_on_error():
    space = workspace.current()
    page_layout.notices(space.answers.run(queries.status))
    live_page.show(space)
