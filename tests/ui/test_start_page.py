"""The HTML that every page begins with: what is seen first, and what is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import streamlit as st

from lib.ui import start_page, streamlit_internals
from lib.web import security_headers
from lib.web.script_bundles import ScriptBundles
from tests.conftest import ROOT

OWN = ROOT / "pages" / "static"


@pytest.fixture(scope="module")
def bundles() -> ScriptBundles:
    made = streamlit_internals.script_bundles(start_page.GROUPS)
    assert made is not None, "another version of Streamlit: go through its scripts (tests/ui/test_joined_scripts.py)"
    return made


@pytest.fixture(scope="module")
def page(bundles: ScriptBundles) -> str:
    return start_page.compose(streamlit_internals.page_html(), streamlit_internals.page_sheet(), bundles)


def test_the_skeleton_waits_for_nothing(page: str) -> None:
    """A browser draws no text before the style sheets above it have come."""
    assert page.startswith("<!DOCTYPE html>") and page.count('id="skeleton"') == 1
    assert page.index('id="root"') < page.index('id="skeleton"') < page.index("@font-face")
    assert "<title>Callboard</title>" in page and 'rel="stylesheet"' not in page
    assert "$" not in page.partition('id="root"')[2].partition("@font-face")[0]
    assert all(st.get_option(f"theme.{mode}.backgroundColor") in page for mode in ("light", "dark"))


def test_the_page_begins_with_the_joined_scripts_alone(page: str, bundles: ScriptBundles) -> None:
    """Those of the first page come after them, when the network is free."""
    begun, later = page.replace(page_part(page, "template"), ""), page_part(page, "template")
    files = r'(?:src|href)="\./static/js/([^"]+)"'
    assert re.findall(files, begun) == [bundles.address("app"), *bundles.apart]
    assert re.findall(files, later) == [bundles.address("widgets"), bundles.address("charts")]
    assert len(security_headers.inline_hashes(page)) == 1


def test_without_joined_scripts_the_page_begins_with_streamlit_s() -> None:
    theirs = streamlit_internals.page_html()
    page = start_page.compose(theirs, streamlit_internals.page_sheet(), None)
    files = r'(?:src|href)="(\./static/js/[^"]+)"'
    assert re.findall(files, page) == re.findall(files, theirs)


def test_streamlit_s_style_sheet_is_all_there_but_for_the_typefaces_that_ours_replace(page: str) -> None:
    sheet, ours = streamlit_internals.page_sheet(), page_part(page.partition("</aside>")[2], "style")
    for name, file in (("Source Sans", "SourceSans"), ("Material Symbols Rounded", "MaterialSymbols")):
        assert file in sheet and file not in ours and ours.count(f'font-family:"{name}"') == 1
    rules = re.split(r"(?<=\})", re.sub(r"@font-face\{font-family:(Source Sans|Material)[^}]*\}", "", sheet))
    assert all(rule.replace("url(../", "url(./static/") in ours for rule in rules)
    folder = streamlit_internals.static_folder()
    addresses = re.findall(r"url\(\./([^)?]+)", ours)
    assert len(addresses) > 10
    for address in addresses:
        known = folder / address if address.startswith("static/") else OWN / Path(address).name
        assert known.is_file(), address


def test_what_nobody_here_uses_is_left_out(page: str) -> None:
    theirs = streamlit_internals.page_html()
    for unused in ('as="font"', "service-desc", "agent", "<!--", "prerenderReady"):
        assert unused in theirs and unused not in page.replace(page_part(page, "template"), "")


def page_part(page: str, tag: str) -> str:
    """Return the first element of a page with this tag."""
    return page[page.index(f"<{tag}") : page.index(f"</{tag}>")]
