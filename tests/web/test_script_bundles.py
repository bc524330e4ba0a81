"""Scripts that are joined do what they did one by one: run by Node.js, both ways."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lib.web.script_bundles import ScriptBundles, UnknownScriptError

FILES = {
    "base.1.js": "var n=0,e=()=>++n;globalThis.log=[`base`];export{e as n,n as default};",
    "live.2.js": 'import{n as t}from"./base.1.js";t();var K,q=()=>{K=`set`};log.push(`live`);export{K as l,q as u};',
    "left.3.js": 'import{n as e}from"./base.1.js";var a=e();log.push(`left ${a}`);function r(){return a}export{r as t};',
    "right.4.js": 'import{n as e}from"./base.1.js";import"./left.3.js";log.push(`right ${e()}`);export{};',
    "index.5.js": (
        'const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["./later.6.js","./left.3.js"])))=>i.map(i=>d[i]);\n'
        'import{l as x,u as q}from"./live.2.js";import{t as n}from"./left.3.js";import"./right.4.js";'
        "log.push(`index ${n()} ${x}`);q();log.push(`index ${x} ${__vite__mapDeps([0,1]).length}`);"
        "export{n as t};"
    ),
    "later.6.js": 'import{t as e}from"./left.3.js";log.push(`later ${e()}`);var n=e;export{n as default};',
    "outside.7.js": (
        'import{t as e}from"./left.3.js";import{default as d}from"./later.6.js";import{l as i}from"./live.2.js";'
        "log.push(`outside ${e===d} ${i}`);import(`./later.6.js`).then(e=>log.push(`again ${e.default===d}`));export{};"
    ),
}
GROUPS: Mapping[str, Sequence[str]] = {"app": ["index.5.js"], "more": ["later.6.js"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    return tmp_path


def run(folder: Path, *files: str) -> str:
    """Return what scripts log, which are loaded one after the other."""
    loads = "".join(f"await import('./{file}');" for file in files)
    script = f"{loads}await new Promise(r=>setTimeout(r,50));console.log(log.join('; '))"
    command = ["node", "--input-type=module", "-e", script]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def written(folder: Path, bundles: ScriptBundles) -> Path:
    """Return a folder with the files as they are sent: the new ones, and those that stay."""
    sent = folder / "sent"
    sent.mkdir()
    for name in [bundles.address(each) for each in (*GROUPS, *FILES)]:
        if name in bundles:
            (sent / name).write_bytes(bundles.read(name))
    for name in bundles.apart:
        (sent / name).write_text(FILES[name])
    (sent / "package.json").write_text('{"type": "module"}')
    return sent


def test_joined_scripts_run_in_the_same_order_with_the_same_values(folder: Path) -> None:
    bundles = ScriptBundles(folder, GROUPS, ["live.2.js"])
    before = run(folder, "index.5.js", "outside.7.js")
    sent = written(folder, bundles)
    after = run(sent, bundles.address("app"), bundles.address("outside.7.js"))
    assert before == (
        "base; live; left 2; right 3; index 2 undefined; index set 2; later 2; outside true set; again true"
    )
    assert after == before


def test_what_changes_later_stays_a_file_of_its_own_with_what_it_imports(folder: Path) -> None:
    bundles = ScriptBundles(folder, GROUPS, ["live.2.js"])
    assert bundles.apart == ("base.1.js", "live.2.js")
    assert not any(bundles.address(each) in bundles for each in bundles.apart)


def test_nothing_names_a_file_that_is_not_sent(folder: Path) -> None:
    bundles = ScriptBundles(folder, GROUPS, ["live.2.js"])
    sent = written(folder, bundles)
    for path in sent.glob("*.js"):
        text = path.read_text()
        for joined in ("left.3.js", "right.4.js", "index.5.js", "later.6.js"):
            assert f'"./{joined}"' not in text and f"`./{joined}`" not in text, path.name
    assert len(list(sent.glob("*.js"))) == 5


def test_another_content_has_another_address(folder: Path) -> None:
    """A browser keeps them for a year."""
    first = ScriptBundles(folder, GROUPS, ["live.2.js"])
    other = ScriptBundles(folder, {"app": ["index.5.js", "later.6.js"]}, ["live.2.js"])
    assert first.address("app") != other.address("app")
    (folder / "right.4.js").rename(folder / "right.8.js")
    (folder / "index.5.js").write_text(FILES["index.5.js"].replace("right.4", "right.8"))
    assert ScriptBundles(folder, GROUPS, ["live.2.js"]).address("app") != first.address("app")


@pytest.mark.parametrize(
    "text",
    [
        'import{t as n}from"./left.3.js";n();export default n;',
        'import{t as n}from"./left.3.js";n();export const a=1;',
        'var a=1;import{t as n}from"./left.3.js";n(a);export{a};',
        'var a=1;export{t}from"./left.3.js";',
    ],
)
def test_a_script_that_is_written_otherwise_is_not_joined(folder: Path, text: str) -> None:
    (folder / "index.5.js").write_text(text)
    with pytest.raises(UnknownScriptError):
        ScriptBundles(folder, GROUPS, [])


def test_two_scripts_that_call_two_changing_things_the_same_are_not_joined(folder: Path) -> None:
    (folder / "right.4.js").write_text('import{u as x}from"./live.2.js";x();export{};')
    with pytest.raises(UnknownScriptError):
        ScriptBundles(folder, GROUPS, ["live.2.js"])
