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


SCORE = "a score from 0 to 10, or a scale in the mapping that leads there, such as scale = 0.1 for 0 to 100"
PUNTAJE = "un puntaje de 0 a 10, o una escala en el mapeo que lleve a ello, como scale = 0.1 para valores de 0 a 100"


def test_bad_rows_in_words(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate,averageNote\n,2024-01-01,11\nb,2024-01-02,7,Ana\n")
    payload = {"files": [(str(path), path.name)], "actor": "test"}
    result = json.loads(json.dumps(TASKS["import"](workspace, payload, lambda *_: None)))
    assert "right would" not in json.dumps(result) and "is missing" not in json.dumps(result)
    assert [tuple(import_text.problem_in_words(problem).values()) for problem in result["problems"]] == [
        ("calls.csv", 2, "id", "", "is missing", "what tells one evaluation from all others"),
        ("calls.csv", 2, "averageNote", "11", "is outside 0 to 10", SCORE),
        ("calls.csv", 3, "the row", "b | 2024-01-02 | 7 | Ana", "has 4 cells where the header has 3", "3 cells"),
    ]
    with override_language("es"):
        assert [tuple(import_text.problem_in_words(problem).values())[2:] for problem in result["problems"]] == [
            ("id", "", "falta", "lo que distingue una evaluación de todas las demás"),
            ("averageNote", "11", "está fuera de 0 a 10", PUNTAJE),
            ("la fila", "b | 2024-01-02 | 7 | Ana", "tiene 4 celdas donde el encabezado tiene 3", "3 celdas"),
        ]
    assert Path(result["bad_rows_file"]).read_text("utf-8-sig").splitlines() == [
        "id,audioDate,averageNote,reason",
        ',2024-01-01,11,"calls.csv, row 2: id is missing; right would be what tells one evaluation from all others; '
        f'averageNote is outside 0 to 10; right would be {SCORE}"',
        'b,2024-01-02,7,"calls.csv, row 3: the row has 4 cells where the header has 3; right would be 3 cells '
        '(beyond the header: Ana)"',
    ]


def test_bad_rows_that_were_kept_as_words_stay_so() -> None:
    kept = {
        "file": "a.csv",
        "row": 2,
        "column": "the row",
        "value": "x",
        "problem": "has 1 cells where the header has 3",
        "right": "3 cells",
    }
    with override_language("es"):
        assert import_text.problem_in_words(kept) == kept


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
        "days touched: 2 (1 Jan 2024 to 3 Jan 2024)",
        "took: 1.3 s",
        "result: loaded; bad rows skipped",
    ]
    result["read"], result["seconds"] = 16_591, 1234.56
    lines, plain = import_text.in_words(result), import_text.in_words(result, is_plain=True)
    assert (lines[0], lines[-2]) == ("rows read: 16,591", "took: 1,234.6 s")
    assert plain[0] == "rows read: 16591"
    assert plain[-3:-1] == ["days touched: 2 (2024-01-01 to 2024-01-03)", "took: 1234.6 s"]
    result["days"], result["first_day"], result["last_day"] = 0, None, None
    assert import_text.in_words(result)[-3] == "days touched: 0"
    result["days"], result["first_day"], result["last_day"] = 2, "2024-01-01", "2024-01-03"
    with override_language("es"):
        assert import_text.in_words(result)[0] == "filas leídas: 16.591"
        assert import_text.in_words(result)[-4:] == [
            "ids repetidos: 2 (vale la fila posterior; duplicados exactos: 1)",
            "días afectados: 2 (1 ene 2024 a 3 ene 2024)",
            "duración: 1.234,6 s",
            "resultado: cargado; se omitieron las filas con errores",
        ]


def test_rows_that_are_not_as_wide_as_the_header_are_counted(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate,averageNote\na,2024-01-01\nb,2024-01-02,7,,\nc,2024-01-03,7\n")
    result = TASKS["import"](workspace, {"files": [(str(path), path.name)], "actor": "test"}, lambda *_: None)
    assert (result["added"], result["short_rows"], result["long_rows"]) == (3, 1, 1)
    assert import_text.in_words(result)[6:8] == [
        "rows shorter than the header: 1 (missing cells are empty)",
        "rows longer than the header: 1 (the cells beyond it are empty)",
    ]
    with override_language("es"):
        assert import_text.in_words(result)[6:8] == [
            "filas más cortas que el encabezado: 1 (las celdas que faltan están vacías)",
            "filas más largas que el encabezado: 1 (las celdas que sobran están vacías)",
        ]


def test_fields_that_an_import_defines_are_named(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,audioDate,CSAT,Resolved\na,2024-01-01,4.5,Y\n")
    mapping = (
        '[columns]\nid = "id"\naudioDate = "audioDate"\n[fields]\n'
        'csat = { column = "CSAT", type = "number", label = "CSAT (1-5)" }\n'
        'resolved = { column = "Resolved", type = "yes_no" }\n'
    )
    payload = {"files": [(str(path), path.name)], "actor": "test", "mapping": mapping}
    tried = json.loads(json.dumps(TASKS["import"](workspace, {**payload, "dry_run": True}, lambda *_: None)))
    assert tried["new_fields"] == [
        {"name": "csat", "type": "number", "label": "CSAT (1-5)"},
        {"name": "resolved", "type": "yes_no", "label": "Resolved"},
    ]
    named = "csat (number, “CSAT (1-5)”), resolved (yes or no, “Resolved”)"
    assert f"fields that would be defined: {named}" in import_text.in_words(tried)
    done = TASKS["import"](workspace, payload, lambda *_: None)
    assert f"fields defined: {named}" in import_text.in_words(done)
    plain = "fields defined: csat (number, “CSAT (1-5)”), resolved (yes_no, “Resolved”)"
    assert plain in import_text.in_words(done, is_plain=True)
    with override_language("es"):
        assert "campos definidos: csat (número, “CSAT (1-5)”), resolved (sí o no, “Resolved”)" in (
            import_text.in_words(done)
        )
    again = TASKS["import"](workspace, payload, lambda *_: None)
    assert again["new_fields"] == [] and not [line for line in import_text.in_words(again) if "field" in line]
