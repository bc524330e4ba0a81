"""Evaluations that a program sends: objects in the canonical columns, checked in this process, as they are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.analytics.columns import COLUMNS
from lib.analytics.filters import Grant
from lib.analytics.zones import Zones
from lib.errors import nearest
from lib.ingest.convert import Batch, Converter, Problem
from lib.ingest.jsonlines import NESTED, json_text
from lib.ingest.mapping import Mapping, folded, shortened

MAX_OBJECTS = 100_000
"""Evaluations that a program may send at once; more than that is what files are for."""

_SOURCE = "POST /evaluations"
_KEPT_PROBLEMS = 1_000
_PROBLEMS_OF_ONE = 20
_KNOWN = ", ".join(COLUMNS)
_BY_FOLDED = {folded(name): name for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class Checked:
    """The good rows, and what was wrong with the others."""

    batches: tuple[pa.RecordBatch, ...]
    read: int
    blank: int
    bad: int
    problems: tuple[Problem, ...]


def convert_objects(objects: Sequence[object], zone: ZoneInfo, grant: Grant) -> Checked:
    """Check objects by the rules of an import. What the grant does not cover is bad, as its sender may not see it."""
    problems: list[Problem] = []
    malformed = 0
    numbers: list[int] = []
    rows: list[dict[str, str | None]] = []
    for number, entry in enumerate(objects, 1):
        row, wrong = _read(entry, number)
        if wrong:
            malformed += 1
            problems += wrong[: _KEPT_PROBLEMS - len(problems)]
        else:
            numbers.append(number)
            rows.append(row)
    mapping = Mapping().resolve(tuple(COLUMNS), _SOURCE, lambda _: ())
    columns = tuple(pa.array([row.get(name) for row in rows], pa.string()) for name in COLUMNS)
    converter = Converter(mapping, tuple(COLUMNS), Zones(zone, zone))
    converted = converter.convert(Batch(_SOURCE, np.array(numbers, dtype=np.int64), columns), 0)
    unfit = list(converted.problems)
    good = converted.rows
    for column, staged, ids in (
        ("callCenterId", "call_center_id", grant.call_centers),
        ("campaignId", "campaign_id", grant.campaigns),
    ):
        if ids is None:
            continue
        inside = pc.fill_null(pc.is_in(good.column(staged).dictionary_decode(), pa.array(ids, pa.string())), False)
        allowed = shortened(", ".join(ids), 1_000)
        for row_seq, value, fine in zip(
            good.column("seq").to_pylist(), good.column(staged).to_pylist(), inside.to_pylist(), strict=True
        ):
            if not fine:
                told = "lies outside what the key may write"
                unfit.append(Problem(_SOURCE, numbers[row_seq], column, value or "", told, allowed))
        good = good.filter(inside)
    bad = malformed + len({problem.row for problem in unfit})
    problems = sorted(problems + unfit, key=lambda problem: problem.row)
    return Checked((good,), len(objects), converted.blank, bad, tuple(problems))


def _read(entry: object, number: int) -> tuple[dict[str, str | None], list[Problem]]:
    """Return an object's values by their columns, and what is wrong with its form."""
    if not isinstance(entry, dict):
        shown = shortened(str(entry) if isinstance(entry, str | int | float | bool) else type(entry).__name__, 60)
        return {}, [Problem(_SOURCE, number, "the row", shown, "is not an object", "an object")]
    row: dict[str, str | None] = {}
    problems: list[Problem] = []
    for name, value in entry.items():
        canonical = _BY_FOLDED.get(folded(name))
        text = json_text(value)
        if canonical is None:
            shown = shortened(name, 60)
            problems.append(Problem(_SOURCE, number, shown, "", f"is not a column{nearest(shown, COLUMNS)}", _KNOWN))
        elif canonical in row:
            problems.append(Problem(_SOURCE, number, canonical, "", "is there twice", "one value"))
        elif text is NESTED:
            problems.append(Problem(_SOURCE, number, canonical, "", "holds a list or an object", "a single value"))
        else:
            row[canonical] = None if text is None else str(text)
        if len(problems) >= _PROBLEMS_OF_ONE:
            break
    return row, problems
