"""The documents."""

from __future__ import annotations

import re

from lib import __version__
from tests.conftest import ROOT


def test_the_changelog_begins_with_this_version() -> None:
    (newest, *_) = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest == __version__
