"""Small files that become large, deep or endless when they are read."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.mutations import Hostile

MB = 2**20
BADLY = random.Random(1).randbytes(12_000).hex().encode() + b"x" * (MB - 24_000)
"""A megabyte that packs to a sixtieth: what it is in passes for a file as others are."""

HEAD = b"id,audioDate,averageNote\n"
ROW = b"1,2024-01-01,7\n"


# Deflate: a block, packed once, is repeated as it is.


def _deflated(start: bytes, block: bytes, times: int, end: bytes) -> tuple[bytes, int, int]:
    """Return a raw deflate stream of `start`, so many blocks and `end`; its CRC-32 and its length once unpacked."""
    packer = zlib.compressobj(9, wbits=-15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    middle = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    tail = packer.compress(end) + packer.flush()
    crc = zlib.crc32(start)
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    return head + middle * times + tail, zlib.crc32(end, crc), len(start) + len(block) * times + len(end)


def _gzip(start: bytes, block: bytes, times: int, end: bytes = b"") -> bytes:
    packed, crc, length = _deflated(start, block, times, end)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + packed + struct.pack("<II", crc, length % 2**32)


Member = tuple[str, bytes, int, int]
"""A zip's member: name, deflated content, CRC-32, length once unpacked (or what it says it is)."""


def _member(name: str, start: bytes, block: bytes = b"", times: int = 0, end: bytes = b"") -> Member:
    return (name, *_deflated(start, block, times, end))


def _zip(members: Iterable[Member], same_content: Iterable[Member] = ()) -> bytes:
    """Return a zip; members of `same_content` all point at the last of the others: they overlap."""
    out, directory, count, at = io.BytesIO(), io.BytesIO(), 0, 0
    for own, (name, packed, crc, length) in [
        *((True, each) for each in members),
        *((False, each) for each in same_content),
    ]:
        if own:
            at = out.tell()
            out.write(struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, crc, len(packed), length, len(name), 0))
            out.write(name.encode() + packed)
        directory.write(
            struct.pack(
                "<IHHHHHHIIIHHHHHII",
                0x02014B50,
                20,
                20,
                0,
                8,
                0,
                33,
                crc,
                len(packed),
                length,
                len(name),
                0,
                0,
                0,
                0,
                0,
                at,
            )
        )
        directory.write(name.encode())
        count += 1
    start = out.tell()
    out.write(directory.getvalue())
    out.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(directory.getvalue()), start, 0))
    return out.getvalue()


# XLSX.

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET = f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}">'.encode()
_STRINGS = f'<?xml version="1.0"?><sst xmlns="{_MAIN}" count="3" uniqueCount="3">'.encode()
_TITLES = b'<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>audioDate</t></is></c></row>'
_FIRST = b'<row r="2"><c r="A2" t="inlineStr"><is><t>1</t></is></c><c r="B2" t="inlineStr"><is><t>2024-01-01</t></is></c></row>'
SHEET = _SHEET + b"<sheetData>" + _TITLES + _FIRST + b"</sheetData></worksheet>"


