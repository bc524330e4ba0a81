"""The icons of pages: each is in the typeface that is sent, which has few of them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from lib.ui import streamlit_internals
from tests.conftest import ROOT
from tests.icon_font import possible_names

_DRAWN = """async ([names, files]) => {
    const drawn = [];
    for (const [place, bytes] of files.entries()) {
        const face = new FontFace(`icons${place}`, new Uint8Array(bytes));
        document.fonts.add(await face.load());
        const letters = document.createElement('span');
        letters.style.cssText = `font: 100px/1 icons${place}; white-space: nowrap`;
        document.body.append(letters);
        drawn.push(names.filter(name => {
            letters.textContent = name;
            return Math.round(letters.getBoundingClientRect().width) === 100;
        }));
    }
    return drawn;
}"""


def test_every_icon_that_the_program_names_is_there(chromium: Browser) -> None:
    """What is none is drawn as its name: missing ones are made by tests/icon_font.py."""
    (all_icons,) = streamlit_internals.static_folder().glob("static/media/MaterialSymbols-Rounded.*.woff2")
    ours = ROOT / "pages" / "static" / "icons.woff2"
    names = sorted(name for name in possible_names() if len(name) > 1)
    page = chromium.new_page()
    known, sent = page.evaluate(_DRAWN, [names, [list(path.read_bytes()) for path in (all_icons, ours)]])
    page.close()
    assert {"picture_as_pdf", "headset_mic", "database", "expand_more"} <= set(known)
    assert sent == known
    assert ours.stat().st_size < Path(all_icons).stat().st_size / 15
