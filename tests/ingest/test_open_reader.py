"""Files that are something else than their names say: refused as what they are, with what to do, or read all the same."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from lib.errors import FileError
from lib.ingest.mapping import FileOptions
from lib.ingest.open_reader import open_source
from lib.ingest.reader import FileReader

CSV = b"id,audioDate\n1,2024-01-31\n"
TABLE = pa.table({"id": ["1"], "audioDate": ["2024-01-31"]})


def opened(folder: Path, content: bytes, name: str) -> FileReader:
    path = folder / "file"
    path.write_bytes(content)
    return open_source(path, name, FileOptions(), lambda _: None)


def archive(*names: str, first: bytes = CSV) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, first)
    return out.getvalue()


def as_xlsx() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "audioDate"])
    book.save(out)
    return out.getvalue()


def as_parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(TABLE, out)
    return out.getvalue()


def as_orc() -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(TABLE, out)
    return out.getvalue()


def as_feather() -> bytes:
    out = io.BytesIO()
    pyarrow.feather.write_feather(TABLE, out)
    return out.getvalue()


def as_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        member = tarfile.TarInfo("calls.csv")
        member.size = len(CSV)
        file.addfile(member, io.BytesIO(CSV))
    return out.getvalue()


def as_sqlite() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE calls (id TEXT)")
    return connection.serialize()


HTML = b"<html><body><table><tr><td>id</td><td>audioDate</td></tr></table></body></html>"
SPREADSHEET_XML = b"""<?xml version="1.0"?>
<?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>"""
UNPACKED = "is in it, unpacked"
SAVED = "save it as XLSX or CSV"
A_TABLE = "a table of evaluations as CSV"

OTHERS: dict[str, tuple[str, bytes, str, str]] = {
    "html": ("calls.xls", HTML, "is HTML", SAVED),
    "html with a mark": ("calls.csv", b"\xef\xbb\xbf\r\n<!DOCTYPE html>\n" + HTML, "is HTML", SAVED),
    "html in utf-16": ("calls.xls", HTML.decode().encode("utf-16"), "is HTML", SAVED),
    "html as xlsx": ("calls.xlsx", b"  <TABLE border=1><TR>", "is HTML", SAVED),
    "html after a comment": ("calls.xls", b"<!-- a report -->\n<div>", "is HTML", SAVED),
    "xhtml": ("calls.xls", b'<?xml version="1.0"?>\n<html xmlns="x">', "is HTML", SAVED),
    "xml of a spreadsheet": ("calls.xls", SPREADSHEET_XML, "is Excel 2003 XML", SAVED),
    "xml": ("calls.csv", b'<?xml version="1.0"?><calls><call id="1"/></calls>', "is XML", SAVED),
    "xml without a declaration": ("calls.csv", b'<calls>\n<call id="1"></call></calls>', "is XML", SAVED),
    "mhtml": ("calls.xls", b"MIME-Version: 1.0\nX-Document-Type: Workbook\n", "is MHTML", SAVED),
    "old excel": (
        "calls.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        "old or an encrypted Excel",
        "XLSX",
    ),
    "older excel": ("calls.xls", b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\x00" * 600, "old or an encrypted", "XLSX"),
    "old excel in gzip": (
        "calls.xls.gz",
        gzip.compress(b"\xd0\xcf\x11\xe0" + b"\x00" * 600, mtime=0),
        "old or an",
        "XLSX",
    ),
    "opendocument": ("calls.ods", archive("mimetype", "content.xml"), "is OpenDocument", SAVED),
    "numbers": ("calls.numbers", archive("Index/Document.iwa"), "is Numbers", SAVED),
    "word": ("calls.xlsx", archive("[Content_Types].xml", "word/document.xml"), "is Word", SAVED),
    "binary workbook": ("calls.xlsb", archive("[Content_Types].xml", "xl/workbook.bin"), "is XLSB", SAVED),
    "zip": ("calls.zip", archive("calls.csv"), "a ZIP archive", "that are in it, unpacked"),
    "zip as csv": ("calls.csv", archive("a.csv", "b.csv"), "a ZIP archive", "that are in it, unpacked"),
    "empty zip": ("calls.xlsx", archive(), "a ZIP archive", "unpacked"),
    "tar": ("calls.csv", as_tar(), "packed (tar)", UNPACKED),
    "tar in gzip": ("calls.tar.gz", gzip.compress(as_tar()), "packed (tar)", UNPACKED),
    "bzip2": ("calls.csv.bz2", bz2.compress(CSV), "packed (bzip2)", UNPACKED),
    "xz": ("calls.csv", lzma.compress(CSV), "packed (xz)", UNPACKED),
    "xlsx in gzip": ("calls.xlsx.gz", gzip.compress(as_xlsx()), "holds a XLSX file", "that file, unpacked"),
    "zip in gzip": ("calls.csv.gz", gzip.compress(archive("a.csv")), "holds a ZIP file", "that file, unpacked"),
    "parquet in gzip": ("calls.parquet.gz", gzip.compress(as_parquet()), "holds a Parquet file", "unpacked"),
    "gzip in gzip": ("calls.csv.gz", gzip.compress(gzip.compress(CSV, mtime=0)), "holds a gzip file", "unpacked"),
    "pdf": ("calls.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "is PDF", A_TABLE),
    "pdf in gzip": ("calls.csv.gz", gzip.compress(b"%PDF-1.7\n", mtime=0), "is PDF", A_TABLE),
    "rtf": ("calls.csv", b"{\\rtf1\\ansi id}", "is RTF", A_TABLE),
    "sqlite": ("calls.csv", as_sqlite(), "is SQLite", A_TABLE),
    "orc": ("calls.parquet", as_orc(), "is ORC", A_TABLE),
    "avro": ("calls.avro", b"Obj\x01\x04\x16avro.schema", "is Avro", A_TABLE),
    "feather": ("calls.parquet", as_feather(), "is Arrow", A_TABLE),
    "png": ("calls.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "is PNG", A_TABLE),
    "jpeg": ("calls.csv", b"\xff\xd8\xff\xe0\x00\x10JFIF", "is JPEG", A_TABLE),
    "recording": ("1.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "is WAV", A_TABLE),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_something_else_is_refused_as_that_with_what_to_do(kind: str, tmp_path: Path) -> None:
    name, content, what, right = OTHERS[kind]
    with pytest.raises(FileError) as caught:
        opened(tmp_path, content, name)
    assert caught.value.message.startswith(f"{name}: ")
    assert what in caught.value.message and right in caught.value.message


@pytest.mark.parametrize(
    ("name", "content", "header"),
    [
        ("calls.xls", b"id\taudioDate\n1\t2024-01-31\n", ("id", "audioDate")),  # as many products export "to Excel"
        ("calls.csv", b'\xef\xbb\xbf {"id": "1", "audioDate": "2024-01-31"}\n', ("id", "audioDate")),
        ("calls.txt", gzip.compress(b'{"id": "1"}\n', mtime=0), ("id",)),
        ("calls.csv", as_parquet(), ("id", "audioDate")),
        ("calls.xlsx.gz", as_xlsx(), ("id", "audioDate")),  # what a browser has unpacked
        ("calls.csv", b"<none>,id\n,1\n", ("<none>", "id")),
        ("calls.csv", b"ORC,ID3,BM\n1,2,3\n", ("ORC", "ID3", "BM")),
        ("calls.csv", b"[id],{x}\n1,2\n", ("[id]", "{x}")),
    ],
)
def test_what_can_be_read_is_read_whatever_its_name(
    name: str, content: bytes, header: tuple[str, ...], tmp_path: Path
) -> None:
    assert opened(tmp_path, content, name).header == header


def test_a_json_array_of_any_name_is_read_as_one(tmp_path: Path) -> None:
    assert opened(tmp_path, b'[\n  {\n "id": 1\n }\n]', "calls.csv").header == ("id",)
