"""How do scores change over time?"""

from lib import workspace
from lib.reports.pages import trends
from lib.ui import annotations, page_view

annotations.show(workspace.current(), page_view.show(trends.PAGE))
