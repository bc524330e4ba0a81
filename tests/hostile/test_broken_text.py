"""Files of CSV and JSON Lines that are broken. `make fuzz` brings more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import door

FILES = 200
"""Of each format; `make fuzz FILES=10000` brings 2,500 of each."""


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_broken_files(form: str, tmp_path: Path) -> None:
    door.bring_broken(form, FILES, tmp_path)
