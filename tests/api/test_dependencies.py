"""What a path is asked with: parameters that it knows, numbers within their limits."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from lib.api import dependencies
from lib.api.errors import ApiError


def asked(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_parameters_with_all_their_values() -> None:
    found = dependencies.strict_query(asked("a=1&b=2&a=3"), ("a", "b", "c"))
    assert found == {"a": ["1", "3"], "b": ["2"]}


def test_a_parameter_that_the_path_does_not_know() -> None:
    with pytest.raises(ApiError) as caught:
        dependencies.strict_query(asked("pag=1"), ("page", "pageSize"))
    assert (caught.value.status, caught.value.parameter) == (400, "pag")
    assert "did you mean 'page'" in caught.value.message and "known: page, pageSize." in caught.value.message
    with pytest.raises(ApiError) as caught:
        dependencies.strict_query(asked("x" * 300 + "=1"), ())
    assert caught.value.parameter == "x" * 100 and "known: none." in caught.value.message
    assert caught.value.message.startswith(f"'{'x' * 60}' is not")


@pytest.mark.parametrize(("parameters", "number"), [({}, 7), ({"size": ["1"]}, 1), ({"size": ["50"]}, 50)])
def test_whole_numbers(parameters: dict[str, list[str]], number: int) -> None:
    assert dependencies.whole_number(parameters, "size", 7, 50) == number


@pytest.mark.parametrize(
    "values",
    [["0"], ["51"], ["-1"], ["1.5"], [""], ["x"], ["²"], ["9" * 5_000], ["2", "3"]],
    ids=lambda each: each[0][:5],
)
def test_numbers_that_can_not_be(values: list[str]) -> None:
    with pytest.raises(ApiError) as caught:
        dependencies.whole_number({"size": values}, "size", 7, 50)
    assert caught.value.parameter == "size" and len(caught.value.message) < 150
    assert caught.value.message.endswith("is not a whole number from 1 to 50.")


def test_what_may_be_given_once() -> None:
    assert dependencies.single({}, "timezone") is None
    assert dependencies.single({"timezone": ["UTC"]}, "timezone") == "UTC"
    with pytest.raises(ApiError, match="timezone is given 2 times"):
        dependencies.single({"timezone": ["UTC", "UTC"]}, "timezone")
