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
