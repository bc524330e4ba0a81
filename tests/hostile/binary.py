"""Broken workbooks and Parquet files."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from tests.hostile.breaking import HEADER, break_table, broken, table_rows

# XLSX.


@cache
def _workbooks() -> tuple[dict[str, bytes], ...]:
    """Return good workbooks as their members: one with shared strings and dates, one with two sheets and odd cells."""
    chance, found = random.Random(1), []
    for kind in range(2):
        book = Workbook()
        sheet = book.active
        sheet.append(list(HEADER))
        for row in table_rows(chance, 12):
            values: list[Any] = list(row)
            values[1], values[4], values[5] = datetime.fromisoformat(row[1]), float(row[4]), int(row[5])
            if kind:
                values[5], values[6], values[12] = timedelta(seconds=int(row[5])), row[6] == "true", time(1, 2, 3)
            sheet.append(values)
        if kind:
            other = book.create_sheet("Second & <last>")
            other.append(["id", "audioDate"])
            other.append(["=1+1", date(2024, 1, 1)])
            other.merge_cells("A5:C9")
        out = io.BytesIO()
        book.save(out)
        with zipfile.ZipFile(out) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["docProps/core.xml"] = re.sub(
            rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2024-01-01T00:00:00Z", members["docProps/core.xml"]
        )
        found.append(members)
    return tuple(found)


_ATTRIBUTES: tuple[str, ...] = (
    "XFD1048576", "A0", "A1048577", "ZZZZZZZ1", "a1", "1A", "", "-1", "4294967295", "18446744073709551616", "A1:XFD1048576",
    "A1:A4294967295", "s", "str", "inlineStr", "b", "e", "d", "n", "bogus", "1e308", "NaN", "&amp;", "../../x", "rId999",
    "false", "1904", "\u0130",
)  # fmt: skip
_TEXTS: tuple[str, ...] = (
    "-1", "999999999", "1e308", "-1e308", "NaN", "2958466", "-2958466", "0.9999999999", "1e-320", "", " ", "&#0;", "&#x1F600;",
    "&bogus;", "<x/>", "]]>", "<![CDATA[x]]>", "_x0000_", "_x000D_", "=1+1", "x" * 40_000, "#N/A", "TRUE", "2024-01-01",
)  # fmt: skip
_DOCTYPES = (
    b'<!DOCTYPE x [<!ENTITY a "b">]>',
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>',
)


def xlsx(chance: random.Random) -> tuple[str, bytes]:
    members = dict(chance.choice(_workbooks()))
    names = list(members)
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        name = chance.choice([each for each in names if "sheet" in each or "shared" in each] + names)
        if name in members:
            members[name] = _broken_xml(chance, members[name])
    match chance.randrange(10):
        case 0:
            members.pop(chance.choice(names), None)
        case 1:
            one, other = chance.choice(names), chance.choice(names)
            members[one], members[other] = members.get(other, b""), members.get(one, b"")
        case 2:
            old = chance.choice(names)
            odd = ("../" + old, "/" + old, old.upper(), old.replace("/", "\\"), "x" * 5_000, "\x00")
            members[chance.choice(odd)] = members.pop(old, b"")
        case _:
            pass
    out = io.BytesIO()
    way = chance.choice(
        (zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    )
    with zipfile.ZipFile(out, "w", way if chance.random() < 0.3 else zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, archive.compression)
            if chance.random() < 0.01:
                archive.fp.write(b"between")
    content = out.getvalue()
    match chance.randrange(6):
        case 0:
            content = broken(chance, content, 4)
        case 1:  # the directory at the end says something else than the members themselves
            start = content.rfind(b"PK\x01\x02", 0, chance.randrange(len(content) // 2, len(content)))
            if start > 0:
                at = start + chance.choice((8, 10, 16, 20, 24, 28, 30, 42))
                value = struct.pack("<I", chance.choice((0, 1, 2**16, 2**31 - 1, 2**32 - 1)))
                content = content[:at] + value + content[at + 4 :]
        case 2:
            end = content.rfind(b"PK\x05\x06")
            at = end + chance.choice((4, 8, 10, 12, 16, 20))
            content = content[:at] + chance.randbytes(2) + content[at + 2 :]
        case _:
            pass
    return chance.choice(("xlsx", "xlsx", "xlsm", "csv")) if chance.random() < 0.1 else "xlsx", content


def _broken_xml(chance: random.Random, content: bytes) -> bytes:
    for _ in range(chance.randint(1, 4)):
        match chance.randrange(9):
            case 0 | 1:
                content = _replaced(chance, content, rb'(?<==")[^"]*(?=")', chance.choice(_ATTRIBUTES).encode())
            case 2 | 3:
                content = _replaced(chance, content, rb"(?<=>)[^<>]+(?=<)", chance.choice(_TEXTS).encode())
            case 4:
                content = _replaced(chance, content, rb"<[^<>]+>", b"")
            case 5:
                found = list(re.finditer(rb"<(row|c|si|sheet|xf|numFmt)\b.*?</\1>|<[^<>]+/>", content))
                if found:
                    one = chance.choice(found)
                    content = content[: one.end()] + one[0] * chance.choice((1, 3, 1_000)) + content[one.end() :]
            case 6:
                head = chance.choice(_DOCTYPES)
                content = re.sub(rb"(<\?xml[^>]*\?>)?", lambda mark, head=head: mark[0] + head, content, count=1)  # type: ignore[misc]  # the default has no type
                content = _replaced(chance, content, rb"(?<=>)[^<>]+(?=<)", chance.choice((b"&a;", b"&c;")))
            case 7:
                content = _replaced(
                    chance, content, rb"[\w:]+(?==\")", chance.choice((b"r", b"t", b"s", b"ref", b"xmlns"))
                )
            case _:
                content = broken(chance, content, 2)
    return content


def _replaced(chance: random.Random, content: bytes, pattern: bytes, by: bytes) -> bytes:
    found = list(re.finditer(pattern, content))
    if not found:
        return content
    one = chance.choice(found)
    return content[: one.start()] + by + content[one.end() :]


# Parquet.


@cache
def _parquets() -> tuple[bytes, ...]:
    """Return good Parquet files: every type that a column of ours comes in, and some that none should."""
    chance = random.Random(2)
    rows = table_rows(chance, 300)
    columns: dict[str, Any] = {
        name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(HEADER)
    }
    whens = [datetime.fromisoformat(row[1]).replace(tzinfo=UTC) for row in rows]
    count = len(rows)
    tables = [pa.table(columns)]
    for unit, zone in (("ns", None), ("us", "UTC"), ("ms", "America/Santiago"), ("s", None)):
        changed = {
            **columns,
            "audioDate": pa.array(whens, pa.timestamp(unit, zone)),
            "averageNote": pa.array([float(row[4]) for row in rows], pa.float64()),
            "durationInSeconds": pa.array([int(row[5]) for row in rows], pa.int32()),
            "isAICall": pa.array([row[6] == "true" for row in rows]),
            "campaignName": columns["campaignName"].dictionary_encode(),
        }
        tables.append(pa.table(changed))
    odd = {
        "decimal": pa.array([Decimal("7.25")] * count, pa.decimal128(10, 2)),
        "half": pa.array([1.5] * count, pa.float16()),
        "day": pa.array([date(2024, 1, 1)] * count),
        "clock": pa.array([time(1, 2)] * count, pa.time64("us")),
        "span": pa.array([timedelta(seconds=5)] * count, pa.duration("ns")),
        "bytes": pa.array([b"\xff\x00"] * count),
        "large": pa.array(["x"] * count, pa.large_string()),
        "list": pa.array([["x"]] * count),
        "struct": pa.array([{"a": {"b": 1}}] * count),
        "map": pa.array([[("a", 1)]] * count, pa.map_(pa.string(), pa.int32())),
        "null": pa.nulls(count),
    }
    for name, column in odd.items():
        for place in ("averageNote", "id"):
            tables.append(pa.table({**columns, place: column}).append_column(name, column))
    found = []
    for number, table in enumerate(tables):
        out = io.BytesIO()
        pq.write_table(
            table,
            out,
            compression=("none", "snappy", "gzip", "zstd", "lz4", "brotli")[number % 6],
            row_group_size=(100, 1_000)[number % 2],
            use_dictionary=number % 3 > 0,
            data_page_version=("1.0", "2.0")[number % 2],
            write_page_checksum=False,
            data_page_size=2_000,
            store_schema=number % 5 > 0,
        )
        found.append(out.getvalue())
    return tuple(found)


_ODD_TYPES: tuple[pa.Array, ...] = (
    pa.array([True, None, False]),
    pa.array([2**63 - 1, -(2**63), 0]),
    pa.array([2**64 - 1, None, 1], pa.uint64()),
    pa.array([float("nan"), float("inf"), -0.0]),
    pa.array([1e308, 5e-324, None]),
    pa.array([Decimal(9).scaleb(60), Decimal("-1e-6"), None], pa.decimal256(76, 6)),
    pa.array([-(2**63), 2**63 - 1, None], pa.timestamp("ns", "UTC")),
    pa.array([-(2**53), 2**53, 2**40], pa.timestamp("s")),
    pa.array([2**31 - 1, -(2**31), None], pa.date32()),
    pa.array([2**63 - 1, -1, None], pa.duration("s")),
    pa.array(["", "\x00", None]).dictionary_encode(),
    pa.array([b"", b"\xff\xfe\x00", b"x" * 70_000]),
    pa.array([[["x"] * 50], None, []], pa.list_(pa.list_(pa.string()))),
    pa.array([{"id": "1"}, None, {"id": None}]),
    pa.nulls(3),
)
"""Columns of three cells that a column of ours does not come as."""


def _whole_parquet(chance: random.Random) -> bytes:
    """Return a Parquet file that is whole, and holds what it should not."""
    header, rows = list(HEADER), table_rows(chance, chance.choice((0, 1, 3, 40, 400)))
    for _ in range(chance.randint(0, 4)):
        break_table(chance, header, rows)
    width = max([len(header), *map(len, rows)]) if chance.random() < 0.2 else len(header)
    header += ["more"] * (width - len(header))
    columns: list[pa.Array] = []
    for place in range(width):
        cells = [row[place] if place < len(row) else None for row in rows]
        columns.append(pa.array([cell.encode("utf-8", "replace").decode() if cell else cell for cell in cells]))
    for _ in range(chance.choice((0, 1, 1, 3)) if width else 0):
        odd = chance.choice(_ODD_TYPES)
        columns[chance.randrange(width)] = pa.concat_arrays([odd] * (len(rows) // 3 + 1)).slice(0, len(rows))
    names = [name.encode("utf-8", "replace").decode() for name in header]
    out = io.BytesIO()
    pq.write_table(
        pa.table(columns, names),
        out,
        compression=chance.choice(("none", "snappy", "zstd")),
        row_group_size=chance.choice((1, 7, 1_000)),
        use_dictionary=chance.random() < 0.5,
        store_schema=chance.random() < 0.5,
    )
    return out.getvalue()


def parquet(chance: random.Random) -> tuple[str, bytes]:
    if chance.random() < 0.5:
        return "parquet", _whole_parquet(chance)
    content = bytearray(chance.choice(_parquets()))
    length = struct.unpack("<I", content[-8:-4])[0]
    start = len(content) - 8 - length
    match chance.randrange(8):
        case 0 | 1 | 2:  # the footer's own bytes, at its own length
            footer = bytearray(content[start:-8])
            for _ in range(chance.choice((1, 1, 2, 3))):
                at = chance.randrange(len(footer))
                match chance.randrange(4):
                    case 0:
                        footer[at] ^= 1 << chance.randrange(8)
                    case 1:
                        footer[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x15, 0x16, 0x18, 0x19, 0x1C))
                    case 2:
                        footer[at : at + 5] = b"\xff\xff\xff\xff\x0f"  # as large as a number can be
                    case _:
                        footer[at:at] = footer[at : at + 40]
            content[start:] = footer + struct.pack("<I", len(footer)) + b"PAR1"
        case 3 | 4:  # the pages
            content[4:start] = broken(chance, bytes(content[4:start]), 2)[: start - 4].ljust(start - 4, b"\x00")
        case 5:
            other = chance.choice(_parquets())
            length = struct.unpack("<I", other[-8:-4])[0]
            content[start:] = other[-8 - length :]  # the footer of another file
        case 6:
            content[-8:-4] = struct.pack("<I", chance.choice((0, 1, length - 1, length + 1, 2**31 - 1, 2**32 - 1)))
        case _:
            content = bytearray(broken(chance, bytes(content)))
    return "parquet", bytes(content)
