"""Codes of failures: words for each in every language, and the values that these name wherever one is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from lib.catalog.catalog import BUILT_IN
from lib.errors import MappingError, nearest
from lib.errors.codes import CodedText, FailureCode, joined, restored
from lib.i18n import LANGUAGES, override_language
from lib.ingest.converter import RIGHT_WHERE_MISSING
from lib.ingest.mapping import Mapping
from lib.reports import job_text
from tests import message_catalog
from tests.conftest import ROOT

PASSED_ON = {
    FailureCode.MAPPING_UNKNOWN_PART: '[what]\nid = "a"',
    FailureCode.MAPPING_UNKNOWN_OPTION: '[file]\nencodin = "utf-8"',
    FailureCode.MAPPING_UNKNOWN_COLUMN: '[columns]\nidd = "a"',
}
"""Codes that are handed to who raises them, and a mapping that is wrong in this."""

CHOSEN = {
    FailureCode.DID_YOU_MEAN: (nearest("stat", ["state"]), " (¿quiso decir 'state'?)"),
    FailureCode.NEAREST: (nearest("xyz", ["state"]), " (lo más parecido: 'state')"),
    FailureCode.BOTH: (joined(["a", "b", "c"], FailureCode.BOTH), "a y b y c"),
    FailureCode.EITHER: (joined(["a", "b"], FailureCode.EITHER), "a o b"),
    FailureCode.RIGHT_ID: (FailureCode.RIGHT_ID.of(), "lo que distingue una evaluación de todas las demás"),
    FailureCode.RIGHT_AUDIO_DATE: (FailureCode.RIGHT_AUDIO_DATE.of(), "cuándo fue la conversación"),
}
"""Codes that a function chooses, what it makes of them, and this in Spanish."""


def uses() -> Iterator[tuple[FailureCode, set[str], str]]:
    """Yield each call that gives a code its values: the code, the values' names, and where it is."""
    for path in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            of = isinstance(node.func, ast.Attribute) and node.func.attr == "of"
            code = code_of(node.func.value if of else node.args[0] if node.args else node)  # type: ignore[attr-defined]
            if code is None:
                continue
            names = {str(keyword.arg) for keyword in node.keywords}
            for argument in node.args:
                if isinstance(argument, ast.Dict):
                    names |= {key.value for key in argument.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
            yield code, names, f"{path.relative_to(ROOT)}:{node.lineno}"


def code_of(node: ast.expr) -> FailureCode | None:
    is_code = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "FailureCode"
    return FailureCode[node.attr] if is_code else None  # type: ignore[attr-defined]


def test_every_use_gives_the_values_that_the_words_name() -> None:
    wrong = [
        f"{where}: {code.name} takes {sorted(message_catalog.names(code.text))}, not {sorted(names)}"
        for code, names, where in uses()
        if names != message_catalog.names(code.text)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_code_is_used() -> None:
    used = {code for code, _, _ in uses()} | {*PASSED_ON, *CHOSEN}
    assert [code.name for code in FailureCode if code not in used] == []


@pytest.mark.parametrize("code", PASSED_ON, ids=lambda code: code.name)
def test_a_code_that_is_passed_on_gets_its_values(code: FailureCode) -> None:
    with pytest.raises(MappingError) as caught:
        Mapping.from_toml(PASSED_ON[code], BUILT_IN)
    assert caught.value.reason.code is code
    assert {*caught.value.reason.values} == message_catalog.names(code.text)


@pytest.mark.parametrize("code", CHOSEN, ids=lambda code: code.name)
def test_a_code_that_is_chosen_gets_its_values(code: FailureCode) -> None:
    text, spanish = CHOSEN[code]
    assert isinstance(text, CodedText) and text.code is code
    with override_language("es"):
        assert job_text.in_words(text) == spanish


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_code_has_words_in_every_language(language: str) -> None:
    entries = message_catalog.entries(language)
    said = {code: entries.get((None, code.text), "") for code in FailureCode}
    assert [code.name for code, words in said.items() if not words] == []
    names = message_catalog.names
    assert [code.name for code, words in said.items() if names(words) != names(code.text)] == []


def test_what_a_required_column_should_hold_is_what_its_help_says() -> None:
    assert {name: code.text for name, code in RIGHT_WHERE_MISSING.items()} == {
        field.name: field.help for field in BUILT_IN.fields.values() if field.required
    }


def test_codes_are_there_once() -> None:
    assert len({code.value for code in FailureCode}) == len(FailureCode.__members__)


def test_texts_within_texts_are_restored() -> None:
    inner = FailureCode.NOT_A_COLUMN.of(hint=FailureCode.NEAREST.of(name="id"))
    kept = {"code": "not_a_column", "values": {"hint": {"code": "nearest", "values": {"name": "id"}}}}
    assert restored(kept) == inner and str(inner) == "is not a column (nearest: 'id')"
    assert restored("is not a column, as it was kept before") == "is not a column, as it was kept before"
