"""How are we doing?"""

from lib.ui import cards, page, selected

view = page.begin("Overview", "How are we doing?")
selected.show(view)
cards.tops(view)
