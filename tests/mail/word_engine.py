"""What Outlook's Word engine, Gmail and phones would not take of a mail's HTML, each as a sentence.

Word lays out tables and paragraphs by attributes: it knows no flex, grid, float or position, draws no background images,
takes no padding but of cells, and a width only from an attribute. It reads what stands in its conditional comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

MOST_STYLE_LETTERS = 500
"""So long a style of one element may be: Outlook drops those that are much longer."""

_UNKNOWN = {
    "float": "it knows no float",
    "position": "it knows no position",
    "background-image": "it draws no background images",
    "box-shadow": "it draws no shadows",
    "transform": "it turns nothing",
    "animation": "nothing moves",
    "gap": "it knows no gap",
    "opacity": "it draws everything opaque",
    "object-fit": "it fits no pictures",
}
_DISPLAYS = ("flex", "inline-flex", "grid", "inline-grid", "inline-block")
_NO_ELEMENTS = {
    "script", "form", "input", "button", "select", "textarea", "svg", "canvas", "video", "audio", "iframe", "object",
    "embed", "link", "base", "math", "picture", "source",
}  # fmt: skip
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_PADDED = ("td", "th", "body")
_CONDITIONAL = re.compile(r"<!--\[if ([^\]]*)\]>(.*?)<!\[endif\]-->", re.DOTALL)
_REVEALED = re.compile(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", re.DOTALL)


def problems(html: str) -> list[str]:
    """Return what a mail's HTML has that would not be taken; none for a good one."""
    reader = _Reader()
    reader.feed(as_word_reads(html))
    reader.close()
    return [*_of_document(html), *reader.problems, *(f"<{tag}> is not closed" for tag, _ in reader.open)]


def as_word_reads(html: str) -> str:
    """Return HTML with what stands in comments for Word as a part of it, and without what is hidden from it."""
    visible = _REVEALED.sub("", html)
    return _CONDITIONAL.sub(lambda found: found[2] if "mso" in found[1] and "!" not in found[1] else "", visible)


def _of_document(html: str) -> Iterator[str]:
    if not re.match(r"\s*<!doctype html>", html, re.IGNORECASE):
        yield "it does not begin with a doctype"
    if not re.search(r"<html[^>]*\slang=\"[a-z]{2}", html):
        yield "the html element names no language"
    if 'name="color-scheme" content="light dark"' not in html:
        yield "it does not say that it has light and dark colors"
    if "prefers-color-scheme: dark" not in html:
        yield "it has no dark colors"
    if len(html.encode()) > 102 * 1024:
        yield f"it has {len(html.encode())} bytes, and Gmail cuts at 102 KB"
    for sheet in re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL):
        outside = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", sheet)
        for name, value in _declarations(outside):
            if name in ("width", "display", "padding", "margin", "height"):
                yield f"a style sheet lays out by {name}: {value}, which is lost where it is dropped"
        for address in re.findall(r"url\(([^)]*)\)|@import\s+([^;]+)", sheet):
            yield f"a style sheet asks for {''.join(address)}"


class _Reader(HTMLParser):
    """Reads elements one by one, with those that are open around them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.open: list[tuple[str, dict[str, str]]] = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not tag.startswith("o:"):
            self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.problems += self._of_element(tag, named)
        if tag not in _VOID:
            self.open.append((tag, named))

    def handle_endtag(self, tag: str) -> None:
        if tag in [each for each, _ in self.open]:
            while (inner := self.open.pop()[0]) != tag:
                self.problems.append(f"<{inner}> is not closed")

    def _of_element(self, tag: str, named: dict[str, str]) -> Iterator[str]:
        style = named.get("style", "")
        if tag in _NO_ELEMENTS:
            yield f"<{tag}> is not taken in mails"
        for name in named:
            if name.startswith("on"):
                yield f"<{tag}> has a script in {name}"
        if named.get("background"):
            yield f"<{tag}> has a background image"
        if len(style) > MOST_STYLE_LETTERS:
            yield f"<{tag}> has a style of {len(style)} letters, more than {MOST_STYLE_LETTERS}"
        for name, value in _declarations(style):
            yield from _of_declaration(tag, name, value)
        yield from self._of_addresses(tag, named)
        if tag == "img":
            yield from _of_picture(named)
        if tag == "table":
            yield from self._of_table(named)
        if tag in ("td", "th") and named.get("width", "").endswith("px"):
            yield f"<{tag}> has its width in px, where a number is taken alone"

    def _of_addresses(self, tag: str, named: dict[str, str]) -> Iterator[str]:
        if not named.get("src", "cid:").startswith("cid:"):
            yield f"<{tag}> asks for {named['src'][:60]}, which is outside of the mail"
        if "srcset" in named:
            yield f"<{tag}> asks for pictures of other sizes"
        if tag == "a" and not re.match(r"https?://", named.get("href", "")):
            yield f"a link leads to {named.get('href', '')[:60]!r}"

    def _of_table(self, named: dict[str, str]) -> Iterator[str]:
        if not re.fullmatch(r"\d+%?", named.get("width", "")):
            yield "a table has no width attribute"
        is_layout = named.get("role") == "presentation"
        if is_layout and not {"cellpadding", "cellspacing", "border"} <= set(named):
            yield "a table for layout does not say cellpadding, cellspacing and border"
        style = dict(_declarations(named.get("style", "")))
        if "max-width" in style and not self._is_within_width():
            yield "a table has a greatest width by style alone: for Word one of that width goes around it"

    def _is_within_width(self) -> bool:
        return any(tag in ("table", "td") and named.get("width", "").isdigit() for tag, named in self.open)


def _of_picture(named: dict[str, str]) -> Iterator[str]:
    if "alt" not in named:
        yield "a picture has no alt text"
    if not named.get("width", "").isdigit():
        yield "a picture has no width attribute"


def _of_declaration(tag: str, name: str, value: str) -> Iterator[str]:
    if name in _UNKNOWN and value not in ("none", "static"):
        yield f"<{tag}> has {name}: {value}, and {_UNKNOWN[name]}"
    if name == "display" and value in _DISPLAYS:
        yield f"<{tag}> has display: {value}, which it does not know"
    if name.startswith(("flex", "grid")):
        yield f"<{tag}> has {name}, which it does not know"
    if "url(" in value:
        yield f"<{tag}> asks for a picture by {name}"
    if re.search(r"\b(?:calc|var|min|max|clamp)\(", value):
        yield f"<{tag}> computes {name}: {value}"
    if re.search(r"\d(?:rem|vw|vh|ch)\b", value):
        yield f"<{tag}> has {name} in a unit that it does not know: {value}"
    if re.search(r"\brgba?\(|\bhsla?\(", value):
        yield f"<{tag}> has a color that it does not read: {value}"
    if name.startswith("margin") and tag in ("table", "td", "tr") and value.strip("0 ") and value != "0 auto":
        yield f"<{tag}> has {name}: {value}, and tables have no margins"
    if name.startswith("padding") and tag not in _PADDED and value.strip("0 "):
        yield f"<{tag}> has {name}: {value}, and only cells are padded"


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for declaration in re.split(r"[;{}]", style):
        name, separator, value = declaration.partition(":")
        if separator and re.fullmatch(r"\s*[a-z-]+\s*", name):
            yield name.strip(), value.replace("!important", "").strip().lower()
