"""Cells: what a value was in a file whose values have types, beside its text.

All values travel as text, since a CSV has nothing else. Where a file says more, its reader says so here, and
`value_parsers.py` reads the text accordingly: a typed number knows no decimal comma, an error is no blank.
"""

from __future__ import annotations

import enum
from typing import Any, TypeAlias

import numpy as np


class CellKind(enum.IntEnum):
    """What a cell holds, and what its text then is."""

    TEXT = 0  # as it came
    NUMBER = 1  # a typed number, with a decimal point, up to 15 significant digits: `312`, `8.6`, `007` if shown so
    PERCENT = 2  # a number that the file shows as a percentage, such as `85%` for 0.85
    MOMENT = 3  # a typed date or instant, as ISO 8601
    ERROR = 4  # an error: `#N/A`, `#DIV/0!`
    FORMULA = 5  # a formula whose value the file does not hold: its text, such as `=A1*2`
    NESTED = 6  # a list or an object: its JSON, shortened


Kinds: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""The CellKind of each cell of a column."""
