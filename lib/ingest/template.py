"""Templates to fill in: a file with the canonical columns, and a mapping for files with others."""

from __future__ import annotations

import csv as csv_format
import io
from collections.abc import Iterator

from lib.catalog.catalog import Catalog

_EXAMPLES = {
    "id": ("call-1", "call-2"),
    "audioDate": ("2024-01-31 09:15", "2024-01-31 10:40"),
    "state": ("Completed", "Completed"),
    "sentiment": ("Positive", "Neutral"),
    "averageNote": ("8.5", "7"),
    "durationInSeconds": ("312", "00:04:05"),
    "isAICall": ("false", "true"),
    "campaignId": ("sales", "support"),
    "campaignName": ("Sales", "Support"),
    "callCenterId": ("north", "south"),
    "callCenterName": ("North", "South"),
    "engagementId": ("phone", "chat"),
    "engagementName": ("Phone", "Chat"),
    "executiveId": ("e-1", "e-2"),
    "executiveName": ("Ana Ruiz", "Luis Soto"),
    "evaluatorId": ("q-1", "q-2"),
    "evaluatorName": ("Eva Soler", "Max Roth"),
    "form": ("Sales v1", "Support v3"),
    "audioFileName": ("call-1.wav", "call-2.wav"),
    "createdAt": ("2024-02-01 08:00", "2024-02-01 08:05"),
    "evaluatedAt": ("2024-02-01 08:00", "2024-02-01 08:05"),
    "recordingUrl": ("https://example.com/call-1.wav", "https://example.com/call-2.wav"),
}
"""Two values of each built-in column."""

_HEAD = """\
# A mapping for files whose columns have other names. Lines that begin with # say nothing.

[file]
# encoding = "cp1252"
# delimiter = ";"
# sheet = "Data"
# header_row = 6
# date_format = "%d/%m/%Y"
# timezone = "America/Santiago"
# locale = "es"
# decimal = ","
# thousands = "."
# null_values = ["N/A", "-"]

[columns]
"""

_TAIL = """
# [values.sentiment]
# "Very Negative" = "Negative"
"""


def csv(catalog: Catalog) -> str:
    """Return a CSV with the canonical columns and two rows, which an import takes as it is."""
    out = io.StringIO()
    csv_format.writer(out).writerows(_rows(catalog))
    return out.getvalue()


def xlsx(catalog: Catalog) -> bytes:
    """Return a workbook with the rows of the CSV."""
    import rustpy_xlsxwriter  # here, as pages draw the button often and few press it

    header, *rows = _rows(catalog)
    lines = [dict(zip(header, row, strict=True)) for row in rows]
    out = io.BytesIO()
    freeze = {"general": {"row": 1}}
    rustpy_xlsxwriter.write_worksheets([("Evaluations", lines)], out, freeze_panes=freeze, bold_headers=True)
    return out.getvalue()


def _rows(catalog: Catalog) -> Iterator[list[str]]:
    """Yield the header and two rows."""
    yield [*catalog.fields]
    for row in (0, 1):
        yield [_EXAMPLES[name][row] if name in _EXAMPLES else "" for name in catalog.fields]


def mapping(catalog: Catalog) -> str:
    """Return a mapping with a line for each canonical column, all but the required ones commented out."""
    lines = [
        f'{"" if field.required else "# "}{name} = "{field.label}"  # {field.help}'
        for name, field in catalog.fields.items()
    ]
    return _HEAD + "\n".join(lines) + "\n" + _TAIL
