"""What pages and messages say through the catalog: every text, and where; and what they say past it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from lib import i18n
from lib.access.actors import SystemActor
from lib.access.audit_log import DETAIL_LABELS, DETAIL_TEXTS, Action
from lib.access.users import Role
from lib.alerts import alert_text, replay_text
from lib.alerts import words as alert_words
from lib.alerts.alert import PAUSE_LABELS
from lib.analytics import comparison
from lib.analytics.calendar import Granularity
from lib.catalog.catalog import BUILT_IN
from lib.catalog.criterion_metrics import NUMBER_OF_CRITERIA, SCORECARD_METRICS, WITH_ANSWERS
from lib.catalog.dimensions import (
    DIMENSIONS,
    ENGAGEMENT,
    EVALUATOR,
    EXECUTIVE,
    FAILED_CRITERION,
    FILTERS,
    EnumDimension,
    FlagDimension,
)
from lib.catalog.fields import FIELDS
from lib.catalog.metrics import METRICS
from lib.catalog.own_fields import HELP_OF_TYPES, TYPE_LABELS, OwnField, OwnFieldType, catalog_with
from lib.charts import funnel, trend, waterfall
from lib.delivery import schedule_choice
from lib.errors.access_codes import AccessCode
from lib.errors.alert_codes import AlertCode
from lib.errors.answer_codes import AnswerCode
from lib.errors.archive_codes import ArchiveCode
from lib.errors.codes import FailureCode
from lib.errors.field_codes import FieldCode
from lib.errors.formula_codes import FormulaCode
from lib.errors.guess_codes import GuessCode
from lib.errors.import_codes import ImportCode
from lib.errors.mapping_codes import MappingCode
from lib.errors.metric_codes import MetricCode
from lib.errors.parameter_codes import ParameterCode
from lib.errors.report_codes import ReportCode
from lib.errors.storage_codes import StorageCode
from lib.errors.value_codes import ValueCode
from lib.errors.webhook_codes import WebhookCode
from lib.errors.workbook_codes import WorkbookCode
from lib.exports import reports as exports
from lib.reports import (
    breakdown_table,
    catalog_words,
    control_text,
    decomposition_text,
    period_labels,
    spread_text,
    words,
)
from lib.reports.pages import breakdowns, sample_size
from lib.scheduled_reports import report_text
from lib.settings import WeekStart
from lib.sharing import pinned_links
from lib.store.enums import NONE_NAME, ImportResult, Sentiment, State
from lib.store.messages import JobStep
from lib.ui import (
    api_keys_admin,
    grant_form,
    login,
    mapping_file_options,
    mapping_source,
    mapping_values,
    metric_inputs,
    metrics_page,
    sidebar,
    streamlit_words,
    webhooks_admin,
)
from lib.webhooks.webhook import NoAnswer, OffReason, WebhookStatus
from tests.conftest import ROOT

Key = tuple[str | None, str]
"""A text of the catalog: of what it is said where it has a context, and the text in English."""

SOURCES = [path for folder in ("lib", "pages") for path in sorted((ROOT / folder).rglob("*.py"))]

_WORDS = [each.name for kind in (State, Sentiment) for each in kind]

CONTEXTS = {"evaluation": _WORDS, "checks": ["Active"]}
"""The words that `said_of` is called with, by what they are said of."""

OWN_FIELDS = catalog_with(
    (OwnField(1, "number", OwnFieldType.NUMBER, "Number"), OwnField(2, "flag", OwnFieldType.YES_NO, "Flag"))
)
"""A catalog with own fields of each type that has metrics."""

VALUES: dict[str, list[str]] = {
    # Declared once, translated where they are drawn.
    "metrics": [text for metric in METRICS.values() for text in (metric.label, metric.help)],
    "metrics of scorecards": [
        text
        for metric in (*SCORECARD_METRICS.values(), WITH_ANSWERS, NUMBER_OF_CRITERIA)
        for text in (metric.label, metric.help)
    ],
    "metrics of own fields": [metric.help for metric in OWN_FIELDS.own_metrics.values()],
    "dimensions": [dimension.label for dimension in FILTERS],
    "groups": [dimension.plural_label for dimension in (*DIMENSIONS, FAILED_CRITERION)],
    "columns": [text for column in FIELDS.values() for text in (column.label, column.help)],
    "own fields": [*HELP_OF_TYPES.values(), *TYPE_LABELS.values()],
    "states and sentiments": [*_WORDS, NONE_NAME],
    "explanations": [
        f(each) for each in DIMENSIONS for f in (decomposition_text.groups_text, decomposition_text.none_moved_text)
    ],
    "granularities": [text for each in Granularity for text in (each.value, each.value.capitalize())],
    "days that a week begins on": [day.capitalize() for day in get_args(WeekStart)],
    "marks of charts": [*funnel.KINDS, *funnel.LIMITS, *waterfall.KINDS, *trend.COUNTED.values()],
    # Choices of the sidebar and of forms, and what stands beside them.
    "periods": [*period_labels.PRESET_LABELS.values(), *(sidebar.COMPARE_LABELS[kind] for kind in comparison.KINDS)],
    "choices": [
        text
        for dimension in FILTERS
        if isinstance(dimension, EnumDimension)
        for value in dimension.values
        for text in (value.label, value.phrase)
        if text is not None
    ],
    "choices of own fields": ["Yes", "No"],
    "no choice": [dimension.all_label for dimension in FILTERS if isinstance(dimension, FlagDimension)],
    "reports": list(exports.REPORT_LABELS.values()),
    "scores": [breakdown_table.standardized_help(each) for each in (EXECUTIVE, EVALUATOR)],
    "control charts": [control_text.HELP, *control_text.OUTSIDE.values(), *control_text.LEFT_OUT.values()],
    "help of spreads": [spread_text.HELP],
    "help of sample sizes": [sample_size.HELP],
    "heads of breakdowns": [breakdowns.by_text(each) for each in DIMENSIONS if each is not ENGAGEMENT],
    "all of a dimension": [catalog_words.all_text(each) for each in FILTERS if not isinstance(each, FlagDimension)],
    "choices of an import": [
        text
        for labels in (
            mapping_source.UNIT_LABELS,
            mapping_source.CLOCK_LABELS,
            mapping_file_options.NUMBER_FORMATS,
            mapping_file_options.ENCODING_LABELS,
            mapping_file_options.DECIMAL_LABELS,
            mapping_file_options.THOUSANDS_LABELS,
            mapping_values.FLAG_LABELS,
            mapping_values.YES_NO_LABELS,
        )
        for text in labels.values()
    ],
    "units of metrics": list(metrics_page.UNIT_LABELS.values()),
    "directions of metrics": list(metric_inputs.DIRECTIONS.values()),
    "words of Streamlit": list(streamlit_words.TEXTS),
    "terms of a key": list(api_keys_admin.EXPIRY),
    "limits of a grant": [grant_form.label_text(each) for each in DIMENSIONS if each.limits_grants],
    # What the stores hold as codes: who did something, what, and how it ended.
    "actors": [actor.label for actor in SystemActor],
    "actions": [action.label for action in Action],
    "details": list(DETAIL_TEXTS.values()),
    "codes of details": list(DETAIL_LABELS.values()),
    "roles": [*(role.value for role in Role), *login.ROLES.values()],
    "results of imports": [result.label for result in ImportResult],
    "steps of jobs": [step.text for step in JobStep],
    "failures": [code.text for code in FailureCode],
    "refused values": [code.text for code in ValueCode],
    "warnings and undo of imports": [code.text for code in ImportCode],
    "refused mappings": [code.text for code in MappingCode],
    "refused fields": [code.text for code in FieldCode],
    "refused alerts": [code.text for code in AlertCode],
    "archives": [code.text for code in ArchiveCode],
    "alerts": [
        text for texts in (alert_words.FIRES, alert_words.RECOVERED, alert_words.SUBJECTS) for text in texts.values()
    ],
    "words of alerts": [
        text
        for texts in (
            alert_text.STATE_LABELS,
            alert_text.CONDITION_LABELS,
            alert_text.CONDITION_HELP,
            alert_text.DELIVERY_TEXTS,
            replay_text.DAY_LABELS,
        )
        for text in texts.values()
    ],
    "why alerts are paused": list(PAUSE_LABELS.values()),
    "refused answers": [code.text for code in AnswerCode],
    "refused workbooks": [code.text for code in WorkbookCode],
    "formulas that are none": [code.text for code in FormulaCode],
    "refused metrics": [code.text for code in MetricCode],
    "schedules of reports": [
        *schedule_choice.KIND_LABELS.values(),
        *schedule_choice.DAY_LABELS,
        *schedule_choice.EACH_DAY,
    ],
    "words of reports": [
        *report_text.SUBJECT_LABELS.values(),
        *report_text.PERIOD_LABELS.values(),
        *report_text.REASON_LABELS.values(),
        *report_text.RUN_LABELS.values(),
        *report_text.DELIVERY_LABELS.values(),
    ],
    "refused reports": [code.text for code in ReportCode],
    "guesses": [code.text for code in GuessCode],
    "refused parameters": [code.text for code in ParameterCode],
    "refused webhooks": [code.text for code in WebhookCode],
    "lost access": [code.text for code in AccessCode],
    "storage of files": [code.text for code in StorageCode],
    "states of a delivery": list(webhooks_admin.DELIVERY_LABELS.values()),
    "states of a webhook": [each.label for each in (*WebhookStatus, *OffReason)],
    "calls without an answer": [each.label for each in NoAnswer],
    "states of a key": ["active", "revoked", "expired"],
    # What a metric meant when a link was made, which the stores hold in English.
    "definitions": list(pinned_links.definitions(BUILT_IN).values()),
    "terms": [name for name in pinned_links.definitions(BUILT_IN) if name not in METRICS],
}
"""The texts that reach `t` as values, by what they are."""

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
    """A text of the program and where it is said."""

    key: Key
    where: str


class Lookups(dict[Key, str]):
    """A language's catalog that remembers what it is looked up for."""

    def __init__(self, entries: Mapping[Key, str]) -> None:
        """Hold the texts that have a translation."""
        super().__init__({key: text for key, text in entries.items() if text})
        self.keys_looked_up: set[Key] = set()

    def get(self, key: Key, default: str | None = None) -> str | None:  # type: ignore[override]
        """Look a text up, as `t` and `said_of` do."""
        self.keys_looked_up.add(key)
        return super().get(key, default)

    def unlisted(self) -> list[Key]:
        """Return what was looked up though `used` does not list it.

        A word without an entry of its own context is looked up without it then.
        """
        listed = {text.key for text in used()}
        unlisted = {key for key in self.keys_looked_up if key not in listed and (None, key[1]) not in listed}
        return sorted(unlisted, key=lambda key: (key[0] or "", key[1]))


