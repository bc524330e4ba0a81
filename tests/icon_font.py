"""Cut the typeface of Streamlit's icons down to those that pages have.

    uv run --with 'fonttools[woff]' python -m tests.icon_font

The whole one has 4,000 icons and takes a slow network two seconds. tests/browser/test_icons.py tells when one is missing.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Any

from lib.ui import streamlit_internals
from tests.conftest import ROOT

_WORD = re.compile(r"[\"'](?::material/)?([a-z0-9_]+):?[\"']")
_ICON = re.compile(r":material/([a-z0-9_]+):")


def possible_names() -> set[str]:
    """Return what may be an icon's name: the words between quotes in the program, and Streamlit's own icons."""
    return {*_words(), *_streamlits()}


def _words() -> Iterator[str]:
    for folder in ("lib", "pages"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from _WORD.findall(path.read_text("utf-8"))


def _streamlits() -> Iterator[str]:
    for path in streamlit_internals.static_folder().glob("static/js/*.js"):
        yield from _ICON.findall(path.read_text("utf-8"))


def main() -> None:
    """Write the typeface."""
    subset: Any = importlib.import_module("fontTools.subset")  # only who makes the typeface needs it
    (source,) = streamlit_internals.static_folder().glob("static/media/MaterialSymbols-Rounded.*.woff2")
    options = subset.Options(flavor="woff2", layout_features=["*"], glyph_names=False, notdef_outline=True)
    font = subset.load_font(str(source), options)
    letters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    wanted = possible_names()
    icons = {
        name: ligature.LigGlyph
        for lookup in font["GSUB"].table.LookupList.Lookup
        for table in lookup.SubTable
        for first, ligatures in getattr(table, "ExtSubTable", table).ligatures.items()
        for ligature in ligatures
        if (name := "".join(letters[each] for each in (first, *ligature.Component))) in wanted
    }
    subsetter = subset.Subsetter(options)
    subsetter.populate(glyphs=[*icons.values()], text="".join(icons))
    # Letters alone would bring every icon that is written with them.
    options.layout_closure = False
    subsetter.subset(font)
    subset.save_font(font, str(ROOT / "pages" / "static" / "icons.woff2"), options)
    print(len(icons), "icons:", *sorted(icons))  # noqa: T201 - what it has chosen, for who runs it


if __name__ == "__main__":
    main()
