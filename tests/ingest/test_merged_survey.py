"""Several files as one: what any of them holds counts, and a date format has to fit all."""

from __future__ import annotations

from pathlib import Path

from lib.catalog.catalog import BUILT_IN
from lib.ingest import column_guess
from lib.ingest.file_reading import InputFile, survey
from lib.ingest.mapping import FileOptions
from lib.ingest.merged_survey import merge_surveys
from lib.ingest.survey import Survey
from lib.settings import Settings


def taken(folder: Path, *contents: str) -> list[Survey]:
    surveys = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.csv"
        path.write_text(content)
        surveys.append(survey(InputFile(path, path.name), None, Settings(data_dir=folder), BUILT_IN))
    return surveys


def test_counts_are_those_of_all_files(tmp_path: Path) -> None:
    merged = merge_surveys(
        taken(
            tmp_path,
            "Call ID,Date,Mood,Score\na,2024-01-31,Good,3\nb,2024-01-31,Bad,4\n",
            "call_id,Date,Mood,Score\nb,2024-02-01,good,9\nc,2024-02-01,Bad,\n",
        )
    )
    assert (merged.rows, merged.header) == (4, ("Call ID", "Date", "Mood", "Score"))
    ids, _, moods, scores = merged.columns
    assert dict(moods.values) == {"Good": 1, "Bad": 2, "good": 1}
    assert (ids.filled, ids.distinct, ids.repeated) == (4, 3, ("b",))
    assert (scores.filled, scores.smallest, scores.largest) == (3, 3, 9)


def test_the_order_of_day_and_month_is_settled_by_any_file(tmp_path: Path) -> None:
    surveys = taken(
        tmp_path, "Call ID,Date\na,01/02/2024\nb,05/01/2024\n", "Call ID,Date\nc,01/31/2024\n", "Call ID,Date\nd,\n"
    )
    assert len(surveys[0].columns[1].dates) == 2
    guessed = column_guess.guess(merge_surveys(surveys), FileOptions(), BUILT_IN)
    assert guessed.mapping.file.date_formats == ("%m/%d/%Y",) and not guessed.questions


def test_one_file_is_itself(tmp_path: Path) -> None:
    (only,) = taken(tmp_path, "id,audioDate\na,2024-01-31\n")
    assert merge_surveys([only]) is only


def test_formats_of_one_order_are_put_together(tmp_path: Path) -> None:
    surveys = taken(tmp_path, "id,Date\na,01/02/2024\n", "id,Date\nb,31/01/2024 10:00\n", "id,Date\nc,2024-01-31\n")
    guessed = column_guess.guess(merge_surveys(surveys), FileOptions(), BUILT_IN)
    assert guessed.mapping.file.date_formats == ("%d/%m/%Y", "%d/%m/%Y %H:%M") and not guessed.questions


def test_orders_of_two_files_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    surveys = taken(tmp_path, "id,Date\na,01/31/2024\n", "id,Date\nb,31/01/2024\n")
    guessed = column_guess.guess(merge_surveys(surveys), FileOptions(), BUILT_IN)
    assert guessed.mapping.file.date_formats == ()
    assert [str(note) for note in guessed.notes] == ["No date format fits all values in 'Date', such as 01/31/2024."]
