"""The parts of a workbook: a zip archive of XML files, which name each other by relationships.

What its sheets hold is `xlsx_sheet.py`. Nothing is trusted here: an archive that no spreadsheet writes is refused.
"""

from __future__ import annotations

import posixpath
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from xml.parsers import expat

from lib.errors import FileError
from lib.errors.workbook_codes import WorkbookCode

CHUNK = 2**16

_TRUE = ("1", "true")


@dataclass(frozen=True, slots=True)
class Relation:
    """Another part that a part names: what it is, such as `worksheet`, and where it lies."""

    kind: str
    part: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that a workbook lists."""

    name: str
    is_hidden: bool
    is_table: bool  # no chart, and no macros
    part: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """What a workbook says of itself."""

    sheets: tuple[Sheet, ...]
    is_1904: bool  # its dates are counted from 1904
    is_uncalculated: bool  # it asks to be calculated when it is opened, as what made it did not do so
    parts: dict[str, str]  # by kind: where its styles and shared strings lie


class Package:
    """An opened archive. Its parts are found whatever the case of their names, as the format has it."""

    def __init__(self, path: Path, name: str) -> None:
        """Open an archive. Raises FileError where it is none, or has two parts of one name."""
        self.name = name
        with translated(name):
            file = path.open("rb")
            weakref.finalize(self, file.close)  # also where it is a part of a circle, as after an error
            self._archive = zipfile.ZipFile(file)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._archive.infolist():
            if entry.filename.endswith(("/", "\\")):  # a folder
                continue
            if _folded(entry.filename) in self._entries:
                raise FileError(WorkbookCode.XLSX_PART_TWICE, name=name, part=entry.filename)
            self._entries[_folded(entry.filename)] = entry

    def has(self, part: str) -> bool:
        """Return whether there is such a part."""
        return _folded(part) in self._entries

    def size(self, part: str) -> int:
        """Return how many bytes a part says that it unpacks to, at least one."""
        return max(1, self._entry(part).file_size)

    def open(self, part: str) -> IO[bytes]:
        """Open a part. Raises FileError where it is missing, or packed as no spreadsheet does."""
        entry = self._entry(part)
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(WorkbookCode.XLSX_PART_PACKED, name=self.name, part=part)
        with translated(self.name):
            return self._archive.open(entry)

    def elements(self, part: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield each element of a part that has its root's namespace: its name without it, and its attributes."""
        found: list[tuple[str, dict[str, str]]] = []
        parser = xml_parser(self.name, part)
        parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
        space = None
        for chunk in self.chunks(part):
            parse(parser, chunk, self.name)
            for name, attributes in found:
                own, separator, local = name.rpartition("}")
                space = own + separator if space is None else space
                if own + separator == space:
                    yield local, attributes
            found.clear()

    def chunks(self, part: str) -> Iterator[bytes]:
        """Yield a part's bytes, and nothing at last; what goes wrong meanwhile becomes an error of ours."""
        with translated(self.name), self.open(part) as file:
            while chunk := file.read(CHUNK):
                yield chunk
            yield b""

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part names, by the ids that it does so with; of the archive itself, where the part is empty."""
        folder, base = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(listed):
            return {}
        return {
            attributes.get("Id", ""): Relation(
                attributes.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, unquote(attributes["Target"]))).lstrip("/"),
            )
            for local, attributes in self.elements(listed)
            if local == "Relationship" and "Target" in attributes and attributes.get("TargetMode") != "External"
        }

    def workbook(self) -> Workbook:
        """Return what the workbook says of itself. Raises FileError where the archive holds none."""
        part = next(
            (each.part for each in self.relations("").values() if each.kind == "officeDocument"), "xl/workbook.xml"
        )
        related = self.relations(part)
        sheets: list[Sheet] = []
        is_1904 = is_uncalculated = False
        for local, attributes in self.elements(part):
            if local == "workbookPr":
                is_1904 = attributes.get("date1904") in _TRUE
            elif local == "calcPr":
                is_uncalculated = attributes.get("fullCalcOnLoad") in _TRUE
            elif local == "sheet":
                relation = related.get(next((value for key, value in attributes.items() if key.endswith("}id")), ""))
                if relation is not None:
                    is_hidden = attributes.get("state", "visible") != "visible"
                    is_table = relation.kind == "worksheet"
                    sheets.append(Sheet(attributes.get("name", ""), is_hidden, is_table, relation.part))
        return Workbook(
            tuple(sheets), is_1904, is_uncalculated, {relation.kind: relation.part for relation in related.values()}
        )

    def _entry(self, part: str) -> zipfile.ZipInfo:
        entry = self._entries.get(_folded(part))
        if entry is None:
            raise FileError(WorkbookCode.XLSX_PART_MISSING, name=self.name, part=part)
        return entry


def xml_parser(name: str, part: str) -> expat.XMLParserType:
    """Return a parser whose elements are called `namespace}name`, and that refuses what declares a document type."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.buffer_size = CHUNK

    def refuse(*_: object) -> None:
        raise FileError(WorkbookCode.XLSX_WITH_DOCTYPE, name=name, part=part)

    parser.StartDoctypeDeclHandler = refuse
    return parser


def parse(parser: expat.XMLParserType, chunk: bytes, name: str) -> None:
    """Parse some bytes of a part, the last ones where there are none. Raises FileError where they are no XML."""
    with translated(name):
        parser.Parse(chunk, not chunk)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what archives and XML that are broken raise into an error of ours."""
    try:
        yield
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
            raise MemoryError from None
        raise FileError(WorkbookCode.XLSX_BROKEN, name=name, error=str(error)) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError, NotImplementedError) as error:
        raise FileError(WorkbookCode.XLSX_BROKEN, name=name, error=str(error) or type(error).__name__) from None


def _folded(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").casefold()
