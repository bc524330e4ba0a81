"""What moved the score?"""

from lib.ui import page

view = page.begin("Why it moved", "What moved the average score between two periods?")
