"""Texts as they are kept: one by one, and whole columns."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.formats.csv_injection import escape_formula
from lib.ingest.text_cleaning import clean_column, clean_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Ana  ", "Ana"),
        ("\ufeffVentas", "Ventas"),
        ("\u200bJosé\u200d Pérez\u200e", "José Pérez"),
        ("Jose\u0301", "José"),
        ("José\u00a0Pérez", "José Pérez"),
        ("José\tPérez\nLópez", "José Pérez López"),
        ("two\r\nlines", "two lines"),
        ("\u202f\u2003x\u3000", "x"),
        ("'=SUM(A1)", "=SUM(A1)"),
        ("'+56 9", "+56 9"),
        ("'-x", "-x"),
        ("'@home", "@home"),
        ("'＝x", "＝x"),
        ("\ufeff '=x", "=x"),
        ("'quoted'", "'quoted'"),
        ("''=x", "''=x"),
        ("O'Neil", "O'Neil"),
        ("007", "007"),
        ("\u200b\u00a0", ""),
        ("a\x00b", "a\x00b"),  # refused where it is mapped
    ],
)
def test_texts(text: str, kept: str) -> None:
    assert clean_text(text) == kept
    assert clean_column(pa.array([text, "x", None, text])).to_pylist() == [kept or None, "x", None, kept or None]
    repeated = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int32()), pa.array(["x", text]))
    assert clean_column(repeated).to_pylist() == [kept or None, "x", kept or None]


odd_texts = st.text(
    st.one_of(
        st.sampled_from("ab'=+-@ \t\n\r\x1d\x00é\u0301\u00a0\u200b\ufeff\u3000ﬁÅ"),
        st.characters(codec="utf-8"),
    ),
    max_size=8,
)


@given(st.lists(st.none() | odd_texts, max_size=6), st.integers(0, 3))
def test_a_column_is_cleaned_as_its_texts_are(texts: list[str | None], first: int) -> None:
    """Also where it is a part of a longer one, whose bytes lie before and behind."""
    column = pa.array(texts, pa.string()).slice(first)
    assert clean_column(column).to_pylist() == [(each and clean_text(each)) or None for each in texts[first:]]


@pytest.mark.parametrize(
    "texts", [["plain", None], [" a ", "x", None, "e\u0301", "'=1", "\u200bz", "", "a\tb"], ["", None]], ids=repr
)
def test_a_long_column_is_cleaned_as_its_texts_are(texts: list[str | None]) -> None:
    """A short one is cleaned text by text, a long one as a whole."""
    column = pa.array(texts * 400, pa.string())
    assert clean_column(column).to_pylist() == [(each and clean_text(each)) or None for each in texts] * 400


@given(odd_texts)
def test_what_is_kept_is_kept_again(text: str) -> None:
    """An export that comes back changes nothing, though it has apostrophes before what may be a formula."""
    kept = clean_text(text)
    assert unicodedata.is_normalized("NFC", kept)
    assert clean_text(escape_formula(kept)) == kept
