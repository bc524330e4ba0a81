"""Lists of answers in mappings: where their parts are. As TOML, both ways.

What the paths mean is in `answer_paths.py`.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from typing import Any

from lib.errors import MappingError
from lib.errors.mapping_codes import MappingCode
from lib.ingest.answer_paths import PART_NAMES, AnswerPaths
from lib.ingest.criteria_mapping import max_points_of, written_points
from lib.ingest.mapping_entries import check_known

RESULTS_OPTIONS = {name: part for part, name in PART_NAMES.items()}
"""The parts of an answer by the names that mappings give them."""

_REQUIRED = ("criterion", "points", "maxPoints")
_MAX_PATH = 500


def read_results(entries: Table[str, Any], where: str) -> AnswerPaths | None:
    """Read where answers are in lists; None where a mapping does not say. Raises MappingError naming a wrong entry."""
    if not entries:
        return None
    check_known(entries, tuple(RESULTS_OPTIONS), MappingCode.MAPPING_UNKNOWN_OPTION, where)
    for option in _REQUIRED:
        if option not in entries:
            raise MappingError(MappingCode.MAPPING_RESULTS_LACK, where=where, option=option)
    paths: dict[str, Any] = {}
    for option, value in entries.items():
        part = RESULTS_OPTIONS[option]
        if option == "maxPoints" and not isinstance(value, str):
            paths[part] = max_points_of(value, f"{where} {option}")
        elif option == "section" and isinstance(value, dict):
            check_known(value, ("path", "by"), MappingCode.MAPPING_UNKNOWN_OPTION, f"{where} section:")
            paths["section"] = _path(value.get("path"), f"{where} section: path")
            paths["section_by"] = _path(value.get("by"), f"{where} section: by")
        else:
            paths[part] = _path(value, f"{where} {option}")
    return AnswerPaths(**paths)


def results_entry(paths: AnswerPaths | None) -> dict[str, Any]:
    """Return where answers are in lists as it stands in TOML; nothing where a mapping does not say."""
    if paths is None:
        return {}
    entry = {option: getattr(paths, part) for option, part in RESULTS_OPTIONS.items()}
    if isinstance(paths.max_points, int):
        entry["maxPoints"] = written_points(paths.max_points)
    if paths.section_by is not None:
        entry["section"] = {"path": paths.section, "by": paths.section_by}
    return {option: value for option, value in entry.items() if value is not None}


def _path(value: object, where: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_PATH or not all(value.split(".")):
        raise MappingError(MappingCode.MAPPING_RESULTS_PATH, where=where)
    return value