def record_lookups(monkeypatch: pytest.MonkeyPatch, code: str = "es") -> Lookups:
    """Have a language's texts looked up in a catalog that remembers for what, until the test ends."""
    lookups = Lookups(entries(code))
    before = i18n._catalog
    monkeypatch.setattr(i18n, "_catalog", lambda wanted: lookups if wanted == code else before(wanted))
    return lookups


@cache
def used() -> tuple[Text, ...]:
    """Return every text that the program says through the catalog: literals of the source, and VALUES."""
    texts = [Text((None, text), what) for what, values in VALUES.items() for text in values]
    texts += [Text((what, word), f"said of {what}") for what, words in CONTEXTS.items() for word in words]
    for module in _modules():
        for call in module.calls:
            for argument in module.translated(call):
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    texts.append(Text((None, argument.value), _where(module.path, call)))
    return tuple(texts)


def unknown() -> list[str]:
    """Return the calls whose text can be in no catalog: made on the spot, or said of what CONTEXTS does not know."""
    lines = []
    for module in _modules():
        for call in module.calls:
            where = f"{_where(module.path, call)}: {ast.unparse(call)}"
            if module.resolve(call.func) == _SAID_OF and not (
                call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value in CONTEXTS
            ):
                lines.append(f"{where}: CONTEXTS does not say what words these are")
            if any(_is_made_on_the_spot(each) for each in module.translated(call)):
                lines.append(f"{where}: a text made on the spot is in no catalogue; name the values in braces")
    return lines


