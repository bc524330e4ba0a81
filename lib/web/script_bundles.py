"""The scripts of the pages' front end, joined into a few files: a hundred small ones take a slow network ten seconds.

By HTTP/1.1 a browser asks for six files at a time, and each takes a way there and back. Here modules are joined in the
order in which they would run, each as a function that returns what it exports; all others are read as they lie on the
disk, with the names by which they now find the joined ones. What this takes for granted of the files, tests hold.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_DEPENDENCIES = r"const __vite__mapDeps=[^\n]*\n"
_IMPORT = r'import(?:\{[^}]*\}from)?"\./[^"]+";'
_MODULE = re.compile(rf"({_DEPENDENCIES})?((?:{_IMPORT})*)(.*?)(?:export\{{([^{{}}]*)\}};?)?\s*", re.DOTALL)
_ELSEWHERE = r'\bfrom"\./|(?:^|[;}\n])(?:export[{ *]|import[{"*])'
_NAMES_AND_FILE = re.compile(r'import(?:\{([^}]*)\}from)?"\./([^"]+)";')
_REFERENCE = re.compile(r'(?<=")\./([\w.$-]+\.js)(?=")')
_LOADED_LATER = re.compile(r"\bimport\(`\./([\w.$-]+\.js)`\)")


class UnknownScriptError(Exception):
    """A script that is not written as this module expects it."""


@dataclass(frozen=True, slots=True)
class Script:
    """A module's text, cut where something is to be put in; `exports` is what it ends with, by the names outside."""

    dependencies: str
    imports: tuple[tuple[str, str], ...]
    body: str
    exports: str | None

    @classmethod
    def parse(cls, text: str) -> Script:
        """Cut a text; raises UnknownScriptError where an import or an export stands elsewhere."""
        if (found := _MODULE.fullmatch(text)) is None or re.search(_ELSEWHERE, found[3]):
            raise UnknownScriptError(text[:80])
        imports = tuple((names or "", file) for names, file in _NAMES_AND_FILE.findall(found[2]))
        return cls(found[1] or "", imports, found[3], found[4])


