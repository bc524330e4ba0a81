"""The history of imports holds codes of what was wrong with files and mappings, where their words say which."""

import json
import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_IMPORTS = sa.table("imports", *(sa.column(name, sa.Text) for name in ("id", "message")))

_WORDS = {
    "file_missing": "{name}: there is no such file ({path}).",
    "file_not_regular": "{name}: can't be read: it is no file.",
    "file_unreadable": "{name}: can't be read.",
    "file_unreadable_why": "{name}: can't be read: {error}.",
    "file_unopened": "{name}: can't be opened: {error}.",
    "file_empty": "{name}: the file is empty. Right would be a header and a row for each evaluation.",
    "files_of_one_name": (
        "{name}: two files have this name, and their rows would have the same ids, made of the file's name and the"
        " row's number. Right would be names that differ, or a column with ids."
    ),
    "excel_old": "{name}: an old or an encrypted Excel file. Right would be XLSX without a password, or CSV.",
    "file_misnamed": "{name}: not a {kind} file, whatever its name says, or one that is damaged.",
    "reading_given_up": (
        "{names}: reading was given up: the file needs more memory or time than an import may take "
        "(CALLBOARD_READER_MEMORY_MB, CALLBOARD_READER_SECONDS), or is made to do harm."
    ),
    "reading_out_of_memory": "{names}: needs more than the {megabytes} MB that reading a file may take.",
    "reading_stopped": "Reading stopped: {error}.",
    "reading_unexpected": "{names}: can't be read; an error that should not be ({kind}), which the log shows.",
    "gzip_misnamed": "{name}: not a gzip file, whatever its name says.",
    "gzip_too_large": (
        "{name}: unpacks to more than {times} times its size, which no file of evaluations does. Right would be "
        "the file as it was before it was packed."
    ),
    "gzip_cut_short": "{name}: the gzip file is cut short. Right would be the whole file.",
    "gzip_damaged": "{name}: the gzip file is damaged ({error}).",
    "header_too_wide": "{name}: the header has {columns} columns; right would be at most {most}.",
    "header_name_too_long": (
        "{name}: the name of column {column} has {characters} characters; right would be at most {most}."
    ),
    "csv_with_nul": "{name}: holds NUL bytes, so it is no text. Right would be CSV, JSON Lines, XLSX or Parquet.",
    "csv_without_header": "{name}: ends before row {row}, which should be the header.",
    "csv_header_unreadable": "{name}: row {row} can't be read as a header: {error}.",
    "csv_header_blank": (
        "{name}: row {row} is blank, so there is no header. Right would be the columns' names there, or a mapping "
        "with header_row."
    ),
    "csv_too_ragged": (
        "{name}: more than {most} rows are blank or have more or fewer cells than the header. Right would be "
        "{cells} cells in each row."
    ),
    "csv_unreadable_after": "{name}: can't be read after row {row}: {error}",
    "csv_not_encoded": "{name}: can't be read as {encoding}: {error}.",
    "csv_cell_too_long": (
        "{name}: row {row}, column {column}: a cell of {characters} characters. Right would be at most {most}."
    ),
    "csv_quote_open": (
        "{name}: row {row} (line {line}): a quote is opened and never closed. Right would be a closing {quote}, or"
        " {quote}{quote} where the text itself has one."
    ),
    "jsonl_no_objects": "{name}: no row is a JSON object. Right would be one object a line.",
    "jsonl_few_objects": "{name}: more than {most} rows are blank or no objects. Right would be one object a line.",
    "jsonl_too_many_names": "{name}: the rows have more than {most} different names.",
    "jsonl_row_too_long": "{name}: row {row} is longer than {megabytes} MB.",
    "jsonl_not_encoded": (
        "{name}: row {row} is not {encoding} text (byte {byte} of the row). Right would be UTF-8, or a mapping "
        "that names the file's encoding."
    ),
    "parquet_broken": "{name}: not a whole Parquet file ({error}).",
    "parquet_too_many_rows": "{name}: {rows} rows in {bytes} bytes, so that they can only be the same over and over.",
    "parquet_damaged_after": "{name}: damaged after row {row} ({error}).",
    "parquet_nested": "{name}: the column '{column}' holds {kind}; right would be single values.",
    "xlsx_broken": "{name}: not an XLSX file that can be read ({error}).",
    "xlsx_without_header": (
        "{name}: row {row} of the sheet '{sheet}' is empty, so there is no header. The file's sheets: {sheets}. "
        "Right would be a mapping with the sheet and header_row."
    ),
    "xlsx_without_sheet": "{name}: the file has no sheet.",
    "xlsx_no_sheet_number": "{name}: there is no sheet {sheet}; the file has {count}: {sheets}.",
    "header_ambiguous": (
        "{name}: the header has the column '{source}' {count} times (columns {places}), so it can't be told which "
        "{column} should come from. Right would be one."
    ),
    "mapping_too_long": "{name}: longer than {most} characters, the most that a mapping may have.",
    "mapping_no_toml": "{name}: not valid TOML: {error}",
    "mapping_no_table": "{where} should be a table.",
    "mapping_no_text": "{where} {option} should be text in quotes.",
    "mapping_no_number": "{where} should be a number.",
    "mapping_not_finite": "{where} should be a finite number.",
    "mapping_encoding": "{where} encoding '{encoding}' is not known; right would be utf-8, cp1252 …",
    "mapping_delimiter": "{where} delimiter should be one ASCII character and no quote, such as ';' or '\\t'.",
    "mapping_decimal": "{where} decimal should be '.' or ','.",
    "mapping_sheet": "{where} sheet should be a name, or a number from 1.",
    "mapping_header_row": "{where} header_row should be a number from 1.",
    "mapping_date_formats": "{where} date_format should be a strptime format such as '%d/%m/%Y', or a list of them.",
    "mapping_date_format": "{where} date_format '{format}': {error}.",
    "mapping_no_source": "{where}: '{entry}' is neither a column's name nor a table; it should be a table.",
    "mapping_sources": "{where}: needs exactly one of column, columns, value and row.",
    "mapping_row": "{where}: row should be true.",
    "mapping_row_of_id": "{where}: only id can come from the row's number.",
    "mapping_columns": "{where}: columns should be a list of column names.",
    "mapping_scale": "{where}: scale and offset are for averageNote and durationInSeconds.",
    "mapping_value": "{where}: value should be one value.",
    "mapping_one_value": "{where} '{entry}' should stand for one value.",
}
"""The words of each code; what has parts that were words themselves is left as it is."""


