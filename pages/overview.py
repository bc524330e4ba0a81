"""How are we doing?"""

from lib.ui import kpi_cards, page_layout, selection_overview

view = page_layout.begin("Overview", "How are we doing?")
selection_overview.show(view)
kpi_cards.tops(view)
