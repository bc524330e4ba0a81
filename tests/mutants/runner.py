"""The runner: puts one fault after another into a copy of the tree, and runs the tests that should notice it.

The tests of a module are those that mirror it, and those that import it; where there are none, those of what imports
it, and else all of its package. Tests that start the whole app take minutes, so that only their own package has them.
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
_NOT_COPIED = shutil.ignore_patterns(".*", "build", "cache", "data", "__pycache__", "*.egg-info")
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
    """Return the files of the tests of a module, the one that mirrors it first."""
    package, name = Path(path).parent.relative_to("lib"), Path(path).stem
    mirror = (Path("tests") / package / f"test_{name}.py").as_posix()
    own = package.parts[0] if package.parts else ""
    users = _importers(root)
    seen, level = {path}, [path]
    while level:
        importers = {user for each in level for user in users.get(_name(each), ())}
        tests = {
            each
            for each in importers
            if Path(each).name.startswith("test_") and (Path(each).parts[1] == own or Path(each).parts[1] not in SLOW)
        }
        if (root / mirror).exists() and path in level:
            tests.add(mirror)
        if tests:
            return tuple(sorted(tests, key=lambda each: (each != mirror, each)))
        level = sorted(importers - seen)
        seen.update(importers)
    return tuple(sorted(each.relative_to(root).as_posix() for each in (root / "tests" / own).glob("test_*.py")))


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
        self._seconds: dict[tuple[str, ...], float] = {}

    def check(self, tests: tuple[str, ...]) -> None:
        """Run tests once without a fault, to know how long they take. Raises RuntimeError where they fail."""
        if tests not in self._seconds:
            began = time.monotonic()
            passed, said = self._run(tests, None)
            if not passed:
                raise RuntimeError(f"The tests fail without any fault: {' '.join(tests)}\n{said}")
            self._seconds[tests] = time.monotonic() - began

    def notices(self, mutant: Mutant, tests: tuple[str, ...]) -> bool:
        """Return whether tests notice a fault; tests that take ten times as long as without it do, too."""
        self.check(tests)
        path = self.folder / mutant.path
        whole = path.read_text("utf-8")
        path.write_text(mutant.mutation.text, "utf-8")
        try:
            return not self._run(tests, max(60.0, 10 * self._seconds[tests]))[0]
        finally:
            path.write_text(whole, "utf-8")

    def _run(self, tests: tuple[str, ...], seconds: float | None) -> tuple[bool, str]:
        """Run tests; return whether they passed in time, and the end of what they said."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
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
