"""What is wrong with a value: the error that every parser of values raises."""

from __future__ import annotations

from lib.errors.codes import CodedText


class ValueParseError(ValueError):
    """A value that can't be stored: what is wrong with it, and what would be right."""

    def __init__(self, problem: CodedText, right: CodedText) -> None:
        super().__init__(f"{problem}; right would be {right}")
        self.problem = problem
        self.right = right
