"""What the source says through the catalogue: every text, and where; and what it says past the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po

from lib.access import people
from lib.access.audit import Action
from lib.access.people import Role
from lib.analytics import comparison, explanation
from lib.analytics.calendar import Granularity
from lib.analytics.columns import COLUMNS
from lib.analytics.dimensions import DIMENSIONS
from lib.analytics.measures import METRICS
from lib.charts import funnel, waterfall
from lib.codes import NONE_NAME, Sentiment, State
from lib.ingest import history
from lib.sharing import links
from lib.ui import breakdowns, exporting, groups, importing, keys, login, page, sidebar, state
from tests.conftest import ROOT

Key = tuple[str | None, str]
"""A text of the catalogue: of what it is said where it has a context, and the text in English."""

SOURCES = [path for folder in ("lib", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]

_LABELS = [metric.label for metric in METRICS.values()]
_HELP = [metric.help for metric in METRICS.values()]
_DIMENSIONS = [dimension.label for dimension in DIMENSIONS]
_GROUPS = [dimension.plural[0].upper() + dimension.plural[1:] for dimension in DIMENSIONS]
_STATES, _SENTIMENTS = [each.name for each in State], [each.name for each in Sentiment]
_WIDTHS = [each.value for each in Granularity]
_DEFINED = links.definitions()
_ACTORS = ["Data page", "Exports page", "Settings page", people.LOCAL_ACTOR, people.FIRST_LOG_IN, "the first start"]
"""Who did something, as the store has it, where that was no person; names are shown as they are."""

_ROLES = [role.value for role in Role]

SAID: dict[str, list[str]] = {
    # Metrics, dimensions, columns: declared once, translated where they are drawn.
    "metric.label": _LABELS,
    "METRICS[name].label": _LABELS,
    "METRICS[each.name].label": _LABELS,
    "which.label": _LABELS,
    "which.help": _HELP,
    "_CHOICES[name].label": _DIMENSIONS,
    "other.label": _DIMENSIONS,
    "metric.help": _HELP,
    "METRICS[name].help": _HELP,
    "dimension.label": _DIMENSIONS,
    "dimension.plural[0].upper() + dimension.plural[1:]": _GROUPS,
    "COLUMNS[canonical].help": [column.help for column in COLUMNS.values()],
    "codes.NONE_NAME": [NONE_NAME],
    "GROUPS[dimension.name]": list(explanation.GROUPS.values()),
    "NONE_MOVED[dimension.name]": list(explanation.NONE_MOVED.values()),
    "label": [*_DIMENSIONS, *_GROUPS],  # of a chart's groups; of the filters in words
    # States, sentiments, widths of a trend's buckets, days that a week begins on.
    "name": [*_STATES, *_SENTIMENTS, *keys.EXPIRY],  # parts of a bar; how long a key holds
    "record.sentiment.name": _SENTIMENTS,
    "value.capitalize()": [width.capitalize() for width in _WIDTHS],
    "course.granularity.value": _WIDTHS,
    "space.settings.week_start.capitalize()": ["Monday", "Sunday", "Saturday"],
    # Choices of the sidebar and of forms.
    "PRESET_LABELS[name]": list(sidebar.PRESET_LABELS.values()),
    "COMPARE_LABELS[name]": [sidebar.COMPARE_LABELS[kind] for kind in comparison.KINDS],
    "state.AI_CHOICES[choice]": list(state.AI_CHOICES.values()),
    "name.capitalize()": [name.capitalize() for name in state.RECORD_CHOICES],
    "LABELS[name]": list(exporting.LABELS.values()),
    "LABELS[job.payload['report']]": list(exporting.LABELS.values()),
    "ALIKE_HELP": [breakdowns.ALIKE_HELP],
    "breakdowns.ALIKE_HELP": [breakdowns.ALIKE_HELP],
    "BY[other.name]": list(groups.BY.values()),
    "SCORES[name]": list(groups.SCORES.values()),
    "_ALL[dimension.name]": list(page._ALL.values()),
    "NOTHING": [importing.NOTHING],
    "ROW_NUMBER": [importing.ROW_NUMBER],
    "kind": [*funnel.KINDS, *waterfall.KINDS],
    "KINDS[_place(value, mean, deviation, group.sums)]": list(funnel.KINDS),
    # What the stores hold in English: who did something, how it ended, what a metric meant when a link was made.
    "each.actor": _ACTORS,
    "actor": _ACTORS,
    "entry.actor": _ACTORS,
    "job.actor": _ACTORS,
    "key.created_by": _ACTORS,
    "person.created_by": _ACTORS,
    "action.value": [action.value for action in Action],
    "entry.action.value": [action.value for action in Action],
    "person.role.value": _ROLES,
    "role.value": _ROLES,
    "ROLES[each]": list(login.ROLES.values()),
    "entry.result": [
        history.LOADED,
        history.LOADED_WITHOUT_BAD,
        history.NOTHING_LOADED,
        history.FAILED,
        history.DRY_RUN,
    ],
    "key.status": ["active", "revoked", "expired"],
    "each.name": [name for name in _DEFINED if name not in METRICS],
    "each.was": list(_DEFINED.values()),
    "each.now": list(_DEFINED.values()),
    # Handed through: the literals that come in are collected where they are written.
    "title": [],
    "question": [],
    "word": [],
}
"""The texts that a call of `t` stands for, by its argument in the source, where that is no literal."""

CONTEXTS = {"evaluation": [*_STATES, *_SENTIMENTS]}
"""The words that `said_of` is asked for, by what they are said of."""

HEADS = ("begin", "head")
"""The functions of `page` that take a title and a question, both literals."""

DRAWN_FIRST = frozenset(
    [
        "title",
        "header",
        "subheader",
        "caption",
        "write",
        "markdown",
        "button",
        "download_button",
        "link_button",
        "form_submit_button",
        "selectbox",
        "multiselect",
        "text_input",
        "text_area",
        "number_input",
        "date_input",
        "checkbox",
        "toggle",
        "radio",
        "segmented_control",
        "pills",
        "file_uploader",
        "expander",
        "popover",
        "success",
        "warning",
        "info",
        "error",
        "spinner",
        "dialog",
        "metric",
        "toast",
    ]
)
"""What Streamlit draws with a text as its first argument."""

DRAWN_NAMED = frozenset({"help", "placeholder", "alt"})
"""Arguments of Streamlit's that are drawn, or read aloud."""


