"""A printed table: how wide its columns are, its header, its rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lib.charts import font_metrics
from lib.charts.svg_canvas import SvgCanvas
from lib.charts.theme import LIGHT
from lib.pdf.model import Table

_SIZES = (8.4, 7.8, 7.2, 6.6)  # of letters: the first at which everything fits, else the last
_PAD = 5.0  # at either side of a cell
_HEADER_LINES = 3
_WIDEST_TEXT = 190.0
_LEAST_TEXT = 64.0
_SHADE = "#f1f6f6"  # behind the totals


@dataclass(frozen=True, slots=True)
class Columns:
    """A table that is to be set in a room: the size of its letters, its columns' widths, its header in lines."""

    table: Table
    size: float
    widths: tuple[float, ...]
    header: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, table: Table, room: float) -> Columns:
        """Fit a table into a room: smaller letters first, then shorter texts; what is cut ends with an ellipsis."""
        widths: list[float] = []
        size = _SIZES[-1]
        for size in _SIZES:
            widths = _wanted(table, size)
            if sum(widths) <= room:
                break
        over = sum(widths) - room
        if over > 0:  # what is text gives way before numbers are cut
            given = _cap([width for width, right in zip(widths, table.right, strict=True) if not right], over)
            cap = max(given, _LEAST_TEXT)
            widths = [width if right else min(width, cap) for width, right in zip(widths, table.right, strict=True)]
            cap = _cap(widths, sum(widths) - room)
            widths = [min(width, cap) for width in widths]
        whole = sum(widths)
        widths = [width * room / whole for width in widths] if whole else widths
        header = tuple(
            tuple(font_metrics.wrapped(text, size, width - 2 * _PAD, _HEADER_LINES))
            for text, width in zip(table.header, widths, strict=True)
        )
        return cls(table, size, tuple(widths), header)

    @property
    def row_height(self) -> float:
        """The height of a row."""
        return self.size * 1.9

    @property
    def head_height(self) -> float:
        """The height of the header."""
        return self.size * 1.2 * max((len(lines) for lines in self.header), default=1) + 9

    def head(self, sheet: SvgCanvas, x: float, y: float) -> float:
        """Set the header at a place; return where the rows begin."""
        end = y + self.head_height
        for lines, slot in zip(self.header, self._slots(x), strict=True):
            base = end - 6 - self.size * 1.2 * (len(lines) - 1)
            for text in lines:
                self._cell(sheet, slot, base, text, LIGHT.muted)
                base += self.size * 1.2
        sheet.rule(x, end, x + sum(self.widths), LIGHT.muted, 0.8)
        return end

    def row(self, sheet: SvgCanvas, x: float, y: float, row: Sequence[str], total: bool = False) -> float:
        """Set a row at a place; return where the next one begins."""
        end, whole = y + self.row_height, sum(self.widths)
        if total:
            sheet.box(x, y, whole, self.row_height, fill=_SHADE)
        sheet.rule(x, end, x + whole, LIGHT.line, 0.4)
        for text, slot in zip(row, self._slots(x), strict=True):
            self._cell(sheet, slot, end - self.size * 0.62, text, LIGHT.text, total)
        return end

    def _slots(self, x: float) -> Iterator[_Slot]:
        """Yield each column's place in a table that begins at `x`."""
        for width, right in zip(self.widths, self.table.right, strict=True):
            yield _Slot(x, width, right)
            x += width

    def _cell(self, sheet: SvgCanvas, slot: _Slot, y: float, text: str, color: str, bold: bool = False) -> None:
        shown = font_metrics.cut(text, self.size, slot.width - 2 * _PAD, bold)
        if shown:
            place, anchor = (slot.x + slot.width - _PAD, "end") if slot.right else (slot.x + _PAD, "start")
            sheet.text(place, y, shown, self.size, color, bold, anchor)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A column's place on a sheet: its left edge, its width, and whether its cells end at the right."""

    x: float
    width: float
    right: bool


def _cap(widths: Sequence[float], over: float) -> float:
    """Return how wide a column may be, so that the widest ones together give up so much."""
    falling, sum_of_widest = [*sorted(widths, reverse=True), 0.0], 0.0
    for count, (width, following) in enumerate(itertools.pairwise(falling), 1):
        sum_of_widest += width
        if (sum_of_widest - over) / count >= following:
            return (sum_of_widest - over) / count
    return 0.0


def _wanted(table: Table, size: float) -> list[float]:
    wanted = []
    for place, (heading, right) in enumerate(zip(table.header, table.right, strict=True)):
        cells = [font_metrics.width(font_metrics.line(row[place]), size) for row in table.rows]
        if table.total:
            cells.append(font_metrics.width(font_metrics.line(table.total[place]), size, bold=True))
        words = [font_metrics.width(word, size) for word in font_metrics.breakable(heading)]
        # A header may take some lines; a long one should not take more than it has.
        least = max(*words, font_metrics.width(font_metrics.line(heading), size) / (_HEADER_LINES - 1), 0.0)
        widest = max([*cells, least, 12.0])
        wanted.append((widest if right else min(widest, _WIDEST_TEXT)) + 2 * _PAD + 0.5)
    return wanted
