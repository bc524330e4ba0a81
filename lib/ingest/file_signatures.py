"""Files that are something else than what is imported, told by their first bytes: what they are, and what to do."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from lib.errors import FileError
from lib.errors.codes import FailureCode
from lib.ingest.text_encoding import find_encoding

SIGNED_BYTES = 4096
"""Bytes at a file's beginning by which it can be told what it is."""

_PACKED = {
    "7-Zip": rb"7z\xbc\xaf\x27\x1c",
    "RAR": rb"Rar!\x1a\x07",
    "bzip2": rb"BZh[1-9]1AY&SY",
    "xz": rb"\xfd7zXZ\x00",
    "Zstandard": rb"\x28\xb5\x2f\xfd",
    "tar": rb"(?s:.{257}ustar)",
}
_WITHOUT_TABLE = {
    "PDF": rb"\s*%PDF-",
    "RTF": rb"\{\\rtf",
    "SQLite": rb"SQLite format 3\x00",
    "DuckDB": rb"(?s:.{8})DUCK",
    "Avro": rb"Obj\x01",
    "ORC": rb"(?s:ORC.{,64}\x00)",
    "Arrow": rb"ARROW1\x00\x00|FEA1",
    "HDF5": rb"\x89HDF\r\n\x1a\n",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "GIF": rb"GIF8[79]a",
    "TIFF": rb"II\*\x00|MM\x00\*",
    "WebP": rb"(?s:RIFF.{4}WEBP)",
    "WAV": rb"(?s:RIFF.{4}WAVE)",
    "MP3": rb"ID3[\x02-\x04]|\xff[\xfb\xf3\xf2]",
    "Ogg": rb"OggS\x00",
    "FLAC": rb"fLaC\x00",
    "MP4": rb"(?s:.{4})ftyp",
}
_OLD_EXCEL = rb"\xd0\xcf\x11\xe0|\x09[\x00\x02\x04\x08][\x04\x06\x08\x10]\x00"
_SPREADSHEETS = {
    "Excel 2003 XML": r"<\?xml.*(progid=.excel\.sheet|urn:schemas-microsoft-com:office:spreadsheet)",
    "HTML": r"(<\?xml[^>]*>\s*|<!--.*?-->\s*)*"
    r"<(!doctype\s+html|(html|head|body|table|tr|td|meta|style|script|div|p|title|center|font)\b)",
    "XML": r"<\?xml|<[a-z][^<>]*>.*</",
    "MHTML": r"mime-version:",
}
"""What programs write under the name of a spreadsheet, as patterns of a text in lower case; the first that fits."""

_ZIPPED = {
    "xl/workbook.bin": "XLSB",
    "word/document.xml": "Word",
    "ppt/presentation.xml": "PowerPoint",
    "Index/Document.iwa": "Numbers",
    "Index.zip": "Numbers",
}


def refuse_others(start: bytes, name: str) -> None:
    """Raise FileError where a file that begins with some bytes is none that can be imported."""
    if re.match(_OLD_EXCEL, start):
        raise FileError(FailureCode.EXCEL_OLD, name=name)
    for kind, signature in _PACKED.items():
        if re.match(signature, start):
            raise FileError(FailureCode.FILE_PACKED, name=name, kind=kind)
    for kind, signature in _WITHOUT_TABLE.items():
        if re.match(signature, start):
            raise FileError(FailureCode.FILE_WITHOUT_TABLE, name=name, kind=kind)
    text = _beginning(start).lower()
    for kind, pattern in _SPREADSHEETS.items():
        if re.match(pattern, text, re.DOTALL):
            raise FileError(FailureCode.FILE_TO_SAVE_ANEW, name=name, kind=kind)


def refuse_other_archives(path: Path, name: str) -> None:
    """Raise FileError where a ZIP file is no workbook; one that is damaged is left to the reader of workbooks."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = {*archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    kind = next((kind for part, kind in _ZIPPED.items() if part in parts), None)
    if kind is None and {"mimetype", "content.xml"} <= parts:
        kind = "OpenDocument"
    if kind is not None:
        raise FileError(FailureCode.FILE_TO_SAVE_ANEW, name=name, kind=kind)
    if "[Content_Types].xml" not in parts and not any(part.startswith("xl/") for part in parts):
        raise FileError(FailureCode.ZIP_NO_WORKBOOK, name=name)


def refuse_packed_tables(start: bytes, name: str) -> None:
    """Raise FileError where a gzip file holds a file that can't be read from one end to the other."""
    if start.startswith(b"PAR1"):
        raise FileError(FailureCode.GZIP_HOLDS, name=name, kind="Parquet")
    if start.startswith(b"PK"):
        raise FileError(FailureCode.GZIP_HOLDS, name=name, kind="XLSX" if ".xls" in name.lower() else "ZIP")
    if start.startswith(b"\x1f\x8b"):
        raise FileError(FailureCode.GZIP_HOLDS, name=name, kind="gzip")


def is_json(start: bytes) -> bool:
    """Return whether a text begins as an object or an array of JSON, whatever the file is called."""
    return re.match(r'(\[\s*)?\{\s*"', _beginning(start)) is not None


def _beginning(start: bytes) -> str:
    return start.decode(find_encoding(start, None), "replace").lstrip("\ufeff \t\r\n")