@dataclass(frozen=True)
class Text:
    """A text of the source and where it is said."""

    key: Key
    where: str


def used() -> list[Text]:
    """Return every text that the source says through the catalogue."""
    found = []
    for where, call in _calls():
        name = _name(call)
        if name == "said_of":
            what = call.args[0]
            if isinstance(what, ast.Constant) and str(what.value) in CONTEXTS:
                found += [Text((str(what.value), word), where) for word in CONTEXTS[str(what.value)]]
        for argument in _arguments(call):
            if isinstance(argument, ast.Constant):
                found.append(Text((None, str(argument.value)), where))
            else:
                found += [Text((None, text), where) for text in SAID.get(ast.unparse(argument), [])]
    return found


def unknown() -> list[str]:
    """Return the calls of which it is not known what they say: no literal, and not in SAID or CONTEXTS."""
    found = []
    for where, call in _calls():
        if _name(call) == "said_of":
            what = call.args[0]
            if not isinstance(what, ast.Constant) or what.value not in CONTEXTS:
                found.append(f"{where}: {ast.unparse(call)}: CONTEXTS does not say what words these are")
        for argument in _arguments(call):
            if isinstance(argument, ast.JoinedStr):
                found.append(f"{where}: {ast.unparse(call)}: an f-string is in no catalogue; name the values in braces")
            elif not isinstance(argument, ast.Constant) and ast.unparse(argument) not in SAID:
                found.append(f"{where}: {ast.unparse(call)}: SAID does not say what texts this can be")
    return found


def handed_on() -> list[str]:
    """Return where `t` is handed on instead of called: what it is called with can't be seen there."""
    found = []
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "t" and isinstance(node.ctx, ast.Load) and _speaks(tree):
                found += [] if id(node) in called else [f"{_where(path, node)}: t is handed on"]
    return found


def past() -> list[str]:
    """Return what pages draw past the catalogue: texts of the source that are handed to Streamlit as they are."""
    found = []
    for path in SOURCES:
        if path.parent not in (ROOT / "lib" / "ui", ROOT / "pages"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if ast.unparse(node.func.value) in ("log", "re"):
                continue
            drawn = node.args[:1] if node.func.attr in DRAWN_FIRST else []
            drawn += [keyword.value for keyword in node.keywords if keyword.arg in DRAWN_NAMED]
            found += [f"{_where(path, node)}: {ast.unparse(each)}" for each in drawn if _is_english(each)]
    return found


def catalogue(code: str = "es") -> dict[Key, str]:
    """Return a language's catalogue as it is written: translations that are missing are empty."""
    with (ROOT / "lib" / "languages" / f"{code}.po").open("rb") as file:
        return {(entry.context, str(entry.id)): str(entry.string) for entry in read_po(file, locale=code) if entry.id}


def names(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return set(re.findall(r"\{(\w*)\}", text))


def english(entries: Mapping[Key, str]) -> list[re.Pattern[str]]:
    """Return what English texts of a catalogue look like when they are drawn, values in their places.

    Texts that are hardly more than their values are left out, as `{first} to {last}`: other texts look like them.
    """
    texts = {text for (_, text), said in entries.items() if said != text and _says_enough(text)}
    return [re.compile(r".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text))) for text in sorted(texts)]


def _says_enough(text: str) -> bool:
    return "{" not in text or sum(sign.isalpha() for sign in re.sub(r"\{\w+\}", "", text)) >= 6


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in SOURCES:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (
                _speaks(tree) or _name(node) in HEADS or ast.unparse(node.func) == "groups.show"
            ):
                yield _where(path, node), node


def _speaks(tree: ast.Module) -> bool:
    """Return whether a module takes `t` from the languages, or is theirs."""
    return any(
        (isinstance(node, ast.ImportFrom) and node.module == "lib.languages")
        or (isinstance(node, ast.FunctionDef) and node.name == "t")
        for node in tree.body
    )


def _arguments(call: ast.Call) -> list[ast.expr]:
    """Return what a call asks the catalogue for."""
    name = _name(call)
    asked: list[ast.expr] = []
    if name == "t":
        asked = call.args[:1]
    elif name in HEADS and isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "page":
        asked = call.args[:2]
    elif name == "show" and ast.unparse(call.func) == "groups.show":
        asked = call.args[1:]
    return [each for asked_for in asked for each in _branches(asked_for)]


def _branches(asked: ast.expr) -> list[ast.expr]:
    return [*_branches(asked.body), *_branches(asked.orelse)] if isinstance(asked, ast.IfExp) else [asked]


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_english(drawn: ast.expr) -> bool:
    if isinstance(drawn, ast.JoinedStr):
        return any(isinstance(each, ast.Constant) and _is_english(each) for each in drawn.values)
    return (
        isinstance(drawn, ast.Constant)
        and isinstance(drawn.value, str)
        and bool(re.search(r"[A-Za-z]{2}", drawn.value))
    )


def _where(path: Path, node: ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"
