"""The pages' languages: every text in the catalog, numbers and dates by locale, exports in English all the same."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import streamlit as st
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from lib import i18n
from lib import workspace as workspaces
from lib.access.actors import SystemActor
from lib.analytics.calendar import Granularity
from lib.analytics.decomposition import Contribution, Decomposition
from lib.analytics.planner import ResolvedPeriod
from lib.analytics.query_cache import QueryCache
from lib.catalog.catalog import BUILT_IN
from lib.catalog.dimensions import (
    CALL_CENTER,
    CAMPAIGN,
    DIMENSIONS,
    ENGAGEMENT,
    EXECUTIVE,
    IS_AI,
    SENTIMENT,
    STATE,
    Dimension,
    Member,
)
from lib.catalog.measures import MeasureTotals
from lib.catalog.metrics import METRICS, Unit
from lib.charts.image import ChartImage
from lib.charts.theme import LIGHT, ChartTheme
from lib.charts.trend import trend
from lib.exports import file_storage
from lib.i18n import dated, day, number, override_language, t, t_in_context, t_plural
from lib.jobs.queue import JobKind
from lib.jobs.tasks import TASKS
from lib.reports import filter_text, formatting
from lib.reports.decomposition_text import explain
from lib.reports.words import plural
from lib.settings import Settings
from lib.sharing.link_diff import DefinitionChange, FigureChange, LinkDiff, in_words
from lib.store.enums import SCORE_SCALE
from lib.ui.current_user import begin_by_itself
from lib.workspace import Workspace
from tests import message_catalog
from tests.charts.samples import course
from tests.conftest import ROOT
from tests.filters import make_filters
from tests.waiting import LONG_SECONDS

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem != "main")
CALLS = """\
id,audioDate,state,sentiment,averageNote,durationInSeconds,campaignId,campaignName,callCenterName,engagementName,executiveName
1,2024-01-01,Completed,Positive,9,100,a,Alfa,Norte,Uno,Ana
2,2024-01-02,Completed,Negative,5,200,a,Alfa,Sur,Uno,Beto
3,2024-01-03,Pending,,,,b,Beta,Sur,Dos,Beto
4,2024-01-04,Completed,Neutral,7,300,,,Sur,Dos,Carla
"""


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.use("en")
    yield
    i18n.use("en")


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


# The catalog.


def test_every_text_is_translated() -> None:
    entries = message_catalog.entries()
    missing: dict[message_catalog.Key, str] = {}
    for text in message_catalog.used():
        if not entries.get(text.key):
            missing.setdefault(text.key, text.where)
    told = [f"{_entry(key)}    # {where}" for key, where in missing.items()]
    assert not missing, f"es.po lacks {len(told)} texts:\n" + "\n".join(told)


def test_no_translation_is_left_over() -> None:
    used = {text.key for text in message_catalog.used()}
    told = [_entry(key) for key in message_catalog.entries() if key not in used]
    assert not told, f"es.po has {len(told)} texts that nothing says:\n" + "\n".join(told)


def test_translations_keep_the_names_in_braces() -> None:
    wrong = [
        f"{_entry(key)}: {sorted(message_catalog.names(key[1]))} became {sorted(message_catalog.names(said))}"
        for key, said in message_catalog.entries().items()
        if said and message_catalog.names(key[1]) != message_catalog.names(said)
    ]
    assert not wrong, "\n".join(wrong)


def test_it_is_known_what_every_call_says() -> None:
    told = [*message_catalog.unknown(), *message_catalog.handed_on()]
    assert not told, "\n".join(told)


def test_nothing_is_drawn_past_the_catalogue() -> None:
    told = message_catalog.past()
    assert not told, "These texts are drawn without t():\n" + "\n".join(told)


def test_what_runs_by_itself_takes_language_and_visitor() -> None:
    """Fragments and dialogs run in a thread of their own, without the entry script, which takes them else."""
    told = []
    for path in (ROOT / "lib" / "ui").glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        handed = {
            ast.unparse(node.args[0])
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("st.fragment", "st.dialog") and node.args
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = [ast.unparse(each) for each in node.decorator_list]
            runs = node.name in handed or any(mark.startswith(("st.fragment", "st.dialog")) for mark in marks)
            begins = f"{begin_by_itself.__module__.rpartition('.')[2]}.{begin_by_itself.__name__}"
            if runs and not any(ast.unparse(each).startswith(f"{begins}(") for each in node.body):
                told.append(f"{path.name}: {node.name} does not call {begins}()")
    assert not told, "\n".join(told)


def _entry(key: message_catalog.Key) -> str:
    context, text = key
    return f"msgid {json.dumps(text, ensure_ascii=False)}" + (f" (msgctxt {context})" if context else "")


def test_lookups_are_held_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups = message_catalog.record_lookups(monkeypatch)
    i18n.use("es")
    assert (t("Campaign"), t_in_context("evaluation", "Completed"), t("nobody lists this")) == (
        "Campaña",
        "Completada",
        "nobody lists this",
    )
    assert lookups.unlisted() == [(None, "nobody lists this")]


# Texts, numbers and dates.


def test_texts() -> None:
    i18n.use("es")
    assert t("Campaign") == "Campaña"
    assert t("n {n}", n=3) == "n 3"
    assert t("a text that no catalogue has {braces}") == "a text that no catalogue has {braces}"
    assert t("{count} of no catalogue", count=2) == "2 of no catalogue"
    assert (t("Completed"), t_in_context("evaluation", "Completed")) == ("Completadas", "Completada")
    assert (t_in_context("nothing", "Campaign"), t_in_context("evaluation", "unheard of")) == ("Campaña", "unheard of")
    i18n.use("tlh")
    assert (i18n.current(), t("Campaign"), t_in_context("evaluation", "Failed")) == ("en", "Campaign", "Failed")


def test_one_and_many() -> None:
    def said(count: int) -> str:
        return t_plural("{count} evaluation", "{count} evaluations", count)

    assert [said(count) for count in (0, 1, 2, 1001)] == [
        "0 evaluations",
        "1 evaluation",
        "2 evaluations",
        "1,001 evaluations",
    ]
    i18n.use("es")
    assert [said(count) for count in (0, 1, 1001)] == ["0 evaluaciones", "1 evaluación", "1.001 evaluaciones"]
    assert str(plural("{count} evaluation", "{count} evaluations", 1)) == "1 evaluación"


def test_a_language_for_a_while() -> None:
    i18n.use("es")
    with pytest.raises(ZeroDivisionError), override_language("en"):
        assert t("Campaign") == "Campaign"
        _ = 1 / 0
    assert t("Campaign") == "Campaña"


@pytest.mark.parametrize(
    ("shown", "english", "spanish"),
    [
        (lambda: number(1234.5, 1), "1,234.5", "1.234,5"),
        (lambda: number(1234567), "1,234,567", "1.234.567"),
        (lambda: formatting.value(Unit.SCORE, Fraction("7.125")), "7.13", "7,13"),
        (lambda: formatting.value(Unit.SHARE, Fraction(2, 3)), "66.7 %", "66,7 %"),
        (lambda: formatting.value(Unit.BALANCE, Fraction(-1, 3)), "−0.33", "−0,33"),
        (lambda: formatting.change(Unit.COUNT, 1000, 13345), "+1,234.5 %", "+1.234,5 %"),
        (lambda: formatting.interval(Unit.SCORE, (7.61, 7.99)), "7.61–7.99", "7,61–7,99"),
        (lambda: formatting.interval(Unit.SHARE, (0.936, 0.965)), "93.6–96.5\u00a0%", "93,6–96,5\u00a0%"),
        (lambda: formatting.interval(Unit.BALANCE, (0.3, 0.32)), "0.30–0.32", "0,30–0,32"),
        (
            lambda: formatting.interval(Unit.BALANCE, (-0.33, -0.29)),
            "−0.33\u00a0–\u00a0−0.29",
            "−0,33\u00a0–\u00a0−0,29",
        ),
        (lambda: day(date(2024, 1, 31)), "31 Jan 2024", "31 ene 2024"),
        (lambda: dated(date(2024, 9, 1), "MMMM y"), "September 2024", "septiembre 2024"),
        (lambda: formatting.instant(datetime(2024, 12, 1, 9, 5, tzinfo=UTC)), "1 Dec 2024, 09:05", "1 dic 2024, 09:05"),
        (lambda: formatting.bucket(date(2024, 1, 1), Granularity.DAILY), "Mon 1 Jan 2024", "lun 1 ene 2024"),
        (
            lambda: formatting.bucket(date(2024, 1, 1), Granularity.WEEKLY),
            "Week of 1 Jan 2024",
            "Semana del 1 ene 2024",
        ),
        (lambda: formatting.bucket(date(2024, 1, 1), Granularity.MONTHLY), "January 2024", "enero 2024"),
    ],
)
def test_numbers_and_dates(shown: Callable[[], str], english: str, spanish: str) -> None:
    assert shown() == english
    i18n.use("es")
    assert shown() == spanish


@pytest.mark.parametrize(
    ("first", "last", "english", "spanish"),
    [
        (date(2024, 1, 1), date(2024, 1, 31), "1–31 Jan 2024", "1–31 ene 2024"),
        (date(2024, 1, 5), date(2024, 1, 5), "5 Jan 2024", "5 ene 2024"),
        (date(2024, 1, 1), date(2024, 3, 31), "1 Jan – 31 Mar 2024", "1 ene – 31 mar 2024"),
        (date(2023, 12, 1), date(2024, 8, 31), "1 Dec 2023 – 31 Aug 2024", "1 dic 2023 – 31 ago 2024"),
        (date(2024, 4, 1), datetime(2024, 4, 2, 12, tzinfo=UTC), "1 Apr 2024 to 2024-04-02 12:00+00:00", "1 abr 2024 a 2024-04-02 12:00+00:00"),
        (None, None, "no data", "sin datos"),
    ],
)  # fmt: skip
def test_periods(first: date | None, last: date | None, english: str, spanish: str) -> None:
    assert filter_text.period(ResolvedPeriod(first, last)) == english
    i18n.use("es")
    assert filter_text.period(ResolvedPeriod(first, last)) == spanish


def test_selections(answers: QueryCache, load: Callable[..., Any]) -> None:
    load(CALLS)
    month = ResolvedPeriod(date(2024, 1, 1), date(2024, 1, 31))
    one = make_filters().narrowed(CAMPAIGN, "a").narrowed(EXECUTIVE, "(none)", "x").narrowed(IS_AI, "false")
    many = make_filters().narrowed(CAMPAIGN, "a", "b", "(none)", "x", "y", "z").narrowed(IS_AI, "true")
    fixed = make_filters().narrowed(STATE, "Failed").narrowed(SENTIMENT, "Positive", "(none)")
    assert [*map(str, filter_text.selection(answers, fixed, month))][1:] == [
        "State: Failed",
        "Sentiment: Positive, (none)",
    ]
    assert [*map(str, filter_text.selection(answers, one, month))][1:] == [
        "Campaign: Alfa",
        "Executives: (none), x",
        "Human calls",
    ]
    i18n.use("es")
    assert [*map(str, filter_text.selection(answers, one, month))] == [
        "1–31 ene 2024",
        "Campaña: Alfa",
        "Ejecutivos: (none), x",  # nobody has no executive here, so it is only what the link says
        "Llamadas de personas",
    ]
    assert [*map(str, filter_text.selection(answers, fixed, month))][1:] == ["Estado: Fallida", "Sentimiento: Positivo, (sin asignar)"]  # fmt: skip
    assert [*map(str, filter_text.selection(answers, many, month))][1:] == ["Campañas: Alfa, Beta, (sin asignar), x y 2 más", "Llamadas de IA"]  # fmt: skip


def test_what_changed_since_a_link() -> None:
    moved = LinkDiff(
        datetime(2024, 1, 1, tzinfo=UTC),
        True,
        True,
        False,
        (FigureChange("averageScore", 7.0, 1234.5), FigureChange("completionRate", 0.98121, 0.98122)),
        (),
        (DefinitionChange("netSentiment", "Completed evaluations ÷ evaluations.", None),),
    )
    i18n.use("es")
    assert in_words(moved, Settings().zone, formatting.value, BUILT_IN) == [
        "Los datos cambiaron desde que se creó este enlace el 1 ene 2024, 00:00.",
        "No hubo importaciones desde entonces: los datos cambiaron por los datos de ejemplo o por otra zona horaria.",
        "Puntaje promedio: antes 7,00, ahora 1.234,50.",
        "Tasa de finalización: cambió menos de lo que se muestra; era y es 98,1 %.",
        "Sentimiento neto: ya no se muestra. Significaba: Evaluaciones completadas ÷ evaluaciones.",
    ]


def test_axes_write_days_in_the_language_s_order() -> None:
    for code, shown in (("en", "7 Jan"), ("es", "7 ene")):
        drawing = trend({"": course(31, date(2024, 1, 1))}, METRICS["averageScore"], ChartTheme(LIGHT, code))
        assert f">{shown}<" in ChartImage(drawing, "T", language=code).svg()


# What changed.


def _sums(n: int, mean: float) -> MeasureTotals:
    score = round(mean * SCORE_SCALE)
    return MeasureTotals(evaluations=n, completed=n, scored=n, score_sum=n * score, score_square_sum=n * score * score)


def _part(name: str, within: str, mix: str, before: int = 9, now: int = 9) -> Contribution:
    """Return a part of a change between two periods of 1,000 scores each."""
    moved = float(Fraction(within)) / ((before + now) / 2000)
    return Contribution(Member(name, name), _sums(before, 5), _sums(now, 5 + moved), Fraction(within), Fraction(mix))


def _moved(was: float, now: float, *parts: Contribution) -> Decomposition:
    return Decomposition(
        ResolvedPeriod(None, None), ResolvedPeriod(None, None), _sums(1000, was), _sums(1000, now), parts
    )


@pytest.mark.parametrize(
    ("dimension", "groups", "none"),
    [
        (CAMPAIGN, "las campañas", "Ninguna campaña por sí sola lo movió siquiera 0,01."),
        (CALL_CENTER, "los call centers", "Ningún call center por sí solo lo movió siquiera 0,01."),
        (ENGAGEMENT, "los proyectos", "Ningún proyecto por sí solo lo movió siquiera 0,01."),
        (EXECUTIVE, "los ejecutivos", "Ningún ejecutivo por sí solo lo movió siquiera 0,01."),
    ],
)
def test_why_it_moved(dimension: Dimension, groups: str, none: str) -> None:
    i18n.use("es")
    parts = (_part("A", "0.02", "-0.2"), _part("B", "0.07", "0"), _part("C", "0", "-0.06", before=0))
    fell = explain(_moved(7.92, 7.75, *parts), dimension)
    assert fell is not None
    assert str(fell.change) == (
        f"El puntaje promedio bajó 0,17, de 7,92 a 7,75. Mezcla (peso de {groups}): −0,26. Desempeño dentro de "
        f"{groups}: +0,09."
    )
    assert str(fell.parts) == (
        "Lo que más influyó: A −0,18 (mezcla −0,20, desempeño +0,02), B +0,07 (mezcla 0,00, desempeño +0,07) y C −0,06 (no "
        "estaba antes)."
    )
    assert str(fell.mix_effect) == f"La mezcla oculta una mejora: dentro de {groups}, el puntaje subió 0,09."
    still = explain(_moved(7.5, 7.501, _part("A", "0.001", "0")), dimension)
    assert still is not None and (str(still.parts), still.mix_effect) == (none, None)
    assert str(still.change).startswith("El puntaje promedio sigue en 7,50. Mezcla (peso de")
    rose = explain(_moved(7, 8, _part("A", "0", "1", now=0), _part("B", "-0.5", "0.5")), dimension)
    assert rose is not None and str(rose.change).startswith(
        "El puntaje promedio subió 1,00, de 7,00 a 8,00. Mezcla (peso de"
    )
    assert str(rose.parts) == "Lo que más influyó: A +1,00 (ya no está)."
    assert str(rose.mix_effect) == f"La mezcla oculta un deterioro: dentro de {groups}, el puntaje bajó 0,50."
    little = explain(_moved(7.504, 7.507, _part("A", "0", "0.5"), _part("B", "0", "-0.497")), dimension)
    assert little is not None and str(little.change).startswith("El puntaje promedio subió 0,01, de 7,50 a 7,51. ")
    assert (
        str(little.parts)
        == "Lo que más influyó: A +0,50 (mezcla +0,50, desempeño 0,00) y B −0,50 (mezcla −0,50, desempeño 0,00)."
    )


def test_every_dimension_is_explained() -> None:
    for dimension in DIMENSIONS:
        assert explain(_moved(7, 8, _part("A", "1", "0")), dimension) is not None


# The pages.


@pytest.fixture
def app(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    drawn = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=LONG_SECONDS)
    drawn.query_params["lang"] = "es"
    i18n.use("es")  # the test runner looks widgets' choices up by their labels, in the test's own thread
    lookups = message_catalog.record_lookups(monkeypatch)
    yield drawn
    workspaces.close_current()
    assert lookups.unlisted() == [], "these texts were looked up, and neither the source nor VALUES lists them"


@pytest.fixture
def filled(app: AppTest, settings: Settings, tmp_path: Path) -> AppTest:
    """Give a copy of a workspace that the evaluations are imported into once."""
    filled = tmp_path.parent / "filled-languages"
    if not filled.exists():
        path = tmp_path / "llamadas.csv"
        path.write_text(CALLS)
        opened = Workspace(settings.model_copy(update={"data_dir": filled}))
        actor = SystemActor.DATA_PAGE
        TASKS["import"](opened, {"files": [(str(path), path.name)], "actor": actor}, lambda *_: None)
        opened.close()
    shutil.copytree(filled, settings.data_dir)
    return app


def drawn(app: AppTest) -> Iterator[str]:
    """Yield every text that a page shows or that is read aloud."""
    for node in _nodes(app._tree):
        if node.type == "arrow_data_frame" or (hasattr(node, "value") and hasattr(node.value, "columns")):
            yield from (str(name) for name in node.value.columns)
            yield from (str(value) for row in node.value.itertuples(index=False) for value in row)
            yield from _columns(json.loads(node.proto.columns or "{}"))
            yield node.proto.alt if hasattr(node.proto, "alt") else ""
        elif node.proto is not None:
            yield from _strings(MessageToDict(node.proto))


def _nodes(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if hasattr(child, "children"):
            if getattr(child, "proto", None) is not None:
                yield child
            yield from _nodes(child)
        else:
            yield child


_UNSEEN = frozenset("id key formId url page pageScriptHash queryString type icon data format elementId mime".split())  # noqa: SIM905


def _strings(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner, each in value.items():
            if inner not in _UNSEEN:
                yield from _strings(each, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each, name)
    elif isinstance(value, str):
        if name == "spec":
            yield from _strings(json.loads(value))
        elif name == "body":
            yield from re.findall(r'(?:title|aria-label|alt)="([^"]*)"', value)
            yield from re.split(r"<[^>]*>", value)
        else:
            yield value


def _columns(config: dict[str, Any]) -> Iterator[str]:
    for name, column in config.items():
        yield name
        yield from (str(column[each]) for each in ("label", "help") if column.get(each))


ENGLISH = message_catalog.english(message_catalog.entries())


def left_in_english(app: AppTest) -> list[str]:
    pieces = {piece.strip(" ·:*\n") for text in drawn(app) for piece in (text, *text.split(" · "))}
    return sorted(piece for piece in pieces if piece and any(pattern.fullmatch(piece) for pattern in ENGLISH))


def test_english_is_found(filled: AppTest) -> None:
    """Hold the search itself: on an English page it finds titles, labels, cards, charts and tables."""
    del filled.query_params["lang"]
    i18n.use("en")
    filled.run()
    filled.switch_page("trends.py").run()
    found = left_in_english(filled)
    assert {"Trends", "Campaigns", "Reset filters", "Details", "Partial", "few evaluations", "Average score"} <= {
        *found
    }


_COMPARED = {
    "dateFrom": "2024-01-02",
    "dateTo": "2024-01-04",
    "compare": "own",
    "compareFrom": "2023-12-30",
    "compareTo": "2024-01-01",
}


@pytest.mark.parametrize(
    ("page", "parameters"),
    [
        *((page, {}) for page in PAGES),
        ("campaigns", {"open": "a", **_COMPARED}),
        ("executives", {"scores": "alike"}),
        ("trends", {"split": "campaign"}),
        ("drivers", {"by": "executive", **_COMPARED}),
    ],
    ids=lambda value: "&".join(value) if isinstance(value, dict) else value,
)
def test_pages_in_spanish(filled: AppTest, page: str, parameters: dict[str, str]) -> None:
    filled.query_params.update(parameters)
    filled.run()
    if page != "overview":
        filled.switch_page(f"{page}.py").run()
    assert not filled.exception and not filled.error
    assert left_in_english(filled) == []
    assert "Vistas guardadas" in [expander.label for expander in filled.expander]


def test_pages_in_spanish_without_data(app: AppTest) -> None:
    app.run()
    for page in PAGES:
        app.switch_page(f"{page}.py").run()
        assert not app.exception and not app.error
        assert left_in_english(app) == [], page


def test_an_upload_in_spanish(app: AppTest) -> None:
    app.run()
    app.switch_page("data.py").run()
    rows = (
        "id,audioDate,state,sentiment\n1,2024-01-01,completed,positive\n2,2024-01-02,Rara,Serena\n3,ayer,completed,\n"
    )
    app.file_uploader[0].upload("llamadas.csv", rows.encode(), "text/csv").run()
    assert not app.exception and not app.error
    assert left_in_english(app) == []
    assert {
        "Vista previa",
        "Valores de Estado",
        "Valores de Sentimiento",
        "Signo decimal",
        "Validar",
        "Sin asignar",
    } <= {*drawn(app)}
    next(button for button in app.button if button.label == "Validar").click().run()
    space = workspaces.current()
    until = time.monotonic() + LONG_SECONDS
    while not space.queue.newest(("import",), 1)[0].ended and time.monotonic() < until:
        time.sleep(0.1)
    app.run()
    assert not app.exception
    assert left_in_english(app) == []
    assert {"Descargar las filas con errores", "Qué sería correcto", "2 filas con errores"} <= {*drawn(app)}
    assert "no es una fecha válida" in {*drawn(app)}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "llamadas.csv",
            b"",
            "llamadas.csv: el archivo está vacío. Lo correcto sería un encabezado y una fila por evaluación.",
        ),
        (
            "llamadas.csv",
            b"id,audioDate\n1,\x00\n",
            "llamadas.csv: contiene bytes NUL, así que no es texto. Lo correcto sería CSV, JSON, XLSX o Parquet.",
        ),
    ],
)
def test_a_file_that_can_t_be_read_is_told_of_in_spanish(app: AppTest, name: str, content: bytes, told: str) -> None:
    app.run()
    app.switch_page("data.py").run()
    app.file_uploader[0].upload(name, content, "text/csv").run()
    assert [error.value.replace("\\", "").replace("\u2060", "") for error in app.error] == [told]


def test_a_mapping_that_is_wrong_is_told_of_in_spanish(app: AppTest) -> None:
    app.run()
    app.switch_page("data.py").run()
    app.file_uploader[0].upload("llamadas.csv", b"id,audioDate\n1,2024-01-01\n", "text/csv").run()
    for label in ("Signo decimal", "Separador de miles"):
        next(box for box in app.selectbox if box.label == label).set_value(",").run()
    (error,) = app.error
    assert error.value.replace("\\", "").replace("\u2060", "").startswith("el mapeo: [file] thousands ")


def test_a_link_without_a_language_leaves_the_visitor_s(filled: AppTest) -> None:
    filled.run()
    del filled.query_params["lang"]
    filled.query_params["campaignId"] = "a"
    filled.run()
    assert filled.title[0].value == "Resumen general"
    assert filled.query_params["lang"] in ("es", ["es"])
    filled.run()
    assert filled.title[0].value == "Resumen general"


def test_the_language_is_chosen_on_the_settings_page(filled: AppTest) -> None:
    filled.run()
    filled.switch_page("settings.py").run()
    assert (filled.title[0].value, filled.selectbox(key="lang").value) == ("Configuración", "es")
    filled.selectbox(key="lang").select("en").run()
    i18n.use("en")
    assert (filled.title[0].value, "lang" in filled.query_params) == ("Settings", False)
    filled.selectbox(key="lang").select("es").run()
    assert filled.title[0].value == "Configuración"


# Files.


@pytest.mark.parametrize("page", ["campaigns", "executives", "trends", "evaluations"])
def test_downloads_speak_as_the_page_does(filled: AppTest, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Callable[[], bytes]] = {}
    monkeypatch.setattr(st, "download_button", lambda *_, data, file_name, **__: made.update({file_name: data}))
    filled.query_params.update({"dateFrom": "2024-01-01", "dateTo": "2024-01-31", "isAICall": "false"})
    filled.run()
    filled.switch_page(f"{page}.py").run()
    texts, names = [], []
    with override_language("en"):  # the thread that makes a file speaks nothing yet
        for name, make in made.items():
            if name.endswith(".csv"):
                texts += [cell for row in csv.reader(make().decode("utf-8-sig").splitlines()) for cell in row]
            elif name.endswith(".xlsx"):
                book = openpyxl.load_workbook(io.BytesIO(make()))
                *sheets, about = book.worksheets
                texts += [str(cell.value) for sheet in sheets for row in sheet for cell in row] + book.sheetnames
                texts += [str(row[place].value) for row in about for place in (0, -1)]
                names += [str(row[1].value) for row in about]
    assert any(name.startswith("1–31 ene 2024 · Llamadas de personas") for name in names) and "Acerca de" in texts
    assert "averageNote" in names if page == "evaluations" else "averageScore" in names
    found = {text for text in texts for pattern in ENGLISH if pattern.fullmatch(text)}
    assert found == set()


def test_exports_are_english(filled: AppTest, settings: Settings) -> None:
    filled.query_params.update({"dateFrom": "2024-01-01", "dateTo": "2024-01-31", "isAICall": "false"})
    filled.run()
    filled.switch_page("exports.py").run()
    chosen = {box.label: box for box in filled.selectbox}
    chosen["Informe"].select("campaigns")
    chosen["Formato"].select("xlsx")
    next(button for button in filled.button if button.label == "Iniciar exportación").click().run()
    space = workspaces.current()
    until = time.monotonic() + LONG_SECONDS
    while not (newest := space.queue.newest((JobKind.EXPORT,), 1)[0]).ended and time.monotonic() < until:
        time.sleep(0.1)
    job = space.queue.get(newest.id)
    assert job is not None
    assert (job.status, job.payload["report"], job.payload["shown"]) == ("completed", "campaigns", "1–31 Jan 2024 · Human calls")  # fmt: skip
    book = openpyxl.load_workbook(file_storage.folder(settings) / (job.result or {})["file"])
    texts = [str(cell.value) for sheet in book for row in sheet for cell in row]
    assert "1–31 Jan 2024 · Human calls" in texts
    _assert_english(texts)
    filled.run()
    shown = " ".join(drawn(filled))
    assert "esta máquina" in shown and "1–31 ene 2024 · Llamadas de personas" in shown
    assert left_in_english(filled) == []


def _assert_english(texts: list[str]) -> None:
    spanish = {said for (_, text), said in message_catalog.entries().items() if said != text}
    assert [text for text in texts if text in spanish or re.search("[áéíóúñ¿]", text)] == []
