"""What the program is built from, and the package that it becomes.

Every dependency is pinned by version and hash, none of them is unused, and none comes from an address.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lib import __version__
from tests.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
LAKE_LOCK = "requirements-lake.lock"
PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[0-9][A-Za-z0-9.+!-]*)(?: ; (?P<marker>[^\\]+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = [Requirement(each) for each in PROJECT["project"]["dependencies"]]
TOOLS = [
    Requirement(each) for group in PROJECT["dependency-groups"].values() for each in group if isinstance(each, str)
]

BY_NAME = {
    "duckdb": "its engine is made by the dialect, from an address that begins with duckdb://",
    "duckdb-sqlalchemy": "the dialect itself, found by that address",
    "defusedxml": "openpyxl uses it where it is there",
    "tzdata": "zoneinfo reads its files",
    "setuptools": "builds the package",
    "pytest-xdist": "pytest's option --numprocesses",
    "slipcover": "a command",
    "schemathesis": "a command, which tests/api/test_schema.py runs",
    "flask": "moto's server is made with it",
    "flask-cors": "moto's server is made with it",
    "ruff": "a command",
    "mypy": "a command",
    "pandas-stubs": "types that mypy reads",
}
"""What is used without an import of it, and how."""


def requirements(lock: str) -> list[str]:
    """Return a lock's requirements, each with its hashes in one line, without comments."""
    text = re.sub(r"^\s*#.*\n?", "", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


@pytest.mark.parametrize("lock", [*LOCKS, LAKE_LOCK])
def test_every_package_has_a_version_and_hashes(lock: str) -> None:
    found = requirements(lock)
    assert len(found) > 30 or lock == LAKE_LOCK
    for line in found:
        pinned, *hashes = re.split(r"\s+(?=--hash)", line.strip())
        assert PINNED.fullmatch(pinned.strip()), f"{lock}: {pinned} has no exact version"
        assert hashes and all(HASH.fullmatch(each) for each in hashes), f"{lock}: {pinned} lacks hashes"


@pytest.mark.parametrize("lock", [*LOCKS, LAKE_LOCK])
def test_no_lock_names_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert not re.search(r"://|\.(?:com|org|net|io)\b|--(?:extra-)?index|--find-links|--trusted|\bgit\+", text)


def test_both_locks_agree() -> None:
    def versions(lock: str) -> dict[str, str]:
        found = (PINNED.match(line.strip()) for line in requirements(lock))
        return {match["name"]: match["version"] for match in found if match is not None}

    run, develop = (versions(lock) for lock in LOCKS)
    assert {name: develop[name] for name in run if name in develop} == {n: v for n, v in run.items() if n in develop}
    for requirement, lock in [*((each, run) for each in RUNTIME), *((each, develop) for each in TOOLS)]:
        name = canonicalize_name(requirement.name)
        assert requirement.specifier.contains(lock[name]), f"{name} {lock[name]} is not what pyproject.toml asks for"


def test_what_a_lake_needs_is_what_its_tests_run_with() -> None:
    """DuckDB's extensions fit one version of it, so that all are pinned, for people as for the tests."""
    extra = PROJECT["project"]["optional-dependencies"]["lake"]
    assert sorted(line.split()[0] for line in requirements(LAKE_LOCK)) == sorted(extra)
    versions = {each.partition("==")[2] for each in extra}
    (duckdb,) = (each for each in RUNTIME if each.name == "duckdb")
    assert len(versions) == 1 and duckdb.specifier.contains(versions.pop())


def imported(folders: tuple[str, ...]) -> set[str]:
    """Return the top-level modules that the code of some folders imports, app.py included."""

    def names(path: Path) -> Iterator[str]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module

    paths = [ROOT / "app.py", *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    return {name.partition(".")[0] for path in paths for name in names(path)}


@pytest.mark.parametrize(
    ("dependencies", "folders"),
    [(RUNTIME, ("lib", "pages")), (TOOLS, ("lib", "pages", "tests", "bench"))],
    ids=["to run", "to develop"],
)
def test_no_dependency_is_unused(dependencies: list[Requirement], folders: tuple[str, ...]) -> None:
    modules: dict[str, set[str]] = {}
    for module, distributions in metadata.packages_distributions().items():
        for each in distributions:
            modules.setdefault(canonicalize_name(each), set()).add(module)
    used = imported(folders)
    for dependency in dependencies:
        name = canonicalize_name(dependency.name)
        if name not in BY_NAME:
            assert modules.get(name, set()) & used, f"{name} is imported nowhere; say in {__name__} how it is used"
    known = {canonicalize_name(each.name) for each in (*RUNTIME, *TOOLS)}
    assert set(BY_NAME) <= known, "what is no dependency any more needs no reason"


def test_the_package_has_the_programs_version_and_license(tmp_path: Path) -> None:
    """Build the metadata as an installation does; the version is written down in `lib/__init__.py` alone."""
    assert PROJECT["project"]["dynamic"] == ["version"]
    for name in ("pyproject.toml", "README.md", "LICENSE", "lib/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "made").mkdir()
    build = "from setuptools import build_meta; build_meta.prepare_metadata_for_build_wheel('made')"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    (folder,) = (tmp_path / "made").glob("*.dist-info")
    package = metadata.PathDistribution(folder)
    assert package.version == __version__
    assert package.metadata["License-Expression"] == "Apache-2.0"
    assert (folder / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
