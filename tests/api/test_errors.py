"""Errors of ours over HTTP: each kind's status and code, what is told of it, and the one shape of the answer."""

from __future__ import annotations

import json

import pytest

from lib import errors
from lib.api import errors as api_errors
from lib.api.errors import RETRY_SECONDS, ApiError
from lib.errors.codes import FailureCode
from lib.errors.parameter_codes import ParameterCode

HIDDEN = "connection to 10.1.2.3 failed"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidParameterError("page", ParameterCode.GIVEN_OFTEN, count=2), 400, "INVALID_PARAMETER"),
        (errors.RefusedError(413, "too much"), 413, "PAYLOAD_TOO_LARGE"),
        (errors.RefusedError(414, "too long"), 414, "URI_TOO_LONG"),
        (errors.RefusedError(421, "another host"), 400, "INVALID_PARAMETER"),
        (errors.ConflictError("there is one"), 409, "CONFLICT"),
        (errors.BusyError("too many wait"), 429, "RATE_LIMIT_EXCEEDED"),
        (errors.BadRowsError("row 2"), 400, "INVALID_PARAMETER"),
        (errors.FileError("no header"), 400, "INVALID_PARAMETER"),
        (errors.MappingError("no id"), 400, "INVALID_PARAMETER"),
        (errors.QueryTimeoutError("it took too long"), 503, "DATABASE_UNAVAILABLE"),
        (errors.DiskFullError(FailureCode.DISK_FULL), 503, "DATABASE_UNAVAILABLE"),
        (errors.StorageError(HIDDEN), 503, "DATABASE_UNAVAILABLE"),
        (errors.DatabaseUnavailableError(HIDDEN), 503, "DATABASE_UNAVAILABLE"),
        (ValueError(HIDDEN), 503, "DATABASE_UNAVAILABLE"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_error_has_its_status(error: Exception, status: int, code: str) -> None:
    found = api_errors.of(error)
    assert (found.status, found.code) == (status, code)
    assert found.parameter == ("page" if isinstance(error, errors.InvalidParameterError) else None)
    assert found.retry_after == (RETRY_SECONDS if status in (429, 503) else None)
    is_told = isinstance(error, errors.CallboardError) and error.message != HIDDEN
    assert found.message == error.message if is_told else HIDDEN not in found.message  # type: ignore[attr-defined]


def test_the_one_shape() -> None:
    whole = api_errors.response("req_1", ApiError(429, "A_CODE", "Words.", "page", retry_after=7, headers={"X-A": "b"}))
    assert json.loads(bytes(whole.body)) == {
        "error": {"code": "A_CODE", "message": "Words.", "parameter": "page", "requestId": "req_1", "retryAfter": 7}
    }
    assert (whole.status_code, whole.headers["retry-after"], whole.headers["x-a"]) == (429, "7", "b")
    least = api_errors.response("req_2", api_errors.not_found("Nothing."))
    assert json.loads(bytes(least.body)) == {
        "error": {"code": "NOT_FOUND", "message": "Nothing.", "requestId": "req_2"}
    }
    assert least.status_code == 404 and "retry-after" not in least.headers
    refused = api_errors.refusal("req_3", errors.RefusedError(413, "Too much."))
    assert (refused.status_code, json.loads(bytes(refused.body))["error"]["requestId"]) == (413, "req_3")
    nobody = api_errors.response("req_4", api_errors.unauthenticated())
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
