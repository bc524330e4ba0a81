"""The limits of the process that serves."""

from __future__ import annotations

import resource

_OPEN_FILES = 16_384
"""Files that the process may have open where the system lets it: a page takes four, and the usual 1,024 are few."""


def raise_open_files() -> None:
    """Let the process have more files open, as far as its hard limit goes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
