"""The HTML that every page begins with: Streamlit's own, with something to see until the app draws.

Streamlit's shows nothing until two megabytes of scripts have come. Here stands what a page will look like, in grey; the
style sheet comes after it, so that it is drawn at once; and what Streamlit has only for others is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template

import streamlit as st

_DRAWN = "[data-testid=stMain] h1, [data-testid=stAlert], [role=dialog]"
"""What stands on a page once it is drawn, or says why it is not."""

_MODES = ("light", "dark")
_ROOT = '<div id="root"></div>'
_UNUSED = (
    re.compile(r'<link\s+rel="preload"[^>]*as="font"[^>]*>'),  # a typeface that the theme replaces
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<script>\s*window.prerenderReady = false\s*</script>"),  # for those who draw pages in advance
    re.compile(r'<link rel="service-desc"[^>]*>'),  # closed to browsers
    re.compile(r"(?<=run this app\.</p>).*?(?=</noscript>)", re.DOTALL),  # about the same
)
COMPONENTS = (
    *("Html", "Selectbox", "DateInput", "Multiselect", "PageLink", "ButtonGroup", "Button", "NumberInput"),
    *("DownloadButton", "ArrowVegaLiteChart"),
)
"""What the first page draws, what is seen first at the front: loaded with the page, not when each is first drawn."""

_STYLE_SHEETS = re.compile(r'<link rel="stylesheet"[^>]*>')


def compose(page: str, scripts: Sequence[str]) -> str:
    """Return Streamlit's page with the skeleton in it; `scripts` are loaded after its own."""
    for unused in _UNUSED:
        page = unused.sub("", page)
    sheets = "".join(_STYLE_SHEETS.findall(page))
    page = _STYLE_SHEETS.sub("", page).replace("<title>Streamlit</title>", "<title>Callboard</title>")
    page = re.sub(r"\n\s*\n+", "\n", page).strip()
    loaded = "".join(f'<link rel="modulepreload" fetchpriority="low" crossorigin href="{each}">' for each in scripts)
    return page.replace(_ROOT, _ROOT + _skeleton() + sheets + loaded)


def _theme(mode: str) -> dict[str, str]:
    colors = ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor")
    return {"bodyFont": st.get_option("theme.font"), **{name: st.get_option(f"theme.{mode}.{name}") for name in colors}}


def _skeleton() -> str:
    themes = {mode: _theme(mode) for mode in _MODES}
    values = {f"{mode}_theme": json.dumps(theme) for mode, theme in themes.items()}
    values |= {f"{mode}_page": theme["backgroundColor"] for mode, theme in themes.items()}
    values |= {f"{mode}_text": theme["textColor"] for mode, theme in themes.items()}
    values |= {f"{mode}_line": st.get_option(f"theme.{mode}.borderColor") for mode in _MODES}
    values |= {f"{mode}_sidebar": st.get_option(f"theme.{mode}.sidebar.backgroundColor") for mode in _MODES}
    return Template(Path(__file__).with_suffix(".html").read_text("utf-8")).substitute(values, drawn=_DRAWN)
