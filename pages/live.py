"""What is happening now?"""

from lib import workspace
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import live_page, page_layout

page_layout.head(text("Live"), text("What is happening now?"), page_help.LIVE)
page_layout.link_notices()
with page_layout.stop_on_error():
    live_page.show(workspace.current())
