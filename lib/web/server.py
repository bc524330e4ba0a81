"""The HTTP server that the pages' server starts, set as the gateway needs it.

It is made before the application is loaded, and its options are few; what it reads for each new connection can still
be set while the application starts.
"""

from __future__ import annotations

import gc
import resource

import uvicorn
from websockets import http11

from lib.web.http_protocol import MAX_ADDRESS, MAX_HEADERS, HttpProtocol
from lib.web.websocket_protocol import WebSocketProtocol

_OPEN_FILES = 16_384
"""Files that the process may have open where the system lets it: a page takes four, and the usual 1,024 are few."""


def configure(message_bytes: int) -> None:
    """Let connections from now on have our limits; a websocket's message has at most `message_bytes`."""
    # A websocket's library takes lines of 8 KB, and the cookies of a log-in, which are one line, may be longer.
    http11.MAX_LINE_LENGTH = max(MAX_ADDRESS, MAX_HEADERS) + 1024
    for config in [each for each in gc.get_objects() if isinstance(each, uvicorn.Config)]:
        config.http_protocol_class = HttpProtocol
        config.ws_protocol_class = WebSocketProtocol
        config.ws_max_size = message_bytes


def raise_open_files() -> None:
    """Let the process have more files open, as far as its hard limit goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
