"""What moved the score?"""

from lib.ui import cards, page, why

view = page.begin("Why it moved", "What moved the average score between two periods?")
cards.key_figures(view)
page.coverage(view)
why.parts(view, why.choice())
