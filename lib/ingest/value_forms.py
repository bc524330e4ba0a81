"""Forms of texts: which of them are numbers, shares, clocks, lengths or ISO dates, whole columns at a time.

What a text then means is a matter of the mapping; `survey.Form` lists the forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.ingest.cells import CellKind
from lib.ingest.survey import Form

Flags: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_BLANK = r"[ \x{a0}\x{2009}\x{202f}]"
_UNITS = (
    r"(h|hs|hrs?|hours?|horas?|m|mins?|mins|minutes?|minutos?|s|segs?|secs?|seconds?|segundos?|ms)"  # after a number
)

PATTERNS: Mapping[Form, str] = {
    Form.WHOLE: r"[+-]?\d+",
    Form.POINT: r"[+-]?(\d*\.\d{1,2}|\d*\.\d{4,}|(0\d*|\d{4,})?\.\d{3}|\d+\.)",
    Form.COMMA: r"[+-]?(\d*,\d{1,2}|\d*,\d{4,}|(0\d*|\d{4,})?,\d{3})",
    Form.POINT_OF_THREE: r"[+-]?[1-9]\d{0,2}\.\d{3}",
    Form.COMMA_OF_THREE: r"[+-]?[1-9]\d{0,2},\d{3}",
    Form.ISO_DATE: r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?([Zz]|[+-]\d{2}(:?\d{2})?)?)?",
    Form.CLOCK: r"\d{1,9}:[0-5]\d:[0-5]\d([.,]\d+)?",
    Form.SHORT_CLOCK: r"\d{1,9}:[0-5]\d([.,]\d+)?",
    Form.PERCENT: r"[+-]?\d+([.,]\d+)?\s*%",
    Form.SHARE: r"\d+([.,]\d+)?\s*/\s*\d+([.,]\d+)?",
    Form.THOUSANDS_POINT: r"[+-]?[1-9]\d{0,2}((\.\d{3})+,\d+|(\.\d{3}){2,})",
    Form.THOUSANDS_COMMA: r"[+-]?[1-9]\d{0,2}((,\d{3})+\.\d+|(,\d{3}){2,})",
    Form.THOUSANDS_BLANK: rf"[+-]?[1-9]\d{{0,2}}({_BLANK}\d{{3}})+",
    Form.THOUSANDS_BLANK_POINT: rf"[+-]?[1-9]\d{{0,2}}({_BLANK}\d{{3}})+\.\d+",
    Form.THOUSANDS_BLANK_COMMA: rf"[+-]?[1-9]\d{{0,2}}({_BLANK}\d{{3}})+,\d+",
    Form.THOUSANDS_APOSTROPHE: r"[+-]?[1-9]\d{0,2}(['’]\d{3})+([.,]\d+)?",
    Form.EXPONENT: r"[+-]?\d+(\.\d*)?[eE][+-]?\d{1,3}",
    Form.LENGTH: rf"(?i)(\d+([.,]\d+)?\s*{_UNITS}\.?,?\s*(y |and )?)+|P(\d+D|(\d+D)?T(\d+([.,]\d+)?[HMS])+)",
    Form.TIME_OF_DAY: rf"(?i)\d{{1,2}}(:\d{{2}}){{1,2}}{_BLANK}*[ap]\.?{_BLANK}?m\.?",
    Form.NULL_WORD: (
        r"(?i)n/?a|na|n\.a\.|n/?d|n\.d\.|s/?d|s/?i|-+|–|—|null|<null>|\(null\)|none|nil|nan|\(blank\)|\(en blanco\)"
        r"|\(vac[ií]as?\)|\(vazio\)|sin datos?|sem dados|no data|\?+|\.+"
    ),
    Form.ERROR: r"#[¡¿]?(N/A|N/D|DIV/0!|REF!|VALUE!|VALOR!|NAME\?|NOMBRE\?|NOME\?|NUM!|NÚM!|NULL!|NULO!)",
}
"""A pattern of each form that a text can have by itself. No text fits two of them."""

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"

_TYPED = {
    CellKind.PERCENT: Form.PERCENT,
    CellKind.MOMENT: Form.ISO_DATE,
    CellKind.ERROR: Form.ERROR,
    CellKind.FORMULA: Form.FORMULA,
    CellKind.NESTED: Form.NESTED,
}

POINTS = (Form.WHOLE, Form.POINT, Form.POINT_OF_THREE, Form.EXPONENT, Form.TYPED_FRACTION)
"""Numbers that are read as they stand."""

COMMAS = (Form.COMMA, Form.COMMA_OF_THREE)
GROUPED = (
    Form.THOUSANDS_POINT, Form.THOUSANDS_COMMA, Form.THOUSANDS_BLANK, Form.THOUSANDS_BLANK_POINT,
    Form.THOUSANDS_BLANK_COMMA, Form.THOUSANDS_APOSTROPHE,
)  # fmt: skip
"""Numbers with signs between their thousands."""

NUMBERS = (*POINTS, *COMMAS, *GROUPED)


def split_by_form(
    texts: pa.StringArray, kind: CellKind, likeliest: tuple[Form, ...] = ()
) -> tuple[dict[Form, Flags], Flags]:
    """Return which of some cells of one kind have each form, and which have none of these; the likeliest come first."""
    count = len(texts)
    if kind in _TYPED:
        return {_TYPED[kind]: np.ones(count, dtype=bool)}, np.zeros(count, dtype=bool)
    if kind is CellKind.NUMBER:
        whole, number = _matches(texts, PATTERNS[Form.WHOLE]), _matches(texts, _NUMBER)
        return {Form.WHOLE: whole, Form.TYPED_FRACTION: number & ~whole}, ~number  # NaN, say, is none
    found: dict[Form, Flags] = {}
    rest = np.ones(count, dtype=bool)
    for form in (*likeliest, *(form for form in PATTERNS if form not in likeliest)):
        if form not in PATTERNS:
            continue
        left = texts if rest.all() else texts.filter(pa.array(rest))
        fits = _matches(left, PATTERNS[form])
        if fits.any():
            places = np.flatnonzero(rest)[fits]
            flags = np.zeros(count, dtype=bool)
            flags[places] = True
            found[form] = flags
            rest[places] = False
        if not rest.any():
            break
    return found, rest


def _matches(texts: pa.StringArray, pattern: str) -> Flags:
    fits: Flags = pc.match_substring_regex(texts, f"^({pattern})$").to_numpy(zero_copy_only=False)
    return fits


def numbers_of(texts: pa.StringArray, form: Form) -> Any:
    """Return numbers of one form as floats, without those that are too large for one.

    A sign that stands once is read as the decimal sign.
    """
    if form in COMMAS:
        texts = pc.replace_substring(texts, ",", ".")
    elif form in GROUPED:
        decimal = "," if form in (Form.THOUSANDS_POINT, Form.THOUSANDS_BLANK_COMMA) else "."
        texts = pc.replace_substring_regex(texts, rf"[^\d{decimal}+-]", "")
        texts = pc.replace_substring(texts, ",", ".")
    numbers = pc.replace_substring_regex(texts, r"^\+", "").cast(pa.float64()).to_numpy(zero_copy_only=False)
    return numbers[np.isfinite(numbers)]
