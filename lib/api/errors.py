"""The one error shape, and the one place that maps errors to HTTP."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from lib import errors
from lib.errors.alert_codes import AlertCode
from lib.errors.archive_codes import ArchiveCode
from lib.errors.codes import TextCode
from lib.errors.field_codes import FieldCode
from lib.errors.metric_codes import MetricCode
from lib.errors.report_codes import ReportCode
from lib.errors.storage_codes import StorageCode
from lib.errors.webhook_codes import WebhookCode
from lib.observability.redaction import redact

log = logging.getLogger(__name__)

RETRY_SECONDS = 5


class ApiError(Exception):
    """An answer that is an error: status, code, message, and what else it carries."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        parameter: str | None = None,
        headers: dict[str, str] | None = None,
        retry_after: int | None = None,
        position: int | None = None,
    ) -> None:
        """Keep the parts of the answer; `position` is where in a formula it is wrong, from 1."""
        super().__init__(message)
        self.status, self.code, self.message, self.parameter = status, code, message, parameter
        self.headers = dict(headers or {})
        self.retry_after = retry_after
        self.position = position


def invalid(parameter: str | None, message: str) -> ApiError:
    """Return the error of a value that can't be."""
    return ApiError(400, "INVALID_PARAMETER", message, parameter)


def not_found(message: str) -> ApiError:
    """Return the error of what is not there, or not to be seen."""
    return ApiError(404, "NOT_FOUND", message)


_UNAUTHENTICATED = "A valid API key is needed: Authorization: Bearer cb_live_…"


def unauthenticated() -> ApiError:
    """Return the error of no key, an unknown, an expired and a revoked one: the same words for all."""
    return ApiError(401, "UNAUTHENTICATED", _UNAUTHENTICATED, headers={"WWW-Authenticate": "Bearer"})


def response(request_id: str, error: ApiError) -> JSONResponse:
    """Return an error as an answer."""
    # A message quotes what was sent, and a key may have been sent where none belongs.
    body: dict[str, Any] = {"code": error.code, "message": redact(error.message)}
    if error.parameter is not None:
        body["parameter"] = redact(error.parameter)
    if error.position is not None:
        body["position"] = error.position
    body["requestId"] = request_id
    headers = dict(error.headers)
    if error.retry_after is not None:
        body["retryAfter"] = error.retry_after
        headers["Retry-After"] = str(error.retry_after)
    return JSONResponse({"error": body}, error.status, headers)


_TOLD_AS_UNAVAILABLE = (
    *(errors.QueryTimeoutError, errors.DiskFullError, errors.FieldsChangedError),
    *(errors.TimeZoneChangedError, errors.TimeZoneConflictError),
)
"""What is not there for the moment, and whose words tell nothing of hosts and files."""


_DEFINED = (errors.FieldError, errors.MetricError, errors.AlertError, errors.WebhookError, errors.ReportError)
"""The errors of what a workspace defines."""

_OF_DEFINITIONS: dict[TextCode, tuple[int, str]] = {
    **dict.fromkeys(
        (
            *(FieldCode.FIELD_UNKNOWN, MetricCode.METRIC_UNKNOWN, MetricCode.VERSION_UNKNOWN),
            *(WebhookCode.WEBHOOK_UNKNOWN, AlertCode.ALERT_UNKNOWN, ReportCode.REPORT_GONE),
        ),
        (404, "NOT_FOUND"),
    ),
    **dict.fromkeys(
        (
            *(FieldCode.FIELD_TAKEN, FieldCode.FIELD_TYPE_FIXED, FieldCode.TOO_MANY_FIELDS, FieldCode.FIELDS_CHANGED),
            *(MetricCode.TOO_MANY_METRICS, ReportCode.REPORT_CHANGED),
            *(AlertCode.TOO_MANY_ALERTS, AlertCode.ALERT_CHANGED, AlertCode.ALERT_PAUSED, AlertCode.ALERT_NOT_FIRING),
        ),
        (409, "CONFLICT"),
    ),
}
"""What is told of what a workspace defines that is not there, or clashes with what is; all else is a wrong value."""


_UNWRITTEN = "The server can't write or read a file that it needs; its log says which."
_UNANSWERED = "The database does not answer at the moment."


