"""The small files of `../shared/data/files`: each went wrong in some product; what must come out, on both engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lib.errors import CallboardError
from lib.store import schema
from lib.workspace import Workspace
from tests.conftest import SHARED, Load

FILES = SHARED / "data" / "files"
pytestmark = pytest.mark.skipif(not FILES.exists(), reason="these files lie beside the repository, not in it")

Row = dict[str, Any]
"""What is stored of an evaluation: its score, its seconds, its instant in UTC, the names that it came with."""


@dataclass(frozen=True)
class Case:
    """What comes out of the files of a folder: rows by id, or the words of bad rows, or those of a refusal."""

    rows: dict[str, Row] | None = None
    bad: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    mapping: str | None = None  # in place of the folder's own
    more: str = ""  # put into its [file] part


def scores(**scored: float) -> dict[str, Row]:
    return {number: {"score": score} for number, score in scored.items()}


def seconds(**timed: int) -> dict[str, Row]:
    return {number: {"seconds": length} for number, length in timed.items()}


def at(**moments: str) -> dict[str, Row]:
    return {number: {"at": datetime.fromisoformat(moment)} for number, moment in moments.items()}


MMSS = '[columns]\ndurationInSeconds = { column = "Talk Time", format = "mm:ss" }\n'
CASES = {
    "utf16-named-le-with-bom": Case(scores(a1=8.5, a2=7.5)),
    "short-rows": Case({**scores(a1=8.5, a2=7.5), "a3": {"score": None, "seconds": None, "executive": None}}),
    "trailing-comma-header": Case(scores(a1=8.5, a2=7.5)),
    "mmss": Case(bad=('format = "mm:ss"', 'format = "mm:ss"')),
    "mmss, with its format": Case(seconds(a1=312, a2=3725), mapping=MMSS),
    "fraction": Case(seconds(a1=313)),
    "percent-cells": Case(scores(a1=8.5, a2=9.2, a3=10)),
    "formula-no-value": Case(bad=("open and save it in the spreadsheet", "open and save it in the spreadsheet")),
    "error-cells": Case(bad=("#N/A", "#DIV/0!", "#N/A")),
    "hidden-first-sheet": Case(scores(a1=8, a2=9)),
    "cover-first": Case(refused=("'Data'",)),
    "long-number-ids": Case({"1234567890123450": {}, "9912140633506420": {}, "123456789012345": {}}),
    "sci-ids": Case(bad=("spreadsheet",) * 5),
    "parquet-nested-unmapped": Case({"a1": {"score": 8.5}}),
    "jsonl-ctr-nested-mapped": Case(
        {
            "c-1": {"executive": "ana", "seconds": 301},
            "c-2": {"executive": "luis", "seconds": 302},
            "c-3": {"executive": "ana", "seconds": 303},
        }
    ),
    "int96-wraps": Case(bad=("2608",)),
    "jsonl-decimal-comma": Case({"a1": {"seconds": 312, "score": 8.5}}),
    "spanish-ampm": Case(
        at(a1="2024-01-31T15:15", a2="2024-01-31T09:05", a3="2024-01-31T00:00"), more='locale = "es"\n'
    ),
    "H-with-p": Case(refused=("%p", "%I")),
    "es-months": Case(at(a1="2024-01-31", a2="2024-09-05", a3="2024-09-05"), more='locale = "es"\n'),
    "names": Case({f"a{place}": {"executive": "José Pérez"} for place in range(1, 6)}, warned=("entas",)),
    "epoch": Case(bad=('"epoch"', '"epoch_ms"')),
    "epoch, in seconds and milliseconds": Case(
        at(a1="2024-01-31T09:30", a2="2024-01-31T09:30"), mapping='[file]\ndate_format = ["epoch", "epoch_ms"]\n'
    ),
    "serials": Case(bad=('"excel"', '"excel"')),
    "serials, of Excel": Case(at(a1="2024-01-31T09:30", a2="2024-01-31"), mapping='[file]\ndate_format = "excel"\n'),
    "thousands": Case(bad=("decimal", "thousands", "decimal", "thousands", "")),
    "backslash-quotes": Case({"a1": {"executive": 'Ana "La Jefa" Ruiz'}, "a2": {"executive": "Luis"}}),
    "scale1-fraction": Case(seconds(a1=312, a2=312)),
    "xlsx-float-noise": Case({"a1": {"seconds": 312, "score": 8.6}, "a2": {"seconds": 312, "score": 7}}),
    "negative-scale": Case(scores(a1=10, a2=2)),
    "mapping-other-case": Case(scores(a1=8)),
    "guess-dup-id": Case(
        {"T0": {"score": 7}, "T1": {"score": 5}, "T2": {"score": 8}},
        mapping='[columns]\nid = "Ticket ID"\naudioDate = "Date"\naverageNote = "Score"\n',
        warned=("T0",),
    ),
}


def stored(workspace: Workspace) -> dict[str, Row]:
    facts, people = schema.evaluations.c, schema.executives.c
    chosen = sa.select(facts.id, facts.score, facts.duration_seconds, facts.audio_at, people.name).join_from(
        schema.evaluations, schema.executives, facts.executive_key == people.key
    )
    with workspace.facts.read() as connection:
        return {
            number: {
                "score": None if score is None else score / 10_000,
                "seconds": length,
                "at": moment.replace(tzinfo=None),
                "executive": None if name == "(none)" else name,
            }
            for number, score, length, moment, name in connection.execute(chosen)
        }


def files_of(folder: str) -> tuple[list[Path], str | None]:
    paths = sorted(path for path in (FILES / folder).iterdir() if path.name != "again.csv")
    mapping = next((path.read_text("utf-8") for path in paths if path.suffix == ".toml"), None)
    return [path for path in paths if path.suffix != ".toml"], mapping


@pytest.mark.parametrize("name", CASES)
def test_a_file_as_people_have_it(name: str, load: Load, workspace: Workspace) -> None:
    case = CASES[name]
    files, mapping = files_of(name.partition(",")[0])
    mapping = case.mapping or mapping
    if case.more:
        assert mapping is not None
        mapping = mapping.replace("[file]\n", f"[file]\n{case.more}")
    if case.refused:
        with pytest.raises(CallboardError) as caught:
            load(files, mapping)
        assert all(word in str(caught.value) for word in case.refused), str(caught.value)
        assert stored(workspace) == {}
        return
    report = load(files, mapping)
    if case.bad:
        said = [f"{problem.column} '{problem.value}' {problem.problem}; {problem.right}" for problem in report.problems]
        assert report.result == "nothing_loaded" and len(said) == len(case.bad), said
        assert all(word in line for word, line in zip(case.bad, said, strict=True)), said
        assert stored(workspace) == {}
        return
    found = stored(workspace)
    assert case.rows is not None and found.keys() == case.rows.keys(), report.problems
    for number, expected in case.rows.items():
        assert {key: found[number][key] for key in expected} == expected, number
    warnings = " ".join(map(str, report.warnings))
    assert all(word in warnings for word in case.warned), warnings


def test_the_same_ids_from_a_csv_add_nothing(load: Load) -> None:
    folder = FILES / "long-number-ids"
    load([folder / "calls.xlsx"])
    again = load([folder / "again.csv"])
    assert (again.read, again.loaded.added, again.loaded.unchanged) == (3, 0, 3)
