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

from lib.charts.theme import DARK, LIGHT

_DRAWN = "[data-testid=stMain] h1, [data-testid=stAlert], [role=dialog]"
"""What stands on a page once it is drawn, or says why it is not."""

_CONNECT = Template("""<script>
  window.__streamlit = {
    BACKEND_BASE_URL: new URL(".", location.href).href,
    HOST_CONFIG: { allowedOrigins: [location.origin], useExternalAuthToken: false },
    LIGHT_THEME: $light,
    DARK_THEME: $dark,
  };
</script>""")
"""Lets Streamlit connect at once, not when the server has answered two questions before; and begin in our colors and
typeface, not load its own until it hears of them."""

_MODES = ("light", "dark")
_HEAD, _ROOT = "<head>", '<div id="root"></div>'
_UNUSED = (
    re.compile(r'<link\s+rel="preload"[^>]*as="font"[^>]*>'),  # a typeface that the theme replaces
    re.compile(r"<!--.*?-->", re.DOTALL),
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
    connect = _CONNECT.substitute({mode: json.dumps(_theme(mode)) for mode in _MODES})
    page = page.replace(_HEAD, _HEAD + connect)
    return page.replace(_ROOT, _ROOT + _skeleton() + sheets + loaded)


def _theme(mode: str) -> dict[str, str]:
    colors = ("primaryColor", "backgroundColor", "secondaryBackgroundColor", "textColor")
    return {"bodyFont": st.get_option("theme.font"), **{name: st.get_option(f"theme.{mode}.{name}") for name in colors}}


def _skeleton() -> str:
    text = Path(__file__).with_suffix(".html").read_text("utf-8")
    colors = {
        f"{mode}_{name}": getattr(palette, name)
        for mode, palette in (("light", LIGHT), ("dark", DARK))
        for name in ("text", "line")
    }
    colors |= {f"{mode}_page": _theme(mode)["backgroundColor"] for mode in _MODES}
    colors |= {f"{mode}_sidebar": st.get_option(f"theme.{mode}.sidebar.backgroundColor") for mode in _MODES}
    return Template(text).substitute(colors, drawn=_DRAWN)
