"""Tables as grids: every column is drawn, whatever the labels are, and explained where it has a help."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from lib.ui.data_grid import unique_names

TWO_OF_ONE_LABEL = """
from lib.reports.table import Column, PageTable, TableFile
from lib.ui import data_grid

columns = (Column("Name", str), Column("Score", lambda row: row), Column("Score", lambda row: 10 * row))
file = TableFile("Scores", "scores", (), lambda: ())
data_grid._grid(PageTable("Scores", "scores", columns, (1, 2), 2, "", "Scores", file, has_total=False), None)
"""

COLUMN_WITH_HELP = """
from lib.reports.table import Column, Look, PageTable, TableFile
from lib.ui import data_grid

columns = (Column("Name", str), Column("Score", lambda row: row, look=Look.NUMBER, help="Of scored calls"))
file = TableFile("Scores", "scores", (), lambda: ())
data_grid._grid(PageTable("Scores", "scores", columns, (1, 2), 2, "", "Scores", file, has_total=False), None)
"""


def test_names_are_there_once() -> None:
    assert unique_names(["a", "b", "a", "a (2)", "a"]) == ["a", "b", "a (2)", "a (2) (2)", "a (3)"]


def test_columns_of_one_label_are_all_drawn() -> None:
    app = AppTest.from_string(TWO_OF_ONE_LABEL, default_timeout=60).run()
    assert not app.exception
    frame = app.dataframe[0].value
    assert {name: frame[name].tolist() for name in frame} == {
        "Name": ["1", "2"],
        "Score": [1, 2],
        "Score (2)": [10, 20],
    }


def test_a_column_of_numbers_has_its_help() -> None:
    app = AppTest.from_string(COLUMN_WITH_HELP, default_timeout=60).run()
    assert not app.exception
    assert json.loads(app.dataframe[0].proto.columns)["Score"]["help"] == "Of scored calls"