def _book(sheet: Member, strings: Member | None = None, sheets: int = 1, overlap: bool = False) -> bytes:
    relation = f'<Relationship Id="%s" Type="{_OFFICE}/%s" Target="%s"/>'
    related = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    )
    listed = "".join(
        f'<sheet name="S{number}" sheetId="{number}" r:id="r{number}"/>' for number in range(1, sheets + 1)
    )
    book = f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    links = [relation % (f"r{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in range(1, sheets + 1)]
    links.append(relation % ("strings", "sharedStrings", "sharedStrings.xml"))
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>'
    )
    members = [
        _member("[Content_Types].xml", types.encode()),
        _member(
            "_rels/.rels", f"{related}{relation % ('r', 'officeDocument', 'xl/workbook.xml')}</Relationships>".encode()
        ),
        _member("xl/workbook.xml", book.encode()),
        _member("xl/_rels/workbook.xml.rels", f"{related}{''.join(links)}</Relationships>".encode()),
        *([strings] if strings else []),
        sheet,
    ]
    more = [(f"xl/worksheets/sheet{number}.xml", *sheet[1:]) for number in range(2, sheets + 1)]
    return _zip(members, more) if overlap else _zip([*members, *more])


def _sheet(start: bytes, block: bytes = b"", times: int = 0, end: bytes = b"") -> Member:
    return _member("xl/worksheets/sheet1.xml", start, block, times, end)


def _repeated(text: bytes) -> bytes:
    """Return about a megabyte of a text."""
    return text * (MB // len(text))


def _cells(*cells: bytes, head: bytes = b"") -> bytes:
    body = b"".join(
        b'<row r="%d"><c r="%s"><v>1</v></c></row>' % (int(cell.lstrip(b"ABCDEFGXZ")), cell) for cell in cells
    )
    return _book(_sheet(_SHEET + head + b"<sheetData>" + _TITLES + body + b"</sheetData></worksheet>"))


def _many_cells() -> bytes:
    block = _repeated(b"<row><c><v>1</v></c><c><v>2</v></c></row>")
    return _book(_sheet(_SHEET + b"<sheetData>" + _TITLES, block, 1_000, b"</sheetData></worksheet>"))


def _white_space() -> bytes:
    return _book(_sheet(_SHEET + b"<sheetData>" + _TITLES, b" " * MB, 1_000, b"</sheetData></worksheet>"))


def _one_cell() -> bytes:
    start = _SHEET + b"<sheetData>" + _TITLES + b'<row r="2"><c r="A2" t="inlineStr"><is><t>'
    return _book(_sheet(start, b"x" * MB, 1_000, b"</t></is></c></row></sheetData></worksheet>"))


def _shared_strings(unit: bytes, times: int) -> bytes:
    strings = _member("xl/sharedStrings.xml", _STRINGS, _repeated(unit), times, b"</sst>")
    return _book(_sheet(SHEET), strings)


def _one_string_often() -> bytes:
    """Return one string of 10 MB in a hundred thousand cells."""
    strings = _member("xl/sharedStrings.xml", _STRINGS + b"<si><t>", b"x" * MB, 10, b"</t></si></sst>")
    block = b'<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * 1_000
    return _book(_sheet(_SHEET + b"<sheetData>" + _TITLES, block, 100, b"</sheetData></worksheet>"), strings)


def _overlapping() -> bytes:
    return _book(
        _sheet(_SHEET + b"<sheetData>" + _TITLES, b" " * MB, 200, b"</sheetData></worksheet>"),
        sheets=2_000,
        overlap=True,
    )


def _lying_length(length: int) -> bytes:
    name, packed, crc, _ = _sheet(SHEET)
    return _book((name, packed, crc, length))


def _nested_zips() -> bytes:
    content = _book(_sheet(SHEET))
    for _ in range(50):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inner.xlsx", content)
        content = out.getvalue()
    return content


def _entities(doctype: bytes, use: bytes) -> bytes:
    sheet = SHEET.replace(b"<worksheet", doctype + b"<worksheet", 1).replace(b"<t>1</t>", b"<t>" + use + b"</t>")
    return _book(_sheet(sheet))


_LAUGHS = (
    b"<!DOCTYPE l [<!ENTITY a0 'ha'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (number, b"&a%d;" % (number - 1) * 10) for number in range(1, 11))
    + b"]>"
)
_OUTSIDE = b'<!DOCTYPE l [<!ENTITY file SYSTEM "file:///etc/passwd">]>'


def _deep_xml() -> bytes:
    return _book(_sheet(_SHEET + b"<sheetData>" + _TITLES, b"<row>" * 10_000, 1_000))


# Parquet.


def _parquet(table: pa.Table, **how: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", **how)
    return out.getvalue()


def _large_dictionary() -> bytes:
    """Return a text of 20 MB, once in the dictionary, in a hundred thousand rows."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["x" * 20 * MB]))
    dates = pa.array(["2024-01-01"] * 100_000).dictionary_encode()
    return _parquet(pa.table({"id": texts, "audioDate": dates}), dictionary_pagesize_limit=1 << 30, store_schema=False)


def _many_rows() -> bytes:
    """Return a hundred million rows, all the same, in half a megabyte."""
    block = pa.table({"id": pa.array(["x"] * MB), "audioDate": pa.array(["2024-01-01"] * MB)})
    out = io.BytesIO()
    with pq.ParquetWriter(out, block.schema, compression="zstd") as writer:
        for _ in range(100):
            writer.write_table(block, row_group_size=MB)
    return out.getvalue()


def _deep_nesting() -> bytes:
    column = pa.array([1])
    for _ in range(200):
        column = pa.StructArray.from_arrays([column], ["a"])
    return _parquet(pa.table({"id": column, "audioDate": pa.array(["2024-01-01"])}))


def _many_columns() -> bytes:
    return _parquet(pa.table({f"c{number}": pa.array(["x"]) for number in range(20_000)}))


def _thrift_varint(value: int) -> bytes:
    found = bytearray()
    value = value << 1
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _footer(schema: bytes, rows: int, groups: bytes, count: int) -> bytes:
    """Return a Parquet file of a footer alone: version, schema, rows and row groups in Thrift's compact protocol."""
    listed = bytes([0x19, 0xFC]) + _thrift_varint(count)[:0] + _plain_varint(count) + groups
    footer = b"\x15\x04" + schema + b"\x16" + _thrift_varint(rows) + listed + b"\x00"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _plain_varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


_ROOT = b"\x48\x06schema\x15\x00\x00"  # name, number of children: none
_NO_COLUMNS = b"\x19\x1c" + _ROOT
_GROUP = b"\x19\x0c\x16\x00\x16\x00\x00"  # no columns, no bytes, no rows


def _deep_schema() -> bytes:
    """Return fifty thousand groups, each within the one before."""
    group = b"\x35\x02\x18\x01a\x15\x02\x00"
    schema = (
        b"\x19\xfc"
        + _plain_varint(50_001)
        + b"\x48\x06schema\x15\x02\x00"
        + group * 49_999
        + b"\x15\x0c\x25\x02\x18\x01a\x00"
    )
    return _footer(schema, 0, b"", 0)


# All of them.

BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip: 300 MB of blank lines": ("a.csv.gz", lambda: _gzip(HEAD + ROW, b"\n" * MB, 300)),
    "gzip: 300 MB of rows": ("a.csv.gz", lambda: _gzip(HEAD, _repeated(ROW), 300)),
    "gzip: 300 MB of broken rows": ("a.csv.gz", lambda: _gzip(HEAD, _repeated(b"1,2\n"), 300)),
    "gzip: 300 MB of NUL": ("a.csv.gz", lambda: _gzip(HEAD + ROW * 30_000, b"\x00" * MB, 300)),
    "gzip: a header of 500 MB": ("a.csv.gz", lambda: _gzip(b"", b"x" * MB, 500, b"\n1")),
    "gzip: a header of 20 MB": ("a.csv.gz", lambda: _gzip(b"id,audioDate,", b"x" * MB, 20, b"\n1,2024-01-01,2\n")),
    "gzip: a row of 500 MB": ("a.csv.gz", lambda: _gzip(HEAD + ROW, b"x" * MB, 500, b"\n" + ROW)),
    "gzip: a quoted cell of 100 MB": ("a.csv.gz", lambda: _gzip(HEAD + ROW + b'2,"', b"x\n" * (MB // 2), 100, b'",1\n')),
    "gzip: an open quote before 300 MB": ("a.csv.gz", lambda: _gzip(HEAD + ROW + b'2,"', _repeated(ROW), 300)),
    "gzip: a row of 500 MB that packs badly": ("a.csv.gz", lambda: _gzip(HEAD + ROW, BADLY, 500, b"\n" + ROW)),
    "gzip: a cell of 500 MB that packs badly": ("a.csv.gz", lambda: _gzip(HEAD + ROW + b'2,"', BADLY, 500, b'",1\n')),
    "gzip: a header of 500 MB that packs badly": ("a.csv.gz", lambda: _gzip(b"id,audioDate,", BADLY, 500, b"\n")),
    "gzip: a row of 100 MB of delimiters": ("a.csv.gz", lambda: _gzip(HEAD + ROW, b"," * MB, 100, b"\n")),
    "gzip: a line of JSON of 500 MB": ("a.jsonl.gz", lambda: _gzip(b'{"id":"', b"x" * MB, 500, b'"}\n')),
    "gzip: 300 MB of lines of JSON": ("a.jsonl.gz", lambda: _gzip(b'{"id":1,"audioDate":"2024-01-01"}\n', b"{}\n" * (MB // 3), 300)),
    "JSON: a hundred thousand arrays deep": ("a.jsonl", lambda: b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"),
    "JSON: a hundred thousand objects deep": ("a.jsonl", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n"),
    "JSON: a number of 30 MB": ("a.jsonl.gz", lambda: _gzip(b'{"id":1,"audioDate":"2024-01-01","averageNote":', b"9" * MB, 30, b"}\n")),
    "JSON: a million names": ("a.jsonl", lambda: b"{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}\n"),
    "CSV: a million columns": ("a.csv", lambda: b",".join(b"c%d" % number for number in range(1_000_000)) + b"\n" + b"," * 999_999),
    "CSV: a million cells in a row": ("a.csv", lambda: HEAD + ROW + b"x," * 1_000_000 + b"\n"),
    "XLSX: a sheet of 1 GB of cells": ("a.xlsx", _many_cells),
    "XLSX: a sheet of 1 GB of spaces": ("a.xlsx", _white_space),
    "XLSX: a cell of 1 GB": ("a.xlsx", _one_cell),
    "XLSX: a cell at XFD1048576": ("a.xlsx", partial(_cells, b"A2", b"XFD1048576")),
    "XLSX: cells in the corners": ("a.xlsx", partial(_cells, b"XFD2", b"A1048576")),
    "XLSX: a cell at A4294967295": ("a.xlsx", partial(_cells, b"A2", b"A4294967295")),
    "XLSX: a dimension that lies": ("a.xlsx", partial(_cells, b"A2", head=b'<dimension ref="A1:XFD1048576"/>')),
    "XLSX: shared strings of 1 GB": ("a.xlsx", partial(_shared_strings, b"<si><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></si>", 1_000)),
    "XLSX: 400 MB of empty shared strings": ("a.xlsx", partial(_shared_strings, b"<si/>", 400)),
    "XLSX: one string of 10 MB often": ("a.xlsx", _one_string_often),
    "XLSX: two thousand sheets in one place": ("a.xlsx", _overlapping),
    "XLSX: a member that says it is 4 GB": ("a.xlsx", partial(_lying_length, 2**32 - 2)),
    "XLSX: a member that says it is empty": ("a.xlsx", partial(_lying_length, 0)),
    "XLSX: fifty zips, one in the other": ("a.xlsx", _nested_zips),
    "XLSX: a billion laughs": ("a.xlsx", partial(_entities, _LAUGHS, b"&a10;")),
    "XLSX: an entity from outside": ("a.xlsx", partial(_entities, _OUTSIDE, b"&file;")),
    "XLSX: ten million elements deep": ("a.xlsx", _deep_xml),
    "Parquet: 20 MB in each of 100,000 rows": ("a.parquet", _large_dictionary),
    "Parquet: a hundred million rows": ("a.parquet", _many_rows),
    "Parquet: structures 200 deep": ("a.parquet", _deep_nesting),
    "Parquet: fifty thousand groups deep": ("a.parquet", _deep_schema),
    "Parquet: twenty thousand columns": ("a.parquet", _many_columns),
    "Parquet: a million row groups": ("a.parquet", lambda: _footer(_NO_COLUMNS, 0, _GROUP * 1_000_000, 1_000_000)),
    "Parquet: row groups said to be 2 billion": ("a.parquet", lambda: _footer(_NO_COLUMNS, 0, _GROUP, 2**31 - 1)),
    "Parquet: rows said to be 2^62": ("a.parquet", lambda: _footer(_NO_COLUMNS, 2**62, _GROUP, 1)),
}  # fmt: skip


def bomb(name: str) -> Hostile:
    """Return a bomb by its name."""
    file_name, make = BOMBS[name]
    return Hostile(file_name, make(), None)
