"""The face: the colours that charts and cards share, and the style sheet of what is drawn as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one mode. Sentiments and changes can be told apart by the colour-blind."""

    text: str
    muted: str
    line: str
    panel: str
    accent: str
    positive: str
    neutral: str
    negative: str
    band: str


LIGHT = Palette("#16242b", "#55656d", "#d7e0e2", "#ffffff", "#0b6e6e", "#0b6e6e", "#a9b5bc", "#c2571a", "#0b6e6e")
DARK = Palette("#e6eef0", "#a3b3ba", "#2d3c44", "#172127", "#5cc8bd", "#5cc8bd", "#7b8a92", "#f0935a", "#5cc8bd")


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
