"""The HTML that every page begins with: Streamlit's own, with something to see until the app draws.

Streamlit's shows nothing until two megabytes of scripts have come. Here stands what a page will look like, in grey; the
style sheet comes after it, so that it is drawn at once; scripts are joined to a few files, and those of the first page
loaded before they are asked for; and what Streamlit has only for others is left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from string import Template

import streamlit as st

from lib.web.script_bundles import ScriptBundles

_DRAWN = "[data-testid=stMain] h1, [data-testid=stAlert], [role=dialog]"
"""What stands on a page once it is drawn, or says why it is not."""

_MODES = ("light", "dark")
_FACES = re.compile(r"@font-face\{font-family:([^;]*);[^}]*\}")
_ICON_FACE = "Material Symbols Rounded"
OWN_FILES = Path(__file__).parents[2] / "pages" / "static"

_ROOT = '<div id="root"></div>'
_UNUSED = (
    re.compile(r'<link\s+rel="preload"[^>]*as="font"[^>]*>'),  # a typeface that the theme replaces
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<script>\s*window.prerenderReady = false\s*</script>"),  # for those who draw pages in advance
    re.compile(r'<link rel="service-desc"[^>]*>'),  # closed to browsers
    re.compile(r"(?<=run this app\.</p>).*?(?=</noscript>)", re.DOTALL),  # about the same
)
GROUPS = {
    "app": ("Html", "index"),
    "widgets": (
        *("Selectbox", "DateInput", "Multiselect", "PageLink", "ButtonGroup", "Button", "NumberInput"),
        "DownloadButton",
    ),
    "charts": ("ArrowVegaLiteChart",),
    "tables": ("DataFrame",),
}
"""What of Streamlit is joined to one file each: what every page begins with, and what pages consist of."""

_LATER = ("widgets", "charts")
"""What the first page draws, loaded when the app itself is there, not when each is first drawn."""

_STYLE_SHEETS = re.compile(r'<link rel="stylesheet"[^>]*>')
_ENTRY = re.compile(r'(<script type="module"[^>]* src="\./static/js/)[^"]+(?="></script>)')
_PRELOADS = re.compile(r'<link rel="modulepreload"[^>]*>')


def compose(page: str, sheet: str, bundles: ScriptBundles | None) -> str:
    """Return Streamlit's page with the skeleton and its style sheet in it, and the files that its scripts are in."""
    for unused in _UNUSED:
        page = unused.sub("", page)
    page = _STYLE_SHEETS.sub("", page).replace("<title>Streamlit</title>", "<title>Callboard</title>")
    end = f"<style>{_style(sheet)}</style>"
    later = [
        f'<link rel="preload" as="font" type="font/woff2" crossorigin href="./{each}">' for each in (_text(), _icons())
    ]
    if bundles is not None:
        page = _ENTRY.sub(rf"\g<1>{bundles.address('app')}", _PRELOADS.sub("", page))
        end += "".join(_preload(each) for each in bundles.apart)
        later = [*(_preload(bundles.address(each)) for each in _LATER), *later]
    page = re.sub(r"\n\s*\n+", "\n", page).strip()
    return page.replace(_ROOT, _ROOT + _skeleton("".join(later)) + end)


def _preload(script: str) -> str:
    return f'<link rel="modulepreload" crossorigin href="./static/js/{script}">'


def _text() -> str:
    """Return the address of the typeface in which nearly all is written."""
    return str(st.get_option("theme.fontFaces")[0]["url"])


def _icons() -> str:
    """Return the address of the icons that pages have: another one when they are others (tests/icon_font.py)."""
    return f"app/static/icons.woff2?{hashlib.sha256((OWN_FILES / 'icons.woff2').read_bytes()).hexdigest()[:12]}"


def _style(sheet: str) -> str:
    """Return Streamlit's style sheet, with our typefaces in place of its own.

    By itself it has a browser load all its icons, and its typeface until the page names ours and for what that lacks.
    """
    others = _FACES.sub(lambda rule: "" if rule[1].strip("\"'") in ("Source Sans", _ICON_FACE) else rule[0], sheet)
    faces = (
        ("Inter", "100 900", "swap", _text()),
        ("Source Sans", "100 900", "swap", _text()),
        (_ICON_FACE, "400", "block", _icons()),
    )
    ours = "".join(
        f'@font-face{{font-family:"{name}";font-style:normal;font-weight:{weight};font-display:{display};'
        f'src:url(./{address})format("woff2")}}'
        for name, weight, display, address in faces
    )
    return others.replace("url(../", "url(./static/") + ours


def _theme(mode: str) -> dict[str, str]:
    colors = ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor")
    return {"bodyFont": st.get_option("theme.font"), **{name: st.get_option(f"theme.{mode}.{name}") for name in colors}}


def _skeleton(later: str) -> str:
    themes = {mode: _theme(mode) for mode in _MODES}
    values = {f"{mode}_theme": json.dumps(theme) for mode, theme in themes.items()}
    values |= {f"{mode}_page": theme["backgroundColor"] for mode, theme in themes.items()}
    values |= {f"{mode}_text": theme["textColor"] for mode, theme in themes.items()}
    values |= {f"{mode}_line": st.get_option(f"theme.{mode}.borderColor") for mode in _MODES}
    values |= {f"{mode}_sidebar": st.get_option(f"theme.{mode}.sidebar.backgroundColor") for mode in _MODES}
    return Template(Path(__file__).with_suffix(".html").read_text("utf-8")).substitute(
        values, drawn=_DRAWN, later=later
    )
