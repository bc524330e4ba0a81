"""The runner: puts one fault after another into a copy of the tree, and runs the tests that should notice it.

The tests of a module are the one that mirrors it, and those that import it; where none does, those of what imports it.
A module without a mirror has all tests of its package, too, and each module the rules of the house. Tests that start
the whole app take minutes, so that only their own package has them.
"""

from __future__ import annotations

import ast
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutations import Mutation, mutations

SLOW = ("api", "browser", "crashes", "hostile", "mutants", "ui")
RULES = "tests/test_architecture.py"
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".*_cache", "build", "cache", "data", "__pycache__", "*.egg-info")
_GRACE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutation of a module, named by its path in the tree."""

    path: str
    mutation: Mutation

    def __str__(self) -> str:
        """Say where the fault is and what it is."""
        return f"{self.path}:{self.mutation.line}: {self.mutation.before} → {self.mutation.after}"


def modules(root: Path, chosen: Sequence[str]) -> list[str]:
    """Return the paths of the modules in files and folders of a tree. Raises ValueError for one that is not there."""
    found: set[str] = set()
    for each in chosen:
        place = root / each
        if not place.exists():
            raise ValueError(f"There is no {each}; right would be a file or a folder such as lib/statistics.")
        paths = place.rglob("*.py") if place.is_dir() else [place]
        found.update(path.relative_to(root).as_posix() for path in paths if "versions" not in path.parts)
    return sorted(found)


def sample(root: Path, paths: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """Return `count` mutants of modules, or all where there are fewer; the same seed gives the same ones."""
    every = [Mutant(path, each) for path in paths for each in mutations((root / path).read_text("utf-8"))]
    return random.Random(seed).sample(every, min(count, len(every)))


def tests_of(root: Path, path: str) -> tuple[str, ...]:
    """Return the files of the tests of a module: the one that mirrors it, its package's, others', the house's rules."""
    package, name = Path(path).parent.relative_to("lib"), Path(path).stem
    own = package.parts[0] if package.parts else ""
    tests = _nearest(root, path, own)
    mirror = (Path("tests") / package / f"test_{name}.py").as_posix()
    if (root / mirror).exists():
        tests.add(mirror)
    elif own:
        tests.update(each.relative_to(root).as_posix() for each in (root / "tests" / own).glob("test_*.py"))
    ordered = sorted(tests - {RULES}, key=lambda each: (each != mirror, Path(each).parts[1] != own, each))
    return (*ordered, *([RULES] if (root / RULES).exists() else []))


def _nearest(root: Path, path: str, own: str) -> set[str]:
    """Return the tests that import a module, or else what imports it, level by level."""
    users = _importers(root)
    seen, level = {path}, [path]
    while level:
        importers = {user for each in level for user in users.get(_name(each), ())}
        tests = {
            each
            for each in importers
            if Path(each).name.startswith("test_") and (Path(each).parts[1] == own or Path(each).parts[1] not in SLOW)
        }
        if tests:
            return tests
        level = sorted(importers - seen)
        seen.update(importers)
    return set()


def _name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def _importers(root: Path) -> dict[str, set[str]]:
    """Return the files that import each module, by its dotted name."""
    found: dict[str, set[str]] = {}
    for path in (path for folder in ("tests", "lib", "pages") for path in (root / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                found.setdefault(name, set()).add(path.relative_to(root).as_posix())
    return found


class Copy:
    """A copy of the tree, in which one module at a time has a fault."""

    def __init__(self, folder: Path) -> None:
        """Use the copy that lies in a folder."""
        self.folder = folder
        self._seconds: dict[str, float] = {}

    def check(self, test: str) -> None:
        """Run a file of tests once without a fault, to know how long it takes. Raises RuntimeError where it fails."""
        if test not in self._seconds:
            began = time.monotonic()
            passed, said = self._run(test, None)
            if not passed:
                raise RuntimeError(f"{test} fails without any fault:\n{said}")
            self._seconds[test] = time.monotonic() - began

    def notices(self, mutant: Mutant, tests: Sequence[str]) -> bool:
        """Return whether one of the tests notices a fault, as those do that take ten times as long with it."""
        path = self.folder / mutant.path
        whole = path.read_text("utf-8")
        for test in tests:
            self.check(test)
            path.write_text(mutant.mutation.text, "utf-8")
            try:
                passed, _ = self._run(test, max(60.0, 10 * self._seconds[test]))
            finally:
                path.write_text(whole, "utf-8")
            if not passed:
                return True
        return False

    def _run(self, test: str, seconds: float | None) -> tuple[bool, str]:
        """Run a file of tests; return whether it passed in time, and the end of what it said."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", test]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as running:
            try:
                said = running.communicate(timeout=seconds)[0]
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGINT)  # so that the servers of the tests end with them
                try:
                    running.communicate(timeout=_GRACE_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(running.pid, signal.SIGKILL)
                    running.communicate()
                return False, "too slow"
        return running.returncode == 0, said[-2000:]


@contextmanager
def copied(root: Path, folder: Path) -> Iterator[Copy]:
    """Copy a tree into a folder; what lies beside the tree for its tests lies beside the copy, too."""
    shutil.copytree(root, folder / "tree", ignore=_NOT_COPIED, symlinks=True)
    beside = root.parent / "shared"
    if beside.exists():
        (folder / "shared").symlink_to(beside)
    yield Copy(folder / "tree")
