"""Guesses where the parts of answers are in the lists of a file, by what their keys are called."""

from __future__ import annotations

from collections.abc import Sequence

from lib.ingest.answer_paths import AnswerPaths
from lib.ingest.answer_rows import RESULTS
from lib.ingest.header_names import fold_name
from lib.ingest.mapping import folded
from lib.ingest.survey import ListedPart, Survey
from lib.store.enums import OWN_SCALE

_CRITERION = (
    "criterion", "criterionname", "question", "questiontext", "questiontitle", "questionname", "questionlabel", "item",
    "itemname", "itemtitle", "title", "text", "label", "name", "pregunta", "criterio", "pergunta", "nombre", "nome",
)  # fmt: skip
_POINTS = (
    "points", "earnedpoints", "pointsearned", "earned", "awarded", "awardedpoints", "scorepoints", "score",
    "answerscore", "scorevalue", "puntos", "puntaje", "pontos", "nota",
)  # fmt: skip
_PERCENT = ("percentage", "percent", "scorepercentage", "scorepercent", "porcentaje", "porcentagem")
_MOST = (
    "maxpoints", "max", "maxscore", "maximum", "maximumscore", "possiblepoints", "pointspossible", "possible", "outof",
    "totalpoints", "puntajemaximo", "puntosmaximos", "maximo", "pontosmaximos",
)  # fmt: skip
_SECTION = ("section", "sectiontitle", "sectionname", "category", "categoryname", "group", "groupname", "seccion",
            "secao", "categoria", "grupo")  # fmt: skip
_TITLE = (
    "sectiontitle",
    "sectionname",
    "title",
    "name",
    "text",
    "label",
    "groupname",
    "categoryname",
    "nombre",
    "nome",
)
_NOT_APPLICABLE = ("notapplicable", "isnotapplicable", "na", "isna", "noaplica", "naoseaplica")
_CRITICAL = (
    "critical", "iscritical", "automaticfail", "autofail", "isautofail", "fatal", "isfatal", "isfatalquestion",
    "critica", "critico",
)  # fmt: skip
_COMMENT = ("comment", "comments", "note", "notes", "remark", "feedback", "comentario", "comentarios", "observacion")


def guess_answer_paths(survey: Survey) -> AnswerPaths | None:
    """Return where the parts of answers seem to be; None where no list has names of criteria and points.

    A column `results` as our own files have it needs no paths.
    """
    parts = [part for column in survey.columns for part in column.listed]
    lists = sorted({part.list for part in parts}, key=lambda name: -name.count("."))
    for name in lists:
        inside = [part for part in parts if part.list == name]
        if folded(name) == RESULTS and any(part.path == f"{name}.criterion" for part in inside):
            return None
        paths = _paths_in(name, inside, parts)
        if paths is not None:
            return paths
    return None


def _paths_in(name: str, inside: Sequence[ListedPart], parts: Sequence[ListedPart]) -> AnswerPaths | None:
    texts = [part for part in inside if part.largest is None and not part.is_flag and part.filled]
    numbers = [part for part in inside if part.largest is not None]
    flags = [part for part in inside if part.is_flag]
    criterion = _named(texts, _CRITERION)
    points = _named(numbers, _POINTS) or _named(numbers, _PERCENT)
    if criterion is None or points is None:
        return None
    most = _named([part for part in numbers if part is not points], _MOST)
    is_percent = fold_name(points.path.rpartition(".")[2]) in _PERCENT
    section, by = _section(name, [part for part in texts if part is not criterion], parts)
    comment = _named([part for part in texts if part is not criterion], _COMMENT)
    not_applicable, critical = _named(flags, _NOT_APPLICABLE), _named(flags, _CRITICAL)
    return AnswerPaths(
        criterion.path,
        points.path,
        most.path if most is not None else (100 if is_percent else _round_number(points.largest or 1)) * OWN_SCALE,
        section,
        by,
        not_applicable.path if not_applicable is not None else None,
        critical.path if critical is not None else None,
        comment.path if comment is not None else None,
    )


def _section(name: str, texts: Sequence[ListedPart], parts: Sequence[ListedPart]) -> tuple[str | None, str | None]:
    """Return where the section of an answer is, and the key by which it is named where that is in another list."""
    own = _named(texts, _SECTION)
    if own is not None:
        return own.path, None
    outer = [part for part in parts if name.startswith(f"{part.list}.") and part.filled and part.largest is None]
    around = _named(outer, _TITLE)
    if around is not None:
        return around.path, None
    keys = {part.path.removeprefix(f"{name}.") for part in parts if part.list == name}
    for other in dict.fromkeys(part.list for part in parts if part.list != name):
        there = [part for part in parts if part.list == other]
        title = _named([part for part in there if part.filled and part.largest is None], _TITLE)
        keys_there = [part.path.removeprefix(f"{other}.") for part in there]
        shared = [key for key in keys_there if key in keys and "section" in key.casefold()]
        if title is not None and shared:
            return title.path, shared[0]
    return None, None


def _named(parts: Sequence[ListedPart], names: Sequence[str]) -> ListedPart | None:
    """Return the part with the best name: by its key, the nearest to the list's own objects first."""
    places = {name: place for place, name in enumerate(names)}
    known = [
        (part.path.count("."), places[key], place)
        for place, part in enumerate(parts)
        if (key := fold_name(part.path.rpartition(".")[2])) in places
    ]
    return parts[min(known)[2]] if known else None


def _round_number(largest: float) -> int:
    return next((most for most in (1, 2, 3, 4, 5, 10, 15, 20, 25, 50, 100) if largest <= most), 1_000)
