"""Who may bring files: sessions of pages that drew the field for it, which takes the role that loads data.

The pages' server itself takes a file from whoever has opened a page, also from one who has not logged in. A session's
permission is held against the log-in and the role of the person as they are when a file comes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import anyio.to_thread

from lib.errors import AccessError, CallboardError, RefusedError

PATH = "/_stcore/upload_file/"

_MOST = 10_000  # sessions; the oldest are forgotten first

Check = Callable[[], None]
"""Raises AccessError where the person may bring no files, or not any more; asks the database."""


class UploadPermissions:
    """The sessions that may bring files. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sessions: OrderedDict[str, Check] = OrderedDict()

    def allow(self, session: str, check: Check) -> None:
        """Let a session bring files as long as a check holds."""
        self._sessions[session] = check
        while len(self._sessions) > _MOST:
            self._sessions.popitem(last=False)

    def end(self, session: str) -> None:
        """Let it no more."""
        self._sessions.pop(session, None)

    async def check(self, path: str) -> None:
        """Raise RefusedError where the session that an upload's path names may bring none now."""
        session = path.partition(PATH)[2].partition("/")[0]
        check = self._sessions.get(session)
        if check is None:
            raise RefusedError(403, "No file may be brought from this page.")
        try:
            await anyio.to_thread.run_sync(check)
        except AccessError:
            self.end(session)
            raise RefusedError(403, "No file may be brought from this page any more; reload it.") from None
        except CallboardError:
            words = "Who brings this file can't be looked up: the database does not answer. Try again in a moment."
            raise RefusedError(503, words) from None


UPLOADS = UploadPermissions()
