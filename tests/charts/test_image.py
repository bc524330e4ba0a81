"""Charts as pictures: rendered for real, and read again as files."""

from __future__ import annotations

import io
import json
import os
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from lib import i18n
from lib.charts import font_metrics, render_process
from lib.charts.chart import Chart
from lib.charts.histogram import histogram
from lib.charts.image import ChartImage, smaller_png
from lib.charts.render_process import Renderer
from lib.charts.theme import DARK, LIGHT, ChartTheme
from lib.errors import RenderingError
from tests.charts.samples import HOSTILE, drawings
from tests.hostile.names import NAMES

SHOWN = '1–31 Jan 2024 · Campaign: <Q1> & "Sales" · 12,345 evaluations'
KINDS = ("trend", "series", "distribution", "ranking", "hostile", "classic", "more classic", "funnel")


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter() if element.tag.endswith("}text")]  # noqa: S314


@pytest.mark.parametrize("kind", KINDS)
def test_svg_says_what_it_is_and_holds_nothing_else(kind: str) -> None:
    drawing = drawings(DARK)[kind]
    svg = ChartImage(drawing, 'Score "A" <b>&', SHOWN).svg()
    root = ET.fromstring(svg)  # noqa: S314
    assert root.get("width") == "900"
    assert 'Score "A" <b>&' in texts(svg)
    assert SHOWN in texts(svg)
    for note in drawing.notes:
        assert note.split()[0] in " ".join(texts(svg))
    assert font_metrics.line(drawing.alt) in (root.get("aria-label") or "")
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        assert name in ("svg", "title", "desc", "g", "path", "rect", "line", "text", "polyline", "defs", "clipPath"), (
            name
        )
        for attribute, value in element.attrib.items():
            assert not attribute.rpartition("}")[2].startswith(("on", "href", "src", "style")), (attribute, value)
            if attribute not in ("aria-label",):
                assert "://" not in value
    dark = {DARK.text, DARK.accent, DARK.negative, DARK.panel, *DARK.series[:4]}
    colors = {element.get(name) for element in root.iter() for name in ("fill", "stroke")}
    assert not colors & dark
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_names_of_users_come_out_as_text() -> None:
    svg = ChartImage(drawings()["hostile"], "Campaigns").svg()
    labels = texts(svg)
    assert "حملة الربيع · קמפיין" in labels
    assert "]]><!-- &amp; ${x} {y} %s" in labels
    assert "Emoji 🎉 and 😀" in labels
    assert "日本語のキャンペーン" in labels
    assert "#5cc8bd" in labels
    assert "Control □□□□\x7f\x85□ end" in labels
    assert any(label.startswith("Long name name") and label.endswith("…") for label in labels)
    (emoji,) = {label for label in texts(ChartImage(drawings()["series"], "Campaigns").svg()) if "😀😀" in label}
    assert emoji.strip("😀") == "…"
    for title in HOSTILE[:2]:
        assert ChartImage(histogram([0] * 20, ChartTheme(LIGHT)), title, " · ".join(HOSTILE)).png()


@pytest.mark.parametrize(("kind", "names"), [("classic", NAMES[:25]), ("more classic", NAMES[-25:])])
def test_what_others_take_for_more_than_text_is_text(kind: str, names: tuple[str, ...]) -> None:
    labels = {"".join(text.split()) for text in texts(ChartImage(drawings()[kind], "Campaigns").svg())}
    for name in names:
        begin = "".join(font_metrics.line(name).split())[:20]
        assert any(label.startswith(begin) for label in labels), name


@pytest.mark.parametrize("kind", KINDS)
def test_png_has_its_size_and_is_not_blank(kind: str) -> None:
    picture = ChartImage(drawings(DARK)[kind], "Average score", SHOWN)
    with Image.open(io.BytesIO(picture.png())) as image:
        height = round(float(ET.fromstring(picture.svg()).get("height") or 0) * 2)  # noqa: S314
        assert image.size[0] == 1800
        assert image.size[1] == pytest.approx(height, abs=1)
        pixels = image.convert("RGBA")
    assert pixels.getpixel((2, 2)) == (255, 255, 255, 255)
    assert pixels.getchannel("A").getextrema() == (255, 255)
    inked = sum(pixels.convert("L").histogram()[:250]) / (pixels.width * pixels.height)
    assert 0.005 < inked < 0.6


def test_the_rows_are_the_drawings() -> None:
    counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 50, 40, 30, 20, 10, 5, 3, 1]
    svg = ChartImage(histogram(counts, ChartTheme(LIGHT)), "Scores").svg()
    bars = [element.get("aria-label") or "" for element in ET.fromstring(svg).iter()]  # noqa: S314
    drawn = [
        int(label.rpartition("Evaluations: ")[2].split(";")[0].split(" ")[0])
        for label in bars
        if "from: " in label or "Score: " in label
    ]
    assert drawn == counts


