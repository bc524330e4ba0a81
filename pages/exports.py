"""Where is my file?"""

from lib import workspace
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import export_page, page_layout

context = page_layout.begin(
    text("Exports"),
    text("Download the selection."),
    page_help.EXPORTS,
    whatever_is_shown=export_page.history,
    is_compared=False,
)
export_page.start(workspace.current(), context)
export_page.history(workspace.current())
