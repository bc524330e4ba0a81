"""Bodies decoded item by item: what JSON says they hold, wherever they are cut, in memory that does not grow with them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import errors
from lib.analytics.grants import EVERYTHING
from lib.catalog.catalog import BUILT_IN
from lib.catalog.fields import FIELDS
from lib.errors import CallboardError, FileError, RefusedError
from lib.errors.codes import CodedText
from lib.ingest import api_records, json_items
from lib.ingest.api_records import MAX_OBJECTS, convert_objects
from lib.ingest.json_items import MAX_ITEM_BYTES, decode_body

SIZE = 8 * 2**20
"""Bytes of a body that stands for much; a quarter of what the settings allow, as memory is traced slowly."""

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def as_written(text: str) -> object:
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)


@given(st.lists(values, max_size=6), st.sampled_from([None, 1]), st.booleans(), st.integers(1, 60), st.booleans())
def test_an_array_is_what_json_says(
    items: list[object], indent: int | None, is_ascii: bool, window: int, has_mark: bool
) -> None:
    text = json.dumps(items, indent=indent, ensure_ascii=is_ascii)
    body = text.encode("utf-8-sig" if has_mark else "utf-8", "replace")
    assert list(decode_body(body, window_bytes=window)) == as_written(body.decode("utf-8-sig"))


@given(st.lists(values, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\n \n"]), st.booleans())
def test_lines_are_what_json_says(items: list[object], end: str, has_mark: bool) -> None:
    text = end.join(map(json.dumps, items))
    lines = [as_written(line) if line.strip() else {} for line in text.split("\n")]
    assert list(decode_body(text.encode("utf-8-sig" if has_mark else "utf-8"), may_be_array=False)) == lines


@pytest.mark.parametrize("window", [1, 7, 1_000])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("[", "evaluation 1 is no JSON"),
        ('[{"id": 1}', "evaluation 1 is not followed"),
        ('[{"id": 1},', "evaluation 1 is followed by a comma, and by no other one"),
        ('[{"id": 1},]', "evaluation 1 is followed by a comma, and by no other one"),
        ('[{"id": 1}, ,{"id": 2}]', "evaluation 2 is no JSON"),
        ('[{"id": 1}{"id": 2}]', "evaluation 1 is not followed"),
        ('[{}, {"id" 1}, {}]', "evaluation 2 is no JSON"),
        ('[{}, {"id": "\\x"}, {}]', "evaluation 2 is no JSON"),
        ('[{}, {"id": "a\nb"}, {}]', "evaluation 2 is no JSON"),
        ('[{}, {"id": "never ends}, {}]', "evaluation 2 is no JSON"),
        ("[{}, 1.]", "evaluation 2 is not followed"),
        ("[{}] [{}]", "something follows"),
        ('[{}, {"id": [' + "[" * 5_000, "evaluation 2 is nested too deep"),
        ('{"id": 1}\n{"id": ', "line 2 is no JSON"),
        ('{"id": 1}\n\n{bad}', "line 3 is no JSON"),
    ],
)
def test_what_is_no_json_is_named(text: str, why: str, window: int) -> None:
    with pytest.raises(FileError) as error:
        list(decode_body(text.encode(), window_bytes=window))
    assert why in error.value.message


@pytest.mark.parametrize("body", [b'[{"id": "\xff"}]', b'{"id": "\xff"}', b'[{"id": "\xc3', b"\xff\xfe[\x00]\x00"])
def test_what_is_no_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(FileError):
        list(decode_body(body))


def repeated(unit: bytes, before: bytes = b"[", between: bytes = b",", after: bytes = b"]") -> Callable[[], bytes]:
    return lambda: before + between.join([unit] * (SIZE // len(unit + between))) + after


def keys() -> bytes:
    return b"[{" + b",".join(b'"%x":1' % number for number in range(SIZE // 9)) + b"}]"


BODIES = {
    "empty objects": (repeated(b"{}"), True),
    "empty objects, and one character of four bytes": (repeated(b"{}", before='["\U0001f600",'.encode()), True),
    "empty lists": (repeated(b"[]"), True),
    "an object of many keys": (keys, True),
    "a list of lists within": (repeated(b"[]", b'[{"id":[', after=b"]}]"), True),
    "lists of lists within": (repeated(b'{"id":[' + b",".join([b"[]"] * 100) + b"]}"), True),
    "long values": (repeated(b'{"id":"' + b"x" * 200_000 + b'"}'), True),
    "one value": (lambda: b'[{"id":"' + b"x" * SIZE + b'"}]', True),
    "depth": (lambda: b"[" * SIZE, True),
    "white space": (lambda: b" " * SIZE, True),
    "white space in an array": (lambda: b"[{}," + b" " * SIZE + b"{}]", True),
    "objects of unknown columns": (repeated(b"{" + b",".join(b'"c%d":1' % each for each in range(20)) + b"}"), True),
    "lines of nothing": (lambda: b"\n" * SIZE, False),
    "lines of white space": (repeated(b"  ", b"", b"\n", b""), False),
    "lines of empty objects": (repeated(b"{}", b"", b"\n", b""), False),
    "one line": (lambda: b'{"id":[' + b"[]," * (SIZE // 3), False),
}


@pytest.mark.parametrize("name", BODIES)
def test_memory_does_not_grow_with_what_a_body_stands_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded at once some of these take 200 MB; with a tenth of the objects it is as true, and traced sooner."""
    monkeypatch.setattr(json_items, "MAX_OBJECTS", 10_000)
    make, may_be_array = BODIES[name]
    body = make()
    convert_objects([{}], ZoneInfo("UTC"), EVERYTHING, BUILT_IN)  # what is loaded once
    tracemalloc.start()
    try:
        checked = convert_objects(decode_body(body, may_be_array), ZoneInfo("UTC"), EVERYTHING, BUILT_IN)
        assert checked.read <= 10_000
    except CallboardError as error:
        assert isinstance(error, FileError | RefusedError)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2 * SIZE, f"{peak:,} bytes"