def handed_on() -> list[str]:
    """Return where `t` is handed on instead of called: what it is called with can't be seen there."""
    lines = []
    for module in _modules():
        called = {id(call.func) for call in module.calls}
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Name | ast.Attribute)
                and isinstance(node.ctx, ast.Load)
                and module.resolve(node) == _T
                and id(node) not in called
            ):
                lines.append(f"{_where(module.path, node)}: t is handed on")
    return lines


def past() -> list[str]:
    """Return what pages draw past the catalog: texts of the source that are handed to Streamlit as they are."""
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


def entries(code: str = "es") -> dict[Key, str]:
    """Return a language's catalog as it is written: translations that are missing are empty."""
    with Path(i18n.__file__).with_name(f"{code}.po").open("rb") as file:
        return {(entry.context, str(entry.id)): str(entry.string) for entry in read_po(file, locale=code) if entry.id}


def names(text: str) -> set[str]:
    """Return the names in braces of a text."""
    return set(re.findall(r"\{(\w*)\}", text))


def english(entries: Mapping[Key, str]) -> list[re.Pattern[str]]:
    """Return what English texts of a catalog look like when they are drawn, values in their places.

    Texts that are hardly more than their values are left out, as `{first} to {last}`: other texts look like them.
    """
    texts = {text for (_, text), said in entries.items() if said != text and _says_enough(text)}
    return [re.compile(r".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text))) for text in sorted(texts)]


def _says_enough(text: str) -> bool:
    return "{" not in text or sum(sign.isalpha() for sign in re.sub(r"\{\w+\}", "", text)) >= 6


_WORDS_TEXT = f"{words.__name__}.{words.text.__name__}"
_T, _SAID_OF = f"{i18n.__name__}.{i18n.t.__name__}", f"{i18n.__name__}.{i18n.t_in_context.__name__}"


class _Module:
    """A module's source: its calls, and what the names in it stand for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text("utf-8"))
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        self.calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        self.functions = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]
        self._names = {function.name: f"{self.name}.{function.name}" for function in self.functions}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                self._names |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}

    def resolve(self, function: ast.expr) -> str:
        """Return the full name of a function of a module; an empty text for anything else."""
        if isinstance(function, ast.Name):
            return self._names.get(function.id, "")
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return f"{self._names.get(function.value.id, '')}.{function.attr}"
        return ""

    def translated(self, call: ast.Call) -> list[ast.expr]:
        """Return the arguments of a call that are looked up in the catalog: of `t`, and of what hands them to it."""
        return self._arguments(call, _speakers().get(self.resolve(call.func), {}))

    @staticmethod
    def _arguments(call: ast.Call, looked_up: Mapping[str, int]) -> list[ast.expr]:
        positions = set(looked_up.values())
        arguments = [each for position, each in enumerate(call.args) if position in positions]
        arguments += [keyword.value for keyword in call.keywords if keyword.arg in looked_up]
        return [branch for each in arguments for branch in _branches(each)]

    def speakers(self, known: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, dict[str, int]]]:
        """Yield the functions that hand parameters to one of the known ones: full name, names and places of these."""
        for function in self.functions:
            handed = {
                argument.id
                for call in ast.walk(function)
                if isinstance(call, ast.Call)
                for argument in self._arguments(call, known.get(self.resolve(call.func), {}))
                if isinstance(argument, ast.Name)
            }
            parameters = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
            looked_up = {name: place for place, name in enumerate(parameters) if name in handed}
            if looked_up and f"{self.name}.{function.name}" not in (_T, _WORDS_TEXT):
                yield f"{self.name}.{function.name}", looked_up


@cache
def _modules() -> tuple[_Module, ...]:
    return tuple(_Module(path) for path in SOURCES)


@cache
def _speakers() -> dict[str, dict[str, int]]:
    """Return the functions that look texts up, `t` itself and all that hand it a parameter: which, and its place."""
    first: dict[str, dict[str, int]] = {_T: {"": 0}, _WORDS_TEXT: {"": 0}}
    known = first
    while True:
        more = first | dict(each for module in _modules() for each in module.speakers(known))
        more.pop(_SAID_OF, None)
        if more == known:
            return known
        known = more


def _branches(argument: ast.expr) -> list[ast.expr]:
    return [*_branches(argument.body), *_branches(argument.orelse)] if isinstance(argument, ast.IfExp) else [argument]


def _is_made_on_the_spot(argument: ast.expr) -> bool:
    return isinstance(argument, ast.JoinedStr) or (
        isinstance(argument, ast.BinOp)
        and any(isinstance(node, ast.Constant) and isinstance(node.value, str) for node in ast.walk(argument))
    )


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
