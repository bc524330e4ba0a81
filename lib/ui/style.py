"""The face: the colours that charts and cards share, and the style sheet of what is drawn as HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st

from lib.charts.theme import DARK, LIGHT, Palette


def palette() -> Palette:
    """Return the colours of the visitor's mode."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def sheet() -> str:
    """Return the style sheet; its colours follow the mode by themselves."""
    names = ("text", "muted", "line", "panel", "accent", "positive", "neutral", "negative")
    colours = ";".join(f"--cb-{name}:light-dark({getattr(LIGHT, name)},{getattr(DARK, name)})" for name in names)
    return "<style>.stApp{" + colours + "}" + _rules() + "</style>"


@cache
def _rules() -> str:
    return Path(__file__).with_suffix(".css").read_text("utf-8")
