"""Who did what, when?"""

from lib import workspace
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import audit_page, page_layout

page_layout.head(text("Audit"), text("Who did what, when?"), page_help.AUDIT)
page_layout.link_notices()
with page_layout.stop_on_error():
    audit_page.show(workspace.current())
