"""The layout of a file: its sheets, its first rows, and where among them the header is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lib.catalog.catalog import Catalog
from lib.ingest.header_names import known_names
from lib.ingest.mapping import FileOptions
from lib.ingest.raw_rows import first_rows_of_text
from lib.ingest.role_guess import guess_header_row
from lib.ingest.survey import RawRow
from lib.ingest.workbook_rows import SheetTop, sheet_tops

_FEW_NAMES = 2
"""A first sheet with fewer known names than this is a cover, where another sheet has as many."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read a file, and what to show of it above the header."""

    options: FileOptions
    first_rows: tuple[RawRow, ...] = ()
    sheets: tuple[tuple[str, bool], ...] = ()  # the name, and whether it is hidden
    sheet: str | None = None


def find_layout(path: Path, name: str, options: FileOptions | None, encoding: str | None, catalog: Catalog) -> Layout:
    """Return a file's layout; without options, its sheet and the header's row are found out.

    Raises FileError where a workbook is none, or a packed file can't be unpacked.
    """
    in_force = replace(options or FileOptions(), encoding=encoding)
    if not _is_workbook(path):
        layout = Layout(in_force, first_rows_of_text(path, name, in_force))
    else:
        tops = sheet_tops(path, name)
        first = next((top for top in tops if not top.is_hidden), tops[0] if tops else None)
        chosen = _guess_sheet(tops, first, catalog) if options is None else _named(tops, in_force.sheet) or first
        sheet = chosen.name if options is None and chosen is not None and chosen != first else in_force.sheet
        listed = tuple((top.name, top.is_hidden) for top in tops)
        rows, read = (chosen.rows, chosen.name) if chosen is not None else ((), None)
        layout = Layout(replace(in_force, sheet=sheet), rows, listed, read)
    if options is None and layout.first_rows:
        header_row = guess_header_row(layout.first_rows, catalog)
        return replace(layout, options=replace(layout.options, header_row=header_row))
    return layout


def _is_workbook(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:  # told when the file is opened to be read
        return False


def _named(tops: Sequence[SheetTop], sheet: str | int | None) -> SheetTop | None:
    """Return the sheet that a mapping names, by its name or its number from 1."""
    return next((top for top in tops if sheet in (top.name, top.number)), None)


def _guess_sheet(tops: Sequence[SheetTop], first: SheetTop | None, catalog: Catalog) -> SheetTop | None:
    """Return the first sheet that one can see, or the one with most known names where that one is a cover."""
    names = {top.number: _names_of(top, catalog) for top in tops if not top.is_hidden}
    best = max(names, key=lambda number: names[number], default=None)
    if first is None or best is None or names.get(first.number, 0) >= _FEW_NAMES or names[best] < _FEW_NAMES:
        return first
    return next(top for top in tops if top.number == best)


def _names_of(top: SheetTop, catalog: Catalog) -> int:
    return max((known_names(row.cells, catalog) for row in top.rows), default=0)
