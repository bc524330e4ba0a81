"""What an import did, in the language of whoever looks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lib.i18n import override_language
from lib.jobs.tasks import TASKS
from lib.reports import import_text
from lib.workspace import Workspace


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_an_import_in_words(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate\na,2024-01-01\nb,2024-01-02\nb,2024-01-03\nb,2024-01-03\nc,never\n,\n")
    payload = {"files": [(str(path), path.name)], "actor": "test", "skip_bad_rows": True}
    result = json.loads(json.dumps(TASKS["import"](workspace, payload, lambda *_: None)))
    result["seconds"] = 1.26
    assert import_text.in_words(result) == [
        "rows read: 6",
        "added: 2",
        "changed: 0",
        "unchanged: 0",
        "blank: 1",
        "bad: 1",
        "repeated ids: 2 (the later row stands; exact duplicates: 1)",
        "days touched: 2 (2024-01-01 to 2024-01-03)",
        "took: 1.3 s",
        "result: loaded without bad rows",
    ]
    with override_language("es"):
        assert import_text.in_words(result)[-4:] == [
            "ids repetidos: 2 (vale la fila posterior; duplicados exactos: 1)",
            "días afectados: 2 (2024-01-01 a 2024-01-03)",
            "duración: 1.3 s",
            "resultado: cargado sin las filas con errores",
        ]
