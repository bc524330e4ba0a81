"""Files of XLSX and Parquet that are broken. `make fuzz` brings more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import door

FILES = 200
"""Of each format; `make fuzz FILES=10000` brings 2,500 of each."""


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_broken_files(form: str, tmp_path: Path) -> None:
    door.bring_broken(form, FILES, tmp_path)
