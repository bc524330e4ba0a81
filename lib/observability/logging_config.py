"""What the server writes down: one form for every line, whose request it was, and no secret in any.

Every logger writes by the one handler here, to standard error; the libraries' own handlers are taken from them.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lib.observability.redaction import redact

log = logging.getLogger(__name__)

JSON = "json"

_LIBRARIES = ("streamlit", "uvicorn", "websockets")
"""Whose loggers come with handlers of their own."""


@dataclass(slots=True)
class RequestContext:
    """What is being served: a request, or a run of a page. `key` names the API key, without its secret."""

    id: str
    method: str
    path: str
    key: str | None = None


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode

_served: ContextVar[RequestContext | None] = ContextVar("served", default=None)


def serve(served: RequestContext) -> None:
    """Say what is being served from here on, in this task or thread and in the threads that it hands work to."""
    _served.set(served)


def serving() -> RequestContext | None:
    """Return what is being served."""
    return _served.get()


def begin(form: str) -> None:
    """Let every logger write in one form, `text` or `json`."""
    logging.setLogRecordFactory(_record)
    # What no line says is not looked up for each.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # the documented way to leave out where it was written
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == JSON else _PlainLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in ("alembic", "httpx"):  # the one tells of each migration, the other of each step of a log-in
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _LIBRARIES:
            adopt(logging.getLogger(name))
    threading.excepthook = _thread_ended
    sys.excepthook = _program_ended


def adopt(logger: logging.Logger) -> None:
    """Let a library's logger write as all others do; not the server's own of requests, which holds their queries."""
    logger.handlers.clear()
    logger.propagate = logger.name != "uvicorn.access"


def _on_one_line(text: str) -> str:
    """Show what would end a line, or steer a terminal: nobody's text can be taken for a line of its own."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a record that holds no secret, whoever writes it, and knows what was being served."""
    record = logging.LogRecord(*args, **kwargs)
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit the text; the handler would print both as they are
        message = f"{record.msg} {record.args!r}"
    record.msg, record.args = _on_one_line(redact(message)), ()
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
    record.served = _served.get()
    return record


class _PlainLine(logging.Formatter):
    """A line for people: `2026-11-24 18:00:00,000 INFO lib.web.gateway: GET /v1/… 200 (3.1 ms) [req_…]`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s%(whose)s")

    def format(self, record: logging.LogRecord) -> str:
        served: RequestContext | None = getattr(record, "served", None)
        record.whose = "" if served is None else f" [{served.id}]"
        return super().format(record)


class _Json(logging.Formatter):
    """A line for programs: an object of time, level, logger, message; request, and what else belongs to it."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        served: RequestContext | None = getattr(record, "served", None)
        if served is not None:
            line |= {"requestId": served.id, "method": served.method, "path": redact(served.path)}
            if served.key is not None:
                line["key"] = served.key
        details: dict[str, Any] = getattr(record, "details", {})
        line |= {name: redact(value) if isinstance(value, str) else value for name, value in details.items()}
        if record.exc_text:
            line["error"] = record.exc_text
        return _encode(line)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        exception = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        log.error("The thread %s ended", getattr(ended.thread, "name", "?"), exc_info=exception)


def _program_ended(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("The program ended", exc_info=(kind, error, trace))
