"""Charts as values: what is drawn, of which rows, and what it says to who can't see it.

What a chart is of comes from `lib/reports`. The same drawing is shown by a page and rendered to PNG, SVG and PDF. How a
kind of chart looks is built once with Altair and kept; only the rows change from one question to the next.
"""
