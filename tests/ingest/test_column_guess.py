"""What the header and the first rows of a file suggest, for a person to correct."""

from __future__ import annotations

from decimal import Decimal

import pytest

from lib.catalog.catalog import BUILT_IN
from lib.ingest import column_guess
from lib.ingest.mapping import FileOptions
from lib.ingest.reader_process import Preview


@pytest.mark.parametrize(
    ("scores", "scale"),
    [
        (("87", "10", ""), Decimal("0.1")),
        (("8.7", "10"), None),
        (("870", "10"), None),
        (("NaN", "87"), None),
        (("NaN",), None),
        (("8", "Infinity"), None),
        ((), None),
    ],
)
def test_how_a_score_is_scaled(scores: tuple[str, ...], scale: Decimal | None) -> None:
    seen = Preview(("call id", "Date", "Rating"), tuple(("1", "2024-01-01", score) for score in scores))
    score = column_guess.mapping(seen, FileOptions(), BUILT_IN).columns.get("averageNote")
    assert (score.scale if score else None) == scale


def test_headers_are_known_by_what_they_are_often_called() -> None:
    seen = Preview(("Call ID", "Call Date", "CSAT score", "Talk duration in minutes"), (("1", "31/12/2024", "7", "3"),))
    found = column_guess.mapping(seen, FileOptions(), BUILT_IN)
    assert found.file.date_formats == ("%d/%m/%Y",)
    assert {name: source.columns[0] for name, source in found.columns.items()} == {
        "id": "Call ID", "audioDate": "Call Date", "averageNote": "CSAT score",
        "durationInSeconds": "Talk duration in minutes",
    }  # fmt: skip
    assert found.columns["durationInSeconds"].scale == 60
