"""Texts of others on a page: nothing in them is drawn as anything but itself."""

from __future__ import annotations

import pytest

from lib.errors import DatabaseUnavailableError, DiskFullError, FileError
from lib.errors.codes import FailureCode
from lib.ui import markdown

JOINER = "\u2060"


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ("Plain words, 1 of 2", "Plain words, 1 of 2"),
        ("*a* _b_ `c` ~d~", r"\*a\* \_b\_ \`c\` \~d\~"),
        ("[a](b) <c> {d} $e$ f|g!", r"\[a\]\(b\) \<c\> \{d\} \$e\$ f\|g\!"),
        ("# a\n\n- b\n1. c", r"\# a \- b 1\. c"),
        (r"a\b & c = d", r"a\\b \& c \= d"),
        ("see https://x and HTTP://y", rf"see https{JOINER}\://x and HTTP{JOINER}\://y"),
        ("www.x", rf"www{JOINER}\.x"),
        ("a@b", f"a@{JOINER}b"),
        ("a -> b", rf"a \-{JOINER}\> b"),
        ("a--b", r"a\-\-b"),
        (":material/star:", rf"\:{JOINER}material/star\:"),
        (":smile:", r"\:smile\:"),
    ],
)
def test_marks_are_shown_as_they_are(given: str, drawn: str) -> None:
    assert markdown.text(given) == drawn


def test_what_a_page_says_of_an_error() -> None:
    hidden = markdown.problem(DatabaseUnavailableError("connection to 10.1.2.3 failed"))
    assert hidden.startswith("The database does not answer") and "10.1" not in hidden
    assert markdown.problem(DiskFullError(FailureCode.DISK_FULL)).startswith("The disk is full")
    assert markdown.problem(FileError("*x*: no rows")) == r"\*x\*\: no rows"
