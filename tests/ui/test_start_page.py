"""The HTML that every page begins with: what is seen first, and what is loaded."""

from __future__ import annotations

import re

import streamlit as st

from lib.ui import start_page, streamlit_internals
from lib.web import security_headers


def page() -> str:
    return start_page.compose(
        streamlit_internals.page_html(), streamlit_internals.component_files(start_page.COMPONENTS)
    )


def test_the_skeleton_waits_for_nothing() -> None:
    """A browser draws no text before the style sheets above it have come."""
    found = page()
    assert found.startswith("<!DOCTYPE html>") and found.count('id="skeleton"') == 1
    assert found.index('id="root"') < found.index('id="skeleton"') < found.index('rel="stylesheet"')
    assert "<title>Callboard</title>" in found and "$" not in found.partition('id="root"')[2]
    assert all(st.get_option(f"theme.{mode}.backgroundColor") in found for mode in ("light", "dark"))


def test_what_streamlit_begins_with_is_all_there() -> None:
    theirs, ours = streamlit_internals.page_html(), page()
    files = r'(?:src|href)="(\./static/(?:js|css)/[^"]+)"'
    assert set(re.findall(files, theirs)) < set(re.findall(files, ours))
    assert len(security_headers.inline_hashes(ours)) == 1


def test_what_nobody_here_uses_is_left_out() -> None:
    theirs, ours = streamlit_internals.page_html(), page()
    for unused in ('as="font"', "service-desc", "agent", "<!--", "prerenderReady"):
        assert unused in theirs and unused not in ours


def test_scripts_of_the_first_page_are_loaded_once_and_after_the_others() -> None:
    loaded = re.findall(r'rel="modulepreload".*?href="([^"]+)"', page())
    folder = streamlit_internals.static_folder()
    assert len(loaded) == len(set(loaded)) and all((folder / each).is_file() for each in loaded)
    index = next(place for place, each in enumerate(loaded) if "/Html." in each)
    assert index > len(re.findall("modulepreload", streamlit_internals.page_html()))
