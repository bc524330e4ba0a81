"""What evaluations are filtered by between two numbers: their score, and how long they took."""

from __future__ import annotations

from dataclasses import dataclass

from lib.catalog.metrics import Unit
from lib.store.enums import SCORE_SCALE


@dataclass(frozen=True, slots=True)
class RangedField:
    """A number of an evaluation, by the name of its canonical column."""

    name: str
    label: str
    unit: Unit
    column: str  # in the facts, as whole numbers
    scale: int  # how many of these make one
    is_own: bool = False  # a field that the workspace defined

    @property
    def parameters(self) -> tuple[str, str]:
        """The names of the filter's ends in URLs and the API, both inclusive."""
        return f"{self.name}.min", f"{self.name}.max"


SCORE_RANGE = RangedField("averageNote", "Score", Unit.SCORE, "score", SCORE_SCALE)
DURATION_RANGE = RangedField("durationInSeconds", "Duration", Unit.SECONDS, "duration_seconds", 1)

RANGED_FIELDS = (SCORE_RANGE, DURATION_RANGE)
"""In the order of the parameters and of the words."""
