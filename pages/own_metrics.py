"""What do we measure?"""

from lib import workspace
from lib.access.users import Role
from lib.reports import page_help
from lib.reports.words import text
from lib.ui import current_user, metric_editor, metrics_page, page_layout

context = page_layout.begin(
    text("Metrics"), text("What do we measure?"), page_help.OWN_METRICS, is_compared=False, needs_data=False
)
with page_layout.stop_on_error():
    space = workspace.current()
    may_change = current_user.may(Role.ADMIN)
    metrics_page.listing(space)
    metrics_page.archived(space, may_change=may_change)
    if may_change:
        metric_editor.show(space, context)
