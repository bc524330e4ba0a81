"""The face: the colours that charts and cards share, and the style sheet of what is drawn as HTML."""

from __future__ import annotations

from dataclasses import dataclass

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
    return "<style>.stApp{" + colours + "}" + _RULES + "</style>"


_RULES = """
.stApp .block-container{max-width:1240px;padding-top:3.6rem;padding-bottom:4rem}
.stApp h1{font-size:1.75rem;letter-spacing:-.01em;padding:0 0 .15rem}
.stApp h3{font-size:1.12rem;padding:.5rem 0 .1rem}
.cb-brand{display:flex;align-items:center;gap:.55rem;font-weight:700;font-size:1.2rem;letter-spacing:-.01em}
.cb-mark{width:1.1rem;height:1.1rem;border-radius:.3rem;background:
 linear-gradient(90deg,transparent 14%,#fff 14% 28%,transparent 28% 44%,#fff 44% 58%,transparent 58% 74%,
 #fff 74% 86%,transparent 86%),var(--cb-accent);background-size:100% 55%,100% 100%;background-position:0 70%,0 0;
 background-repeat:no-repeat}
.cb-question{color:var(--cb-muted);margin:0 0 .35rem;font-size:1rem}
.cb-shown{color:var(--cb-muted);font-size:.86rem;margin:0 0 .4rem;line-height:1.45}
.cb-shown b{color:var(--cb-text);font-weight:600}
.cb-banner{border-left:4px solid var(--cb-negative);background:color-mix(in srgb,var(--cb-negative) 9%,transparent);
 padding:.55rem .8rem;border-radius:0 8px 8px 0;font-size:.9rem;margin-bottom:.3rem}
.cb-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.3rem,1fr));gap:.75rem}
.cb-card{border:1px solid var(--cb-line);border-radius:12px;padding:.8rem .95rem .7rem;background:var(--cb-panel);
 display:flex;flex-direction:column;min-height:8.1rem}
.cb-label{font-size:.82rem;color:var(--cb-muted);display:flex;justify-content:space-between;gap:.4rem}
.cb-value{font-size:1.8rem;font-weight:650;letter-spacing:-.02em;line-height:1.25;font-variant-numeric:tabular-nums}
.cb-value small{font-size:.95rem;font-weight:500;color:var(--cb-muted)}
.cb-note{font-size:.78rem;color:var(--cb-muted);font-variant-numeric:tabular-nums;min-height:1.15rem}
.cb-change{font-size:.8rem;font-variant-numeric:tabular-nums;color:var(--cb-muted)}
.cb-good{color:var(--cb-positive);font-weight:600}.cb-bad{color:var(--cb-negative);font-weight:600}
.cb-spark{margin-top:auto;width:100%;height:30px;display:block}
.cb-few{border:1px dashed var(--cb-negative);color:var(--cb-negative);border-radius:6px;padding:0 .35rem;font-size:.74rem}
.cb-bar{display:flex;height:1.15rem;border-radius:6px;overflow:hidden;gap:2px;margin:.35rem 0 .5rem}
.cb-bar span{min-width:2px}
.cb-legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.84rem;list-style:none;padding:0!important;margin:0!important}
.cb-legend li{display:flex;align-items:center;gap:.4rem;margin:0!important}
.cb-dot{width:.65rem;height:.65rem;border-radius:3px;display:inline-block;flex:none}
.cb-tops{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.8rem}
.cb-empty{border:1px dashed var(--cb-line);border-radius:12px;padding:2.2rem 1.2rem;text-align:center;
 color:var(--cb-muted)}
.cb-empty b{display:block;color:var(--cb-text);font-size:1.05rem;margin-bottom:.25rem}
.st-key-cb-nav a{padding:.3rem .5rem}
@media (max-width:640px){.stApp .block-container{padding-left:1rem;padding-right:1rem}
 .cb-cards{grid-template-columns:repeat(2,1fr)}.cb-value{font-size:1.45rem}.cb-card{min-height:7.4rem;padding:.65rem .7rem}}
"""
