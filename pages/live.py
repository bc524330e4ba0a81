"""What is happening now?"""

from lib import workspace
from lib.analytics import queries
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import live_page, page_layout, url_state

page_layout.head(text("Live"), text("What is happening now?"), page_help.LIVE)
with page_layout.stop_on_error():
    space = workspace.current()
    page_layout.notices(space.answers.run(queries.status))
    filters = url_state.filters(space.settings.zone)
    page_layout.say_unknown(space.answers, filters)
    live_page.show(space, filters)
