"""What all formats are broken with: odd values, tables that are askew, bytes that are wrong."""

from __future__ import annotations

import gzip
import random
import struct
from datetime import datetime, timedelta

from tests.hostile.names import NAMES

HEADER = (
    "id", "audioDate", "state", "sentiment", "averageNote", "durationInSeconds", "isAICall", "campaignId",
    "campaignName", "callCenterName", "executiveName", "audioFileName", "createdAt",
)  # fmt: skip

ODD = (
    "", " ", "\x00", "\ufeff", "\ufffe", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "NaN", "-inf",
    "1e999", "-0", "9" * 400, "0x1f", "１２", "٣", "1_000", "1,5", "1.500,25", "١٢:٣٠:٠٠", "99999:59:59", "-1:00:00",
    "0000-00-00", "2024-02-30", "9999-12-31T23:59:59.999999+14:00", "0001-01-01", "2024-01-01T24:00", "2024-W01-1",
    "20240101", "2024-01-01T00:00:00,5", "2024-01-01T00:00+99:99", "1969-12-31", "2024-06-30T23:59:60Z", "(none)",
    "true", "TRUE ", "2", "null", "None", "Completed", "completed\u0130", "ß" * 40, "x" * 1_001, "x" * 70_000, *NAMES,
)  # fmt: skip
"""Values that somewhere are special."""


def broken(chance: random.Random, content: bytes, most: int = 3) -> bytes:
    """Return bytes after a few mutations that know nothing of the format."""
    found = bytearray(content)
    for _ in range(chance.randint(1, most)):
        if not found:
            break
        at = chance.randrange(len(found))
        length = min(len(found) - at, chance.choice((1, 2, 4, 16, 300)))
        match chance.randrange(9):
            case 0:
                found[at] ^= 1 << chance.randrange(8)
            case 1:
                found[at] = chance.randrange(256)
            case 2:
                del found[at : at + length]
            case 3:
                found[at:at] = chance.randbytes(length)
            case 4:
                found[at:at] = found[at : at + length] * chance.choice((1, 2, 50))
            case 5:
                other = chance.randrange(len(found))
                found[at : at + length] = found[other : other + length]
            case 6:
                value = chance.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1))
                found[at : at + 4] = struct.pack(chance.choice("<>") + "I", value)
            case 7:
                found[at : at + 8] = struct.pack("<Q", chance.choice((2**63 - 1, 2**63, 2**64 - 1, 2**40)))
            case _:
                if chance.random() < 0.3:
                    del found[at:]
    return bytes(found)


def packed(chance: random.Random, content: bytes) -> bytes:
    """Return bytes gzipped, most often wrongly."""
    packed = gzip.compress(content, chance.choice((1, 9)), mtime=0)
    match chance.randrange(6):
        case 0:
            return broken(chance, packed, 3)
        case 1:
            return packed[: chance.randrange(1, len(packed))]
        case 2:
            return packed + chance.choice((packed, b"\x00" * 100, b"trailing", packed[:20]))
        case 3:
            return bytes([*packed[:3], chance.randrange(256), *packed[4:]])  # flags: a name, a comment, a CRC to come
        case 4:
            return packed[:-4] + struct.pack("<I", chance.choice((0, 2**32 - 1)))
        case _:
            return packed


def table_rows(chance: random.Random, count: int) -> list[list[str]]:
    return [
        [
            f"e{chance.randrange(10_000)}",
            (datetime(2024, 1, 1) + timedelta(minutes=chance.randrange(500_000))).isoformat(),
            chance.choice(("Completed", "Pending", "Failed", "")),
            chance.choice(("Positive", "Negative", "Neutral", "")),
            str(round(chance.uniform(0, 10), 2)),
            str(chance.randrange(3_000)),
            chance.choice(("true", "false", "")),
            f"c{chance.randrange(5)}",
            chance.choice(("Ventas", "Línea 1", 'a "b" c', "x, y")),
            chance.choice(("North", "South")),
            chance.choice(("Ann", "Bob", "Zoë")),
            f"{chance.randrange(10**9)}.wav",
            "2024-01-02",
        ]
        for _ in range(count)
    ]


def break_table(chance: random.Random, header: list[str], rows: list[list[str]]) -> None:
    row = chance.choice(rows) if rows else header
    match chance.randrange(9):
        case 0 if row:
            row[chance.randrange(len(row))] = chance.choice(ODD)
        case 1 if header:
            header[chance.randrange(len(header))] = chance.choice((*ODD, *HEADER, "audio_date", " ID "))
        case 2 if row:
            del row[chance.randrange(len(row))]
        case 3:
            row.insert(chance.randrange(len(row) + 1), chance.choice(ODD))
        case 4:
            row.extend(["x"] * chance.choice((1, 50, 3_000)))
        case 5 if header:
            at = chance.randrange(len(header))
            value = chance.choice(ODD)
            for each in rows:
                each[at : at + 1] = [value]
        case 6:
            rows.insert(0, [chance.choice(("", ",", '"', "sep=;", "# note"))])
        case 7:
            rows.extend(rows[: chance.choice((1, 10))] * 3)
        case _:
            row.clear()
