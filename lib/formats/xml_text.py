"""Texts as XML 1.0 can hold them: in pictures, printed pages and workbooks."""

from __future__ import annotations

import re

UNHELD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 can't hold: control characters, halves of pairs, and two that are no characters."""
