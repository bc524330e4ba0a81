"""Files that people take away: what they hold, how they are written, where they lie, and the links that fetch them.

Not here: PDFs (`lib.pdf`), pictures of charts (`lib.charts.image`), and the numbers (`lib.analytics`).
"""