def upgrade() -> None:
    """Turn the words of failures into codes and values."""
    connection = op.get_bind()
    kept = sa.select(_IMPORTS.c.id, _IMPORTS.c.message).where(_IMPORTS.c.message.is_not(None))
    patterns = {code: _pattern(words) for code, words in _WORDS.items()}
    for number, text in connection.execute(kept).all():
        message = json.loads(text)
        if message["code"] == "other" and (coded := _coded(message["values"]["text"], patterns)):
            changed = sa.update(_IMPORTS).where(_IMPORTS.c.id == number)
            connection.execute(changed.values(message=json.dumps(coded, ensure_ascii=False)))


def _coded(text: str, patterns: dict[str, re.Pattern[str]]) -> dict[str, Any] | None:
    """Return the code that says most of a text by itself, with its values; None where none says this text."""
    matches = {code: match for code, pattern in patterns.items() if (match := pattern.fullmatch(text))}
    if not matches:
        return None
    code = min(matches, key=lambda each: sum(map(len, matches[each].groups())))
    return {"code": code, "values": matches[code].groupdict()}


def _pattern(words: str) -> re.Pattern[str]:
    """Return what the words look like with values in the places of the names in braces."""
    parts, seen = [], set()
    for place, part in enumerate(re.split(r"\{(\w+)\}", words)):
        is_name = place % 2 == 1
        parts.append((f"(?P={part})" if part in seen else f"(?P<{part}>.+?)") if is_name else re.escape(part))
        seen |= {part} if is_name else set()
    return re.compile("".join(parts), re.DOTALL)