def test_spanish_numbers_and_days() -> None:
    with i18n.override_language("es"):
        found = drawings(language="es")
        trend, ranked = (
            texts(ChartImage(found["trend"], "Nota media").svg()),
            texts(ChartImage(found["ranking"], "x").svg()),
        )
    assert "7,5" in trend
    assert any(label.startswith("ene") or label.endswith("ene") for label in trend)
    assert "7,0" in ranked


@pytest.mark.parametrize("kind", KINDS)
def test_screen_readers_hear_no_word_of_vega(kind: str) -> None:
    """What holds marks is named by Vega all the same, and says no more than its kind."""
    with i18n.override_language("es"):
        elements = [*ET.fromstring(ChartImage(drawings(language="es")[kind], "x").svg()).iter()]  # noqa: S314
    spoken = [each for each in elements if each.get("aria-label") and each.get("aria-hidden") != "true"]
    roles = {each.get("aria-roledescription") for each in spoken if each.get("role") != "img"}
    assert roles <= {"dato"}
    assert not [each for each in spoken if "-axis" in (each.get("aria-label") or "")]


def test_days_are_days_in_every_zone_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    here = ChartImage(drawings()["trend"], "Score").svg()
    monkeypatch.setenv("TZ", "America/New_York")
    assert ChartImage(drawings()["trend"], "Score").svg() == here


def test_no_rows() -> None:
    drawing = drawings()["ranking"]
    empty = ChartImage(Chart(drawing.spec, {name: [] for name in drawing.data}, "Nothing."), "Empty")
    assert "Nothing to show." in texts(empty.svg())
    assert empty.png()
    with i18n.override_language("es"):
        spanish = ChartImage(empty.drawing, "Vacío")
    with ThreadPoolExecutor(1) as pool:  # as downloads are made
        assert "No hay nada que mostrar." in texts(pool.submit(spanish.svg).result())


def test_threads_draw_side_by_side() -> None:
    pictures = [ChartImage(drawing, name) for name, drawing in list(drawings().items())[:4]]
    alone = [picture.svg() for picture in pictures]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda picture: picture.svg(), pictures)) == alone


def test_what_goes_wrong_is_told() -> None:
    with Renderer() as renderer, pytest.raises(RenderingError, match="could not be drawn"):
        renderer.chart({"mark": "no such mark", "data": {"values": []}})
    with Renderer() as renderer, pytest.raises(RenderingError, match="its maker ended"):
        renderer.chart({"mark": "text", "data": {"values": [{"a": "\x00"}]}, "encoding": {"text": {"field": "a"}}})


@pytest.mark.parametrize(("makes_way", "lower"), [(True, 10), (False, 0)])
def test_what_nobody_waits_for_is_drawn_where_nobody_else_computes(makes_way: bool, lower: int) -> None:
    with Renderer(makes_way=makes_way) as renderer:
        assert "<svg" in renderer.chart({"mark": "point", "data": {"values": [{"a": 1}]}, "encoding": {}})
        ours = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, renderer._child.pid) == min(19, ours + lower)


def test_nothing_is_fetched() -> None:
    with Renderer() as renderer, pytest.raises(RenderingError):
        renderer.chart({"mark": "point", "data": {"url": "http://127.0.0.1:9/rows.json"}, "encoding": {}})


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_process, "LONGEST_SECONDS", 1)
    rows = [{"a": place} for place in range(40)]
    crossed = "".join(json.dumps(rows))
    forever = {
        "calculate": f"length(replace(join(datum.list), regexp('(([0-9],?)+)+x'), '')) + {len(crossed)}",
        "as": "b",
    }
    spec = {
        "data": {"values": [{"list": list(range(100, 200))}]},
        "transform": [forever],
        "mark": "text",
        "encoding": {"text": {"field": "b"}},
    }
    with Renderer() as renderer, pytest.raises(RenderingError, match="longer than 1 seconds"):
        renderer.chart(spec)


def test_dark_colours_have_one_light_colour_each() -> None:
    pairs: dict[str, str] = {}
    for name in type(DARK).__dataclass_fields__:
        dark, light = getattr(DARK, name), getattr(LIGHT, name)
        for one, other in zip(dark, light, strict=True) if isinstance(dark, tuple) else [(dark, light)]:
            assert pairs.setdefault(one, other) == other


def test_a_smaller_png_has_the_same_pixels() -> None:
    png = ChartImage(drawings()["trend"], "Scores").png()
    packed = smaller_png(png)
    with Image.open(io.BytesIO(png)) as image, Image.open(io.BytesIO(packed)) as again:
        assert image.convert("RGB").tobytes() == again.tobytes() and image.size == again.size
    assert len(packed) < len(png) * 0.7
