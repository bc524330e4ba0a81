"""What moved the score?"""

from lib.ui import decomposition_page, kpi_cards, page_layout

view = page_layout.begin("Why it moved", "What moved the average score between two periods?")
kpi_cards.key_figures(view)
page_layout.coverage(view)
decomposition_page.parts(view, decomposition_page.choice())
