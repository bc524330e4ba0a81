"""What a request's headers say of the answer: lists of codings and of tags, as visitors write them."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from lib.web.request_headers import accepts, has_tag


def headers(name: str, *values: str) -> Headers:
    return Headers(raw=[(name.encode(), value.encode()) for value in values])


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        (True, ["gzip"]),
        (True, ["gzip, deflate, br, zstd"]),
        (True, ["br;q=1.0, GZIP ; Q=0.001, *;q=0"]),
        (True, ["deflate", "gzip;q=0.5"]),
        (True, ["*"]),
        (True, ["identity;q=0, *;q=0.1"]),
        (False, []),
        (False, [""]),
        (False, ["identity"]),
        (False, ["gzip;q=0"]),
        (False, ["gzip; q=0.000, br"]),
        (False, ["gzip;q=0, *"]),
        (False, ["*;q=0"]),
        (False, ["xgzipx"]),
        (False, ["gzip-9, x;gzip"]),
        (False, ["gzip;q=", "gzip;q=yes", "gzip;q=-1", "gzip;level=9"]),
    ],
)
def test_gzip_is_accepted_where_it_is_named_and_not_refused(expected: bool, values: list[str]) -> None:
    assert accepts(headers("accept-encoding", *values), "gzip") is expected


def test_each_coding_is_asked_for_by_its_name() -> None:
    both, one = headers("accept-encoding", "gzip, br"), headers("accept-encoding", "gzip, br;q=0")
    assert accepts(both, "br") and accepts(both, "gzip") and not accepts(both, "zstd")
    assert accepts(one, "gzip") and not accepts(one, "br")


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        (True, ['"a"']),
        (True, ['W/"a"']),
        (True, ['"b" ,W/"a"']),
        (True, ['"b"', '"a"']),
        (True, ["*"]),
        (False, []),
        (False, ["a"]),
        (False, ['"ab"']),
        (False, ['W/"b", ""']),
    ],
)
@pytest.mark.parametrize("tag", ['"a"', 'W/"a"'])
def test_a_tag_is_held_strong_or_weak(expected: bool, values: list[str], tag: str) -> None:
    assert has_tag(headers("if-none-match", *values), tag) is expected
