"""What can be taken along from a page, on a page of Streamlit's own test runner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from lib import workspace as workspaces
from lib.jobs.tasks import TASKS
from lib.settings import Settings
from lib.ui import downloads
from lib.workspace import Workspace
from tests.ui.test_pages import CALLS
from tests.waiting import LONG_SECONDS


@pytest.fixture
def engine() -> str:
    return "duckdb"


@pytest.fixture
def filled(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CALLBOARD_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("CALLBOARD_SAMPLE", "off")
    path = settings.data_dir / "calls.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CALLS)
    opened = Workspace(settings)
    TASKS["import"](opened, {"files": [(str(path), "calls.csv")], "actor": "test"}, lambda *_: None)
    opened.close()
    yield
    workspaces.close_current()


def page() -> None:
    import streamlit as st

    from lib import i18n, workspace
    from lib.analytics import queries
    from lib.analytics.calendar import Granularity
    from lib.catalog.metrics import METRICS
    from lib.charts.theme import LIGHT, ChartTheme
    from lib.charts.trend import trend
    from lib.pdf import document
    from lib.pdf.model import Paper, Section
    from lib.ui import current_user, downloads, url_state
    from lib.ui.page_context import build_context
    from lib.ui.printed import Printed

    i18n.use(st.query_params.get("language", "en"))
    space = workspace.current()
    current_user.enter(space)
    view = build_context(space, url_state.filters(space.settings.zone), Printed("T", "Q"))
    course = view.answers.run(queries.trend, view.filters, view.calendar, Granularity.MONTHLY)
    drawing = trend({"": course}, METRICS["averageScore"], ChartTheme(LIGHT, i18n.current()))
    downloads.menu(drawing, "Average score", view, "trend")
    shown, language = downloads.shown(view), i18n.current()
    cards = [
        downloads.card(METRICS[name], view, "n", [point.sums for point in course.points])
        for name in ("totalEvaluations", "averageScore")
    ]

    def make() -> Paper:
        return Paper(
            "Overview", "How are we doing?", shown, tuple(cards), (Section("Score", drawing),), language=language
        )

    downloads.paper_button(make, "Overview")
    st.text(shown)
    st.text(", ".join(f"{card.label} {card.value}" for card in cards))
    st.text(str(document.pdf(make())[:5]))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("language", "label", "page_label"),
    [("en", "PNG, for slides and mail", "Page as PDF"), ("es", "PNG, para diapositivas y correo", "Página en PDF")],
)
def test_buttons_and_words(language: str, label: str, page_label: str) -> None:
    app = AppTest.from_function(page, default_timeout=LONG_SECONDS)
    app.query_params["language"] = language
    app.run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert label in labels and page_label in labels and len(labels) == 3
    shown, cards, made = (text.value for text in app.text)
    assert "3 " in shown and "2024" in shown
    assert "3" in cards and ("7,00" if language == "es" else "7.00") in cards
    assert "%PDF-" in made


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Average score over time", "average-score-over-time"),
        ("Nota media / año: ¿cómo?", "nota-media-ano-como"),
        ("../../etc/passwd\x00", "etc-passwd"),
        ("日本", "chart"),
        ("x" * 300, "x" * 60),
    ],
)
def test_file_names_are_safe(title: str, name: str) -> None:
    made = downloads.file_name(title, "png")
    assert made.startswith(f"callboard-{name}-2")
    assert made.endswith(".png")
