"""What a column's tally looks for, batch by batch."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lib.ingest.column_tally import ColumnTally
from lib.ingest.survey import Form


@pytest.mark.parametrize(
    ("texts", "forms"), [(2_000, {Form.OTHER: 2_000, Form.WHOLE: 1}), (2_001, {Form.OTHER: 2_002})]
)
def test_forms_are_looked_for_until_a_column_is_one_of_free_texts(texts: int, forms: dict[Form, int]) -> None:
    tally = ColumnTally("Note", 0)
    tally.add(pa.array([f"a note like no other, the {number}th" for number in range(texts)]), None)
    tally.add(pa.array(["8"]), None)
    assert tally.result().forms == forms
