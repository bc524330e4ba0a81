"""Who may bring files: sessions of pages that drew the field for it, which takes the role that loads data.

The pages' server itself takes a file from whoever has opened a page, also from one who has not logged in.
"""

from __future__ import annotations

from collections import OrderedDict

from lib.errors import RefusedError

PATH = "/_stcore/upload_file/"

_MOST = 10_000  # sessions; the oldest are forgotten first


class Uploads:
    """The sessions that may bring files. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sessions: OrderedDict[str, None] = OrderedDict()

    def allow(self, session: str) -> None:
        """Let a session bring files."""
        self._sessions[session] = None
        while len(self._sessions) > _MOST:
            self._sessions.popitem(last=False)

    def end(self, session: str) -> None:
        """Let it no more."""
        self._sessions.pop(session, None)

    def check(self, path: str) -> None:
        """Raise RefusedError where the session that an upload's path names may bring none."""
        if path.partition(PATH)[2].partition("/")[0] not in self._sessions:
            raise RefusedError(403, "No file may be brought from this page.")


UPLOADS = Uploads()
