"""Months, weekdays and halves of the day by name, in the languages of the CLDR and in English."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, datetime

import pytest
from babel import Locale
from babel.dates import format_date, format_time
from hypothesis import given
from hypothesis import strategies as st

from lib.ingest.date_names import parse_moment
from tests.conftest import ROOT

LANGUAGES = [
    "es",
    "es_MX",
    "es_PE",
    "pt",
    "pt_BR",
    "fr",
    "de",
    "it",
    "nl",
    "pl",
    "ca",
    "ru",
    "el",
    "tr",
    "ja",
    "ko",
    "vi",
    "hi",
]


@pytest.mark.parametrize(
    ("text", "form", "locale", "meant"),
    [
        ("31-ene-2024", "%d-%b-%Y", "es", datetime(2024, 1, 31)),
        ("05-sept-2024", "%d-%b-%Y", "es", datetime(2024, 9, 5)),
        ("05-sept.-2024", "%d-%b-%Y", "es", datetime(2024, 9, 5)),
        ("05/set/2024", "%d/%b/%Y", "es", datetime(2024, 9, 5)),
        ("05/SET./2024", "%d/%b/%Y", "es", datetime(2024, 9, 5)),
        ("5 de Setiembre de 2024", "%d de %B de %Y", "es-CL", datetime(2024, 9, 5)),
        ("miércoles, 31 de enero de 2024", "%A, %d de %B de %Y", "es", datetime(2024, 1, 31)),
        ("MIERCOLES 31 ENERO 2024", "%A %d %B %Y", "es", datetime(2024, 1, 31)),
        ("mar 05 mar 2024", "%a %d %b %Y", "es", datetime(2024, 3, 5)),
        ("10 de março de 2024", "%d de %B de %Y", "pt-BR", datetime(2024, 3, 10)),
        ("31-Jan-2024", "%d-%b-%Y", "es", datetime(2024, 1, 31)),
        ("31 January 2024", "%d %B %Y", None, datetime(2024, 1, 31)),
        ("Sept. 5, 2024", "%b %d, %Y", None, datetime(2024, 9, 5)),
        ("31ene2024", "%d%b%Y", "es", datetime(2024, 1, 31)),
        ("Wed Jan 31 09:05:06 2024", "%a %b %d %H:%M:%S %Y", "es", datetime(2024, 1, 31, 9, 5, 6)),
        ("100% 31 ene 24", "100%% %d %b %y", "es", datetime(2024, 1, 31)),
    ],
)
def test_names(text: str, form: str, locale: str | None, meant: datetime) -> None:
    assert parse_moment(text, form, locale) == meant


def test_the_offset_beside_a_name() -> None:
    for text in ("31-ene-2024 09:00 -03:00", "31-ene-2024 09:00 -0300", "31-ene-2024 12:00 Z"):
        assert parse_moment(text, "%d-%b-%Y %H:%M %z", "es") == datetime.fromisoformat("2024-01-31T12:00:00Z")


def test_the_name_of_a_zone_is_no_ornament() -> None:
    """Python would leave it out, and the time be read in the file's zone."""
    utc = datetime.fromisoformat("2024-01-31T12:00:00Z")
    for zone in ("UTC", "gmt", "Z"):
        assert parse_moment(f"2024-01-31 12:00 {zone}", "%Y-%m-%d %H:%M %Z") == utc
    for zone in ("EST", "CET", "America/Lima", ""):
        with pytest.raises(ValueError):
            parse_moment(f"2024-01-31 12:00 {zone}", "%Y-%m-%d %H:%M %Z")


@pytest.mark.parametrize("period", ["p. m.", "p.m.", "pm", "PM", "P.M.", "p.\u202fm.", "p.\u00a0m.", "p m", "Pm."])
@pytest.mark.parametrize("blank", [" ", "\u202f", ""])
def test_every_spelling_of_the_afternoon(period: str, blank: str) -> None:
    for locale in (None, "es"):
        assert parse_moment(f"31/01/2024 3:15:00{blank}{period}", "%d/%m/%Y %I:%M:%S %p", locale) == datetime(
            2024, 1, 31, 15, 15
        )


def test_the_hours_of_both_halves_of_the_day() -> None:
    hours = [parse_moment(f"1/2/2024 {hour} {half}.m.", "%d/%m/%Y %I %p").hour for half in "ap" for hour in (12, 1, 11)]
    assert hours == [0, 1, 11, 12, 13, 23]
    assert parse_moment("p. m. 3:15, 1/2/2024", "%p %I:%M, %d/%m/%Y", "es") == datetime(2024, 2, 1, 15, 15)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("31-ene-2024", "%d-%b-%Y"),  # no language says so
        ("13:15 p. m. 1/2/2024", "%I:%M %p %d/%m/%Y"),
        ("0:15 p. m. 1/2/2024", "%I:%M %p %d/%m/%Y"),
        ("31 feb 2024", "%d %b %Y"),
        ("lunes 11 2024", "%A %d %m %Y"),
        ("31 jan 2024 x", "%d %b %Y"),
        ("", "%b %Y"),
    ],
)
def test_what_does_not_fit(text: str, form: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text, form)


@pytest.mark.parametrize("locale", LANGUAGES)
@given(day=st.dates(date(1971, 1, 1), date(2068, 12, 31)))
def test_what_a_language_writes_is_read_in_it(locale: str, day: date) -> None:
    for month, weekday in (("MMMM", "EEEE"), ("MMM", "EEE"), ("LLLL", "cccc"), ("LLL", "ccc")):
        for case in (str, str.upper):
            text = case(format_date(day, f"{weekday}; d / {month} / y", locale=locale))
            assert parse_moment(text, "%A; %d / %B / %Y", locale) == datetime(day.year, day.month, day.day)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_halves_of_the_day_in_every_language(locale: str) -> None:
    for hour in range(24):
        text = format_time(datetime(2024, 1, 31, hour, 5), "h:mm a", locale=Locale.parse(locale))
        assert parse_moment(f"2024-01-31 {text}", "%Y-%m-%d %I:%M %p", locale) == datetime(2024, 1, 31, hour, 5)


def test_the_locale_of_the_process_plays_no_part() -> None:
    """Set by a library or by the system: neither the names nor the halves of the day change."""
    program = (
        "import locale; from lib.ingest.date_names import parse_moment\n"
        "for name in ('es_ES.UTF-8', 'C.UTF-8', ''):\n"
        "    try: locale.setlocale(locale.LC_ALL, name)\n"
        "    except locale.Error: continue\n"
        "    print(parse_moment('31-Jan-2024 3:15 PM', '%d-%b-%Y %I:%M %p'))"
    )
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, env=environment, check=True)
    assert {*done.stdout.decode().splitlines()} == {"2024-01-31 15:15:00"}