class ScriptBundles:
    """The files of a folder, of which some are joined.

    `groups` are modules by the name of the file that they become, with all that they import and no group before has.
    `assigned_later` are modules that give what they export another value after they have run: these stay as they are,
    with what they import, so that who imports from them sees it. They run before all that is joined.
    """

    def __init__(self, folder: Path, groups: Mapping[str, Sequence[str]], assigned_later: Sequence[str]) -> None:
        """Read and join; raises UnknownScriptError where that is not possible."""
        self._folder = folder
        self._files = {path.name for path in folder.glob("*.js")}
        self._scripts: dict[str, Script] = {}
        self._changing = frozenset(assigned_later)
        self._places: dict[str, tuple[str, str]] = {}
        apart = {file for each in assigned_later for file in self._with_imports(each, set())}
        self.apart = tuple(sorted(apart))
        members = {group: self._place(group, entries, apart) for group, entries in groups.items()}
        known = "\n".join([Path(__file__).read_text("utf-8"), *map(repr, members.items()), *sorted(self._files)])
        self._digest = hashlib.sha256(known.encode()).hexdigest()[:12]
        self._joined = {self.address(group): self._join(group, files) for group, files in members.items()}
        self._others = {self.address(file): file for file in self._files - apart - self._places.keys()}

    def __contains__(self, name: str) -> bool:
        """Return whether there is a file of this name that is another than on the disk."""
        return name in self._joined or name in self._others

    def address(self, name: str) -> str:
        """Return what a group, or another file of the folder, is called: with a digest of what all are made of."""
        return f"{name.removesuffix('.js')}.{self._digest}.js"

    def is_joined(self, file: str) -> bool:
        """Return whether a file of the folder is in a group."""
        return file in self._places

    def read(self, name: str) -> bytes:
        """Return the content of a file by its new name."""
        text = self._joined.get(name)
        return (self._rewrite(self._others[name]) if text is None else text).encode()

    def _script(self, file: str) -> Script:
        if file not in self._scripts:
            self._scripts[file] = Script.parse((self._folder / file).read_text("utf-8"))
        return self._scripts[file]

    def _with_imports(self, file: str, seen: set[str]) -> Iterator[str]:
        """Yield what a module imports, and itself, in the order in which they run."""
        if file in seen:
            return
        seen.add(file)
        for _, imported in self._script(file).imports:
            yield from self._with_imports(imported, seen)
        yield file

    def _place(self, group: str, entries: Sequence[str], apart: set[str]) -> list[str]:
        seen = apart | self._places.keys()
        members = [file for entry in entries for file in self._with_imports(entry, seen)]
        for file in members:
            self._places[file] = group, f"joined{len(self._places)}"
        return members

    def _join(self, group: str, members: Sequence[str]) -> str:
        imported: dict[str, list[str]] = {}
        bodies = []
        for file in members:
            script = self._script(file)
            taken = [self._take(group, names, source, imported) for names, source in script.imports]
            exported = ",".join(_property(each) for each in (script.exports or "").split(",") if each)
            code = self._rename(script.dependencies, script.body)
            bodies.append(f"const {self._places[file][1]}=(()=>{{{''.join(taken)}{code}\nreturn{{{exported}}}}})();\n")
        head = "".join(_import(names, source) for source, names in imported.items())
        return f"{head}{''.join(bodies)}export{{{','.join(self._places[file][1] for file in members)}}};\n"

    def _take(self, group: str, names: str, file: str, imported: dict[str, list[str]]) -> str:
        """Return how a joined module gets what it imports; note in `imported` what its file then has to."""
        if file in self._places:
            source, value = self._places[file]
            if source != group:
                _note(imported.setdefault(self.address(source), []), value)
            return f"const{{{_pattern(names)}}}={value};" if names else ""
        listed = imported.setdefault(file, [])
        if file not in self._changing:
            value = f"apart{self.apart.index(file)}"
            _note(listed, f"*as {value}")
            return f"const{{{_pattern(names)}}}={value};" if names else ""
        for each in names.split(","):
            if any(each.split(" as ")[-1] == known.split(" as ")[-1] for known in listed):
                raise UnknownScriptError(f"Two modules import {each} from {file}")
            listed.append(each)
        return ""

    def _rewrite(self, file: str) -> str:
        """Return another module's text, which finds the joined ones."""
        text = (self._folder / file).read_text("utf-8")
        if not any(each in text for each in self._files):
            return text
        head = re.match(rf"({_DEPENDENCIES})?((?:{_IMPORT})*)", text)
        lines, constants = [], []
        for names, source in _NAMES_AND_FILE.findall(head[2] if head else ""):
            if source in self._places:
                group, value = self._places[source]
                lines.append(f'import{{{value}}}from"./{self.address(group)}";')
                constants.append(f"const{{{_pattern(names)}}}={value};" if names else "")
            else:
                lines.append(_import([names] if names else [], self._renamed(source)))
        rest = text[head.end() :] if head else text
        return "".join(lines + constants) + self._rename((head and head[1]) or "", rest)

    def _rename(self, dependencies: str, body: str) -> str:
        """Return a text in which the modules that it loads later have their new names."""
        dependencies = _REFERENCE.sub(lambda found: f"./{self._renamed(found[1])}", dependencies)
        body = _REFERENCE.sub(lambda found: f"./{self._renamed(found[1])}", body)
        return dependencies + _LOADED_LATER.sub(self._load, body)

    def _load(self, found: re.Match[str]) -> str:
        loaded = f"import(`./{self._renamed(found[1])}`)"
        return f"{loaded}.then(e=>e.{self._places[found[1]][1]})" if found[1] in self._places else loaded

    def _renamed(self, file: str) -> str:
        if file in self._places:
            return self.address(self._places[file][0])
        return file if file in self.apart or file not in self._files else self.address(file)


def _import(names: Sequence[str], file: str) -> str:
    if not names:
        return f'import"./{file}";'
    return (
        f'import{names[0]} from"./{file}";'
        if names[0].startswith("*")
        else f'import{{{",".join(names)}}}from"./{file}";'
    )


def _note(listed: list[str], name: str) -> None:
    if name not in listed:
        listed.append(name)


def _pattern(names: str) -> str:
    """Return the names of an import as those of a destructured object."""
    return names.replace(" as ", ":")


def _property(exported: str) -> str:
    """Return an export as a property of an object."""
    inside, _, outside = exported.strip().partition(" as ")
    return f"{outside or inside}:{inside}"
