"""What jobs are doing, and why they failed, in words."""

from __future__ import annotations

from lib.errors.codes import CodedText
from lib.i18n import t


def in_words(text: CodedText) -> str:
    """Return a text that is held as a code, in the language in use."""
    values = {name: in_words(each) if isinstance(each, CodedText) else each for name, each in text.values.items()}
    return t(text.code.text, **values)
