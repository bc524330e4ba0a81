"""What the rows of a file suggest for its mapping, and what they leave open, for a person to correct."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.catalog.catalog import BUILT_IN
from lib.catalog.own_fields import OwnField, OwnFieldType, catalog_with
from lib.ingest.column_guess import guess
from lib.ingest.file_reading import InputFile, survey
from lib.ingest.guesses import GuessedMapping
from lib.ingest.mapping import ColumnSource, FileOptions
from lib.ingest.mapping_toml import read_mapping, write_mapping
from lib.ingest.survey import ColumnSurvey, Survey
from lib.ingest.survey_taker import take_survey
from lib.settings import Settings
from lib.store.enums import OWN_SCALE
from tests.conftest import SHARED

REAL = SHARED / "data"


def surveyed(folder: Path, text: str) -> Survey:
    """Return the survey of a file, without the child process that takes it elsewhere."""
    path = folder / "calls.csv"
    path.write_text(text, "utf-8")
    return take_survey(path, path.name, None, BUILT_IN, lambda *_: None)


def guess_of(folder: Path, text: str) -> GuessedMapping:
    guessed = guess(surveyed(folder, text), FileOptions(), BUILT_IN)
    assert read_mapping(write_mapping(guessed.mapping), BUILT_IN) == guessed.mapping
    assert [each.canonical for each in guessed.guesses] == [*guessed.mapping.columns]
    return guessed


def table(*columns: tuple[str, ...]) -> str:
    """Return a file with these columns, each a name and its cells."""
    return "".join(";".join(row) + "\n" for row in zip(*columns, strict=True))


def sources_of(guessed: GuessedMapping) -> dict[str, str]:
    """Return the columns that are taken as they are."""
    return {canonical: "+".join(source.columns) for canonical, source in guessed.mapping.columns.items()}


HEADERS = {
    "id": "Call ID, conversation_id, interactionId, ticket id, UUID, ID Llamada, Folio, Protocolo, id_da_chamada",
    "audioDate": (
        "Call Date, Date, Timestamp, DateTime, Started at, Fecha, Fecha y hora, FECHA_LLAMADA, Data, Data "
        "Abertura, Data/Hora"
    ),
    "state": "State, status, Call Status, Estado, Situação",
    "sentiment": "Sentiment, mood, Sentimiento, Sentimento do cliente",
    "averageNote": (
        "Score, average score, Rating, CSAT score, note, Nota, Puntaje, Calificación, Puntuación, Avaliação, "
        "Nota do Consumidor, satisfaction_rating"
    ),
    "durationInSeconds": (
        "Duration, duration seconds, Talk time, avg_talk_duration, AvgTalkDuration, Duración, Duração, Tempo, "
        "call duration in minutes, Duración (seg)"
    ),
    "isAICall": "is AI call, AI, is_ai, Bot, Es IA",
    "campaignName": "Campaign name, Campaign, Topic, reason, Campaña, Campanha, Motivo, Assunto",
    "callCenterName": "call_center_name, Call center, Site, Centro, Sucursal, Central de atendimento",
    "engagementName": "Engagement, Channel, queue, Canal, Cola, Fila",
    "executiveName": (
        "Executive, Agent, agent name, Advisor, Agente, Asesor, Ejecutivo, Operador, Atendente, Nome do "
        "atendente"
    ),
    "executiveId": "Agent ID, id agente, Legajo",
    "audioFileName": "File, filename, Recording, audio_file, Archivo, Arquivo, Gravação, Grabación",
    "createdAt": "created at, Created, Fecha de creación, Data de criação",
    "evaluatedAt": "evaluated at, Fecha de evaluación, Data da avaliação",
    "evaluatorName": "Evaluator, Reviewed by, Evaluador, Avaliador",
    "evaluatorId": "Evaluator ID, ID evaluador",
    "form": "Scorecard, Evaluation form, Pauta",
    "recordingUrl": "Recording URL, Call URL, Enlace de grabación",
}  # fmt: skip
"""Headers that files have, by the column that each is."""


@pytest.mark.parametrize(
    ("canonical", "header"), [(name, each) for name, headers in HEADERS.items() for each in headers.split(", ")]
)
def test_each_header_is_taken_for_its_column(canonical: str, header: str) -> None:
    taken = Survey("calls.csv", (header,), (ColumnSurvey(header),))
    columns = guess(taken, FileOptions(), BUILT_IN).mapping.columns
    assert {name: source.columns for name, source in columns.items() if source.columns} == {canonical: (header,)}


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Nota", ("called twice", "wants a refund")),  # a remark
        ("state", ("Michigan", "Texas")),
        ("Date", ("soon", "later")),
        ("Tempo", ("sunny", "rainy")),
        ("Customer Phone", ("555", "556")),
    ],
)
def test_cells_of_another_kind_are_left_alone(tmp_path: Path, header: str, cells: tuple[str, ...]) -> None:
    assert sources_of(guess_of(tmp_path, table(("id", "a", "b"), (header, *cells)))) == {"id": "id"}


@pytest.mark.parametrize(
    ("header", "canonical"),
    [
        ("Agent.Username", "executiveName"),
        ("Agent.id", "executiveId"),
        ("Queue.Name", "engagementName"),
        ("Agent.AgentInteractionDuration", "durationInSeconds"),
        ("call.start_time", "audioDate"),
        ("Queue.Duration", None),
        ("Tiempo de espera", None),
        ("Speed of answer in seconds", None),
    ],
)
def test_nested_names_and_times_of_waiting(header: str, canonical: str | None) -> None:
    columns = guess(Survey("calls.csv", (header,), (ColumnSurvey(header),)), FileOptions(), BUILT_IN).mapping.columns
    assert {name for name, source in columns.items() if source.columns} == ({canonical} if canonical else set())


def test_no_column_is_taken_twice(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("Score", "8", "9"), ("Rating", "7", "6"), ("Agent", "a", "b")))
    assert sources_of(guessed) == {"id": "", "averageNote": "Score", "executiveName": "Agent"}
    assert guessed.mapping.columns["id"].row


def test_a_spanish_file(tmp_path: Path) -> None:
    text = (
        "ID Llamada;Fecha;Nota;Duración;Agente;Campaña;Centro;Estado\n"
        "c1;31/01/2024 09:15;8,5;00:05:12;Ana;Ventas;Lima;Finalizada\n"
        "c2;01/02/2024 10:00;7;00:04:00;Luis;Soporte;Quito;En curso\n"
    )
    guessed = guess_of(tmp_path, text)
    assert sources_of(guessed) == {
        "id": "ID Llamada", "audioDate": "Fecha", "state": "Estado", "averageNote": "Nota",
        "durationInSeconds": "Duración", "campaignName": "Campaña", "callCenterName": "Centro",
        "executiveName": "Agente",
    }  # fmt: skip
    assert guessed.mapping.file == FileOptions(date_formats=("%d/%m/%Y %H:%M",), decimal=",")
    assert guessed.mapping.values == {"state": {"Finalizada": "Completed", "En curso": "Processing"}}
    assert guessed.questions == () and guessed.notes == ()
    note = next(each for each in guessed.guesses if each.canonical == "averageNote")
    assert {(example.raw, example.value) for example in note.examples} == {("8,5", Decimal("8.5")), ("7", Decimal(7))}


def test_months_in_words_name_their_language(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Fecha", "31-ene-2024", "05-abr-2024")))
    assert guessed.mapping.file == FileOptions(date_formats=("%d-%b-%Y",), locale="es")
    assert guessed.questions == ()


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (("20240131", "20240201"), "%Y%m%d"),
        (("202401310915", "202402011000"), "%Y%m%d%H%M"),
        (("20240131091500", "20240201100000"), "%Y%m%d%H%M%S"),
    ],
)
def test_dates_that_are_numbers(tmp_path: Path, cells: tuple[str, ...], form: str) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Date", *cells)))
    assert guessed.mapping.file.date_formats == (form,)


def test_two_orders_of_day_and_month_are_asked_for(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Date", "05/05/2024", "01/02/2024")))
    (question,) = guessed.questions
    assert question.canonical == "audioDate" and question.is_open
    assert str(question.words) == "Which date is 01/02/2024 in 'Date'?"
    read = [(str(choice.words), str(choice.examples[0].value)[:10]) for choice in question.choices]
    assert read == [("day first", "2024-02-01"), ("month first", "2024-01-02")]
    answered = question.answered(guessed.mapping, question.choices[1])
    assert answered.file.date_formats == ("%m/%d/%Y",)
    assert guessed.mapping.file.date_formats == ("%d/%m/%Y",)


def test_orders_that_read_all_alike_are_not_asked_for(tmp_path: Path) -> None:
    assert guess_of(tmp_path, table(("id", "a", "b"), ("Date", "05/05/2024", "06/06/2024"))).questions == ()


def test_the_rows_that_follow_one_another_are_told(tmp_path: Path) -> None:
    days = [f"{month:02}/{day:02}/2024" for month in (1, 2, 3, 4) for day in (1, 2, 3)]
    guessed = guess_of(tmp_path, table(("id", *map(str, range(12))), ("Date", *days)))
    assert guessed.mapping.file.date_formats == ("%m/%d/%Y",) and guessed.questions == ()
    assert [str(note) for note in guessed.notes] == [
        "The dates in 'Date' are read month first, as the rows then follow one another."
    ]


def test_dates_of_two_columns_have_one_order(tmp_path: Path) -> None:
    dates = ("Date", "05/05/2024", "01/02/2024"), ("Created", "06/06/2024 10:00", "02/13/2024 10:00")
    guessed = guess_of(tmp_path, table(("id", "a", "b"), *dates))
    assert guessed.mapping.file.date_formats == ("%m/%d/%Y", "%m/%d/%Y %H:%M") and guessed.questions == ()


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (("45322.395833", "45322"), ("excel",)),
        (("1706693400", "1706693401"), ("epoch",)),
        (("1706693400000", "1706693401000"), ("epoch_ms",)),
        (("1706693400", "1706693400000"), ("epoch", "epoch_ms")),
        (("20240131", "20240201"), ("%Y%m%d",)),
        (("20240131091500", "20240201101500"), ("%Y%m%d%H%M%S",)),
        (("2024-01-31 09:15", "2024-01-31T10:00:00Z"), ()),
        (("2024-01-31", "31/12/2024"), ("%d/%m/%Y",)),
    ],
)
def test_formats_of_dates(tmp_path: Path, cells: tuple[str, ...], formats: tuple[str, ...]) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Fecha", *cells)))
    assert guessed.mapping.file.date_formats == formats and guessed.questions == ()


def test_dates_that_no_format_fits_are_told(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Date", "13/01/2024", "01/13/2024")))
    assert [str(note) for note in guessed.notes] == ["No date format fits all values in 'Date', such as 13/01/2024."]


@pytest.mark.parametrize(
    ("times", "dates", "formats"),
    [
        (("09:15", "10:00"), ("2024-01-31", "2024-02-01"), ()),
        (("09:15:00", "10:00"), ("31/01/2024", "01/02/2024"), ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")),
        (("9:15 PM", "10:00 AM"), ("2024-01-31", "2024-02-01"), ("%Y-%m-%d %I:%M %p",)),
        (("09:15", ""), ("31/01/2024", "01/02/2024"), ("%d/%m/%Y %H:%M", "%d/%m/%Y")),
    ],
)
def test_date_and_time_in_two_columns_are_joined(
    tmp_path: Path, times: tuple[str, ...], dates: tuple[str, ...], formats: tuple[str, ...]
) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Data", *dates), ("Hora", *times)))
    assert guessed.mapping.columns["audioDate"] == ColumnSource(("Data", "Hora"), " ")
    assert guessed.mapping.file.date_formats == formats
    date = next(each for each in guessed.guesses if each.canonical == "audioDate")
    assert [example.problem for example in date.examples] == [None, None]


def test_dates_that_have_a_time_need_no_other_column(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a"), ("Date", "2024-01-31 09:15"), ("Time", "00:05:12")))
    assert guessed.mapping.columns["audioDate"].columns == ("Date",)


@pytest.mark.parametrize(
    ("scores", "scale", "choices"),
    [
        (("8.7", "10"), None, 0),
        (("0", "6"), None, 0),
        (("0.85", "1"), Decimal(10), 2),
        (("3", "5"), Decimal(2), 3),
        (("0", "4.5"), Decimal(2), 2),
        (("15", "20"), Decimal("0.5"), 2),
        (("87", "10"), Decimal("0.1"), 0),
        (("870", "10"), None, 0),
        (("85%", "100%"), None, 0),
        (("4/5", "5/5"), None, 0),
        (("-5", "3"), None, 0),
    ],
)
def test_the_scale_of_scores(tmp_path: Path, scores: tuple[str, ...], scale: Decimal | None, choices: int) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Rating", *scores)))
    assert guessed.mapping.columns["averageNote"].scale == scale
    assert [len(question.choices) for question in guessed.questions] == ([choices] if choices else [])


def test_scores_by_our_own_name_are_what_they_are(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("average_note", "3", "5")))
    assert guessed.mapping.columns["averageNote"].scale is None and guessed.questions == ()


def test_a_single_high_score_is_asked_about(tmp_path: Path) -> None:
    """It may be a slip: then the others are right as they are, and it is a bad row."""
    scores = [f"{number % 10}.5" for number in range(40)] + ["70"]
    guessed = guess_of(tmp_path, table(("id", *map(str, range(41))), ("Nota", *scores)))
    (question,) = guessed.questions
    assert "They go from 0.5 to 70" in str(question.words) and len(question.choices) == 2
    assert guessed.mapping.columns["averageNote"].scale is None


def test_a_late_score_decides_the_scale(tmp_path: Path) -> None:
    scores = ["4"] * 1_600 + ["9"]
    guessed = guess_of(tmp_path, table(("id", *map(str, range(1_601))), ("Nota", *scores)))
    assert guessed.mapping.columns["averageNote"].scale is None and guessed.questions == ()


def test_a_scale_from_one_is_one_of_the_answers(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Rating", "1", "5")))
    (question,) = guessed.questions
    assert str(question.words) == "Which scale do the scores in 'Rating' have? They go from 1 to 5."
    read = [[str(example.value) for example in choice.examples] for choice in question.choices]
    assert read == [["2", "10"], ["1", "5"], ["0", "10"]]


@pytest.mark.parametrize(
    ("header", "cells", "unit", "form", "choices"),
    [
        ("Duration", ("312", "60"), None, None, 0),
        ("Duration in minutes", ("3", "5"), "min", None, 0),
        ("Duración (min)", ("3,5", "5"), "min", None, 0),
        ("duration_ms", ("312000", "5000"), "ms", None, 0),
        ("Duration (hours)", ("0.5", "1"), "h", None, 0),
        ("Duration", ("312.45", "60"), "s", None, 2),
        ("durationInSeconds", ("1,234", "1.234"), None, None, 2),
        ("Duration", ("3120.5", "60"), "s", None, 0),
        ("Duration", ("312000", "5000"), "ms", None, 2),
        ("Talk time", ("05:12", "04:00"), None, "mm:ss", 2),
        ("Talk time", ("05:12", "62:05"), None, "mm:ss", 0),
        ("Talk time", ("05:12", "01:02:05"), None, "mm:ss", 0),
        ("Talk time (mm:ss)", ("05:12", "04:00"), None, "mm:ss", 0),
        ("Duration hh:mm", ("05:12", "04:00"), None, "hh:mm", 0),
        ("Duration", ("00:05:12", "36:00:00"), None, None, 0),
        ("Duration", ("5m 12s", "PT5M"), None, None, 0),
    ],
)
def test_what_durations_count(
    tmp_path: Path, header: str, cells: tuple[str, ...], unit: str | None, form: str | None, choices: int
) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), (header, *cells)))
    source = guessed.mapping.columns["durationInSeconds"]
    assert (source.unit, source.format) == (unit, form)
    assert [len(question.choices) for question in guessed.questions] == ([choices] if choices else [])


@pytest.mark.parametrize(
    ("notes", "lengths", "decimal", "thousands", "asked"),
    [
        (("8.5", "7"), ("312", "60"), ".", None, False),
        (("8,5", "7"), ("312", "60"), ",", None, False),
        (("8,5", "7"), ("1.234", "60"), ",", ".", False),
        (("8.5", "7"), ("1,234", "60"), ".", ",", False),
        (("8", "7"), ("1,234", "60"), ".", ",", True),
        (("8", "7"), ("1.234", "60"), ",", ".", True),
        (("8", "7"), ("1 234", "60"), ".", " ", False),
        (("8,125", "7,5"), ("312", "60"), ",", None, False),
        (("8.125", "7"), ("312", "60"), ".", None, False),
        (("8", "7"), ("1.234.567", "60"), ",", ".", False),
    ],
)
def test_signs_of_numbers(
    tmp_path: Path, notes: tuple[str, ...], lengths: tuple[str, ...], decimal: str, thousands: str | None, asked: bool
) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Nota", *notes), ("Duration (s)", *lengths)))
    assert (guessed.mapping.file.decimal, guessed.mapping.file.thousands) == (decimal, thousands)
    assert any("Which number" in str(question.words) for question in guessed.questions) is asked


def test_mixed_decimal_signs_are_told(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b", "c"), ("Nota", "8.5", "7,5", "6,5")))
    assert guessed.mapping.file.decimal == ","
    assert [str(note) for note in guessed.notes] == [
        "Some numbers in 'Nota' have a decimal point and some a decimal comma, such as 7,5."
    ]


def test_values_are_translated_and_the_unknown_ones_named_with_their_counts(tmp_path: Path) -> None:
    states = ["Closed"] * 1_600 + ["Abandonada"] * 2 + ["Escalated"] * 3 + ["completed"]
    moods = ["Very Negative"] * 1_600 + ["neutro"] * 5 + [""]
    bots = ["humano"] * 1_600 + ["Bot"] * 6
    ids = [str(number) for number in range(1_606)]
    guessed = guess_of(tmp_path, table(("id", *ids), ("Status", *states), ("Sentimiento", *moods), ("Es bot", *bots)))
    assert guessed.mapping.values == {
        "state": {"Closed": "Completed", "Abandonada": "Failed"},
        "sentiment": {"Very Negative": "Negative", "neutro": "Neutral"},
        "isAICall": {"humano": "false", "Bot": "true"},
    }
    assert [str(note) for note in guessed.notes] == ["Say what these values in 'Status' stand for: 'Escalated (3)'."]


def test_words_for_nothing(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "b"), ("Score", "8", "N/A"), ("Agent", "-", "Ana")))
    assert guessed.mapping.file.null_values == ("N/A",)
    assert [str(note) for note in guessed.notes] == ["Cells with 'N/A' are read as empty."]


def test_ids_that_come_again_are_told(tmp_path: Path) -> None:
    rows = [f"T{number // 3}" for number in range(9)]
    guessed = guess_of(tmp_path, table(("Ticket ID", *rows), ("Date", *["2024-01-31"] * 9)))
    assert [str(note) for note in guessed.notes] == [
        "'Ticket ID' has 3 different values in 9 rows; 'T0', 'T1', 'T2' come more than once. Of the rows with one id, "
        "only the last stands."
    ]
    (question,) = guessed.questions
    assert not question.is_open
    assert [choice.source for choice in question.choices] == [
        ColumnSource(("Ticket ID",)),
        ColumnSource(row=True),
    ]


def test_ids_that_are_missing_are_told(tmp_path: Path) -> None:
    guessed = guess_of(tmp_path, table(("id", "a", "", "", ""), ("Score", "8", "7", "6", "")))
    assert [str(note) for note in guessed.notes] == ["Rows with nothing in 'id', and so without an id: 2 of 3."]


def test_what_is_known_is_not_guessed(tmp_path: Path) -> None:
    taken = surveyed(tmp_path, table(("id", "a", "b"), ("Date", "05/05/2024", "01/02/2024"), ("Score", "8,5", "N/A")))
    options = FileOptions(date_formats=("%m/%d/%Y",), decimal=",", null_values=("n/a",))
    guessed = guess(taken, options, BUILT_IN)
    assert guessed.mapping.file == options and guessed.questions == () and guessed.notes == ()


TRICKY = (
    "|8,5|1.234|1,234|85%|4/5|05:12|00:05:12|1h 2m|PT5M|2024-01-31|01/02/2024|N/A|31-ene-24|3:15 p. m.|45322.5|1706693400"
    "|1E999|#REF!|Closed|Sí|=A1|[1]|-|0/0"
)
ANY_CELL = st.sampled_from(TRICKY.split("|")) | st.text("0123456789.,:/- eEpPaAmM%'\u00a0é", max_size=12)
NAMED = st.sampled_from(
    ["id", "Fecha", "Hora", "Nota", "Duración", "Duration (min)", "Status", "Mood", "Bot", "Agent", ""]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NAMED, min_size=1, max_size=6), st.lists(st.lists(ANY_CELL, min_size=6, max_size=6), max_size=12))
def test_any_table_has_a_guess_that_is_a_mapping(tmp_path: Path, header: list[str], rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([[*header, "other"], *(row[: len(header) + 1] for row in rows)])
    guessed = guess_of(tmp_path, out.getvalue())
    for question in guessed.questions:
        for choice in question.choices:
            answered = question.answered(guessed.mapping, choice)
            assert read_mapping(write_mapping(answered), BUILT_IN) == answered


@pytest.mark.skipif(not REAL.exists(), reason="the real files are not here")
@pytest.mark.parametrize(
    ("path", "columns", "formats"),
    [
        (
            "consumidor/2014-07.csv",
            {"id": "", "audioDate": "Data Abertura", "averageNote": "Nota do Consumidor", "campaignName": "Assunto"},
            ("%d/%m/%Y",),
        ),
        (
            "phonenow/call_center_dataset.xlsx",
            {
                "id": "Call Id", "audioDate": "Date+Time", "averageNote": "Satisfaction rating",
                "durationInSeconds": "AvgTalkDuration", "campaignName": "Topic", "executiveName": "Agent",
            },
            (),
        ),
        (
            "rwfd/call_center.csv",
            {
                "id": "id", "audioDate": "call_timestamp", "sentiment": "sentiment", "averageNote": "csat_score",
                "durationInSeconds": "call duration in minutes", "campaignName": "reason",
                "callCenterName": "call_center", "engagementName": "channel",
            },
            ("%m/%d/%Y",),
        ),
        (
            "files/guess-us-long/calls.csv",
            {"id": "Call ID", "audioDate": "Call Date", "averageNote": "Rating"},
            ("%m/%d/%Y %H:%M",),
        ),
    ],
)  # fmt: skip
def test_real_files(tmp_path: Path, path: str, columns: dict[str, str], formats: tuple[str, ...]) -> None:
    file = InputFile(REAL / path, path.rpartition("/")[2])
    guessed = guess(survey(file, None, Settings(data_dir=tmp_path), BUILT_IN), FileOptions(), BUILT_IN)
    assert sources_of(guessed) == columns
    assert guessed.mapping.file.date_formats == formats
    assert all(example.problem is None for each in guessed.guesses for example in each.examples)


def test_numbers_of_columns_that_nobody_mapped_tell_the_decimal_sign_where_no_other_does(tmp_path: Path) -> None:
    ids, dates = ("Call ID", "a", "b"), ("Date", "2024-01-31", "2024-02-01")
    others = ("Hold ratio", "4,5", "3,25")
    assert guess_of(tmp_path, table(ids, dates, ("Score", "8", "10"), others)).mapping.file.decimal == ","
    assert guess_of(tmp_path, table(ids, dates, others)).mapping.file.decimal == ","
    assert guess_of(tmp_path, table(ids, dates, ("Score", "8.5", "10"), others)).mapping.file.decimal == "."
    asked = guess_of(tmp_path, table(ids, dates, ("Score", "8", "10"), ("Hold ratio", "1,234", "2,345")))
    assert (asked.mapping.file.decimal, asked.questions) == (".", ())


def test_a_column_that_is_called_like_an_own_field_is_left_to_it(tmp_path: Path) -> None:
    text = table(("id", "a", "b"), ("audioDate", "2024-01-31", "2024-02-01"), ("Channel", "chat", "phone"))
    channel = OwnField(1, "channel", OwnFieldType.CATEGORY, "Channel")
    assert sources_of(guess_of(tmp_path, text))["engagementName"] == "Channel"
    survey_of = surveyed(tmp_path, text)
    for own, canonical in ((channel, None), (replace(channel, archived=True), "Channel")):
        guessed = guess(survey_of, FileOptions(), catalog_with((own,)))
        assert sources_of(guessed).get("engagementName") == canonical
    named = surveyed(tmp_path, text.replace("Channel", "field.channel"))
    assert "engagementName" not in sources_of(guess(named, FileOptions(), BUILT_IN))


def test_dates_of_two_formats_are_both_read(tmp_path: Path) -> None:
    """When a call was, with its time, and the day on which it was evaluated."""
    guessed = guess_of(
        tmp_path,
        table(
            ("Folio", "1", "2"),
            ("Fecha llamada", "31/01/2024 15:15", "30/01/2024 09:00"),
            ("Fecha evaluación", "02/02/2024", "13/02/2024"),
        ),
    )
    assert guessed.mapping.file.date_formats == ("%d/%m/%Y %H:%M", "%d/%m/%Y")
    assert not guessed.questions
    assert all(example.problem is None for each in guessed.guesses for example in each.examples)


def test_columns_of_sections_with_words_are_questions(tmp_path: Path) -> None:
    guessed = guess_of(
        tmp_path,
        table(
            ("Folio", "1", "2"),
            ("Fecha", "31/01/2024", "30/01/2024"),
            ("Apertura: saludo", "Sí", "No"),
            ("Apertura: presentación", "Sí", "N/A"),
            ("Cierre: despedida (crítica)", "Cumple", "No cumple"),
            ("Cierre: comentario", "bien", "falta el nombre"),
        ),
    )
    criteria = guessed.mapping.criteria
    assert {name: (each.section, each.is_critical) for name, each in criteria.items()} == {
        "saludo": ("Apertura", False),
        "presentación": ("Apertura", False),
        "despedida": ("Cierre", True),
    }
    assert criteria["despedida"].values == {"Cumple": OWN_SCALE, "No cumple": 0}
    assert guessed.mapping.scoring.from_criteria


def test_two_columns_alone_are_no_scorecard(tmp_path: Path) -> None:
    guessed = guess_of(
        tmp_path, table(("Folio", "1"), ("Fecha", "31/01/2024"), ("Venta: cerrada", "Sí"), ("Venta: pagada", "No"))
    )
    assert not guessed.mapping.criteria
