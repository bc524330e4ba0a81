"""What is wrong with a workbook of an import, and what would be right: codes, as `codes` has them for failures."""

from __future__ import annotations

from lib.errors.codes import TextCode


class WorkbookCode(TextCode):
    """Why a workbook, or one of its sheets, can't be read."""

    XLSX_BROKEN = (
        "xlsx_broken",
        "{name}: not an XLSX file that can be read ({error}). Right would be the file as a spreadsheet "
        "saves it, whole.",
    )
    XLSX_PART_MISSING = (
        "xlsx_part_missing",
        "{name}: not an XLSX file, or not a whole one: it lacks the part '{part}'. Right would be XLSX as a "
        "spreadsheet saves it.",
    )
    XLSX_PART_TWICE = (
        "xlsx_part_twice",
        "{name}: the workbook holds the part '{part}' twice, so it can't be told which one is meant. Right would be to "
        "open it in the spreadsheet and save it again.",
    )
    XLSX_PART_PACKED = (
        "xlsx_part_packed",
        "{name}: the workbook's part '{part}' is encrypted, or packed as no spreadsheet does. Right would be XLSX "
        "without a password.",
    )
    XLSX_WITH_DOCTYPE = (
        "xlsx_with_doctype",
        "{name}: the workbook's part '{part}' declares a document type, as no spreadsheet does and as files do that "
        "are made to do harm. Right would be XLSX as a spreadsheet saves it.",
    )
    XLSX_CELL_TOO_LONG = (
        "xlsx_cell_too_long",
        "{name}: the workbook has a cell of more than {most} characters. Right would be at most 32,767, as in any "
        "spreadsheet.",
    )
    XLSX_CELL_DAMAGED = (
        "xlsx_cell_damaged",
        "{name}: row {row} of the sheet '{sheet}' is damaged: '{value}' is no cell that a sheet can have. Right would "
        "be to open the file in the spreadsheet and save it again.",
    )
    XLSX_NO_TABLE = (
        "xlsx_no_table",
        "{name}: the sheet '{sheet}' is a chart and holds no rows. The file's other sheets: {sheets}.",
    )
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
    SHEET_LACKS_REQUIRED = (
        "sheet_lacks_required",
        "{name}: no column for {columns} in this sheet; the file has it in the sheet {sheets}. Row {row} was read as "
        "the header: {header}. Right would be a mapping that names the sheet (and header_row, where the header is in "
        "another row).",
    )
    SHEET_LACKS_SOURCE = (
        "sheet_lacks_source",
        "{name}: {column} should come from the column '{source}', which this sheet does not have{hint}; the file has "
        "it in the sheet {sheets}. Right would be a mapping that names the sheet. This one has: {header}.",
    )
    XLSX_CELL_WITHOUT_NAME = "xlsx_cell_without_name", "lies to the right of the header, under no name"
    RIGHT_XLSX_NAME = "right_xlsx_name", "a name above it in row {row}, or an empty cell"
