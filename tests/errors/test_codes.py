"""Codes of failures: words for each in every language, and the values that these name wherever one is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from lib.analytics.query import parse_choices
from lib.catalog.catalog import BUILT_IN
from lib.errors import InvalidParameterError, MappingError, nearest
from lib.errors.codes import CodedText, FailureCode, TextCode, joined, restored
from lib.errors.guess_codes import GuessCode
from lib.errors.import_codes import ImportCode
from lib.errors.mapping_codes import MappingCode
from lib.errors.parameter_codes import ParameterCode
from lib.errors.value_codes import ValueCode
from lib.errors.workbook_codes import WorkbookCode
from lib.i18n import LANGUAGES, override_language
from lib.ingest.converter import RIGHT_WHERE_MISSING
from lib.ingest.mapping_toml import read_mapping
from lib.reports import job_text
from lib.store.messages import JobStep, Message, failure_of
from tests import message_catalog
from tests.conftest import ROOT

PASSED_ON = {
    MappingCode.MAPPING_UNKNOWN_PART: '[what]\nid = "a"',
    MappingCode.MAPPING_UNKNOWN_OPTION: '[file]\nencodin = "utf-8"',
    MappingCode.MAPPING_UNKNOWN_COLUMN: '[columns]\nidd = "a"',
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


HANDED_ON = {ParameterCode.NOT_A_DAY, ParameterCode.NOT_A_MOMENT}
"""Codes that are handed to who raises them, with the values of all of them."""

KINDS: tuple[type[TextCode], ...] = (
    FailureCode,
    ParameterCode,
    ValueCode,
    WorkbookCode,
    MappingCode,
    ImportCode,
    GuessCode,
)
CODES: tuple[TextCode, ...] = tuple(code for kind in KINDS for code in kind)


def uses() -> Iterator[tuple[TextCode, set[str], str]]:
    """Yield each call that gives a code its values: the code, the values' names, and where it is.

    A refused parameter stands before its code, and its name is one of the values.
    """
    for path in sorted((ROOT / "lib").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            of = isinstance(node.func, ast.Attribute) and node.func.attr == "of"
            refuses = isinstance(node.func, ast.Name) and node.func.id == "InvalidParameterError"
            given = node.args[refuses : refuses + 1]
            code = code_of(node.func.value if of else given[0] if given else node)  # type: ignore[attr-defined]
            if code is None:
                continue
            names = {str(keyword.arg) for keyword in node.keywords}
            if refuses:
                names |= {"parameter"} & message_catalog.names(code.text)
            for argument in node.args:
                if isinstance(argument, ast.Dict):
                    names |= {key.value for key in argument.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
            yield code, names, f"{path.relative_to(ROOT)}:{node.lineno}"


def code_of(node: ast.expr) -> TextCode | None:
    if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
        return None
    kinds: dict[str, type[TextCode]] = {kind.__name__: kind for kind in KINDS}
    return kinds[node.value.id][node.attr] if node.value.id in kinds else None


def test_every_use_gives_the_values_that_the_words_name() -> None:
    wrong = [
        f"{where}: {code.name} takes {sorted(message_catalog.names(code.text))}, not {sorted(names)}"
        for code, names, where in uses()
        if names != message_catalog.names(code.text)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_code_is_used() -> None:
    used = {code for code, _, _ in uses()} | {*PASSED_ON, *CHOSEN, *HANDED_ON}
    assert [code.name for code in CODES if code not in used] == []


@pytest.mark.parametrize("code", PASSED_ON, ids=lambda code: code.name)
def test_a_code_that_is_passed_on_gets_its_values(code: MappingCode) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(PASSED_ON[code], BUILT_IN)
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
    said = {code: entries.get((None, code.text), "") for code in CODES}
    assert [code.name for code, words in said.items() if not words] == []
    names = message_catalog.names
    assert [code.name for code, words in said.items() if names(words) != names(code.text)] == []


def test_what_a_required_column_should_hold_is_what_its_help_says() -> None:
    assert {name: code.text for name, code in RIGHT_WHERE_MISSING.items()} == {
        field.name: field.help for field in BUILT_IN.fields.values() if field.required
    }


def test_codes_are_there_once() -> None:
    kinds: tuple[type[TextCode], ...] = (*KINDS, JobStep)
    assert len({code.value for kind in kinds for code in kind}) == sum(len(kind.__members__) for kind in kinds)


def test_texts_within_texts_are_restored() -> None:
    inner = FailureCode.NOT_A_COLUMN.of(hint=FailureCode.NEAREST.of(name="id"))
    kept = {"code": "not_a_column", "values": {"hint": {"code": "nearest", "values": {"name": "id"}}}}
    assert restored(kept) == inner and str(inner) == "is not a column (nearest: 'id')"
    assert restored("is not a column, as it was kept before") == "is not a column, as it was kept before"


def test_a_refused_parameter_is_kept_and_said_in_both_languages() -> None:
    with pytest.raises(InvalidParameterError) as refused:
        parse_choices("state", ["fail"], ["Failed", "Completed"])
    assert refused.value.parameter == "state"
    assert refused.value.message == (
        "state 'fail' is not known (did you mean 'Failed'?); right would be Failed, Completed."
    )
    kept = Message.from_json(failure_of(refused.value).to_json())
    assert kept is not None and str(kept) == refused.value.message
    with override_language("es"):
        assert job_text.in_words(kept) == (
            "state 'fail' no se conoce (¿quiso decir 'Failed'?); lo correcto sería Failed, Completed."
        )
