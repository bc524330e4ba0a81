"""The pages in Spanish: no word of English is left, of the app's nor of Streamlit's; what users wrote stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from lib import i18n
from lib.access.api_keys import SCOPES
from lib.catalog.formulas.functions import EXAMPLES
from lib.catalog.own_metrics import BUILT_IN_FORMULAS
from lib.ingest.sample_fields import SAMPLE_FIELDS
from lib.ui.streamlit_words import TEXTS
from tests import message_catalog
from tests.browser.lists import open_list

Visit = Callable[[str], Page]

SEEN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
    ["svg", "script", "style", "noscript"].includes(node.nodeName.toLowerCase())
      || (node.dataset?.testid ?? "") === "stIconMaterial"
      ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.TEXT_NODE) found.push(node.data);
    else for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(node.getAttribute(name) ?? "");
  }
  return found.map((each) => each.trim()).filter((each) => each);
}"""

SAID = {text: said for (context, text), said in message_catalog.entries().items() if context is None}
LEFT = {text for text in TEXTS if SAID[text] != text and "{" not in text}
NAMES = {*"Callboard CSV TSV TXT GZ XLSX XLSM PARQUET JSONL NDJSON TOML UTC API DuckDB English MB".split()}  # noqa: SIM905
"""What is called the same in both languages: the program, formats, and the other language itself."""


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Visit]:
    """Open a page in a browser that speaks Spanish."""
    context = chromium.new_context(locale="es-CL", viewport={"width": 1440, "height": 1000})

    def go(path: str) -> Page:
        page = context.new_page()
        page.goto(f"{address}/{path}")
        return page

    yield go
    context.close()


def _words(texts: list[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W\d_]{2,}", text)}


@pytest.mark.parametrize("path", ["data", "live", "own_metrics", "exports", "reports", "alerts", "settings", "audit"])
def test_no_word_of_english_is_left(visit: Visit, path: str) -> None:
    page = visit(f"{path}?lang=es")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    dates = i18n.locale("es")
    fields = [own.label for own in SAMPLE_FIELDS]  # of the sample data, whose names are data, too
    names = [
        *NAMES,
        *fields,
        *SCOPES,
        *dates.months["format"]["abbreviated"].values(),
        *dates.months["format"]["wide"].values(),
        *dates.days["format"]["abbreviated"].values(),
    ]
    if path == "live":  # its table is of names
        page.locator(".cb-live tbody").evaluate("body => body.remove()")
    if path == "own_metrics":  # the language of formulas is the same in every language
        names += [*EXAMPLES.values(), *BUILT_IN_FORMULAS, *BUILT_IN_FORMULAS.values(), "resueltoEnElPrimerContacto"]
    known = {word.lower() for word in _words([*SAID.values(), *names])}
    foreign = {text for text in page.evaluate(SEEN) if {word.lower() for word in _words([text])} - known}
    assert not foreign


def test_a_file_has_its_size_and_encoding_in_spanish(visit: Visit) -> None:
    page = visit("data?lang=es")
    lines = "id,audioDate,executiveName\n" + "".join(f"{number},2024-01-31,Muñoz\n" for number in range(90))
    file: FilePayload = {"name": "llamadas.csv", "mimeType": "text/csv", "buffer": lines.encode("cp1252")}
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(file)
    expect(page.get_by_text("1,8 KB", exact=True)).to_be_visible()
    expect(page.get_by_text("Europa occidental (Windows-1252)").first).to_be_visible()
    expect(page.get_by_text("se lee como Europa occidental (Windows-1252)")).to_be_visible()


def test_the_order_of_evaluations_is_read_as_a_whole(visit: Visit) -> None:
    page = visit("evaluations?lang=es&sort=averageNote")
    field = page.get_by_test_id("stSelectbox").filter(has_text="Orden").locator("input")
    expect(field).to_have_value(re.compile("puntaje"))
    assert field.evaluate("each => each.scrollWidth <= each.clientWidth")


def test_what_streamlit_says_is_in_spanish(visit: Visit) -> None:
    page = visit("evaluations?lang=es")
    field = page.locator("[data-testid=stMultiSelect] input").first
    open_list(field, "zzqq")
    expect(page.get_by_text("Sin resultados")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_label("mes, Desde")).to_be_visible()
    assert not LEFT & set(page.evaluate(SEEN))


def test_names_of_users_stay_as_they_are(visit: Visit) -> None:
    """A campaign of the sample is called in English."""
    page = visit("campaigns?lang=es")
    offered = open_list(page.locator("[data-testid=stMultiSelect] input").first)
    expect(offered.filter(has_text="Customer Care")).to_be_visible()
