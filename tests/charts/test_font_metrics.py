"""The widths of letters against the font that pictures are drawn in; cutting and wrapping by them."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pypdf
import pytest
import vl_convert

from lib.charts import font_metrics
from tests.charts.samples import HOSTILE

LATIN = "".join(chr(code) for code in [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x180)])
SIGNS = "–—‘’“”…•‰€™−×÷≈≠≤≥▲▼■□●○←→↑↓"
OTHERS = "ΑΒΓΔΘΛΞΠΣΦΨΩαβγδεζθλμξπστφχψωАБВГДЖЗИЛМФЦЧШЩЫЮЯабвгджзийклмфцчшщыэюя"


def fonts_widths(text: str, bold: bool) -> dict[str, float]:
    """Return how wide the font of pictures has each letter, in thousandths of its size."""
    weight = "bold" if bold else "normal"
    rows = "".join(
        f'<text x="9" y="{20 + place * 9}" font-size="9" font-weight="{weight}" font-family="{font_metrics.FAMILY}">'
        f"{html.escape(letter)}</text>"
        for place, letter in enumerate(text)
    )
    made = vl_convert.svg_to_pdf(f'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="9999">{rows}</svg>')
    found: dict[str, float] = {}
    for font in fonts(pypdf.PdfReader(io.BytesIO(made)).pages[0]):
        if "LiberationSans" not in font["/BaseFont"]:
            continue
        widths: dict[int, float] = {}
        parts = [part.get_object() for part in font["/DescendantFonts"][0].get_object()["/W"]]
        while parts:
            first, then = parts[0], parts[1]
            if isinstance(then, list):
                widths |= {first + place: float(value) for place, value in enumerate(then)}
                parts = parts[2:]
            else:
                widths |= {glyph: float(parts[2]) for glyph in range(first, then + 1)}
                parts = parts[3:]
        told = font["/ToUnicode"].get_object().get_data().decode()
        for glyph, letter in re.findall(r"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]{4})>", told):
            found[chr(int(letter, 16))] = widths[int(glyph, 16)]
    return {letter: width for letter, width in found.items() if letter in text}


def fonts(holder: Any) -> list[Any]:
    resources = holder.get("/Resources", {})
    found = [font.get_object() for font in resources.get("/Font", {}).values()]
    return found + [font for each in resources.get("/XObject", {}).values() for font in fonts(each.get_object())]


@pytest.mark.parametrize("bold", [False, True])
def test_letters_are_as_wide_as_in_pictures(bold: bool) -> None:
    letters = LATIN + SIGNS + OTHERS
    drawn = fonts_widths(letters, bold)
    assert len(drawn) >= len(letters) - 3
    ours = {letter: font_metrics.width(letter, 1000, bold) for letter in drawn}
    assert {letter: width for letter, width in drawn.items() if width != pytest.approx(ours[letter], abs=1)} == {}


@pytest.mark.parametrize(("letter", "least"), [("漢", 1000), ("한", 1000), ("🎉", 1300), ("ش", 700), ("\u0301", 0)])
def test_letters_of_other_fonts_are_estimated(letter: str, least: float) -> None:
    assert least <= font_metrics.width(letter, 1000) <= least + 400


def test_a_text_that_fits_is_left_alone() -> None:
    assert font_metrics.cut("Average score", 10, 200) == "Average score"
    assert font_metrics.cut("", 10, 0) == font_metrics.cut("a", 10, 2) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cut_text_fits(text: str) -> None:
    for room in (20, 60, 150):
        assert font_metrics.width(font_metrics.cut(text, 10, room), 10) <= room
        lines = font_metrics.wrapped(text, 10, room, 3)
        assert len(lines) <= 3
        assert all(font_metrics.width(one, 10) <= room for one in lines)


def test_wrapping_keeps_every_word() -> None:
    text = "Within them, differences are what chance alone would give."
    lines = font_metrics.wrapped(text, 10, 90)
    assert len(lines) > 2
    assert " ".join(lines) == text


def test_a_number_keeps_its_percent_sign() -> None:
    assert font_metrics.wrapped("Interval of 95 %", 10, font_metrics.width("Interval of 95", 10)) == [
        "Interval of",
        "95 %",
    ]


def test_one_line_that_xml_can_hold() -> None:
    assert font_metrics.line("a \n\t b\x00\x1b\ud800c\ufffe") == "a b□□□c□"
