"""Where is my file?"""

from lib.ui import export_page, page_layout

view = page_layout.begin("Exports", "Take the selection away as a file.", whatever_is_shown=export_page.history)
export_page.start(view)
export_page.history(view.workspace)
