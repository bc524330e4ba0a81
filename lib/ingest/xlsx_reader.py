"""XLSX: one sheet's rows, each cell as the text that a CSV would have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine

from lib.errors import FileError, MappingError, nearest
from lib.errors.workbook_codes import WorkbookCode
from lib.ingest.converter import Batch
from lib.ingest.mapping import FileOptions
from lib.ingest.reader import (
    BATCH_ROWS,
    FileReader,
    MalformedRow,
    Progress,
    batch_of_rows,
    checked_header,
    number_text,
)


def open_workbook(path: Path, name: str, options: FileOptions, progress: Progress) -> FileReader:
    """Open one sheet of an XLSX file."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        names = workbook.sheet_names
        index = _sheet_index(name, names, options.sheet)
        sheet = workbook.get_sheet_by_index(index)
        rows = sheet.iter_rows()
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise FileError(WorkbookCode.XLSX_BROKEN, name=name, error=str(error)) from None
    # Rows keep their place, but empty columns at the left are cut off.
    header: tuple[str, ...] = ()
    for number, row in enumerate(rows, 1):
        if number == options.header_row:
            header = checked_header(name, [_cell_text(cell, options.decimal) or "" for cell in row])
            break
    if not any(header):
        raise FileError(
            WorkbookCode.XLSX_WITHOUT_HEADER,
            name=name,
            row=options.header_row,
            sheet=names[index],
            sheets=", ".join(names),
        )
    size = path.stat().st_size
    total = max(1, sheet.height)

    def batches() -> Iterator[tuple[Batch, list[MalformedRow]]]:
        number = options.header_row
        read = 0
        numbers: list[int] = []
        texts: list[list[str | None]] = []
        for row in rows:
            number += 1
            numbers.append(number)
            texts.append([_cell_text(cell, options.decimal) for cell in row])
            if len(texts) == BATCH_ROWS:
                yield batch_of_rows(name, numbers, texts, len(header)), []
                progress(size * number // total - read)
                read = size * number // total
                numbers, texts = [], []
        yield batch_of_rows(name, numbers, texts, len(header)), []
        progress(size - read)

    return FileReader(name, header, batches())


def _sheet_index(name: str, sheets: list[str], wanted: str | int | None) -> int:
    if not sheets:
        raise FileError(WorkbookCode.XLSX_WITHOUT_SHEET, name=name)
    if wanted is None:
        return 0
    if isinstance(wanted, int):
        if 1 <= wanted <= len(sheets):
            return wanted - 1
        raise MappingError(
            WorkbookCode.XLSX_NO_SHEET_NUMBER, name=name, sheet=wanted, count=len(sheets), sheets=", ".join(sheets)
        )
    if wanted not in sheets:
        hint = nearest(wanted, sheets)
        listed = ", ".join(sheets)
        raise MappingError(WorkbookCode.XLSX_NO_SHEET_NAME, name=name, sheet=wanted, hint=hint, sheets=listed)
    return sheets.index(wanted)


def _cell_text(cell: object, decimal: str) -> str | None:
    """Return an Excel cell as the text that a CSV would have: ISO dates, `HH:MM:SS` times, plain numbers."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return number_text(cell, decimal)
    if isinstance(cell, datetime):
        rounded = cell + timedelta(microseconds=500) if cell.microsecond % 1000 else cell
        rounded = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
        return rounded.date().isoformat() if rounded.time() == time() else rounded.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return _clock(
            timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)
        )
    if isinstance(cell, timedelta):
        return _clock(cell)
    return str(cell)


def _clock(span: timedelta) -> str:
    """Return a time of day or a duration as `HH:MM:SS`, to the nearest second: Excel keeps fractions of a day."""
    seconds = round(span.total_seconds())
    sign = "-" if seconds < 0 else ""
    minutes, second = divmod(abs(seconds), 60)
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{second:02}"
