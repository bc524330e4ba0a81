"""What is wrong with a workbook of an import, and what would be right: codes, as `codes` has them for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class WorkbookCode(TextCode):
    """Why a workbook, or one of its sheets, can't be read."""

    XLSX_BROKEN = "xlsx_broken", "{name}: not an XLSX file that can be read ({error})."
    XLSX_WITHOUT_HEADER = (
        "xlsx_without_header",
        "{name}: row {row} of the sheet '{sheet}' is empty, so there is no header. The "
        "file's sheets: {sheets}. Right would be a mapping with the sheet and header_row.",
    )
    XLSX_WITHOUT_SHEET = "xlsx_without_sheet", "{name}: the file has no sheet."
    XLSX_NO_SHEET_NUMBER = (
        "xlsx_no_sheet_number",
        "{name}: there is no sheet {sheet}; the file has {count}: {sheets}.",
    )
    XLSX_NO_SHEET_NAME = "xlsx_no_sheet_name", "{name}: there is no sheet '{sheet}'{hint}; it has: {sheets}."
