"""The HTTP server that the pages' server starts, set as the gateway needs it.

It is made before the application is loaded, and its options are few; what it reads for each new connection can still
be set while the application starts.
"""

from __future__ import annotations

import gc
import resource

import uvicorn

from lib.web.websocket_protocol import WebSocketProtocol

_OPEN_FILES = 16_384
"""Files that the process may have open where the system lets it: a page takes four, and the usual 1,024 are few."""


def configure(message_bytes: int) -> None:
    """Let connections from now on have our limits; a websocket's message has at most `message_bytes`."""
    for config in [each for each in gc.get_objects() if isinstance(each, uvicorn.Config)]:
        config.ws_protocol_class = WebSocketProtocol
        config.ws_max_size = message_bytes


def raise_open_files() -> None:
    """Let the process have more files open, as far as its hard limit goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
