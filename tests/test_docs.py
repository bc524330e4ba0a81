"""The documents: links lead to files, settings and packages are all there, and the README is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lib import __version__
from lib.configuration.addresses import PREFIX
from lib.settings import Settings
from tests.conftest import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").glob("*.md")])

LINK = re.compile(r"\]\(([^)\s]+)\)")
ROW = re.compile(rf"^\| `({PREFIX}\w+)` \| (?:`(.*?)`)? \| (.*) \|$", re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """Return what links to a document's headings end with."""
    headings = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(document: Path) -> None:
    broken = []
    for target in LINK.findall(document.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if not path.is_file() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_are_there(document: Path) -> None:
    named = re.findall(r"`((?:lib|pages|tests|docs|samples)/[\w./-]*)`", document.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_is_short_and_leads_to_every_document() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 150
    others = {str(document.relative_to(ROOT)) for document in DOCUMENTS} - {"README.md"}
    assert others <= set(LINK.findall(readme))


def test_administrators_find_every_setting() -> None:
    text = (ROOT / "docs" / "administrator.md").read_text("utf-8")
    documented = {name: (default, meaning) for name, default, meaning in ROW.findall(text)}
    assert documented == {
        PREFIX + name.upper(): (str(field.default), field.description) for name, field in Settings.model_fields.items()
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_a_setting_that_is_none(document: Path) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", document.read_text("utf-8")))
    assert named <= {PREFIX + name.upper() for name in Settings.model_fields}


def test_the_tree_names_every_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"^\| `lib/(\w+)/`", text, re.MULTILINE))
    assert named == {path.parent.name for path in (ROOT / "lib").glob("*/__init__.py")}


def test_the_changelog_begins_with_this_version() -> None:
    (newest, *_) = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest == __version__