def test_no_more_is_decoded_than_may_be_sent() -> None:
    for body, may_be_array in ((b"[" + b"{}," * MAX_OBJECTS + b"{}]", True), (b"{}\n" * (MAX_OBJECTS + 1), False)):
        decoded = 0
        with pytest.raises(RefusedError) as error:
            for _ in decode_body(body, may_be_array):
                decoded += 1
        assert (decoded, error.value.status) == (MAX_OBJECTS, 413)
        fewer = body.replace(b"{},", b"", 1) if may_be_array else body[3:]
        assert sum(1 for _ in decode_body(fewer, may_be_array)) == MAX_OBJECTS


def test_an_evaluation_is_not_longer_than_its_columns_can_be() -> None:
    text = "\U0001f600" * 1_000
    longest = json.dumps([{"id": str(number), **dict.fromkeys(FIELDS, text)} for number in range(3)])
    assert len(longest) > MAX_ITEM_BYTES
    assert [len(item) for item in decode_body(longest.encode()) if isinstance(item, dict)] == [len(FIELDS)] * 3
    for body, place in (
        (b'[{}, "' + b"x" * MAX_ITEM_BYTES + b'"]', "Evaluation"),
        (b'{}\n"' + b"x" * MAX_ITEM_BYTES + b'"', "Line"),
    ):
        with pytest.raises(FileError, match=f"{place} 2 of the body is longer than 512 KB"):
            list(decode_body(body))


def test_what_is_wrong_is_described_a_thousand_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding the nearest name takes a while: for every unknown one of a body it took minutes."""
    described = 0
    nearest = errors.nearest

    def counted(name: str, known: Iterable[str]) -> CodedText | str:
        nonlocal described
        described += 1
        return nearest(name, known)

    monkeypatch.setattr(api_records, "nearest", counted)
    entry = {f"column {number}": 1 for number in range(20)}
    checked = convert_objects([entry] * 5_000, ZoneInfo("UTC"), EVERYTHING, BUILT_IN)
    assert (checked.read, checked.bad, len(checked.problems)) == (5_000, 5_000, 1_000)
    assert described == 1_000


def test_batches_are_one_after_the_other() -> None:
    rows = [{"id": str(number), "audioDate": "2024-01-01"} for number in range(2_500)]
    rows[1_700] = {"id": "bad", "audioDate": "never"}
    rows.insert(5, {"who": "me"})
    checked = convert_objects(rows, ZoneInfo("UTC"), EVERYTHING, BUILT_IN)
    assert (checked.read, checked.bad, [problem.row for problem in checked.problems]) == (2_501, 2, [6, 1_702])
    seqs = [seq for batch in checked.batches for seq in batch.column("seq").to_pylist()]
    assert seqs == sorted(set(seqs)) and len(seqs) == 2_499
