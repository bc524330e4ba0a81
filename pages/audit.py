"""Who did what, when?"""

from lib import workspace
from lib.ui import audited, page

page.head("Audit", "Who did what, when?")
page.link_notices()
with page.ended_by_errors():
    audited.show(workspace.current())
