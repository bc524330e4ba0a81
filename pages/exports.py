"""Where is my file?"""

from lib.ui import exporting, page

view = page.begin("Exports", "Take the selection away as a file.", whatever_is_shown=exporting.history)
exporting.start(view)
exporting.history(view.workspace)
