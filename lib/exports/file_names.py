"""Names of files that people take away, which every system takes."""

from __future__ import annotations

import re
import unicodedata
from datetime import date


def file_name(title: str, ending: str) -> str:
    """Return a name of a title and today: `callboard-average-score-2024-01-31.png`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "chart"
    return f"callboard-{words}-{date.today().isoformat()}.{ending}"
