"""Mutants: every kind of fault, the same ones for the same seed, and a runner that tells what tests notice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.mutants import runner
from tests.mutants.mutations import mutations

MODULE = '''\
"""A docstring."""


def is_long(seconds: int | None, least: int = 60) -> bool:
    """Another."""
    if not seconds or seconds < 0:
        raise ValueError("That is no duration" + f"{seconds + 1}")
    return seconds * 2 >= least
'''
WEAK = """\
from lib.sample import is_long


def test_is_long() -> None:
    assert is_long(40) and not is_long(20)
"""


def test_every_kind_of_fault() -> None:
    assert [(each.line, each.before, each.after) for each in mutations(MODULE)] == [
        (4, "60", "(61)"),
        (6, "not seconds or seconds < 0", "(not seconds and seconds < 0)"),
        (6, "not seconds", "(seconds)"),
        (6, "seconds < 0", "(seconds <= 0)"),
        (6, "0", "(1)"),
        (8, "return seconds * 2 >= least", "return None"),
        (8, "seconds * 2 >= least", "(seconds * 2 > least)"),
        (8, "seconds * 2", "(seconds // 2)"),
        (8, "2", "(3)"),
    ]
    assert mutations("a = {'state': True, 'A text.': 1.5}\n")[1].text == "a = {'state': (False), 'A text.': 1.5}\n"


def test_what_changes_nothing_is_left_alone() -> None:
    text = "@dataclass(frozen=True, slots=True)\nclass A:\n    a: 'int | None'\n"
    assert [each.before for each in mutations(text)] == ["True"]
    assert mutations("if TYPE_CHECKING:\n    import x\n    a = 1\n") == []


def test_the_tests_of_a_module() -> None:
    assert runner.tests_of(ROOT, "lib/web/turns.py") == ("tests/web/test_turns.py", runner.RULES)
    calendar = runner.tests_of(ROOT, "lib/analytics/calendar.py")
    assert calendar[0] == "tests/analytics/test_calendar.py" and "tests/test_languages.py" in calendar
    routes = runner.tests_of(ROOT, "lib/api/routes/exports.py")
    assert {"tests/api/test_exports.py", "tests/api/test_bodies.py"} < set(routes)
    assert not any("/api/" in each for each in runner.tests_of(ROOT, "lib/exports/service.py"))
    assert runner.tests_of(ROOT, "lib/settings.py")[0] == "tests/test_settings.py"


def test_the_copy_has_all_that_tests_need(tmp_path: Path) -> None:
    with runner.copied(ROOT, tmp_path) as copy:
        assert (copy.folder / ".streamlit" / "config.toml").is_file()
        assert not {".git", ".venv", ".mypy_cache"} & {path.name for path in copy.folder.iterdir()}


def test_the_same_seed_gives_the_same_faults() -> None:
    paths = runner.modules(ROOT, ["lib/web/turns.py", "lib/statistics"])
    once, again, other = (runner.sample(ROOT, paths, 9, seed) for seed in (1, 1, 2))
    assert len(once) == 9 and once == again and once != other
    with pytest.raises(ValueError, match="There is no lib/nowhere"):
        runner.modules(ROOT, ["lib/nowhere"])


def test_what_weak_tests_let_through(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for folder, name, text in (("lib", "sample.py", MODULE), ("tests", "test_sample.py", WEAK)):
        (root / folder).mkdir(parents=True)
        (root / folder / "__init__.py").touch()
        (root / folder / name).write_text(text)
    noticed = set()
    with runner.copied(root, tmp_path) as copy:
        for mutant in runner.sample(root, ["lib/sample.py"], 100, 0):
            if copy.notices(mutant, runner.tests_of(root, mutant.path)):
                noticed.add(mutant.mutation.after)
        with pytest.raises(RuntimeError, match="fails without any fault"):
            (copy.folder / "lib" / "sample.py").write_text("")
            copy.check("tests")
    assert noticed == {"(seconds)", "return None", "(seconds // 2)", "(3)"}
    assert (root / "lib" / "sample.py").read_text() == MODULE
