"""The face: the colors that charts and cards share, and the style sheet of what is drawn as HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from lib.charts.theme import DARK, LIGHT, Palette

_DARK_ON_PAPER = '@media print{:is([data-testid="stVegaLiteChart"] svg,.cb-spark){filter:invert(1) hue-rotate(180deg)}}'
"""What turns charts and courses, which are drawn in the dark mode's colors, into dark ones on white."""


def palette() -> Palette:
    """Return the colors of the visitor's mode."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def sheet() -> str:
    """Return the style sheet; its colors follow the mode by themselves."""
    names = ("text", "muted", "line", "panel", "accent", "positive", "neutral", "negative")
    colors = ";".join(f"--cb-{name}:light-dark({getattr(LIGHT, name)},{getattr(DARK, name)})" for name in names)
    return "<style>.stApp{" + colors + "}" + _rules() + (_DARK_ON_PAPER if palette() is DARK else "") + "</style>"


@cache
def _rules() -> str:
    return Path(__file__).with_suffix(".css").read_text("utf-8")