def of(error: Exception) -> ApiError:
    """Return what an error of ours is over HTTP."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, errors.FormulaError):
        return ApiError(400, "INVALID_FORMULA", error.message, position=error.position)
    if isinstance(error, errors.InvalidParameterError):
        return invalid(error.parameter, error.message)
    if isinstance(error, errors.RefusedError):
        codes = {413: "PAYLOAD_TOO_LARGE", 414: "URI_TOO_LONG"}
        return ApiError(
            error.status if error.status in codes else 400, codes.get(error.status, "INVALID_PARAMETER"), error.message
        )
    if isinstance(error, errors.ConflictError):
        return ApiError(409, "CONFLICT", error.message)
    if isinstance(error, _DEFINED):
        status, code = _OF_DEFINITIONS.get(error.reason.code, (400, "INVALID_PARAMETER"))
        return ApiError(status, code, error.message, getattr(error, "parameter", None))
    if isinstance(error, errors.BusyError):
        return ApiError(429, "RATE_LIMIT_EXCEEDED", error.message, retry_after=RETRY_SECONDS)
    if isinstance(error, errors.BadRowsError | errors.FileError | errors.MappingError):
        return invalid(None, error.message)
    if isinstance(error, _TOLD_AS_UNAVAILABLE):
        return ApiError(503, "DATABASE_UNAVAILABLE", error.message, retry_after=RETRY_SECONDS)
    if isinstance(error, errors.CallboardError):
        log.warning("Unavailable: %s", error.message)
        return ApiError(503, "DATABASE_UNAVAILABLE", _unavailable(error), retry_after=RETRY_SECONDS)
    log.error("A request failed", exc_info=error)
    message = "The answer could not be made; the server's log says why."
    return ApiError(503, "DATABASE_UNAVAILABLE", message, retry_after=RETRY_SECONDS)


def _unavailable(error: errors.CallboardError) -> str:
    """Return what may be told: what the database and the disk say may name hosts and files, and is in the log."""
    if isinstance(error.reason.code, StorageCode):
        return error.message
    if error.reason.code is ArchiveCode.ARCHIVE_UNREADABLE:
        return f"The archive of {error.reason.values['month']} can't be read; the server's log names the file."
    return _UNWRITTEN if isinstance(error, errors.StorageError) else _UNANSWERED


def refusal(request_id: str, error: errors.RefusedError) -> JSONResponse:
    """Return the answer to a request that the server refuses before the API sees it."""
    return response(request_id, of(error))


def _methods(request: Request) -> list[str]:
    """Return what a path takes; the framework itself names the methods of its first route alone."""
    routes = request.app.routes
    scopes = {method: {**request.scope, "method": method} for method in ("DELETE", "GET", "PATCH", "POST", "PUT")}
    taken = [name for name, scope in scopes.items() if any(each.matches(scope)[0] is Match.FULL for each in routes)]
    return [*taken, "HEAD"] if "GET" in taken else taken


_BY_STATUS = {
    404: ("NOT_FOUND", "There is no such path."),
    405: ("METHOD_NOT_ALLOWED", "This path does not take that method."),
    413: ("PAYLOAD_TOO_LARGE", "The body is larger than it may be."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The body's type is none that this path takes."),
}


def install(app: FastAPI) -> None:
    """Let the application answer every error in the one shape."""

    def known(request: Request, error: Exception) -> JSONResponse:
        return response(request.state.request_id, of(error))

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - what this handler is registered for
        code, message = _BY_STATUS.get(error.status_code, ("INVALID_PARAMETER", "The request can't be understood."))
        status = error.status_code if error.status_code in _BY_STATUS else 400
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request))
        return response(request.state.request_id, ApiError(status, code, message, headers=headers))

    def validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - what this handler is registered for
        detail = error.errors()[0]
        place = [str(part) for part in detail["loc"] if part not in ("query", "body", "path", "header")]
        name = place[0] if place else None
        message = f"{name or 'The request'}: {detail['msg'].removeprefix('Value error, ')}."
        return response(request.state.request_id, invalid(name, message))

    app.add_exception_handler(ApiError, known)
    app.add_exception_handler(Exception, known)
    app.add_exception_handler(errors.CallboardError, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)
