"""What joining takes for granted of Streamlit's scripts, held to its version: look at these when it changes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from lib.ui import start_page, streamlit_internals
from lib.web.script_bundles import ScriptBundles
from tests.conftest import ROOT

SET_ONCE = ("defaultLocale.", "time.")
"""Formats for numbers and times that a function sets, which nothing outside can call, while the module runs."""


@pytest.fixture(scope="module")
def folder() -> Path:
    return streamlit_internals.static_folder() / "static" / "js"


@pytest.fixture(scope="module")
def bundles() -> ScriptBundles:
    made = streamlit_internals.script_bundles(start_page.GROUPS)
    assert made is not None
    return made


def assigned_later(*files: Path) -> dict[str, list[str]]:
    program = ROOT / "tests" / "ui" / "assigned_later.js"
    command = ["node", "--expose-internals", "--no-warnings", str(program), *map(str, files)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    found: dict[str, list[str]] = json.loads(answer.stdout)
    return found


def test_what_scripts_assign_later_is_seen(tmp_path: Path) -> None:
    """The program that reads them knows what is another variable of the same name, and what happens at once."""
    for name, text in {
        "later.js": "var a,b=()=>{a=1};let c=0;function d(){c++}function e(){for(f of[1]);[g]=[1]}var f,g;",
        "inner.js": "var a,b=1;function c(a){a=1;{let b=2;b++}var d;d=1;try{}catch(e){e=1}}var d,e;function f(){var a;a=2}",
        "once.js": "var a;a=1;var b;(a=>{})(b||={});function c(){return c=()=>1,c()}var d;var e=d=>{d=1};",
    }.items():
        exported = ",".join(sorted(set("abcdefg") & set(re.findall(r"\b[a-g]\b", text))))
        (tmp_path / name).write_text(f"{text}export{{{exported}}};")
    assert assigned_later(*tmp_path.glob("*.js")) == {"later.js": ["a", "c", "f", "g"]}


def test_no_joined_script_changes_what_it_exports(folder: Path, bundles: ScriptBundles) -> None:
    joined = [path for path in folder.glob("*.js") if bundles.is_joined(path.name)]
    assert len(joined) > 100
    assert not [name for name in assigned_later(*joined) if not name.startswith(SET_ONCE)]


def test_the_scripts_that_stay_apart_have_to(folder: Path, bundles: ScriptBundles) -> None:
    apart = [folder / each for each in bundles.apart]
    assert [each.partition(".")[0] for each in assigned_later(*apart)] == ["space-separated-tokens"]


def test_all_scripts_are_read_by_javascript_and_find_each_other(
    tmp_path: Path, folder: Path, bundles: ScriptBundles
) -> None:
    """Every one of them, also those that only other pages load."""
    sent = {bundles.address(each) for each in start_page.GROUPS} | {
        bundles.address(path.name) for path in folder.glob("*.js") if bundles.address(path.name) in bundles
    }
    assert len(sent) > 150
    for name in sent:
        (tmp_path / name).write_bytes(bundles.read(name))
    program = (
        "const vm=require('vm'),fs=require('fs');for(const each of fs.readdirSync('.'))"
        "new vm.SourceTextModule(fs.readFileSync(each,'utf8'),{identifier:each})"
    )
    command = ["node", "--experimental-vm-modules", "--no-warnings", "-e", program]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    for name in sent:
        for found in re.findall(r"[\"`]\./([\w.$-]+\.js)[\"`]", (tmp_path / name).read_text("utf-8")):
            assert found in bundles or found in bundles.apart or not (folder / found).is_file(), (name, found)
