"""Broken CSV and JSON Lines."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from tests.hostile.breaking import HEADER, ODD, break_table, broken, table_rows

# CSV.


def csv(chance: random.Random) -> tuple[str, bytes]:
    delimiter = chance.choice(",,,;\t|")
    end = chance.choice(("\n", "\n", "\r\n", "\r"))
    header, rows = list(HEADER), table_rows(chance, chance.choice((0, 1, 3, 40, 40, 400)))
    for _ in range(chance.randint(0, 4)):
        break_table(chance, header, rows)

    def written(cell: str) -> str:
        quoted = '"' in cell or delimiter in cell or "\n" in cell or chance.random() < 0.02
        return '"' + cell.replace('"', '""' if chance.random() < 0.98 else '"') + '"' if quoted else cell

    text = end.join(delimiter.join(written(cell) for cell in row) for row in [header, *rows])
    text += chance.choice((end, "", end * 5))
    content = text.encode("utf-8", "surrogatepass")
    match chance.randrange(12):
        case 0:
            content = text.encode(chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig")), "replace")
        case 1:
            content = text.encode("cp1252", "replace")
        case 2:
            at = chance.randrange(len(content) + 1)
            mark = chance.choice(
                (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00", b"\r", b'"', b"'", b"\x1a", b"\x85")
            )
            content = content[:at] + mark * chance.choice((1, 1, 2, 5_000)) + content[at:]
        case 3:
            content = (
                chance.choice((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"PAR1", b"PK\x03\x04", b"\x1f\x8b"))
                + content
            )
        case 4:
            at = chance.randrange(len(content) + 1)
            content = content[:at] + content[at : at + 200] * chance.choice((3, 200)) + content[at:]
        case 5 | 6 | 7:
            content = broken(chance, content)
        case 8:
            content = content[: chance.randrange(len(content) + 1)]
        case _:
            pass
    return "csv", content


# JSON Lines.

_JSON_ODD: tuple[str, ...] = (
    "NaN", "-Infinity", "1e999", "1" * 5_000, "-0.0", "{}", "[]", '[["x"]]', '{"a":{"b":1}}', "null", "true",
    '"\\ud800"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\x"', "'x'", "undefined", "0123", ".5", "1.", "/*x*/1",
    "[" * 500 + "]" * 500, "[" * 90_000, '{"a":' * 3_000, '"' + "x" * 70_000 + '"',
)  # fmt: skip


def jsonl(chance: random.Random) -> tuple[str, bytes]:
    lines = []
    for row in table_rows(chance, chance.choice((1, 3, 30, 30, 300))):
        entry: dict[str, Any] = dict(zip(HEADER, row, strict=True))
        entry["averageNote"], entry["isAICall"] = float(row[4]), row[6] == "true"
        lines.append(json.dumps(entry, ensure_ascii=chance.random() < 0.5))
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(lines))
        line = lines[at]
        match chance.randrange(9):
            case 0 | 1:
                parts = re.split(r"(?<=: )(?=\S)|(?=, \")", line)
                parts[chance.randrange(len(parts))] = chance.choice(_JSON_ODD)
                lines[at] = "".join(parts)
            case 2:
                lines[at] = line.replace(chance.choice(HEADER), json.dumps(chance.choice(ODD))[1:-1], 1)
            case 3:
                lines[at] = line[:-1] + f", {json.dumps(chance.choice((*HEADER, *ODD)))}: {chance.choice(_JSON_ODD)}}}"
            case 4:
                lines[at] = chance.choice(
                    ("[", "]", "{", "}", ",", "[" + line + "]", line * 2, line + ",", "\ufeff" + line)
                )
            case 5:
                lines.insert(at, chance.choice(("", " ", *_JSON_ODD)))
            case 6:
                lines[at] = line.replace(
                    chance.choice('":,{}'), chance.choice(("", '"', "\n", "\r", "\x00", "\u2028")), 1
                )
            case 7:
                lines[at] = line[: chance.randrange(len(line) + 1)]
            case _:
                many = {f"column {number}": number for number in range(chance.choice((20, 1_990, 2_100)))}
                lines[at] = line[:-1] + ", " + json.dumps(many)[1:]
    text = chance.choice(("\n", "\n", "\r\n", "\r")).join(lines)
    content = text.encode("utf-8", "surrogatepass")
    match chance.randrange(8):
        case 0:
            content = text.encode(chance.choice(("utf-16", "utf-32", "utf-8-sig", "cp1252")), "replace")
        case 1:
            content = broken(chance, content)
        case _:
            pass
    return "jsonl", content
