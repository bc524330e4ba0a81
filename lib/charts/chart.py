"""A drawing: a chart's Vega-Lite, its rows, and its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Rows = Sequence[Mapping[str, Any]]

PICK = "pick"
"""The name of the selection that a click on a mark makes, in charts that have one."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to be shown or rendered.

    `spec` is Vega-Lite that names its data sets; `data` has the rows of each. `alt` says what is to be seen, `notes`
    what a reader must know beside it. `picks`: the field by which a click tells what was clicked, if any.
    """

    spec: Mapping[str, Any]
    data: Mapping[str, Rows]
    alt: str
    notes: tuple[str, ...] = field(default=())
    picks: str | None = None
